import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.eval.datasets import trec
from bioqa.index.errors import InputError, StorageError

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\f\v"), min_size=1, max_size=4)
scores = st.floats(allow_nan=False, allow_infinity=False)
Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@settings(max_examples=100, deadline=None)
@given(
    run=st.dictionaries(ids, st.dictionaries(ids, scores, min_size=1), min_size=1), name=st.sampled_from(["r", "r.gz"])
)
def test_a_run_that_was_written_is_read_back_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, run: dict[str, dict[str, float]], name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    trec.write_run(path, run, "bioqa")
    assert trec.read_run(path) == run


def test_a_run_is_written_best_first_in_the_form_of_trec(tmp_path: Path) -> None:
    trec.write_run(tmp_path / "run.trec", {"q1": {"a": 0.5, "b": 2.25, "c": 0.5}, "q2": {}}, "bioqa-lexical")
    assert (tmp_path / "run.trec").read_text() == (
        "q1 Q0 b 1 2.25 bioqa-lexical\nq1 Q0 c 2 0.5 bioqa-lexical\nq1 Q0 a 3 0.5 bioqa-lexical\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["run.trec"]


def test_a_file_is_gzipped_where_its_name_says_so_and_read_by_its_content(tmp_path: Path) -> None:
    trec.write_run(tmp_path / "run.gz", {"q": {"a": 1.0}}, "t")
    content = (tmp_path / "run.gz").read_bytes()
    assert gzip.decompress(content) == b"q Q0 a 1 1.0 t\n"
    (tmp_path / "run").write_bytes(content)
    assert trec.read_run(tmp_path / "run") == {"q": {"a": 1.0}}


def test_trec_eval_reads_the_same_run(tmp_path: Path) -> None:
    trec.write_run(tmp_path / "run", {"q1": {"a": 1e-7, "b": 2.0}, "é": {"ß": -3.5}}, "t")
    with (tmp_path / "run").open(encoding="utf-8") as file:
        assert pytrec_eval.parse_run(file) == trec.read_run(tmp_path / "run")


def test_columns_may_be_apart_by_any_white_space_and_lines_end_as_on_any_system(write: Write) -> None:
    path = write("\ufeffq1\tQ0\ta  1 2.5 t\r\n\r\n q2 Q0 a 7 -1e-3 t ")
    assert trec.read_run(path) == {"q1": {"a": 2.5}, "q2": {"a": -0.001}}


def test_judgments_are_read_in_both_forms(write: Write) -> None:
    expected = {"q1": {"a": 2, "b": 0}, "q2": {"a": -1}}
    assert trec.read_qrels(write("q1 0 a 2\nq1 0 b 0\nq2\t0\ta\t-1\n")) == expected
    beir = "query-id\tcorpus-id\tscore\r\nq1\ta\t2\r\nq1\tb\t0\r\nq2\ta\t-1\r\n"
    assert trec.read_qrels(write(beir)) == expected
    assert trec.read_qrels(write(gzip.compress(beir.encode()))) == expected


def test_ids_between_tabs_may_hold_spaces(write: Write) -> None:
    assert trec.read_qrels(write("query-id\tcorpus-id\tscore\nq 1\ta b\t1\n")) == {"q 1": {"a b": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "file: the file is empty"),
        (" \n\n", "file: the file is empty"),
        ("q Q0 a 1 1.0 t\n\nq Q0 b 2 t\n", r"line 3: expected 6 columns separated by spaces .* found 5"),
        ("q Q0 a 1 1.0 t u\n", r"line 1: expected 6 columns .* found 7"),
        ("q Q0 a 1 high t\n", r"line 1: the score is 'high'; expected a finite number"),
        ("q Q0 a 1 nan t\n", r"line 1: the score is 'nan'"),
        ("q Q0 a 1 inf t\n", r"line 1: the score is 'inf'"),
        ("q Q0 a 1 1 t\nr Q0 a 1 1 t\nq Q0 a 2 0.5 t\n", r"line 3: document a occurs twice for query q"),
        ("q Q0 a 1 1.0 t\n".encode("utf-16"), r"line 1: not UTF-8 at byte 1"),
        (b"q Q0 a 1 1.0 t\nq Q0 \xe9 1 1.0 t\n", r"line 2: not UTF-8 at byte 6"),
        (gzip.compress(b"q Q0 a 1 1.0 t\n" * 99)[:-20], "file: compressed data damaged or cut off"),
        (gzip.compress(b"q Q0 a 1 1.0 t\n")[:-8] + b"\0" * 8, "file: compressed data damaged or cut off"),
        (b"\x1f\x8b" + b"x" * 40, "file: compressed data damaged or cut off"),
    ],
)
def test_a_bad_run_is_refused_with_file_line_and_what_was_expected(
    write: Write, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        trec.read_run(write(content))
    assert "/file" in str(refused.value)


def test_judgments_repeated_with_the_same_grade_count_once_and_are_told(write: Write) -> None:
    told: list[str] = []
    path = write("q 0 a 1\nq 0 b 0\nq 0 a 1\nq 0 a 1\n")
    assert trec.read_qrels(path, told.append) == {"q": {"a": 1, "b": 0}}
    assert told == [f"{path}: line 3: 2 judgments are repeated with the same grade and counted once"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "file: the file is empty"),
        ("query-id\tcorpus-id\tscore\n", "file: the file has no judgments, only a header"),
        ("query-id\tcorpus-id\tscore\nq\ta\n", r"line 2: expected 3 columns separated by tabs .* found 2"),
        ("query-id\tcorpus-id\tscore\nq\t\t1\n", r"line 2: expected 3 columns .* found 2"),
        ("query-id\tcorpus-id\tscore\nq a 1\n", r"line 2: expected 3 columns .* found 1"),
        ("query-id\tcorpus-id\tscore\nq\ta\t1.5\n", r"line 2: the grade is '1.5'; expected a whole number"),
        ("query-id\tcorpus-id\tscore\nq\ta\t1\nq\ta\t2\n", r"line 3: document a occurs twice for query q"),
        ("q 0 a\n", r"line 1: expected 4 columns separated by spaces \(query 0 document grade\), found 3"),
        (
            "q\ta\t1\n",
            r"line 1: expected 4 columns .* found 3; a file in BEIR format begins with .* query-id<tab>",
        ),
        ("q 0 a yes\n", r"line 1: the grade is 'yes'"),
        (b"q 0 \xff 1\n", r"line 1: not UTF-8 at byte 5"),
    ],
)
def test_bad_judgments_are_refused_with_file_line_and_what_was_expected(
    write: Write, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        trec.read_qrels(write(content))
    assert "/file" in str(refused.value)


@pytest.mark.parametrize("read", [trec.read_run, trec.read_qrels])
def test_a_file_that_is_not_there_or_a_folder_is_named(read: Callable[[Path], object], tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            read(path)


@pytest.mark.parametrize("run", [{"q 1": {"a": 1.0}}, {"q": {"a b": 1.0}}, {"": {"a": 1.0}}, {"q": {"a\nb": 1.0}}])
def test_an_id_that_the_form_cannot_hold_is_refused_and_nothing_is_written(
    tmp_path: Path, run: dict[str, dict[str, float]]
) -> None:
    (tmp_path / "run").write_text("old")
    with pytest.raises(InputError, match="cannot be written to a file of runs or judgments"):
        trec.write_run(tmp_path / "run", run, "t")
    assert (tmp_path / "run").read_text() == "old"


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(ids, st.dictionaries(ids, st.integers(-2, 9), min_size=1), min_size=1))
def test_judgments_that_were_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, qrels: dict[str, dict[str, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "qrels.tsv"
    trec.write_qrels(path, qrels)
    assert path.read_text(encoding="utf-8").startswith("query-id\tcorpus-id\tscore\n")
    assert trec.read_qrels(path) == qrels


@pytest.mark.parametrize("qrels", [{"q 1": {"a": 1}}, {"q": {"a\tb": 1}}])
def test_judgments_of_an_id_that_the_form_cannot_hold_are_refused(
    tmp_path: Path, qrels: dict[str, dict[str, int]]
) -> None:
    with pytest.raises(InputError, match="cannot be written to a file of runs or judgments"):
        trec.write_qrels(tmp_path / "qrels.tsv", qrels)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none/run: No such file or directory; it was not written"):
        trec.write_run(tmp_path / "none" / "run", {"q": {"a": 1.0}}, "t")


def test_equal_scores_are_ordered_by_document_id_backwards() -> None:
    assert trec.ranked({"a": 1.0, "c": 1.0, "b": 1.0, "d": 0.5}) == ["c", "b", "a", "d"]
    assert trec.ranked({"b": 1.0, "a": 1.0 + 1e-12}) == ["b", "a"]  # one and the same as 32-bit floats
    assert trec.ranked({}) == []
