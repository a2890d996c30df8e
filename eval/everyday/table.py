"""The everyday questions and minimal pairs: rows of two tab-separated files, each row with the passage that decides it.

questions.tsv   id, half, form, source, question, expect, accept, reject, wrong
pairs.tsv       id, half, attribute, source, true, false

`source` is the id of a starter passage, a PMID, or empty for a question that no passage answers. `half` is dev or test;
no source is in both. `accept` and `reject` are regular expressions, matched without regard to case. `accept` may hold
several, with && between them; all of them must match. `wrong` lists typical wrong answers, separated by semicolons,
which `accept` must not match. The tables are for measuring: never train a network on them, nor
fit or tune anything on the test half.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from bioqa.eval.datasets.files import read_bytes
from bioqa.index.corpus import lines
from bioqa.index.errors import InputError

HALVES = ("dev", "test")
EXPECTED = ("answer", "yes", "no", "abstain")
_QUESTION_COLUMNS = ("id", "half", "form", "source", "question", "expect", "accept", "reject", "wrong")
_PAIR_COLUMNS = ("id", "half", "attribute", "source", "true", "false")
_ALL_OF = " && "
_SOURCE = re.compile(r"starter:[a-z0-9-]+|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class EverydayQuestion:
    """A question as people type it, and how to recognise a right answer.

    A right answer is matched by every pattern in `accept`, and not by `reject`, which is None where no serious error is
    foreseen.
    """

    id: str
    half: str
    form: str
    source: str
    text: str
    expect: str
    accept: tuple[re.Pattern[str], ...] = ()
    reject: re.Pattern[str] | None = None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """A true and a false statement or yes/no question that differ in one attribute."""

    id: str
    half: str
    attribute: str
    source: str
    true: str
    false: str

    def questions(self) -> tuple[EverydayQuestion, EverydayQuestion]:
        """The two twins as questions that expect yes and no."""
        true = EverydayQuestion(self.id, self.half, self.attribute, self.source, self.true, "yes")
        return true, replace(true, text=self.false, expect="no")


@dataclass(frozen=True, slots=True)
class EverydayTable:
    """Questions and pairs in the order of their files."""

    questions: tuple[EverydayQuestion, ...]
    pairs: tuple[MinimalPair, ...]

    def of_half(self, half: str) -> "EverydayTable":
        """The rows of one half; all rows for `all`."""
        return EverydayTable(
            tuple(question for question in self.questions if half in (question.half, "all")),
            tuple(pair for pair in self.pairs if half in (pair.half, "all")),
        )

    def of_pubmed(self) -> "EverydayTable":
        """The rows that a PubMed abstract decides."""
        return EverydayTable(
            tuple(question for question in self.questions if is_pmid(question.source)),
            tuple(pair for pair in self.pairs if is_pmid(pair.source)),
        )

    def of_starter(self) -> "EverydayTable":
        """The rows that a starter passage decides, or none."""
        return EverydayTable(
            tuple(question for question in self.questions if not is_pmid(question.source)),
            tuple(pair for pair in self.pairs if not is_pmid(pair.source)),
        )

    def sources(self) -> set[str]:
        """The passages and abstracts that decide the rows."""
        named = {question.source for question in self.questions} | {pair.source for pair in self.pairs}
        return named - {""}

    def __len__(self) -> int:
        """The number of questions to ask, two for each pair."""
        return len(self.questions) + 2 * len(self.pairs)


def is_pmid(source: str) -> bool:
    """Whether a source is a PubMed abstract."""
    return source.isdigit()


def shipped_folder() -> Path:
    """The folder with the tables that ship with bioqa."""
    import bioqa.data

    return Path(str(bioqa.data.__file__)).parent / "everyday"


def read_table(folder: Path) -> EverydayTable:
    """Read questions.tsv and pairs.tsv of a folder.

    Raises InputError for a bad row or a source in both halves: which file and line, what was expected.
    """
    questions, pairs = folder / "questions.tsv", folder / "pairs.tsv"
    halves: dict[str, str] = {}
    return EverydayTable(
        tuple(_question(row, place) for place, row in _rows(questions, _QUESTION_COLUMNS, halves)),
        tuple(_pair(row, place) for place, row in _rows(pairs, _PAIR_COLUMNS, halves)),
    )


def _rows(path: Path, columns: Sequence[str], halves: dict[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The rows under the header, each with its place for errors; `halves` collects the half of every source."""
    ids: set[str] = set()
    for line in lines.read(BytesIO(read_bytes(path))):
        place = f"{path}: line {line.number}"
        if line.fault:
            raise InputError(f"{place}: {line.fault}; the table must be UTF-8 text")
        cells = line.text.rstrip("\r\n").split("\t")
        if line.number == 1:
            if tuple(cells) != tuple(columns):
                raise InputError(f"{place}: expected the header {', '.join(columns)}, with tabs between the names")
        elif line.text.strip():
            if len(cells) != len(columns):
                raise InputError(f"{place}: expected {len(columns)} cells with tabs between them, found {len(cells)}")
            row = dict(zip(columns, cells, strict=True))
            if not row["id"] or row["id"] in ids:
                raise InputError(
                    f"{place}: the id {row['id']!r} is empty or not unique; give each row an id of its own"
                )
            ids.add(row["id"])
            _check_half(row, place, halves)
            yield place, row
    if not ids:
        raise InputError(f"{path}: no rows under the header")


def _check_half(row: Mapping[str, str], place: str, halves: dict[str, str]) -> None:
    half, source = row["half"], row["source"]
    if half not in HALVES:
        raise InputError(f"{place}: half is {half!r}; expected {' or '.join(HALVES)}")
    if source and not _SOURCE.fullmatch(source):
        raise InputError(f"{place}: source is {source!r}; expected starter:NAME, a PMID or nothing")
    if source and halves.setdefault(source, half) != half:
        raise InputError(f"{place}: {source} is in both halves; put all its rows into one of them")


def _question(row: Mapping[str, str], place: str) -> EverydayQuestion:
    if row["expect"] not in EXPECTED:
        raise InputError(f"{place}: expect is {row['expect']!r}; expected {', '.join(EXPECTED)}")
    if not row["question"].strip() or not row["form"].strip():
        raise InputError(f"{place}: the question and its form must not be empty")
    if not row["source"] and row["expect"] != "abstain":
        raise InputError(f"{place}: no source; name the passage that answers, or expect abstain")
    if bool(row["accept"]) != (row["expect"] == "answer"):
        raise InputError(f"{place}: accept goes with the expectation 'answer', and only with that")
    patterns = row["accept"].split(_ALL_OF) if row["accept"] else []
    return EverydayQuestion(
        id=row["id"],
        half=row["half"],
        form=row["form"],
        source=row["source"],
        text=row["question"],
        expect=row["expect"],
        accept=tuple(_pattern(written, "accept", place) for written in patterns),
        reject=_pattern(row["reject"], "reject", place) if row["reject"] else None,
        wrong=tuple(answer.strip() for answer in row["wrong"].split(";") if answer.strip()),
    )


def _pair(row: Mapping[str, str], place: str) -> MinimalPair:
    if not all(row.values()):
        raise InputError(f"{place}: no cell of a pair may be empty")
    if row["true"] == row["false"]:
        raise InputError(f"{place}: the true and the false twin are the same")
    return MinimalPair(**row)


def _pattern(written: str, column: str, place: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(written, re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise InputError(f"{place}: {column}: {written!r} is no regular expression ({error})") from None
    if pattern.search(""):
        raise InputError(f"{place}: {column}: {written!r} matches anything; name what it should match")
    return pattern
