import gzip
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bioqa.eval.retrieval import corpus_index
from bioqa.index.errors import InputError, StorageError
from bioqa.index.ingest import builder
from bioqa.index.models.encoder import Encoder
from bioqa.index.progress import NoProgress
from bioqa.index.records import Passage
from bioqa.index.search.hybrid import Index
from bioqa.index.store.manifest import read_manifest

IDS = [f"d{number}" for number in range(12)]


@pytest.fixture
def corpus(write_jsonl: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve documents, and a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return write_jsonl("corpus.jsonl", [{"_id": identity, "title": identity, "text": "A gene."} for identity in IDS])


def built(corpus: Path, encoder: Encoder | None = None) -> Path:
    folder = corpus_index.folder_of(corpus, encoder)
    if not corpus_index.is_whole(folder):
        corpus_index.build(corpus, folder, encoder, NoProgress())
    return folder


def test_an_index_is_built_once_and_found_again(corpus: Path, encoder: Encoder) -> None:
    folder = built(corpus, encoder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert built(corpus, encoder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert read_manifest(folder).documents == len(IDS)


def test_content_and_encoder_have_an_index_of_their_own_and_a_copy_the_same(
    corpus: Path, encoder: Encoder, tmp_path: Path
) -> None:
    first = corpus_index.folder_of(corpus, None)
    assert corpus_index.folder_of(corpus, encoder) != first
    copy = tmp_path / "copy.jsonl"
    shutil.copy(corpus, copy)
    assert corpus_index.folder_of(copy, None) == first
    copy.write_text(corpus.read_text() + '{"_id": "more", "text": "More."}\n')
    assert corpus_index.folder_of(copy, None) != first


class Interrupting:
    """Stops a build after its first commit."""

    def update(self, fraction: float, count: int) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def interrupted(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index whose making was stopped after five documents."""
    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 5)
    folder = corpus_index.folder_of(corpus, None)
    with pytest.raises(KeyboardInterrupt):
        corpus_index.build(corpus, folder, None, Interrupting())
    assert read_manifest(folder).documents == 5
    return folder


def test_an_interrupted_build_goes_on(interrupted: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not corpus_index.is_whole(interrupted)
    added: list[str] = []
    add = builder.LexicalWriter.add

    def counting(writer: builder.LexicalWriter, passage: Passage, row: int, terms: str) -> int:
        added.append(passage.document.id)
        return add(writer, passage, row, terms)

    monkeypatch.setattr(builder.LexicalWriter, "add", counting)
    assert built(corpus) == interrupted
    assert added == IDS[5:]
    assert corpus_index.is_whole(interrupted)


def test_what_a_copy_began_is_begun_again_so_that_nothing_is_counted_twice(
    interrupted: Path, corpus: Path, tmp_path: Path
) -> None:
    shutil.copy(corpus, tmp_path / "copy.jsonl")
    folder = built(tmp_path / "copy.jsonl")
    assert folder == interrupted
    assert read_manifest(folder).documents == len(IDS)
    assert read_manifest(folder).removed == ""


@pytest.mark.parametrize("damage", ["manifest.json", "segments/000001/documents.jsonl"])
def test_a_damaged_index_is_made_again(corpus: Path, damage: str) -> None:
    folder = built(corpus)
    (folder / damage).write_text("{")
    assert not corpus_index.is_whole(folder)
    assert built(corpus) == folder
    assert corpus_index.is_whole(folder)


@pytest.mark.parametrize("name", ["manifest.json", "segments/000001/documents.jsonl", "lexical/*/*.term"])
def test_an_index_of_which_a_byte_changed_is_made_again(corpus: Path, name: str) -> None:
    folder = built(corpus)
    file = next(folder.glob(name))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert not corpus_index.is_whole(folder)
    assert built(corpus) == folder
    assert corpus_index.is_whole(folder)


@pytest.mark.parametrize("left", ["manifest.json", "writer.lock", "both"])
def test_an_index_without_its_manifest_is_made_again(corpus: Path, left: str) -> None:
    folder = built(corpus)
    for name in ("manifest.json", "writer.lock") if left == "both" else (left,):
        (folder / name).unlink()
    assert built(corpus) == folder
    assert corpus_index.is_whole(folder)


def test_a_cache_that_cannot_be_written_is_named_with_the_cure(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(StorageError, match=r"cache.*set XDG_CACHE_HOME to a folder .*or pass --index DIR"):
        built(corpus)


def test_a_corpus_that_breaks_off_is_an_error(corpus: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(corpus.read_bytes())[:-9])
    with pytest.raises(InputError, match="cut off"):
        built(cut)
    assert not corpus_index.is_whole(corpus_index.folder_of(cut, None))


def test_a_corpus_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)):
        corpus_index.folder_of(tmp_path, None)


@pytest.mark.parametrize(
    ("ids", "first"),
    [(["none"], "none"), ([*IDS, "last"], "last"), (["first", *IDS], "first"), ([*IDS[:3], "x", "y", *IDS[3:]], "x")],
)
def test_an_index_that_lacks_documents_is_refused_and_the_first_is_named(
    corpus: Path, ids: Sequence[str], first: str
) -> None:
    index = Index(built(corpus))
    corpus_index.check_holds(index, IDS)
    corpus_index.check_holds(index, [])
    lacking = len(set(ids) - set(IDS))
    with pytest.raises(InputError, match=f"lacks {lacking} of the {len(ids)} documents .*, the first is {first};"):
        corpus_index.check_holds(index, ids)
