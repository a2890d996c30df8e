import bz2
import gzip
import io
import json
import lzma
import os
import random
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from bioqa.index.corpus import compression, files
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record, UnrecognizedFile

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


SAMPLES = {
    "pubmed": XML,
    "medline": b"PMID- 1\nTI  - A title\n",
    "jats": (
        b'<article><front><article-meta><article-id pub-id-type="pmid">1</article-id><title-group><article-title>'
        b"A title?</article-title></title-group></article-meta></front></article>"
    ),
    "bioc-json": b'{"id": "1", "passages": [{"infons": {"type": "title"}, "text": "A title"}]}\n',
    "bioc-xml": (
        b'<collection><document><id>1</id><passage><infon key="type">title</infon><text>A title</text></passage>'
        b"</document></collection>"
    ),
    "jsonl": LINE,
    "tsv": b"pmid\ttitle\n1\tA title\n",
}
PROLOG = b'<?xml version="1.0"?>\n<!-- <html> -->\n<!DOCTYPE any PUBLIC "-//X//EN" "any.dtd">\n'


BEFORE = {  # what may stand before the first record of a format
    name: [b"", b"\xef\xbb\xbf", *([PROLOG] if sample.startswith(b"<") else []), *([b"\n\n"] if name != "tsv" else [])]
    for name, sample in SAMPLES.items()
}


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize(("name", "before"), [(name, before) for name, every in BEFORE.items() for before in every])
def test_every_format_is_found_out(name: str, before: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "corpus"
    path.write_bytes(COMPRESSORS[suffix](before + SAMPLES[name]))
    (found,) = CorpusFile(path).records()
    (named,) = CorpusFile(path, name).records()
    assert found == named
    assert isinstance(found, Document)
    assert (found.id, found.title.rstrip("?")) == ("1", "A title")


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.startswith(b"<")])
def test_xml_in_utf_16_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "wide.xml"
    path.write_bytes(SAMPLES[name].decode().encode("utf-16"))
    assert ids(list(CorpusFile(path).records())) == ["1"]


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if not sample.startswith(b"<")])
def test_other_text_in_utf_16_is_refused_with_the_cure(name: str, tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes(SAMPLES[name].decode().encode("utf-16"))
    assert "UTF-16; write it as UTF-8" in until_error(path)[1]


def pack(path: Path, members: dict[str, bytes], mode: Literal["w", "w:gz", "w:xz"] = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_an_archive_of_any_formats_is_read_in_order(mode: Literal["w", "w:gz", "w:xz"], tmp_path: Path) -> None:
    members = {f"{number}/{name}.xml": sample for number, (name, sample) in enumerate(SAMPLES.items())}
    members["z.jsonl.gz"] = gzip.compress(LINE)
    members |= {"cover.jpg": b"\xff\xd8", "README": b"words", "._2.xml": b"of a Mac"}
    path = pack(tmp_path / "all.tar", members, mode)
    assert ids(list(CorpusFile(path).records())) == ["1"] * (len(SAMPLES) + 1)


QUERIES, QRELS = b'{"_id": "q1", "text": "A question"}\n', b"query-id\tcorpus-id\tscore\nq1\t1\t2\n"


@pytest.mark.parametrize("corpus_name", ["corpus.jsonl", "corpus.jsonl.gz"])
@pytest.mark.parametrize("folder", ["", "nf/", "./nf/", "sets/nf/"])
@pytest.mark.parametrize("backwards", [False, True])
def test_of_a_beir_folder_in_an_archive_the_corpus_alone_is_taken(
    corpus_name: str, folder: str, backwards: bool, tmp_path: Path
) -> None:
    members = {
        f"{folder}{corpus_name}": COMPRESSORS[Path(corpus_name).suffix if corpus_name.endswith("gz") else ""](LINE),
        f"{folder}qrels/dev.tsv": QRELS,
        f"{folder}qrels/test.tsv": QRELS,
        f"{folder}queries.jsonl": QUERIES,
    }
    path = pack(tmp_path / "beir.tgz", dict(sorted(members.items(), reverse=backwards)), "w:gz")
    assert list(CorpusFile(path).records()) == [Document("1", "A title")]


def test_what_is_called_as_in_a_beir_folder_is_read_where_there_is_none(tmp_path: Path) -> None:
    members = {"a/queries.jsonl": QUERIES, "b/corpus.jsonl": LINE, "b/qrels/x.jsonl": LINE.replace(b"1", b"2")}
    path = pack(tmp_path / "a.tar", members)
    assert sorted(ids(list(CorpusFile(path).records()))) == ["1", "2", "q1"]


def test_what_waits_for_the_end_of_an_archive_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", len(QUERIES))
    members = {f"{name}/queries.jsonl": QUERIES.replace(b"q1", name.encode()) for name in "abc"}
    assert ids(list(CorpusFile(pack(tmp_path / "a.tar", members)).records())) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (XML[:100], "line 1: broken XML after 0 records"),
        (b"<html/>", "XML, but not PubMed's"),
        (b"", "the file is empty"),
        (b"words", "not a known format"),
        (gzip.compress(LINE)[:-9], "Compressed file ended"),
        (bz2.compress(LINE)[:20] + b"x" * 30, "Invalid data stream"),
    ],
)
def test_a_file_of_an_archive_that_cannot_be_read_is_counted_and_the_next_is_read(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = pack(tmp_path / "a.tar", {"bad.xml": content, "good.xml": XML})
    *bad, good = CorpusFile(path).records()
    assert good == Document("1", "A title")
    (last,) = [record for record in bad if isinstance(record, BadRecord)]
    assert (last.source, last.place) == (str(path), "bad.xml")
    assert last.reason.startswith(why)


def test_a_bad_record_inside_an_archive_names_its_file_and_place(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.tar", {"x.jsonl": b"{}\n"})
    assert [str(record) for record in CorpusFile(path).records()] == [f"{path}: x.jsonl: line 1: no 'pmid' or 'id'"]


def test_an_archive_inside_an_archive_is_counted(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.tar", {"x.jsonl": LINE}).read_bytes()
    bad, good = CorpusFile(pack(tmp_path / "outer.tar", {"inner.tar": inner, "y.jsonl": LINE})).records()
    assert isinstance(bad, BadRecord)
    assert "archive inside an archive" in bad.reason
    assert good == Document("1", "A title")


@pytest.mark.parametrize("kept", [0.6, 0.9])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_that_is_cut_off_keeps_what_was_read(
    mode: Literal["w", "w:gz"], kept: float, many_lines: bytes, tmp_path: Path
) -> None:
    members = {f"{i}.jsonl": line + b"\n" for i, line in enumerate(many_lines.splitlines()[:200])}
    path = pack(tmp_path / "a.tar", members, mode)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    records, message = until_error(path)
    assert 0 < len(records) < 200
    assert ids(records) == [str(number) for number in range(len(records))]
    assert message.startswith(f"{path}: ")
    assert f"damaged or cut off after {len(records):,} records" in message


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


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
@pytest.mark.parametrize("content", [LINE + b"\n", XML])
@pytest.mark.parametrize("member", [False, True])
def test_the_records_before_garbage_are_kept_however_few(
    suffix: str, content: bytes, member: bool, tmp_path: Path
) -> None:
    damaged = COMPRESSORS[suffix](content) + b"garbage" * 10
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(damaged)
    if member:
        good, bad = CorpusFile(pack(tmp_path / "a.tar", {f"x.xml{suffix}": damaged})).records()
        assert isinstance(bad, BadRecord)
    else:
        (good,), message = until_error(path)
        assert message.startswith(f"{path}: ")
    assert good == Document("1", "A title")


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("content", [b"", b" \n\n ", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(COMPRESSORS[suffix](content))
    assert until_error(path) == ([], f"{path}: the file is empty")


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"TY - J", b"pmid,name", b"a\tb\n1\t2", b"1|x|title"])
def test_an_unknown_format_is_refused_and_the_known_ones_are_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "strange.json"
    path.write_bytes(content)
    records, message = until_error(path)
    assert records == []
    assert message.startswith(f"{path}: not a known format (")
    assert all(name in message for name in files.FORMATS)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
@pytest.mark.parametrize("content", [b"[", b"PMI", b"x" * 20_000])
def test_damage_is_reported_rather_than_an_unknown_format(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(COMPRESSORS[suffix](content) + b"garbage" * 10)
    _, message = until_error(path)
    assert message.startswith(f"{path}: ")
    assert "not a known format" not in message


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
    names = ("a.jsonl", "b/c.xml.gz", "b/d/E.JSON", "f.ndjson.xz", "g.xml.bz2", "h.nbib", "i.nxml", "j.tar.gz", "k.tsv")
    wanted = [tmp_path / name for name in names]
    touch(*wanted[::-1])
    touch(*(tmp_path / name for name in ("notes.txt", ".hidden.jsonl", "a.xml.md5", "x.pdf.gz", "jsonl")))
    assert files.input_files([tmp_path]) == wanted


@pytest.mark.parametrize("corpus_name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_of_a_beir_folder_the_corpus_alone_is_taken(corpus_name: str, tmp_path: Path) -> None:
    beir = [tmp_path / "nf" / name for name in (corpus_name, "queries.jsonl", "qrels/test.tsv", "qrels/dev.tsv")]
    other = tmp_path / "other" / "queries.jsonl"
    touch(*beir, other)
    assert files.input_files([tmp_path]) == [beir[0], other]
    assert files.input_files([tmp_path / "nf"]) == [beir[0]]
    assert files.input_files([beir[1]]) == [beir[1]]


def test_links_to_folders_are_followed_and_no_folder_is_gone_into_twice(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    touch(inside / "z" / "1.jsonl", inside / "b.jsonl", outside / "2.jsonl", outside / "deep" / "3.jsonl")
    (inside / "linked").symlink_to(outside)
    (inside / "a").symlink_to(inside / "z")
    (inside / "z" / "up").symlink_to(inside)
    (outside / "deep" / "back").symlink_to(outside)
    (outside / "also").symlink_to(inside / "z")
    (inside / "dangling").symlink_to(tmp_path / "gone")
    wanted = ["b.jsonl", "linked/2.jsonl", "linked/deep/3.jsonl", "z/1.jsonl"]
    assert files.input_files([inside]) == [inside / name for name in wanted]
    (tmp_path / "link").symlink_to(inside)
    assert files.input_files([tmp_path / "link"]) == [tmp_path / "link" / name for name in wanted]


def test_files_of_a_folder_whose_names_say_no_format_are_told(tmp_path: Path) -> None:
    touch(
        *(tmp_path / name for name in ("a.txt", "b.jsonl", "c/d", "c/e.pdf.gz", ".hidden", "f.xml.md5", "x.xml.part"))
    )
    touch(tmp_path / "writer.lock", tmp_path / "c" / "downloads.json", tmp_path / "named.txt")
    assert files.unrecognized_files([tmp_path]) == [
        tmp_path / name for name in ("a.txt", "c/d", "c/e.pdf.gz", "named.txt")
    ]
    assert files.unrecognized_files([tmp_path / "named.txt", tmp_path]) == [
        tmp_path / name for name in ("a.txt", "c/d", "c/e.pdf.gz")
    ]
    assert files.unrecognized_files([tmp_path / "a.txt", tmp_path / "gone"]) == []


def test_each_file_is_read_once_and_the_order_given_is_kept(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    touch(first, second)
    assert files.input_files([second, tmp_path, first]) == [second, first]


def test_a_file_named_outright_may_be_called_anything(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    assert files.input_files([tmp_path / "notes.txt"]) == [tmp_path / "notes.txt"]


@pytest.mark.parametrize("inside", [None, "notes.txt", ".hidden.jsonl"])
def test_a_folder_without_readable_files_is_refused(inside: str | None, tmp_path: Path) -> None:
    if inside:
        touch(tmp_path / inside)
    with pytest.raises(InputError) as caught:
        files.input_files([tmp_path])
    assert str(caught.value).startswith(f"{tmp_path}: no file in this folder ends in")
    assert ".xml" in str(caught.value)
    assert ".jsonl" in str(caught.value)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.jsonl")
    link = tmp_path / "dangling"
    link.symlink_to(tmp_path / "gone")
    for missing in (tmp_path / "gone.xml", link):
        with pytest.raises(InputError, match="no such file or folder") as caught:
            files.input_files([tmp_path / "a.jsonl", missing])
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


def through_a_pipe(path: Path, content: bytes, in_pieces_of: int = 1 << 16) -> Path:
    """A named pipe into which the content is written a piece at a time."""
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for start in range(0, len(content), in_pieces_of):
                pipe.write(content[start : start + in_pieces_of])
                if in_pieces_of < 1000:
                    time.sleep(0.001)

    threading.Thread(target=write, daemon=True).start()
    return path


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_pipe_is_read_to_its_end(suffix: str, many_lines: bytes, tmp_path: Path) -> None:
    file = CorpusFile(through_a_pipe(tmp_path / "pipe", COMPRESSORS[suffix](many_lines)))
    assert ids(list(file.records())) == [str(number) for number in range(6000)]
    assert file.bytes_read == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_the_format_of_a_pipe_is_found_out_though_its_bytes_come_one_by_one(name: str, tmp_path: Path) -> None:
    for number, before in enumerate(BEFORE[name]):
        path = through_a_pipe(tmp_path / str(number), before + SAMPLES[name], in_pieces_of=1)
        file = CorpusFile(path)
        assert ids(list(file.records())) == ["1"]
        assert file.format == name


def test_an_archive_in_a_pipe_is_read(tmp_path: Path) -> None:
    packed = pack(tmp_path / "a.tar", {"x.jsonl": LINE}, "w:gz").read_bytes()
    assert ids(list(CorpusFile(through_a_pipe(tmp_path / "pipe", packed)).records())) == ["1"]


def test_what_is_hidden_or_in_a_hidden_folder_is_not_told_as_passed_over(tmp_path: Path) -> None:
    for name in ("notes.txt", ".hidden.txt", ".git/config", "deep/.venv/lib/a.py", "deep/b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert files.unrecognized_files([tmp_path]) == [tmp_path / "deep/b.txt", tmp_path / "notes.txt"]


def test_files_of_an_archive_whose_names_say_no_format_are_told(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "a.tar", {"README": b"x", "x.jsonl": LINE, ".hidden": b"x", "y.txt": b"x", "z.xml.md5": b"x"}
    )
    found = [record for record in CorpusFile(path).records() if isinstance(record, UnrecognizedFile)]
    assert found == [UnrecognizedFile(str(path), "README"), UnrecognizedFile(str(path), "y.txt")]


@pytest.mark.parametrize("change", ["shrinks", "grows", "is another", "is written again"])
def test_a_file_that_changes_while_it_is_read_is_told(change: str, many_lines: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(many_lines)
    records = CorpusFile(path).records()
    next(records)
    if change == "is another":
        (tmp_path / "b").write_bytes(many_lines)
        (tmp_path / "b").replace(path)
    else:
        again = {"shrinks": many_lines[:300_000].rpartition(b"\n")[0], "grows": many_lines + LINE}.get(
            change, many_lines
        )
        time.sleep(0.02)  # the clock of some file systems is coarse
        path.write_bytes(again)
    with pytest.raises(InputError, match="changed while it was read"):
        list(records)


def test_a_file_that_changes_between_two_readings_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINE)
    file = CorpusFile(path)
    assert len(list(file.records())) == 1
    path.write_bytes(LINE * 2)
    with pytest.raises(InputError, match="changed while it was read"):
        list(file.records())


def test_a_device_is_refused_unread() -> None:
    assert until_error(Path("/dev/zero"), "jsonl") == ([], "/dev/zero: a device, not a file")


def test_pipes_in_folders_are_told_and_never_opened(tmp_path: Path) -> None:
    touch(tmp_path / "a.jsonl")
    os.mkfifo(tmp_path / "b.jsonl")
    os.mkfifo(tmp_path / "c")
    assert files.input_files([tmp_path]) == [tmp_path / "a.jsonl"]
    assert files.special_files([tmp_path]) == [tmp_path / "b.jsonl"]
    assert files.unrecognized_files([tmp_path]) == []


def test_what_of_a_folder_cannot_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    touch(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").symlink_to("gone")
    (tmp_path / "c").symlink_to("gone")
    (only,) = files.unreadable_folders([tmp_path, tmp_path / "a.jsonl"])
    assert str(only) == f"{tmp_path}/b.jsonl: No such file or directory"
    (tmp_path / "a.jsonl").unlink()
    with pytest.raises(InputError, match=r"b\.jsonl: No such file"):
        files.input_files([tmp_path])


@pytest.mark.parametrize("inner", [b"\n" * 1000, b" " * 1000, b"<a/>" * 250])
def test_a_bomb_in_an_archive_is_counted_and_the_next_is_read(
    inner: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "_FREE", 1 << 20)
    bomb = gzip.compress(inner * 4000)
    path = pack(tmp_path / "a.tar", {"bad.jsonl.gz": bomb, "x.jsonl": LINE})
    *_, bad, good = CorpusFile(path).records()
    assert isinstance(bad, BadRecord)
    assert good == Document("1", "A title")


def test_a_pdf_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.7")
    assert "GROBID" in until_error(path)[1]


def test_a_file_of_a_folder_goes_by_its_content_where_its_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "export.txt").write_text("PMID- 1\nTI  - T\n")
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(b"TY  - JOUR\nTI  - T\nDO  - 10.1/x\nER  - \n"))
    (tmp_path / "notes.txt").write_text("Ask her about PMID- 1.")
    (tmp_path / "README").write_text("Read me.")
    found = files.input_files([tmp_path])
    assert [file.name for file in found] == ["export.txt", "packed.txt.gz"]
    assert [file.name for file in files.unrecognized_files([tmp_path])] == ["README", "notes.txt"]
    assert [record.id for file in found for record in CorpusFile(file).records() if isinstance(record, Document)] == [
        "1",
        "10.1/x",
    ]


def test_a_zip_archive_is_read_like_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/export.txt", "PMID- 1\nTI  - T\n")
        packed.writestr("../out.jsonl", '{"id": "2", "title": "T"}')
        packed.writestr("b.jsonl", '{"id": "3", "title": "T"}')
        packed.writestr("notes.txt", "No papers.")
    first, bad, third, other = CorpusFile(path).records()
    assert [record.id for record in (first, third) if isinstance(record, Document)] == ["1", "3"]
    assert isinstance(bad, BadRecord)
    assert "leads out of the archive" in bad.reason
    assert other == UnrecognizedFile(str(path), "notes.txt")


@pytest.mark.parametrize("content", [b"PK\x03\x04zip", b""])
def test_a_zip_archive_that_is_damaged_or_of_a_spreadsheet_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    path.write_bytes(content)
    if not content:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("[Content_Types].xml", "<Types/>")
    assert ("damaged" if content else "save it as CSV") in until_error(path)[1]


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("pubmed", "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>T</ArticleTitle></Article>"
         "</MedlineCitation></PubmedArticle>", "pubmed"),
        ("medline", "PMID- 1\nTI  - T\n", "medline"),
        ("jsonl", '{"id": "1", "title": "T"}', "table"),
        ("tsv", "id\ttitle\n1\tT\n", "table"),
        ("csv", "id,title\n1,T\n", "table"),
        ("ris", "TY  - JOUR\nID  - 1\nTI  - T\n", "ris"),
        ("pubtator", "1|t|T\n", "pubtator"),
        ("bioc-json", '{"documents": [{"id": "1", "passages": [{"infons": {"type": "title"}, "text": "T"}]}]}', "bioc"),
    ],
)  # fmt: skip
def test_a_document_names_the_kind_of_its_source(name: str, content: str, source: str) -> None:
    (found,) = files.FORMATS[name](io.BytesIO(content.encode()), "file")
    assert isinstance(found, Document)
    assert found.source == source


def test_damage_inside_a_zip_archive_costs_a_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.jsonl", '{"id": "1", "title": "Rats"}')
        packed.writestr("b.jsonl", '{"id": "2", "title": "Cats"}')
    path.write_bytes(path.read_bytes().replace(b"Rats", b"Mice"))
    bad, good = CorpusFile(path).records()
    assert isinstance(bad, BadRecord)
    assert "CRC" in bad.reason
    assert isinstance(good, Document)
