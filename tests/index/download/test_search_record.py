import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from bioqa.index.corpus.files import input_files, unrecognized_files
from bioqa.index.download import search_record
from bioqa.index.download.search_record import SearchEntry
from bioqa.index.errors import InputError

PAPER = '<PubmedArticle><MedlineCitation Status="MEDLINE">\n  <PMID Version="1">{}</PMID><X><PMID>9</PMID></X>'
ENTRY = SearchEntry("a", None, "a[All Fields]", [], "https://x/", 5, 3, 1, ["7"], False, "2026-01-01T00:00:00+00:00")


def test_the_papers_of_all_pubmed_files_are_held(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("".join(PAPER.format(number) for number in range(1000, 21_000)))
    book = "<BookDocument><PMID Version='1'> 20301428 </PMID>"
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(f"{PAPER.format(5)}{book}".encode()))
    (tmp_path / "c.txt").write_text(PAPER.format(6))
    (tmp_path / "d.xml").symlink_to("c.txt")
    held = search_record.held_pmids(tmp_path)
    assert held == {str(number) for number in range(1000, 21_000)} | {"5", "20301428"}
    assert search_record.held_pmids(tmp_path / "nowhere") == set()


def test_new_files_are_numbered_on(tmp_path: Path) -> None:
    for name in ("pubmed-search-000007.xml.gz", "pubmed-search-000008.xml.gz.unfinished", "pubmed-search-x.xml.gz"):
        (tmp_path / name).write_bytes(b"")
    paths = search_record.new_paths(tmp_path)
    assert [next(paths).name, next(paths).name] == ["pubmed-search-000009.xml.gz", "pubmed-search-000010.xml.gz"]
    assert not list(tmp_path.glob("*.unfinished"))


def test_searches_are_kept_and_a_repeated_one_replaces_its_last_run(tmp_path: Path) -> None:
    search_record.write_search(tmp_path, [], ENTRY)
    search_record.write_search(tmp_path, search_record.read_searches(tmp_path), replace(ENTRY, query="b", limit=5))
    search_record.write_search(tmp_path, search_record.read_searches(tmp_path), ENTRY)
    assert [(entry["query"], entry["limit"]) for entry in search_record.read_searches(tmp_path)] == [
        ("b", 5),
        ("a", None),
    ]


def test_the_record_is_no_corpus(tmp_path: Path) -> None:
    search_record.write_search(tmp_path, [], ENTRY)
    (tmp_path / "a.xml").write_text(PAPER)
    assert [path.name for path in input_files([tmp_path])] == ["a.xml"]
    assert unrecognized_files([tmp_path]) == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"format": 2, "searches": []}', '{"format": 1, "searches": [1]}']
)
def test_a_damaged_record_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "searches.json").write_text(content)
    with pytest.raises(InputError, match=r"searches.json: damaged; delete it, which loses"):
        search_record.read_searches(tmp_path)
