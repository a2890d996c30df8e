import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import InputError, StorageError
from bioqa.index.hybrid import Index
from bioqa.index.manifest import read_manifest
from bioqa.qa import starter


@pytest.fixture
def cache(corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, in which the small corpus stands for the starter passages."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(starter, "passages_file", lambda: corpus_file)
    return tmp_path / "cache" / "bioqa"


def test_the_starter_index_holds_every_passage_that_ships() -> None:
    folder = starter.index_folder()
    shipped = [json.loads(line) for line in starter.passages_file().open(encoding="utf-8")]
    manifest = read_manifest(folder)
    assert manifest.documents == len(shipped)
    assert manifest.encoder is not None
    index = Index(folder)
    assert {index._store.document(row).id for row in range(len(shipped))} == {passage["id"] for passage in shipped}


def test_the_index_is_built_once_and_found_again(cache: Path) -> None:
    folder = starter.index_folder()
    assert folder.parent == cache
    before = {path: path.stat().st_mtime_ns for path in [cache, *cache.rglob("*")]}
    assert starter.index_folder() == folder
    assert {path: path.stat().st_mtime_ns for path in [cache, *cache.rglob("*")]} == before


def test_nothing_but_the_index_is_left_in_the_cache(cache: Path) -> None:
    folder = starter.index_folder()
    assert [*cache.iterdir()] == [folder]


def test_other_passages_get_an_index_of_their_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch, write_jsonl: Callable[..., Path]
) -> None:
    first = starter.index_folder()
    other = write_jsonl("other.jsonl", [{"id": "starter:other", "text": "Another passage."}])
    monkeypatch.setattr(starter, "passages_file", lambda: other)
    second = starter.index_folder()
    assert second != first
    assert read_manifest(first).documents == 8
    assert read_manifest(second).documents == 1


def test_first_questions_at_once_end_with_one_sound_index(cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        folders = list(pool.map(lambda _: starter.index_folder(), range(3)))
    assert len(set(folders)) == 1
    assert [*cache.iterdir()] == [folders[0]]
    assert read_manifest(folders[0]).documents == 8


@pytest.mark.parametrize("in_the_way", ["cache", "cache/bioqa"])
def test_a_cache_that_cannot_be_written_is_one_clear_error(
    cache: Path, tmp_path: Path, run: Callable[..., Any], in_the_way: str
) -> None:
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("a file where a folder is needed")
    with pytest.raises(StorageError, match=r"cannot keep the starter index there.*XDG_CACHE_HOME.*--index DIR"):
        starter.index_folder()
    outcome = run("ask", "what gene causes cystic fibrosis?")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {cache}: cannot keep the starter index there")
    assert outcome.err.count("\n") == 1


def test_a_build_that_fails_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starter.index_folder()
    before = sorted(cache.rglob("*"))

    def fails(*_: Any, **__: Any) -> None:
        raise InputError("no passages")

    (tmp_path / "other.jsonl").write_text('{"id": "x", "text": "y"}\n')
    monkeypatch.setattr(starter, "passages_file", lambda: tmp_path / "other.jsonl")
    monkeypatch.setattr("bioqa.index.builder.build", fails)
    with pytest.raises(InputError):
        starter.index_folder()
    assert sorted(cache.rglob("*")) == before
