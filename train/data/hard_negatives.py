"""Negatives: passages that BM25 or an encoder ranks high for a question and that are not known to answer it."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from bioqa.eval.datasets import alignment
from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.index.arrays import Array
from bioqa.index.progress import NoProgress, Progress, tracked
from bioqa.index.records import Document, Passage
from bioqa.index.search.filters import NO_FILTER
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.search.lexical_writer import LexicalWriter
from bioqa.index.text.passages import windows
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import context_of
from bioqa.train.data.examples import ReaderExample
from bioqa.train.data.pairs import TrainingPair, is_negative

_CANDIDATES = 50  # texts ranked by BM25, from which negatives are taken


def bioasq_negatives(questions: Sequence[GoldQuestion], count: int) -> list[ReaderExample]:
    """For each question the `count` snippets of other questions that BM25 ranks highest, without its documents and
    answers."""
    texts: dict[str, Snippet] = {s.text.strip(): s for q in questions for s in q.snippets if s.text.strip()}
    snippets = list(texts.values())
    with _lexical_index(texts) as index:
        return [
            _negative(question, snippets[number].text.strip())
            for question in questions
            for number in _irrelevant(question, index, snippets)[:count]
        ]


def unjudged_passages(questions: Sequence[GoldQuestion], papers: Iterable[Document], count: int) -> list[ReaderExample]:
    """For each question the `count` passages of papers that BM25 ranks highest, unlabelled, for a teacher to label."""
    ranges = [(paper, place) for paper in papers for place in windows(paper)]
    passages = [Passage(number, paper, start, end) for number, (paper, (start, end)) in enumerate(ranges)]
    with _lexical_index(f"{passage.document.title}\n{passage.text}" for passage in passages) as index:
        return [
            ReaderExample(question.body, context_of(passages[number]).text, question_type=question.type)
            for question in questions
            for number in list(index.search(question.body, count, NO_FILTER))[:count]
        ]


def mine_negatives(
    pairs: Sequence[TrainingPair],
    count: int,
    nearest: Callable[[Sequence[str], Sequence[str], int], Array] | None = None,
    progress: Progress | None = None,
) -> list[TrainingPair]:
    """The pairs with up to `count` hard negatives each: the highest-ranked passages of other pairs that are not
    relevant.

    BM25 ranks the passages; with `nearest`, its ranking alternates with that of a second search, which takes queries,
    texts and a number, and returns the indices of that many texts for each query, best first, shape (queries, number).
    """
    if not count:
        return list(pairs)
    passages = list({pair.passage.text: pair.passage for pair in pairs}.values())
    texts, queries = [passage.text for passage in passages], list(dict.fromkeys(pair.query for pair in pairs))
    with _lexical_index(texts) as index:
        ranked = [
            list(index.search(query, 2 * count, NO_FILTER)) for query in tracked(queries, progress or NoProgress())
        ]
    if nearest:
        others = nearest(queries, texts, min(2 * count, len(texts))).tolist()
        ranked = [_interleave(pair) for pair in zip(ranked, others, strict=True)]
    ranking_of = dict(zip(queries, ranked, strict=True))
    return [
        replace(
            pair,
            negatives=tuple(
                passages[number] for number in ranking_of[pair.query] if is_negative(passages[number], pair)
            )[:count],
        )
        for pair in pairs
    ]


def nearest_papers(questions: Sequence[GoldQuestion], papers: Sequence[Document], count: int) -> list[Document]:
    """Up to `count` of the papers, all for 0: those that BM25 ranks first for any question, then second, and so on.

    A paper that shares no word with any question is too easy a distractor.
    """
    if not 0 < count < len(papers):
        return list(papers)
    with _lexical_index(paper.text for paper in papers) as index:
        rankings = [list(index.search(question.body, count, NO_FILTER)) for question in questions]
    return [papers[number] for number in _interleave(rankings)[:count]]


def _interleave(rankings: Sequence[Sequence[int]]) -> list[int]:
    """The first items of all rankings, then the second ones, and so on, each once."""
    merged = dict.fromkeys(chain.from_iterable(zip_longest(*rankings)))
    return [number for number in merged if number is not None]


@contextmanager
def _lexical_index(texts: Iterable[str]) -> Iterator[LexicalIndex]:
    """A lexical index over the texts, each under its number."""
    with tempfile.TemporaryDirectory(prefix="bioqa-") as folder:
        writer = LexicalWriter(Path(folder))
        for number, text in enumerate(texts):
            writer.add(Passage(number, Document(str(number), abstract=text), 0, len(text)), number)
        writer.commit()
        yield LexicalIndex(Path(folder))


def _irrelevant(question: GoldQuestion, index: LexicalIndex, snippets: Sequence[Snippet]) -> list[int]:
    own = set(question.relevant_documents)
    exact = question.exact if question.type is not QuestionType.YESNO else ()
    synonyms = [synonym for item in exact for synonym in item]
    return [
        number
        for number in index.search(question.body, _CANDIDATES, NO_FILTER)
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
