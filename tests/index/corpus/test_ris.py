import io

import pytest

from bioqa.index.corpus import ris
from bioqa.index.records import RETRACTED, BadRecord, Document, Record


def read(content: str) -> list[Record]:
    return list(ris.read(io.BytesIO(content.encode()), "file.ris"))


def test_a_reference_is_a_document() -> None:
    content = (
        "TY  - JOUR\r\nAU  - Doe, Jane A.\r\nAU  - The Group\r\nTI  - RETRACTED: Rats\r\nAB  - Rats\r\nslept.\r\n"
        "PY  - 2004/05//\r\nJF  - Gut\r\nAN  - 77\r\nDB  - PubMed\r\nDO  - 10.1/x\r\n"
        "KW  - sleep\r\nLA  - eng\r\nER  - \r\n"
    )
    assert read(content) == [
        Document(
            "77",
            "RETRACTED: Rats",
            "Rats slept.",
            2004,
            "Gut",
            ("Doe JA", "The Group"),
            publication_types=("Journal Article",),
            language="eng",
            status=RETRACTED,
            extra={"doi": "10.1/x", "keywords": ["sleep"]},
        )
    ]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("UR  - https://pubmed.ncbi.nlm.nih.gov/78/", "78"),
        ("C2  - PMC79\nDO  - 10.1/x", "PMC79"),
        ("DO  - https://doi.org/10.1/x\nID  - Doe2004", "10.1/x"),
        ("AN  - 80\nDB  - Embase\nDO  - 10.1/x", "10.1/x"),
        ("ID  - Doe2004", "Doe2004"),
    ],
)
def test_the_id_is_the_pmid_then_that_of_pmc_then_the_doi(fields: str, name: str) -> None:
    (found,) = read(f"TY  - JOUR\nTI  - T\n{fields}\nER  - \n")
    assert isinstance(found, Document)
    assert found.id == name


def test_a_bad_reference_costs_itself_alone() -> None:
    first, second, good = read(
        "TY  - JOUR\nDO  - 10.1/x\nER  - \n\nTY  - JOUR\nTI  - T\nTY  - JOUR\nTI  - T\nID  - 5\n"
    )
    assert first == BadRecord("file.ris", "line 1", "neither title nor abstract")
    assert second == BadRecord("file.ris", "line 5", "neither PMID, PMC id, DOI nor ID")
    assert isinstance(good, Document)
