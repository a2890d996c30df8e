import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bioqa.index import verification
from bioqa.index.errors import IndexFolderError
from bioqa.index.ingest import builder
from bioqa.index.search import hybrid, lexical
from bioqa.index.search.filters import NO_FILTER
from bioqa.index.search.hybrid import Index
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.store.manifest import Manifest, read_manifest
from bioqa.index.store.snapshot import file_size, file_sizes, read_snapshot
from bioqa.index.verification import verify

Run = Callable[..., Any]
Commit = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path, corpus_file: Path) -> Path:
    """A lexical index over the small corpus."""
    builder.build([corpus_file], tmp_path / "index", None)
    return tmp_path / "index"


@pytest.fixture
def commit(folder: Path, tmp_path: Path) -> Commit:
    """Commits one more document, once."""
    more = tmp_path / "more.jsonl"
    more.write_text('{"pmid": 900, "title": "Zebrafish"}\n')

    begun: list[bool] = []

    def once() -> None:
        if not begun:
            begun.append(True)
            builder.build([more], folder, None)

    return once


def test_what_is_looked_at_is_the_last_commit(folder: Path) -> None:
    assert read_snapshot(folder, lambda manifest: manifest.documents) == (read_manifest(folder), 8)


@pytest.mark.parametrize("error", [None, IndexFolderError("gone"), FileNotFoundError(2, "gone")])
def test_a_look_that_a_commit_disturbed_is_taken_again_whether_it_failed_or_not(
    error: Exception | None, folder: Path, commit: Commit
) -> None:
    seen = []

    def look(manifest: Manifest) -> int:
        seen.append(manifest.commit)
        commit()
        if manifest.commit == 1 and error is not None:
            raise error
        return manifest.documents

    manifest, documents = read_snapshot(folder, look)
    assert (seen, manifest.commit, documents) == ([1, 2], 2, 9)


@pytest.mark.parametrize("error", [IndexFolderError("damaged"), FileNotFoundError(2, "gone"), KeyError("other")])
def test_a_look_that_fails_by_itself_fails(error: Exception, folder: Path) -> None:
    def look(manifest: Manifest) -> None:
        raise error

    with pytest.raises(type(error)):
        read_snapshot(folder, look)


def test_the_files_of_a_folder_come_with_their_sizes_and_what_is_none_has_no_size(folder: Path) -> None:
    (folder / "dangling").symlink_to(folder / "gone")
    found = file_sizes(folder)
    assert found == {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()
    }
    assert list(found) == sorted(found)
    assert file_size(folder) is None
    assert file_size(folder / "gone") is None


@pytest.fixture(params=["tokenizer", "open", "file"])
def disturbed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, commit: Commit) -> None:
    """A commit comes while the files of the one before are opened, at one of several moments."""
    if request.param == "tokenizer":
        original = lexical.analyzer.tokenizer
        monkeypatch.setattr(lexical.analyzer, "tokenizer", lambda: (commit(), original())[1])
    elif request.param == "open":
        real = lexical.tantivy.Index.open
        slow = SimpleNamespace(open=lambda folder: (real(folder), commit())[0])
        monkeypatch.setattr(lexical, "tantivy", SimpleNamespace(**(vars(lexical.tantivy) | {"Index": slow})))
    else:
        is_file = Path.is_file

        def then_gone(self: Path) -> bool:
            found = is_file(self)
            if self.name == "passages.npy":
                commit()
            return found

        monkeypatch.setattr(Path, "is_file", then_gone)


@pytest.mark.usefixtures("disturbed")
def test_an_index_that_is_opened_while_another_process_commits_is_that_of_the_new_commit(folder: Path) -> None:
    index = Index(folder)
    assert index.manifest.commit == 2
    found = index.search(hybrid.Query("zebrafish cystic fibrosis", None), 20)
    assert "900" in [hit.passage.document.id for hit in found]


@pytest.mark.usefixtures("disturbed")
def test_info_of_an_index_to_which_another_process_commits_is_of_the_new_commit(run: Run, folder: Path) -> None:
    outcome = run("index", "info", folder)
    assert (outcome.status, outcome.err) == (0, "")
    assert "documents  9" in outcome.out
    assert "commit 2 of" in outcome.out


@pytest.mark.usefixtures("disturbed")
def test_an_index_to_which_another_process_commits_is_found_whole(folder: Path) -> None:
    assert [finding for finding in verify(folder) if not finding.harmless] == []
    assert read_manifest(folder).commit == 2


def test_files_that_go_while_an_index_is_verified_are_no_damage(
    folder: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = verification.is_as_written

    def slow(folder: Path) -> bool:
        found = original(folder)
        commit()
        return found

    monkeypatch.setattr(verification, "is_as_written", slow)
    assert [finding for finding in verify(folder) if not finding.harmless] == []


def test_a_lexical_index_whose_files_go_while_it_is_opened_is_an_index_that_cannot_be_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "lexical" / read_manifest(folder).lexical
    original = lexical.analyzer.tokenizer

    def gone() -> Any:
        shutil.rmtree(path, ignore_errors=True)
        return original()

    monkeypatch.setattr(lexical.analyzer, "tokenizer", gone)
    with pytest.raises(IndexFolderError, match="cannot be opened"):
        LexicalIndex(path).search("gene", 1, NO_FILTER)
