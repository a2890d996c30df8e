import io

import pytest

from bioqa.index.corpus import csv_table
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record


def read(content: str) -> list[Record]:
    return list(csv_table.read(io.BytesIO(content.encode()), "file.csv"))


@pytest.mark.parametrize("sign", [",", ";"])
def test_quoted_cells_hold_signs_and_line_breaks(sign: str) -> None:
    row = sign.join(["PMID", "Title", "Abstract", "Authors", "Publication Year"])
    cells = sign.join(["7", f'"A{sign} and ""b"""', '"One\n\ntwo."', '"Doe J; Roe R"', "2004"])
    assert read(f"{row}\r\n{cells}\r\n") == [
        Document("7", f'A{sign} and "b"', "One\ntwo.", 2004, authors=("Doe J", "Roe R"))
    ]


def test_a_bad_row_is_reported_with_its_line_and_the_next_is_read() -> None:
    few, unclosed, good = read('id,title\n1\n2,"A\n3,B\n')
    assert few == BadRecord("file.csv", "line 2", "1 cells, the header names 2")
    assert isinstance(unclosed, Document)
    assert good == Document("3", "B")


@pytest.mark.parametrize("header", ["a,b", "id,title,title", "id,ti\rtle"])
def test_a_file_without_a_header_is_refused(header: str) -> None:
    with pytest.raises(InputError, match="line 1"):
        read(f"{header}\n1,2\n")
