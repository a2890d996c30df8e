import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.reader import Reader, Reading, context_of
from bioqa.qa.reranking import Reranker

Run = Callable[..., Any]


@dataclass
class Fake:
    """A reader that finds a passage to the point as its document's title says, or does not tell."""

    tells: bool = True

    def read(self, question: str, passages: Sequence[Passage], *, max_tokens: int, count: int) -> list[Reading]:
        relevant = [float(passage.document.title) if self.tells else None for passage in passages]
        return [Reading(context_of(p), (), relevance=r) for p, r in zip(passages, relevant, strict=True)]


def found(*relevances: float) -> list[Hit]:
    """Hits at equal distances of 0.01, with what the reader will think of each."""
    documents = [Document(str(n), title=str(relevance), abstract="a") for n, relevance in enumerate(relevances)]
    return [Hit(Passage(n, document, 0, 1), 0.9 - n / 100) for n, document in enumerate(documents)]


def order(reader: Fake, count: int, hits: Sequence[Hit]) -> list[int]:
    return [hit.passage.number for hit in Reranker(cast(Reader, reader), count)("q", hits)]


def test_what_is_to_the_point_comes_first() -> None:
    assert order(Fake(), 3, found(0.17, 0.2, 0.9)) == [2, 0, 1]
    assert order(Fake(), 3, found(0.5, 0.51, 0.52)) == [0, 1, 2]  # too little to outweigh how they were found


def test_what_is_not_read_stays_behind_what_is_least_to_the_point() -> None:
    assert order(Fake(), 2, found(0.1, 0.9, 0.99, 0.99)) == [1, 0, 2, 3]


def test_a_reader_that_does_not_tell_changes_nothing() -> None:
    assert order(Fake(tells=False), 9, found(0.1, 0.9)) == [0, 1]


@pytest.mark.parametrize("count", [1, 5])
def test_nothing_is_made_of_nothing(count: int) -> None:
    assert order(Fake(), count, []) == []


def test_a_search_can_be_reranked(run: Run) -> None:
    plain, weighed = (
        json.loads(run("search", "what gene causes cystic fibrosis?", "--top", "5", "--json", *more).out)
        for more in ([], ["--rerank", "10"])
    )
    assert len(plain) == len(weighed) == 5
    assert [hit["score"] for hit in weighed] == sorted((hit["score"] for hit in weighed), reverse=True)
    assert [hit["score"] for hit in weighed] != [hit["score"] for hit in plain]


@pytest.mark.parametrize("command", [["search", "gene"], ["eval", "retrieval", "nfcorpus"]])
def test_a_reader_without_anything_to_read_is_refused(run: Run, command: list[str]) -> None:
    outcome = run(*command, "--reader", "some-reader")
    assert outcome.status == 2
    assert "--reader has no effect without --rerank N" in outcome.err
