import bz2
import gzip
import json
import lzma
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index import corpus
from bioqa.index.corpus import CorpusFile
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}
LINE = b'{"pmid": 1, "title": "A title"}\n'
XML = (
    b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>A title</ArticleTitle>"
    b"</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
)


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records if isinstance(record, Document)]


def until_error(path: Path, format_name: str = "auto") -> tuple[list[Record], str]:
    """The records before the InputError, and its message."""
    records: list[Record] = []
    with pytest.raises(InputError) as caught:
        records.extend(CorpusFile(path, format_name).records())
    return records, str(caught.value)


@pytest.fixture(scope="module")
def many_lines() -> bytes:
    """About 0.6 MB of JSON lines that do not compress away."""
    source = random.Random(7)
    return b"".join(
        json.dumps({"pmid": number, "title": f"{source.getrandbits(256):x}"}).encode() + b"\n" for number in range(6000)
    )


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("content", [LINE, XML, b"\n  " + LINE, b"\xef\xbb\xbf" + LINE, b"\xef\xbb\xbf" + XML])
@pytest.mark.parametrize("name", ["corpus", "corpus.txt", "corpus.jsonl"])
def test_format_and_compression_are_found_out_from_the_content_not_the_name(
    suffix: str, content: bytes, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(COMPRESSORS[suffix](content))
    assert list(CorpusFile(path).records()) == [Document("1", "A title")]


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress])
def test_a_file_of_several_compressed_parts_is_read_to_its_end(
    compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "parts"
    path.write_bytes(compress(LINE) + compress(LINE.replace(b"1", b"2")))
    assert ids(list(CorpusFile(path).records())) == ["1", "2"]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_a_truncated_file_names_itself_and_keeps_what_was_read(suffix: str, many_lines: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"cut.jsonl{suffix}"
    whole = COMPRESSORS[suffix](many_lines)
    path.write_bytes(whole[: len(whole) * 3 // 4])
    records, message = until_error(path)
    assert ids(records) == [str(number) for number in range(len(records))]
    assert 3000 < len(records) < 6000
    assert message.startswith(f"{path}: compressed data damaged or cut off after {len(records):,} records")
    assert "fetch the file again" in message


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
@pytest.mark.parametrize("kept", [6, 12, 40, -1])
def test_a_file_cut_off_anywhere_is_reported(suffix: str, kept: int, many_lines: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"cut.jsonl{suffix}"
    path.write_bytes(COMPRESSORS[suffix](many_lines)[:kept])
    records, message = until_error(path)
    assert ids(records) == [str(number) for number in range(len(records))]
    assert message.startswith(f"{path}: compressed data damaged or cut off")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_a_flipped_byte_in_a_compressed_file_is_noticed(suffix: str, many_lines: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"flipped.jsonl{suffix}"
    data = bytearray(COMPRESSORS[suffix](many_lines))
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    _, message = until_error(path)
    assert str(path) in message


def test_a_truncated_gzip_of_xml_keeps_what_was_read(tmp_path: Path) -> None:
    source = random.Random(3)
    articles = b"".join(
        XML[18:-19].replace(b">1<", f">{number}<".encode()).replace(b"A title", f"{source.getrandbits(256):x}".encode())
        for number in range(4000)
    )
    whole = gzip.compress(b"<PubmedArticleSet>" + articles + b"</PubmedArticleSet>")
    path = tmp_path / "cut.xml.gz"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    records, message = until_error(path)
    assert ids(records) == [str(number) for number in range(len(records))]
    assert 2000 < len(records) < 4000
    assert f"{path}: compressed data damaged or cut off after {len(records):,} records" in message


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("content", [b"", b" \n\n ", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(COMPRESSORS[suffix](content))
    assert until_error(path) == ([], f"{path}: the file is empty")


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"PK\x03\x04zip", b"\x00\x01\x02", b"PMID- 1\nTI  - T", b"pmid,title"]
)
def test_an_unknown_format_is_refused_and_the_known_ones_are_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "strange.json"
    path.write_bytes(content)
    records, message = until_error(path)
    assert records == []
    assert message.startswith(f"{path}: not a known format (")
    assert all(name in message for name in corpus.FORMATS)


def test_a_json_array_comes_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "array.json"
    path.write_text('[{"pmid": 1, "title": "t"}]')
    assert "one object a line" in until_error(path)[1]


def test_a_format_that_is_named_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(XML)
    (bad,) = CorpusFile(path, "jsonl").records()
    assert isinstance(bad, BadRecord)
    path.write_bytes(LINE)
    assert "broken XML" in until_error(path, "pubmed")[1]


def test_a_folder_instead_of_a_file_is_an_input_error(tmp_path: Path) -> None:
    assert until_error(tmp_path)[1].startswith(f"{tmp_path}: Is a directory")


def test_bytes_read_grow_to_the_size_of_the_compressed_file(many_lines: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(many_lines))
    file = CorpusFile(path)
    assert file.bytes_read == 0
    seen = [file.bytes_read for _ in file.records()]
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == path.stat().st_size


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LINE)


def test_a_folder_is_searched_to_any_depth_in_order_of_names(tmp_path: Path) -> None:
    wanted = [tmp_path / name for name in ("a.jsonl", "b/c.xml.gz", "b/d/E.JSON", "f.ndjson.xz", "g.xml.bz2")]
    touch(*wanted[::-1])
    touch(*(tmp_path / name for name in ("notes.txt", ".hidden.jsonl", "a.xml.md5", "x.tar.gz", "jsonl")))
    assert corpus.files([tmp_path]) == wanted


def test_each_file_is_read_once_and_the_order_given_is_kept(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    touch(first, second)
    assert corpus.files([second, tmp_path, first]) == [second, first]


def test_a_file_named_outright_may_be_called_anything(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    assert corpus.files([tmp_path / "notes.txt"]) == [tmp_path / "notes.txt"]


@pytest.mark.parametrize("inside", [None, "notes.txt", ".hidden.jsonl"])
def test_a_folder_without_readable_files_is_refused(inside: str | None, tmp_path: Path) -> None:
    if inside:
        touch(tmp_path / inside)
    with pytest.raises(InputError) as caught:
        corpus.files([tmp_path])
    assert str(caught.value).startswith(f"{tmp_path}: no file in this folder ends in")
    assert ".xml" in str(caught.value)
    assert ".jsonl" in str(caught.value)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.jsonl")
    link = tmp_path / "dangling"
    link.symlink_to(tmp_path / "gone")
    for missing in (tmp_path / "gone.xml", link):
        with pytest.raises(InputError, match="no such file or folder") as caught:
            corpus.files([tmp_path / "a.jsonl", missing])
        assert str(missing) in str(caught.value)


def test_a_file_nobody_may_read_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "secret.jsonl"
    touch(path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    assert until_error(path)[1].startswith(f"{path}: Permission denied")


def test_a_file_that_fails_while_it_is_read_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    touch(path)

    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    assert until_error(path)[1] == f"{path}: Permission denied after 0 records"
