import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index import verification
from bioqa.index.errors import IndexFolderError
from bioqa.index.ingest import builder
from bioqa.index.models.encoder import Encoder
from bioqa.index.search.lexical_writer import LexicalWriter
from bioqa.index.store import digests, manifest
from bioqa.index.store.digests import commit_files
from bioqa.index.store.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from bioqa.index.verification import IntegrityIssue, verify

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path, encoder: Encoder) -> Path:
    """The small index after an update that replaced one document and deleted another. Not to be written to."""
    folder = tmp_path_factory.mktemp("verified")
    update = folder / "update.xml"
    update.write_text(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>101</PMID><Article><ArticleTitle>Again</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle><DeleteCitation><PMID>102</PMID></DeleteCitation></PubmedArticleSet>"
    )
    for file in (corpus_file, update):
        builder.build([file], folder / "index", encoder)
    return folder / "index"


@pytest.fixture
def folder(updated: Path, tmp_path: Path) -> Path:
    """A copy of the updated index."""
    shutil.copytree(updated, tmp_path / "index")
    return tmp_path / "index"


def damages(folder: Path) -> list[IntegrityIssue]:
    return [finding for finding in verify(folder) if not finding.harmless]


def test_a_whole_index_is_found_whole_and_every_file_is_read(updated: Path) -> None:
    seen: list[tuple[float, int]] = []

    class Recorder:
        def update(self, fraction: float, count: int) -> None:
            seen.append((fraction, count))

    assert verify(updated, Recorder()) == []
    assert seen[-1] == (1.0, len(read_manifest(updated).digests))
    assert [count for _, count in seen] == list(range(1, len(seen) + 1))


def test_every_file_of_the_index_has_a_digest(updated: Path) -> None:
    files = {path.relative_to(updated).as_posix() for path in updated.rglob("*") if path.is_file()}
    locks = {name for name in files if name.endswith(".lock")}
    assert set(read_manifest(updated).digests) == files - locks - {MANIFEST}


def test_a_flipped_byte_in_any_file_is_found_and_the_file_named(folder: Path) -> None:
    source = random.Random(5)
    for path in [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]:
        content = path.read_bytes()
        for place in {0, len(content) - 1, source.randrange(len(content))}:
            flipped = bytearray(content)
            flipped[place] ^= 1 << source.randrange(8)
            path.write_bytes(flipped)
            found = damages(folder)
            assert found[0].file == path.relative_to(folder).as_posix(), place
            assert len(found) == 1 or path.name == MANIFEST, "a damaged manifest says wrong things of the others"
            assert "restore it from a copy" in found[0].cure
        path.write_bytes(content)
    assert damages(folder) == []


@pytest.mark.parametrize("name", ["segments/000001/vectors.npy", "lexical/000002/meta.json", "removed-000002.npy"])
@pytest.mark.parametrize("damage", ["missing", "cut", "longer", "empty"])
def test_a_file_that_is_gone_or_of_another_size_is_named(name: str, damage: str, folder: Path) -> None:
    path = folder / name
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            os.truncate(path, path.stat().st_size - 1)
        case "longer":
            path.write_bytes(path.read_bytes() + b"\n")
        case "empty":
            path.write_bytes(b"")
    (finding,) = damages(folder)
    assert finding.file == name
    assert (finding.what == "is missing") is (damage == "missing")


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(verification, "sha256_of", broken)
    assert len(damages(folder)) == len(read_manifest(folder).digests)
    assert {finding.what for finding in damages(folder)} == {"cannot be read (Input/output error)"}


def test_all_that_is_damaged_is_named_at_once(folder: Path) -> None:
    for name in ("segments/000001/documents.jsonl", "segments/000002/passages.npy"):
        (folder / name).write_bytes(bytes((folder / name).stat().st_size))
    (folder / "segments/000001/passages.npy").unlink()
    assert {finding.file for finding in damages(folder)} == {
        "segments/000001/documents.jsonl", "segments/000002/passages.npy", "segments/000001/passages.npy",
    }  # fmt: skip


def test_files_that_belong_to_no_commit_are_named_as_harmless(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    shutil.copytree(folder / "segments/000001", folder / "segments/000009")
    found = verify(folder)
    assert all(finding.harmless for finding in found)
    assert {"notes.txt", "segments/000009/documents.jsonl"} <= {finding.file for finding in found}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"format": 1}'])
def test_a_manifest_that_cannot_be_read_is_a_finding(content: bytes, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(content)
    (finding,) = verify(folder)
    assert finding.file == MANIFEST
    assert "rebuild" in finding.what


def test_a_manifest_changed_by_hand_is_found(folder: Path) -> None:
    fields = json.loads((folder / MANIFEST).read_text())
    fields["sources"][0]["path"] = "/elsewhere"
    (folder / MANIFEST).write_text(json.dumps(fields, indent=1))
    assert [(finding.file, finding.what) for finding in damages(folder)] == [
        (MANIFEST, "is not what the last commit wrote")
    ]


def first_segment(state: Manifest, **changes: int) -> Manifest:
    return replace(state, segments=(replace(state.segments[0], **changes), *state.segments[1:]))


CONTRADICTIONS: dict[str, tuple[Callable[[Manifest], Manifest], str]] = {
    "documents": (lambda state: replace(state, documents=99), "counts 99 documents and 7 passages, there are 7 and 7"),
    "passages": (lambda state: replace(state, passages=3), "counts 7 documents and 3 passages, there are 7 and 7"),
    "rows": (lambda state: first_segment(state, documents=5), "the manifest counts 5 documents"),
    "windows": (lambda state: first_segment(state, passages=5), "the manifest counts 5 passages"),
    "dimensions": (
        lambda state: replace(state, encoder=replace(state.encoder, dimensions=9)), "the manifest says (8, 9)",
    ),
    "an old list of removed documents": (lambda state: replace(state, removed=""), "there are 9 and 9"),
    "a file without digest": (
        lambda state: replace(state, digests={n: d for n, d in state.digests.items() if "passages" not in n}),
        "names segments/000001/passages.npy without a digest",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_manifest_that_contradicts_the_files_is_found(
    change: Callable[[Manifest], Manifest], message: str, folder: Path
) -> None:
    write_manifest(folder, change(read_manifest(folder)))
    assert any(message in finding.what for finding in damages(folder)), damages(folder)


def rewritten(folder: Path, name: str, array: Any) -> None:
    """Puts another array into a file as if it had been committed like this."""
    np.save(folder / name, array)
    state = read_manifest(folder)
    write_manifest(folder, replace(state, digests={**state.digests, name: verification.sha256_of(folder / name)}))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("segments/000001/documents.npy", lambda a: a[::-1].copy()),
        ("segments/000001/documents.npy", lambda a: a + 1),
        ("segments/000001/passages.npy", lambda a: a + np.array([0, 0, 100_000], a.dtype)),
        ("segments/000001/passages.npy", lambda a: a - np.array([0, 100_000, 0], a.dtype)),
        ("segments/000001/passages.npy", lambda a: a + np.array([1, 0, 0], a.dtype)),
        ("segments/000001/passages.npy", lambda a: a - np.array([1, 0, 0], a.dtype)),
        ("segments/000001/passages.npy", lambda a: a[:, [0, 2, 1]].copy()),
        ("removed-000002.npy", lambda a: a + 1000),
        ("removed-000002.npy", lambda a: a * 0),
    ],
)
def test_offsets_that_are_out_of_range_are_found(name: str, change: Callable[[Any], Any], folder: Path) -> None:
    rewritten(folder, name, change(np.load(folder / name)))
    assert name in [finding.file for finding in damages(folder)]


def test_a_lexical_index_that_finds_other_passages_is_found(folder: Path) -> None:
    writer = LexicalWriter(folder / "lexical/000002")
    writer.remove(5)
    writer.commit()
    state = read_manifest(folder)
    names = [file.relative_to(folder).as_posix() for file in commit_files(folder, state)]
    write_manifest(folder, replace(state, digests={name: verification.sha256_of(folder / name) for name in names}))
    assert [(f.file, f.what) for f in damages(folder)] == [("lexical/000002", "finds 6 passages, there are 7")]


def test_a_commit_made_meanwhile_is_looked_at_in_place_of_the_one_before(
    folder: Path, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more, original, calls = tmp_path / "more.jsonl", verification.sha256_of, [0]
    more.write_text('{"pmid": 900, "title": "One more"}')

    def slow(path: Path) -> str:
        calls[0] += 1
        if calls[0] == 3:
            builder.build([more], folder, encoder)
        return original(path)

    monkeypatch.setattr(verification, "sha256_of", slow)
    assert verify(folder) == []
    assert read_manifest(folder).commit == 3


def test_what_was_linked_from_the_commit_before_is_read_once_before_it_is_signed_again(
    folder: Path, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    original = digests.sha256_of
    monkeypatch.setattr(digests, "sha256_of", lambda path: (read.append(path.name), original(path))[1])
    before = {path.name for path in (folder / "lexical/000002").iterdir()}
    (tmp_path / "more.jsonl").write_text('{"pmid": 900, "title": "One more"}')
    builder.build([tmp_path / "more.jsonl"], folder, encoder)
    assert before
    assert all(read.count(name) == 1 for name in before if not name.endswith((".json", ".lock")))
    assert {"documents.jsonl", "vectors.npy", "meta.json"} <= set(read)
    assert verify(folder) == []


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index there"):
        verify(tmp_path)


def test_the_command_names_what_is_damaged_and_ends_with_status_1(run: Run, folder: Path) -> None:
    whole = run("index", "verify", folder)
    assert (whole.status, whole.out, whole.err) == (0, f"{folder}: every file is as it was written\n", "")
    (folder / "stray.txt").write_text("x")
    assert run("index", "verify", folder).status == 0
    path = folder / "segments/000001/documents.jsonl"
    path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    outcome = run("index", "verify", folder)
    assert outcome.status == 1
    harmless, damaged = outcome.out.splitlines()
    assert harmless == "harmless  stray.txt: belongs to no commit; nothing needs it"
    assert damaged.startswith("DAMAGED   segments/000001/documents.jsonl: has changed since it was written")
    assert "rebuild the index with 'bioqa index build'" in damaged
    assert outcome.err.startswith(f"error: {folder}: damaged")


def test_the_command_prints_json_and_nothing_else(run: Run, folder: Path) -> None:
    (folder / "segments/000002/passages.npy").unlink()
    outcome = run("index", "verify", folder, "--json")
    data = json.loads(outcome.out)
    assert (outcome.status, data["damaged"], data["path"]) == (1, True, str(folder))
    assert [(finding["file"], finding["what"]) for finding in data["findings"]] == [
        ("segments/000002/passages.npy", "is missing")
    ]
    shutil.rmtree(folder / "segments")
    assert run("index", "verify", folder.parent).status == 2


def test_the_self_digest_covers_every_byte(tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest("a", 1, None, commit=3))
    content = (tmp_path / MANIFEST).read_bytes()
    assert manifest.is_as_written(tmp_path)
    for place in range(len(content)):
        for changed in (content[place] ^ 1, content[place] ^ 0x0D ^ 0x0A):
            (tmp_path / MANIFEST).write_bytes(content[:place] + bytes([changed]) + content[place + 1 :])
            assert not manifest.is_as_written(tmp_path), place
