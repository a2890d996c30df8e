import itertools
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.ingest import builder
from bioqa.index.ingest.complement import combine, complement
from bioqa.index.records import CONCERN, RETRACTED, Document, Section
from bioqa.index.search.filters import Filter
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.index.store.manifest import read_manifest

JATS = (
    '<article><front><article-meta><article-id pub-id-type="pmid">{0}</article-id><title-group><article-title>Rats'
    "</article-title></title-group></article-meta></front><body><sec><title>Results</title><p>{1}</p></sec></body></article>"
)
PUBMED = (
    "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><Journal><JournalIssue><PubDate><Year>{1}"
    "</Year></PubDate></JournalIssue></Journal><ArticleTitle>Rats.</ArticleTitle></Article><MeshHeadingList><MeshHeading>"
    "<DescriptorName>{2}</DescriptorName></MeshHeading></MeshHeadingList></MedlineCitation></PubmedArticle>"
    "</PubmedArticleSet>"
)
NBIB = "PMID- {0}\nTI  - Rats.\nAB  - Rats slept.\nRIN - J. 2020.\n"
DELETION = "<PubmedArticleSet><DeleteCitation><PMID>{0}</PMID></DeleteCitation></PubmedArticleSet>"
FILES = {
    "full.nxml": JATS.format(5, "Melatonin prolonged sleep."),
    "one.nbib": NBIB.format(5),
    "pubmed26n0001.xml": PUBMED.format(5, 2001, "Mice"),
    "pubmed26n0002.xml": PUBMED.format(5, 2002, "Rats"),
    "table.jsonl": json.dumps({"pmid": 5, "title": "Rats", "authors": ["Roe R"], "year": 1999}),
    "other.jsonl": json.dumps({"pmid": 6, "title": "Cats"}),
}


def documents(folder: Path) -> dict[str, Document]:
    hits = Index(folder).search(Query("rats cats melatonin slept", None), 50)
    return {hit.passage.document.id: hit.passage.document for hit in hits}


def built(folder: Path, names: tuple[str, ...], *, at_once: bool) -> Path:
    for name in names:
        (folder / name).write_text(FILES[name])
    for group in [names] if at_once else [(name,) for name in names]:
        builder.build([folder / name for name in group], folder / "index", None)
    return folder / "index"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.permutations(sorted(FILES)), st.booleans())
def test_in_every_order_the_records_of_one_id_are_one_document(order: list[str], at_once: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        index = built(Path(name), tuple(order), at_once=at_once)
        found = documents(index)["5"]
        manifest = read_manifest(index)
        assert (manifest.documents, manifest.several_sources) == (2, 1)
        assert [hit.passage.document.id for hit in Index(index).search(Query("melatonin", None), 5)] == ["5"]
        assert not Index(index).search(Query("melatonin", None), 5, filters=Filter(not_retracted=True))
    assert found.sections == (Section("Results", "Melatonin prolonged sleep."),)
    assert (found.abstract, found.mesh, found.year, found.authors) == ("Rats slept.", ("Rats",), 2002, ("Roe R",))
    assert found.status == RETRACTED
    assert [part.source for part in found.parts] == ["pubmed", "medline", "table", "jats"]


@pytest.mark.parametrize("at_once", [True, False])
def test_every_order_of_two_sources_equals_a_fresh_build(at_once: bool, tmp_path: Path) -> None:
    seen = []
    for number, order in enumerate(itertools.permutations(("full.nxml", "one.nbib", "pubmed26n0002.xml"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        index = built(folder, order, at_once=at_once)
        manifest = read_manifest(index)
        seen.append((documents(index), manifest.documents, manifest.passages, manifest.tokens))
    assert all(each == seen[0] for each in seen)


def test_a_deletion_removes_all_and_is_counted(tmp_path: Path) -> None:
    index = built(tmp_path, ("full.nxml", "one.nbib", "other.jsonl"), at_once=False)
    (tmp_path / "pubmed26n0009.xml").write_text(DELETION.format(5))
    builder.build([tmp_path / "pubmed26n0009.xml"], index, None)
    assert set(documents(index)) == {"6"}
    assert (read_manifest(index).documents, read_manifest(index).several_sources) == (1, 0)


def test_a_later_revision_updates_its_own_part() -> None:
    full = Document("5", title="A", sections=(Section("", "Long text."),), source="jats")
    first = Document("5", title="A.", mesh=("Mice",), status=RETRACTED, source="pubmed")
    later = replace(first, mesh=("Rats",), status="", version=2)
    both = complement(full, first)
    assert (both.mesh, both.status, both.sections) == (("Mice",), RETRACTED, full.sections)
    updated = complement(both, later)
    assert (updated.mesh, updated.status, updated.sections) == (("Rats",), "", full.sections)
    assert complement(updated, first) is updated
    assert combine([full]) is full


def test_the_worst_status_counts() -> None:
    parts = [Document("5", title="A", source="pubmed", status=CONCERN), Document("5", title="A", source="table")]
    assert combine(parts).status == CONCERN


def test_a_record_of_an_index_without_sources_is_replaced_by_its_revision_and_complemented_by_a_full_text() -> None:
    old = Document("5", title="Old", mesh=("Mice",))
    new = Document("5", title="New", source="pubmed")
    full = Document("5", title="New", sections=(Section("", "Long."),), source="jats")
    assert complement(old, new) == new
    assert complement(old, full).mesh == ("Mice",)
    assert complement(complement(old, full), new).mesh == ()
