import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import InputError, StorageError
from bioqa.index.models import known_vectors
from bioqa.index.models.model import shipped
from bioqa.index.records import search_texts
from bioqa.index.search.hybrid import Index
from bioqa.index.store.lock import LOCK, locked
from bioqa.index.store.manifest import read_manifest
from bioqa.index.verification import verify
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


def test_another_analyzer_has_a_starter_index_of_its_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = starter.cached_index()
    monkeypatch.setattr(starter.analyzer, "NAME", "another")
    assert starter.cached_index() != before
    assert starter.cached_index().parent == before.parent == cache


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
    monkeypatch.setattr("bioqa.index.ingest.builder.build", fails)
    with pytest.raises(InputError):
        starter.index_folder()
    assert sorted(cache.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["manifest.json", "segments/000001/documents.jsonl", "segments/000001/vectors.npy", "lexical/*/*.idx"]
)
def test_a_damaged_index_is_made_again_by_itself(name: str, cache: Path) -> None:
    folder = starter.index_folder()
    file = next(folder.glob(name))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert starter.index_folder() == folder
    assert [finding for finding in verify(folder) if not finding.harmless] == []
    assert [*cache.iterdir()] == [folder]


@pytest.mark.parametrize("kind", ["file", "link", "folder", "a link in it"])
def test_something_else_in_its_place_is_replaced(kind: str, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    target = starter.cached_index()
    cache.mkdir(parents=True)
    match kind:
        case "file":
            target.write_text("x")
        case "link":
            target.symlink_to(tmp_path / "precious")
        case "folder":
            target.mkdir()
            (target / "notes").write_text("x")
        case "a link in it":
            starter.index_folder()
            (target / "more").symlink_to(tmp_path / "precious")
    assert verify(starter.index_folder()) == []
    assert not target.is_symlink()
    assert (tmp_path / "precious" / "file").read_text() == "kept"


def test_what_a_killed_process_left_is_cleared_and_what_one_is_making_is_not(cache: Path) -> None:
    left, older, busy, fresh = (cache / f"starter-{name}" for name in ("abcd_123", "older123", "busy1234", "fresh123"))
    for folder in (left, older, busy, fresh):
        (folder / "index" / "segments").mkdir(parents=True)
    (left / LOCK).write_text('{"process": 1')
    os.utime(older, (0, 0))
    (cache / "starter-2-0123456789ab").mkdir()
    with locked(busy, "making the starter index"):
        folder = starter.index_folder()
        assert {*cache.iterdir()} == {folder, busy, fresh, cache / "starter-2-0123456789ab"}


def test_a_folder_that_another_is_about_to_lock_is_left_to_it(cache: Path) -> None:
    begun = cache / "starter-begun123"
    begun.mkdir(parents=True)
    (begun / LOCK).touch()
    assert {*cache.iterdir()} == {begun}
    folder = starter.index_folder()
    assert {*cache.iterdir()} == {folder, begun}


def test_others_may_read_the_index_where_the_umask_lets_them(cache: Path) -> None:
    folder = starter.index_folder()
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in [folder, *folder.rglob("*")] if path.suffix != ".lock")


def test_the_vectors_that_ship_are_those_of_nearly_all_passages_that_ship() -> None:
    """If not, `python -m bioqa.qa.starter` writes them again."""
    index = Index(starter.index_folder())
    known = known_vectors.RememberingEncoder(shipped("encoder"), starter.vectors_file())._vectors
    passages = index.passages_of([json.loads(line)["id"] for line in starter.passages_file().open(encoding="utf-8")])
    assert len(passages) == index.passages
    assert sum(known_vectors._digest(text) in known for text in search_texts(passages)) >= 0.9 * index.passages


def test_the_vectors_are_written_for_all_passages(cache: Path, tmp_path: Path) -> None:
    starter.write_vectors(tmp_path / "vectors.npz")
    known = known_vectors.RememberingEncoder(shipped("encoder"), tmp_path / "vectors.npz")._vectors
    assert len(known) == Index(starter.index_folder()).passages
