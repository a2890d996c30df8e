from pathlib import Path

import pytest

from bioqa.eval.everyday import table as everyday_table
from bioqa.index.errors import InputError

QUESTIONS = "id\thalf\tform\tsource\tquestion\texpect\taccept\treject\twrong\n"
PAIRS = "id\thalf\tattribute\tsource\ttrue\tfalse\n"
RIGHT = "q1\tdev\tcause\tstarter:cf\twhat causes it?\tanswer\tCFTR && gene\tHTT\tHTT; the weather\n"
SILENCE = "q2\ttest\tgreeting\t\thello\tabstain\t\t\t\n"
PAIR = "p1\ttest\tinheritance\t123\tIs it recessive?\tIs it dominant?\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "questions.tsv").write_text(QUESTIONS + RIGHT + SILENCE, encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text(PAIRS + PAIR, encoding="utf-8")
    return tmp_path


def test_rows_are_read_with_their_patterns(folder: Path) -> None:
    table = everyday_table.read_table(folder)
    first, second = table.questions
    assert [pattern.pattern for pattern in first.accept] == ["CFTR", "gene"]
    assert first.accept[0].search("the cftr gene")
    assert first.reject is not None
    assert first.wrong == ("HTT", "the weather")
    assert (second.expect, second.accept, second.reject, second.wrong) == ("abstain", (), None, ())
    assert len(table) == 4  # questions to ask: two, and two twins


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(folder: Path) -> None:
    path = folder / "questions.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(everyday_table.read_table(folder).questions) == 2


def test_twins_expect_yes_and_no(folder: Path) -> None:
    (pair,) = everyday_table.read_table(folder).pairs
    true, false = pair.questions()
    assert (true.text, true.expect) == ("Is it recessive?", "yes")
    assert (false.text, false.expect) == ("Is it dominant?", "no")


def test_a_table_is_divided_by_half_and_by_corpus(folder: Path) -> None:
    table = everyday_table.read_table(folder)
    dev, test = table.of_half("dev"), table.of_half("test")
    assert [question.id for question in dev.questions] == ["q1"]
    assert ([question.id for question in test.questions], [pair.id for pair in test.pairs]) == (["q2"], ["p1"])
    assert table.of_half("all") == table
    assert [question.id for question in table.of_starter().questions] == ["q1", "q2"]
    assert table.of_starter().pairs == table.of_pubmed().questions == ()
    assert table.sources() == {"starter:cf", "123"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (RIGHT, "the id 'q1' is empty or not unique"),
        (SILENCE.replace("q2", ""), "the id '' is empty or not unique"),
        (SILENCE.replace("test", "train"), "half is 'train'; expected dev or test"),
        (SILENCE.replace("abstain", "maybe"), "expect is 'maybe'; expected answer, yes, no, abstain"),
        (SILENCE.replace("abstain", "yes"), "no source"),
        (SILENCE.replace("hello", " "), "must not be empty"),
        ("q2\tdev\tcause\tstarter:x\twhy?\tanswer\t\t\t\n", "accept goes with the expectation 'answer'"),
        ("q2\tdev\tcause\tstarter:x\twhy?\tyes\tx\t\t\n", "accept goes with the expectation 'answer'"),
        ("q2\tdev\tcause\tstarter:x\twhy?\tanswer\t(\t\t\n", "accept: '(' is no regular expression"),
        ("q2\tdev\tcause\tstarter:x\twhy?\tanswer\tx\t[\t\n", "reject: '[' is no regular expression"),
        ("q2\tdev\tcause\tstarter:x\twhy?\tanswer\tx|\t\t\n", "'x|' matches anything"),
        ("q2\tdev\tcause\t../x\twhy?\tanswer\tx\t\t\n", "source is '../x'; expected starter:NAME"),
        ("q2\ttest\tcause\tstarter:cf\twhy?\tanswer\tx\t\t\n", "starter:cf is in both halves"),
        ("q2\tdev\tcause\n", "expected 9 cells with tabs between them, found 3"),
    ],
)
def test_a_bad_row_is_one_error_with_its_line(folder: Path, row: str, message: str) -> None:
    path = folder / "questions.tsv"
    path.write_text(QUESTIONS + RIGHT + row, encoding="utf-8")
    with pytest.raises(InputError) as error:
        everyday_table.read_table(folder)
    assert str(error.value).startswith(f"{path}: line 3: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (PAIR.replace("dominant", "recessive"), "the true and the false twin are the same"),
        (PAIR.replace("inheritance", ""), "no cell of a pair may be empty"),
        (PAIR.replace("123", "starter:cf"), "starter:cf is in both halves"),
    ],
)
def test_a_bad_pair_is_one_error_with_its_line(folder: Path, row: str, message: str) -> None:
    path = folder / "pairs.tsv"
    path.write_text(PAIRS + row, encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        everyday_table.read_table(folder)
    assert str(error.value).startswith(f"{path}: line 2: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows under the header"),
        (QUESTIONS.encode(), "no rows under the header"),
        (b"id\tquestion\n", "line 1: expected the header id, half, form"),
        (QUESTIONS.encode() + b"q1\t\xff", "line 2: not UTF-8"),
        (b"\x1f\x8bno gzip", "compressed data damaged"),
    ],
)
def test_a_file_that_is_no_table_is_an_error(folder: Path, content: bytes, message: str) -> None:
    (folder / "questions.tsv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        everyday_table.read_table(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"questions\.tsv: No such file"):
        everyday_table.read_table(tmp_path)
