"""Texts that BM25 brings up for a question: hard negatives, which don't answer it, and those that nobody has judged."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from bioqa.eval import alignment
from bioqa.eval.gold import GoldQuestion, Snippet
from bioqa.index.filters import NO_FILTER
from bioqa.index.lexical import LexicalIndex
from bioqa.index.lexical_writer import LexicalWriter
from bioqa.index.passages import windows
from bioqa.index.records import Document, Passage
from bioqa.index.runtime import Array
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import context_of
from bioqa.train.examples import ReaderExample
from bioqa.train.pairs import TrainingPair, is_negative

_LOOKED_AT = 50  # texts that BM25 brings, of which the first unfit for an answer are taken


def bioasq_negatives(questions: Sequence[GoldQuestion], count: int) -> list[ReaderExample]:
    """For each question the `count` snippets of other questions that BM25 ranks highest, of documents other than its
    own, and without its answers in them: texts that are not to the point, and do not say."""
    texts: dict[str, Snippet] = {s.text.strip(): s for q in questions for s in q.snippets if s.text.strip()}
    snippets = list(texts.values())
    with _searchable(texts) as index:
        return [
            _negative(question, snippets[number].text.strip())
            for question in questions
            for number in _unfit(question, index, snippets)[:count]
        ]


def unjudged_passages(questions: Sequence[GoldQuestion], papers: Iterable[Document], count: int) -> list[ReaderExample]:
    """For each question the `count` passages of papers that BM25 ranks highest, as a reader sees them, with nothing
    known of any: for a teacher to say."""
    cut = [(paper, place) for paper in papers for place in windows(paper)]
    found = [Passage(number, paper, start, end) for number, (paper, (start, end)) in enumerate(cut)]
    with _searchable(f"{passage.document.title}\n{passage.text}" for passage in found) as index:
        return [
            ReaderExample(question.body, context_of(found[number]).text, question_type=question.type)
            for question in questions
            for number in list(index.search(question.body, count, NO_FILTER))[:count]
        ]


def mine_negatives(
    pairs: Sequence[TrainingPair],
    count: int,
    nearest: Callable[[Sequence[str], Sequence[str], int], Array] | None = None,
) -> list[TrainingPair]:
    """The pairs with those of all their passages as negatives, up to `count`, that BM25 ranks highest for the query and
    that are of no document known to be relevant.

    With `nearest` they are in turn those of BM25 and of another search: it takes queries, texts and a number, and
    gives the places of so many texts for every query, best first, shape (queries, number).
    """
    if not count:
        return list(pairs)
    passages = list({pair.passage.text: pair.passage for pair in pairs}.values())
    texts, queries = [passage.text for passage in passages], list(dict.fromkeys(pair.query for pair in pairs))
    with _searchable(texts) as index:
        ranked = [list(index.search(query, 2 * count, NO_FILTER)) for query in queries]
    if nearest:
        others = nearest(queries, texts, min(2 * count, len(texts))).tolist()
        ranked = [_in_turn(pair) for pair in zip(ranked, others, strict=True)]
    found = dict(zip(queries, ranked, strict=True))
    return [
        replace(
            pair,
            negatives=tuple(passages[number] for number in found[pair.query] if is_negative(passages[number], pair))[
                :count
            ],
        )
        for pair in pairs
    ]


def nearest_papers(questions: Sequence[GoldQuestion], papers: Sequence[Document], count: int) -> list[Document]:
    """Up to `count` of the papers, all for 0: those that BM25 ranks first for any question, then second, and so on.

    What shares no word with any question is no trial for an encoder.
    """
    if not 0 < count < len(papers):
        return list(papers)
    with _searchable(paper.text for paper in papers) as index:
        found = [list(index.search(question.body, count, NO_FILTER)) for question in questions]
    return [papers[number] for number in _in_turn(found)[:count]]


def _in_turn(rankings: Sequence[Sequence[int]]) -> list[int]:
    """What is first in any of the rankings, then what is second, and so on, each once."""
    found = dict.fromkeys(chain.from_iterable(zip_longest(*rankings)))
    return [number for number in found if number is not None]


@contextmanager
def _searchable(texts: Iterable[str]) -> Iterator[LexicalIndex]:
    """A lexical index over these texts, each under its number."""
    with tempfile.TemporaryDirectory(prefix="bioqa-") as folder:
        writer = LexicalWriter(Path(folder))
        for number, text in enumerate(texts):
            writer.add(Passage(number, Document(str(number), abstract=text), 0, len(text)), number)
        writer.commit()
        yield LexicalIndex(Path(folder))


def _unfit(question: GoldQuestion, index: LexicalIndex, snippets: Sequence[Snippet]) -> list[int]:
    own = set(question.relevant_documents)
    exact = question.exact if question.type is not QuestionType.YESNO else ()
    synonyms = [synonym for item in exact for synonym in item]
    return [
        number
        for number in index.search(question.body, _LOOKED_AT, NO_FILTER)
        if snippets[number].document not in own and not alignment.find_any(synonyms, snippets[number].text)
    ]


def _negative(question: GoldQuestion, text: str) -> ReaderExample:
    spans = question.type in (QuestionType.FACTOID, QuestionType.LIST)
    return ReaderExample(
        question.body,
        text,
        answers=() if spans else None,
        items=() if question.type is QuestionType.LIST else None,
        verdict="neither" if question.type is QuestionType.YESNO else None,
        relevant=False,
        question_type=question.type,
    )
