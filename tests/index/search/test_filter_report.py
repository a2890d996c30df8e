import json
from pathlib import Path

import pytest

from bioqa.index.ingest import builder
from bioqa.index.search.filters import Filter
from bioqa.index.search.hybrid import Index

PAPERS = [
    {"mesh": ["Humans", "Child"], "publication_types": ["Review"], "journal": "Nature genetics", "year": 2001}
    | {"issn": "1061-4036", "language": "eng"},
    {"mesh": ["Mice"], "publication_types": ["Letter"], "year": 2010, "journal": "Gut", "language": "ger"},
    {"mesh": ["Mice"], "status": "retracted"},
]


def index_of(folder: Path, papers: list[dict[str, object]]) -> Index:
    records = [{"pmid": number, "title": "T", "text": "Gene."} | paper for number, paper in enumerate(papers, start=1)]
    (folder / "papers.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    builder.build([folder / "papers.jsonl"], folder / "index", None)
    return Index(folder / "index")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index_of(tmp_path_factory.mktemp("papers"), PAPERS)


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        (Filter(publication_type="Revieuw"), "no paper of type 'Revieuw'; did you mean 'Review'?"),
        (Filter(mesh=("Childhood",)), "no paper with the MeSH heading 'Childhood'; did you mean 'Child'?"),
        (Filter(journal="Nature"), "no paper of the journal 'Nature'; did you mean 'Nature genetics'?"),
        (Filter(journal="xyzzy"), "no paper of the journal 'xyzzy'"),
        (Filter(language="French"), "no paper in the language 'French'; this index has eng, ger"),
        (Filter(2020), "no paper of 2020 and later; this index has papers of 2001 to 2010"),
        (Filter(1990, 1990), "no paper of 1990; this index has papers of 2001 to 2010"),
        (Filter(2002, 2009), "no paper of 2002 to 2009; this index has papers of 2001 to 2010"),
        (Filter(mesh=("Humans", "Mice")), "no paper passes all filters at once, though each passes some"),
        (
            Filter(2020, mesh=("Mic",)),
            "no paper of 2020 and later; this index has papers of 2001 to 2010; no paper with the MeSH heading 'Mic'; "
            "did you mean 'Mice'?",
        ),
        (Filter(mesh=("Humans",)), ""),
        (Filter(), ""),
    ],
)
def test_a_filter_that_nothing_passes_says_why(index: Index, filters: Filter, fault: str) -> None:
    assert index.filter_report(filters).fault == fault
    assert bool(fault) is not (filters.is_empty or bool(len(index.lexical.filtered_passages(filters))))


@pytest.mark.parametrize(
    ("filters", "notes"),
    [
        (Filter(mesh=("human",)), ("--mesh 'human' is read as 'Humans'",)),
        (Filter(publication_type="reviews"), ("--publication-type 'reviews' is read as 'Review'",)),
        (Filter(journal="10614036"), ("--journal '10614036' is read as '1061-4036'",)),
        (Filter(journal="nature Genetics", mesh=("HUMANS",), language="German"), ()),
    ],
)
def test_a_value_that_is_read_as_another_is_named(index: Index, filters: Filter, notes: tuple[str, ...]) -> None:
    assert index.filter_report(filters).notes == notes


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        (Filter(mesh=("Humans",)), "no paper with the MeSH heading 'Humans': no paper of this index has MeSH headings"),
        (Filter(publication_type="Review"), "no paper of type 'Review': no paper of this index has a publication type"),
        (Filter(journal="Gut"), "no paper of the journal 'Gut': no paper of this index has a journal"),
        (Filter(language="eng"), "no paper in the language 'eng': no paper of this index has a language"),
        (Filter(2001), "no paper of 2001 and later: no paper of this index has a year"),
    ],
)
def test_an_index_that_lacks_the_field_is_said_to(tmp_path: Path, filters: Filter, fault: str) -> None:
    assert index_of(tmp_path, [{}]).filter_report(filters).fault == fault


def test_an_index_of_retracted_papers_says_so(tmp_path: Path) -> None:
    retracted = index_of(tmp_path, [{"status": "retracted"}])
    assert retracted.filter_report(Filter(not_retracted=True)).fault == "every paper of this index is retracted"
