import gzip
import json
from pathlib import Path

import pytest

from bioqa.eval.datasets import beir
from bioqa.index.errors import InputError

CORPUS = [{"_id": "d1", "title": "One", "text": "First."}, {"_id": "d2", "title": "", "text": "Second."}]
QUERIES = [{"_id": "q1", "text": "first?"}, {"_id": "q2", "text": "second?"}, {"_id": "q3", "text": "not judged"}]
QRELS = "query-id\tcorpus-id\tscore\nq2\td2\t2\nq1\td1\t1\nq1\td9\t0\n"
Lines = list[dict[str, str]]


def lines(records: Lines) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_bytes(lines(CORPUS))
    (tmp_path / "queries.jsonl").write_bytes(lines(QUERIES))
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    return tmp_path


def read_queries(folder: Path) -> dict[str, str]:
    return beir.read_queries(folder, {"q1": {"d1": 1}})


def test_the_three_files_are_read(folder: Path) -> None:
    qrels = beir.read_qrels(folder, "test")
    assert qrels == {"q2": {"d2": 2}, "q1": {"d1": 1, "d9": 0}}
    assert list(beir.read_queries(folder, qrels).items()) == [("q2", "second?"), ("q1", "first?")]
    assert beir.read_corpus(folder) == beir.BeirCorpus(folder / "corpus.jsonl", ("d1", "d2"), ())


def test_gzipped_files_are_the_same(folder: Path) -> None:
    plain = beir.read_qrels(folder, "test"), read_queries(folder), beir.read_corpus(folder).ids
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    assert (beir.read_qrels(folder, "test"), read_queries(folder), beir.read_corpus(folder).ids) == plain


def test_lines_of_windows_a_byte_order_mark_and_numbers_as_ids_do_no_harm(folder: Path) -> None:
    (folder / "queries.jsonl").write_bytes(b'\xef\xbb\xbf{"_id": 7, "text": "seven?"}\r\n\r\n')
    (folder / "qrels" / "test.tsv").write_bytes(b"query-id\tcorpus-id\tscore\r\n7\td1\t1\r\n")
    assert beir.read_queries(folder, beir.read_qrels(folder, "test")) == {"7": "seven?"}


def test_a_split_that_is_not_there_names_those_that_are(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv.gz").write_bytes(gzip.compress(QRELS.encode()))
    with pytest.raises(InputError, match=r"qrels/train.tsv: no such split; known splits: dev, test"):
        beir.read_qrels(folder, "train")


def test_splits_are_pooled_unless_they_share_a_query(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td1\t1\n")
    pooled = beir.pooled_qrels(folder, ["test", "dev"])
    assert list(pooled.items()) == [("q2", {"d2": 2}), ("q1", {"d1": 1, "d9": 0}), ("q3", {"d1": 1})]
    with pytest.raises(InputError, match="query q2 is in test and in another split; give splits that share no query"):
        beir.pooled_qrels(folder, ["test", "test"])


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no such file, plain or with .gz"):
        (beir.read_corpus if name == "corpus.jsonl" else read_queries)(folder)


def test_what_is_no_folder_is_named(folder: Path) -> None:
    for path in (folder / "none", folder / "corpus.jsonl"):
        with pytest.raises(InputError, match=f"{path}: no such folder; expected one with corpus.jsonl"):
            beir.read_qrels(path, "test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines(QUERIES) + b"{oops\n", "line 4: not JSON at column 2.*; expected an object with '_id'"),
        (b"[" + lines(QUERIES[:1]).strip() + b"]\n", "line 1: expected an object.*found list"),
        (lines(QUERIES) + b'{"_id": "q\xe9", "text": "?"}\n', "line 4: not UTF-8 at byte 11"),
        ('{"_id": "q1", "text": "?"}\n'.encode("utf-16"), "line 1: not UTF-8 at byte 1"),
        (lines([{"text": "no id"}]), "line 1: no 'pmid' or 'id'; expected .*'_id' and 'text'"),
        (lines([{"_id": "q1", "text": " "}]), "line 1: record q1 has neither title nor abstract; expected"),
        (lines(QUERIES + QUERIES[:1]), "query q1 occurs twice; every id must be unique"),
        (lines(QUERIES[1:]), "lacks 1 of the 1 judged queries, the first is q1"),
        (b"\n", "the file has no queries"),
        (gzip.compress(lines(QUERIES))[:-9], "compressed data damaged or cut off after"),
    ],
)
def test_bad_queries_are_refused_with_file_line_and_what_was_expected(
    folder: Path, content: bytes, message: str
) -> None:
    (folder / "queries.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message) as refused:
        read_queries(folder)
    assert str(folder / "queries.jsonl") in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file has no documents"),
        (b"<html>", "line 1: not JSON at column 1: .*; the file has no usable document"),
        (lines(CORPUS + CORPUS[1:]), "document d2 occurs twice; every id must be unique"),
        (gzip.compress(lines(CORPUS))[:-9], "compressed data damaged or cut off after"),
    ],
)
def test_a_bad_corpus_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "corpus.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message) as refused:
        beir.read_corpus(folder)
    assert str(folder / "corpus.jsonl") in str(refused.value)


def test_documents_without_a_word_are_told_and_left_out(folder: Path) -> None:
    (folder / "corpus.jsonl").write_bytes(lines([*CORPUS, {"_id": "d3", "title": "", "text": ""}]))
    corpus = beir.read_corpus(folder)
    assert corpus.ids == ("d1", "d2")
    assert [bad.place for bad in corpus.unusable] == ["line 3"]
    assert beir.missing_documents(corpus, {"q": {"d1": 1, "d3": 1, "d4": 0}, "p": {"d3": 2}}) == ["d3"]


def test_lone_surrogates_do_not_reach_the_encoder(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "\\ud83d gene"}\n')
    assert read_queries(folder)["q1"] == "? gene"


def test_bad_judgments_name_the_line(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text(QRELS + "q1\td2\n")
    with pytest.raises(InputError, match=r"qrels/test.tsv: line 5: expected 3 columns"):
        beir.read_qrels(folder, "test")
