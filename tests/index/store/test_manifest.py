import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import AlteredError, IndexFolderError, StorageError
from bioqa.index.store import manifest
from bioqa.index.store.manifest import MANIFEST, EncoderIdentity, Manifest, SegmentInfo, Source

FULL = Manifest(
    analyzer="biomedical-1",
    passage_words=150,
    encoder=EncoderIdentity("toy", "ab12", 4),
    commit=7,
    documents=3,
    passages=5,
    segments=(SegmentInfo("000001", 2, 3, {"documents.jsonl": 10}), SegmentInfo("000007", 1, 2, {})),
    sources=(Source("/data/ä b.xml.gz", 100, 0, 3, finished=True),),
    lexical="000007",
    removed="removed-000007.npy",
    committed="2026-01-02 03:04:05+00:00",
    tokens=900,
    digests={"removed-000007.npy": "ab" * 32},
)


@pytest.mark.parametrize("state", [FULL, Manifest("a", 1, None)])
def test_what_is_written_is_read_back(state: Manifest, tmp_path: Path) -> None:
    manifest.write_manifest(tmp_path, state)
    assert manifest.read_manifest(tmp_path) == state
    assert [file.name for file in tmp_path.iterdir()] == [MANIFEST]


def test_the_manifest_is_json_that_names_its_format(tmp_path: Path) -> None:
    manifest.write_manifest(tmp_path, FULL)
    fields = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    assert fields["format"] == manifest.FORMAT
    assert fields["documents"] == 3


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_a_folder_without_manifest_is_no_index(folder: str, tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index there") as caught:
        manifest.read_manifest(tmp_path / folder)
    assert str(tmp_path / folder) in str(caught.value)
    assert "bioqa index build" in str(caught.value)


@pytest.mark.parametrize("found", [0, manifest.FORMAT + 1, 99, "x", None])
def test_another_format_is_named_with_the_one_that_is_read(found: Any, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"format": found, "whatever": []}))
    with pytest.raises(IndexFolderError) as caught:
        manifest.read_manifest(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: index format {found}, this bioqa reads {manifest.FORMAT}")
    assert "rebuild" in str(caught.value)


def changed(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "analyzer": "a", "passage_words": 1, "encoder": None, "commit": 1, "documents": 0, "passages": 0,
        "segments": [], "sources": [], "lexical": "000001", "removed": "", "format": manifest.FORMAT, "digest": "",
    }  # fmt: skip
    fields |= changes
    return json.dumps({name: value for name, value in fields.items() if value != "left out"}).encode()


def test_the_undamaged_one_is_read(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(changed())
    assert manifest.read_manifest(tmp_path).lexical == "000001"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b"\xff\xfe\x00",
        b'{"format": %d, "enc' % manifest.FORMAT,
        b"\x00" * 200,
        changed(encoder="left out"),
        changed(segments="left out"),
        changed(sources="left out"),
        changed(analyzer="left out"),
        changed(passage_words="left out"),
        changed(segments=None),
        changed(segments=[{"name": "000001"}]),
        changed(segments=["000001"]),
        changed(sources=[5]),
        changed(encoder={"name": "x"}),
        changed(encoder="x"),
        changed(unheard=1),
        changed(documents="many"),
        changed(documents=None),
        changed(commit="last"),
        changed(lexical=None),
        changed(removed=5),
        changed(segments=[{"name": "1", "documents": 1, "passages": 1, "files": None}]),
        b"[" * 200_000,
    ],
    ids=lambda content: repr(content[:20]) if content[:1] != b"{" else content.decode()[-60:],
)
def test_a_damaged_manifest_is_called_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(IndexFolderError, match="damaged") as caught:
        manifest.read_manifest(tmp_path)
    assert str(tmp_path / MANIFEST) in str(caught.value)


def test_a_folder_in_place_of_the_manifest_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(IndexFolderError) as caught:
        manifest.read_manifest(tmp_path)
    assert str(tmp_path / MANIFEST) in str(caught.value)


@pytest.mark.parametrize("failing", ["fsync", "replace", "open"])
def test_a_write_that_fails_leaves_the_manifest_as_it_was(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    manifest.write_manifest(tmp_path, FULL)
    with monkeypatch.context() as patch:
        patch.setattr(os if failing == "fsync" else Path, failing, full)
        with pytest.raises(StorageError, match="No space left"):
            manifest.write_manifest(tmp_path, replace(FULL, commit=8))
    assert manifest.read_manifest(tmp_path) == FULL


def test_the_manifest_is_on_disk_before_it_takes_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append(f"sync {os.fstat(fd).st_size > 0}"), fsync(fd))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (steps.append(f"rename to {to.name}"), rename(self, to))[1])
    manifest.write_manifest(tmp_path, FULL)
    assert steps == ["sync True", f"rename to {MANIFEST}"]


ELSEWHERE = ["..", ".", "../../x", "/etc", "000001/../..", "lexical", "x", "00001", "\u0660" * 6, "000001\n", ""]


def structure(**changes: Any) -> dict[str, Any]:
    made = {"file": "vectors-000001.faiss", "bytes": 1, "codes": "sq4", "lists": 1, "probes": 1, "refine": 1}
    return {**made, "passages": 1, "removed": 0, **changes}


ENCODER = {"name": "a", "digest": "b", "dimensions": 4}


def segment(**changes: Any) -> list[dict[str, Any]]:
    return [{"name": "000001", "documents": 1, "passages": 1, "files": {}, **changes}]


@pytest.mark.parametrize(
    "changes",
    [
        *({"segments": segment(name=name)} for name in ELSEWHERE),
        *({"lexical": name} for name in ELSEWHERE[:-1]),
        *(
            {"removed": name}
            for name in ["../removed-000001.npy", "manifest.json", "removed-1.npy", "/removed-000001.npy"]
        ),
        *(
            {"encoder": ENCODER, "structure": structure(file=name)}
            for name in ["../vectors-000001.faiss", "writer.lock", "", "/x"]
        ),
        *({"segments": segment(files={name: 1})} for name in ["../x", "/x", "", "..", "a/b", "a\nb"]),
        *(
            {"digests": {name: "0"}}
            for name in ["../x", "/x", "", "segments/000001/../x", "segments/000001", "other/000001/x", "manifest.json"]
        ),
    ],
    ids=str,
)
def test_a_manifest_that_names_what_lies_elsewhere_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(changed(**changes))
    with pytest.raises(IndexFolderError, match=r"damaged .*which is no file of an index") as caught:
        manifest.read_manifest(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"documents": -1},
        {"passages": 1 << 60},
        {"tokens": 1.0},
        {"commit": True},
        {"withdrawn": {"1": -1}},
        {"withdrawn": [1]},
        {"max_ram": -1},
        {"segments": segment(documents=-1)},
        {"segments": segment(files={"a": -1})},
        {"sources": [{"path": 5, "bytes": 1, "modified": 1, "records": 1, "finished": True}]},
        {"sources": [{"path": "a", "bytes": 1, "modified": None, "records": 1, "finished": True}]},
        {"sources": [{"path": "a", "bytes": 1, "modified": 1, "records": 1, "finished": 1}]},
        {"encoder": {"name": "a", "digest": "b", "dimensions": 10**12}},
        {"encoder": {"name": "a", "digest": "b", "dimensions": 0}},
        {"encoder": {"name": "a", "digest": "b", "dimensions": 4, "folder": "a\0b"}},
        {"encoder": {"name": "a", "digest": "b", "dimensions": 4, "folder": "\ud800"}},
        {"encoder": {"name": 5, "digest": "b", "dimensions": 4}},
        {"structure": structure()},
        {"encoder": ENCODER, "structure": structure(refine=10**9)},
        {"encoder": ENCODER, "structure": structure(lists=0)},
        {"encoder": ENCODER, "structure": structure(probes=0)},
        {"encoder": ENCODER, "structure": structure(removed=2)},
        {"analyzer": "a\nb"},
        {"encoder": {**ENCODER, "name": "\x1b[2J"}},
        {"a\nb": 1},
        {"a" * 9999: 1},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_manifest_of_values_that_cannot_be_is_damaged_in_one_short_line(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / MANIFEST).write_bytes(changed(**changes))
    with pytest.raises(IndexFolderError, match="damaged") as caught:
        manifest.read_manifest(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 400


def test_a_byte_that_changed_is_noticed_as_the_manifest_is_read(tmp_path: Path) -> None:
    manifest.write_manifest(tmp_path, FULL)
    content = (tmp_path / MANIFEST).read_bytes()
    for place in range(len(content)):
        (tmp_path / MANIFEST).write_bytes(content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :])
        with pytest.raises(IndexFolderError):
            manifest.read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_bytes(content.replace(b'"tokens": 900', b'"tokens": 901'))
    with pytest.raises(AlteredError, match="not what the last commit wrote"):
        manifest.read_manifest(tmp_path)


def test_a_manifest_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "_MOST_BYTES", 5000)
    (tmp_path / MANIFEST).write_bytes(b" " * 5001)
    with pytest.raises(IndexFolderError, match="larger than the 5,000 bytes"):
        manifest.read_manifest(tmp_path)
    (tmp_path / MANIFEST).unlink()
    os.mkfifo(tmp_path / MANIFEST)
    with pytest.raises(IndexFolderError, match="not a plain file"):
        manifest.read_manifest(tmp_path)
