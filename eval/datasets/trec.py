"""Runs and relevance judgments (qrels), read and written in the formats of TREC and BEIR, plain or compressed.

run             query Q0 document rank score tag    the rank is ignored: the score decides, as in trec_eval
qrels           query 0 document grade
qrels of BEIR   query<tab>document<tab>grade        after the header query-id corpus-id score
"""

import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from bioqa.eval.datasets.files import read_bytes
from bioqa.index import atomic
from bioqa.index.errors import InputError

Run = Mapping[str, Mapping[str, float]]  # query id: document id: score
Qrels = Mapping[str, Mapping[str, int]]  # query id: document id: grade

_RUN = ["query", "Q0", "document", "rank", "score", "tag"]
_QRELS = ["query", "0", "document", "grade"]
_BEIR_QRELS = ["query-id", "corpus-id", "score"]
_MOST_LINES = 4_000_000  # of which each takes 200 bytes
_HIGHEST = 1_000_000  # grade
_WORD = re.compile(r"\S+", re.ASCII)  # ASCII white space separates columns; ids hold any other character
_Value = TypeVar("_Value", int, float)


def ranked(scores: Mapping[str, float]) -> list[str]:
    """The documents of one query in the order of trec_eval: by score, highest first, and equal scores by document id,
    last in the alphabet first. Scores are compared as 32-bit floats, as trec_eval keeps them."""
    with np.errstate(over="ignore"):
        kept = np.array(list(scores.values()), dtype=np.float64).astype(np.float32).tolist()
    return [document for _, document in sorted(zip(kept, scores, strict=True), reverse=True)]


def read_run(path: Path) -> Run:
    """The scores in a run file. Raises InputError that names the line and what was expected."""
    run: dict[str, dict[str, float]] = {}
    for place, line in _lines(path):
        query, _, document, _, written, _ = _columns(_WORD.findall(line), _RUN, place)
        _enter(run, query, document, _score(written, place), place)
    return run


def read_qrels(path: Path, warn: Callable[[str], None] = lambda _: None) -> Qrels:
    """The grades in a file of judgments, in TREC or BEIR format.

    A judgment that is repeated with the same grade counts once; `warn` receives a line about them. Raises InputError
    that names the line and what was expected, also for one repeated with another grade.
    """
    lines = _lines(path)
    first = next(lines)
    beir = first[1].split("\t") == _BEIR_QRELS
    qrels: dict[str, dict[str, int]] = {}
    repeated: list[str] = []
    for place, line in lines if beir else chain([first], lines):
        if beir:
            query, document, written = _columns(line.split("\t"), _BEIR_QRELS, place)
        else:
            query, _, document, written = _columns(_WORD.findall(line), _QRELS, place)
        grade = _grade(written, place)
        if qrels.get(query, {}).get(document) == grade:
            repeated.append(place)
        else:
            _enter(qrels, query, document, grade, place)
    if repeated:
        count = "1 judgment is" if len(repeated) == 1 else f"{len(repeated):,} judgments are"
        warn(f"{repeated[0]}: {count} repeated with the same grade and counted once")
    if not qrels:
        raise InputError(f"{path}: the file has no judgments, only a header")
    return qrels


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run file, gzipped if its name ends in .gz.

    Raises InputError for an id that the format cannot hold, StorageError if the file cannot be written.
    """
    lines = [
        f"{_word(query)} Q0 {_word(document)} {rank} {scores[document]!r} {_word(tag)}\n"
        for query, scores in run.items()
        for rank, document in enumerate(ranked(scores), start=1)
    ]
    atomic.write_text(path, "".join(lines))


def refuse_unwritable(ids: Iterable[str]) -> None:
    """Check ids before long work. Raises InputError for an id that a run file cannot hold."""
    for text in ids:
        _word(text)


def write_qrels(path: Path, qrels: Qrels) -> None:
    """Write judgments in BEIR format.

    Raises InputError for an id that the format cannot hold, StorageError if the file cannot be written.
    """
    rows = [
        (_word(query), _word(document), str(grade)) for query, row in qrels.items() for document, grade in row.items()
    ]
    atomic.write_text(path, "".join("\t".join(row) + "\n" for row in (_BEIR_QRELS, *rows)))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines that are not blank, at least one, each with its place for error messages."""
    content = read_bytes(path)
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    for number, line in enumerate(io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")), start=1):
        if number > _MOST_LINES:
            raise InputError(f"{path}: more than {_MOST_LINES:,} lines, which are not held in memory; split the file")
        if line.strip():
            place = f"{path}: line {number}"
            try:
                yield place, line.removesuffix(b"\n").rstrip(b"\r").decode()
            except UnicodeDecodeError as error:
                raise InputError(f"{place}: not UTF-8 at byte {error.start + 1}; convert the file to UTF-8") from None


def _columns(columns: list[str], expected: list[str], place: str) -> list[str]:
    if len(columns) != len(expected) or not all(columns):
        between = "tabs" if expected is _BEIR_QRELS else "spaces"
        is_headless = expected is _QRELS and len(columns) == len(_BEIR_QRELS)
        cure = f"; a file in BEIR format begins with the line {'<tab>'.join(_BEIR_QRELS)}" if is_headless else ""
        raise InputError(
            f"{place}: expected {len(expected)} columns separated by {between} ({' '.join(expected)}), "
            f"found {sum(map(bool, columns))}{cure}"
        )
    return columns


def _score(written: str, place: str) -> float:
    try:
        score = float(written)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise InputError(f"{place}: the score is {written!r}; expected a finite number")
    return score


def _grade(written: str, place: str) -> int:
    try:
        grade = int(written)
    except ValueError:
        grade = _HIGHEST + 1
    if abs(grade) > _HIGHEST:
        raise InputError(f"{place}: the grade is {written!r}; expected a whole number, {_HIGHEST:,} at most")
    return grade


def _enter(table: dict[str, dict[str, _Value]], query: str, document: str, value: _Value, place: str) -> None:
    row = table.setdefault(query, {})
    if document in row:
        raise InputError(f"{place}: document {document} occurs twice for query {query}; give it once")
    row[document] = value


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise InputError(
            f"{text!r} cannot be written to a file of runs or judgments: an id needs a character and no space"
        )
    return text
