"""The dev pool of a retriever: held-out questions, their snippets, and distractors; retrieval measures over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.trec import Qrels
from bioqa.eval.measures import ranking
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError
from bioqa.index.records import Document
from bioqa.train.data.pairs import CandidatePassage

MEASURES = ("ndcg@10", "mrr@10", "recall@100")  # the first selects the best weights
_DEPTH = 100  # documents ranked per question


@dataclass(frozen=True, slots=True)
class DevPool:
    """Questions by their ids, p texts with those of each document adjacent, and the relevant documents."""

    questions: Mapping[str, str]
    texts: tuple[CandidatePassage, ...]
    qrels: Qrels


def build_pool(questions: Sequence[GoldQuestion], around: Sequence[Document]) -> DevPool:
    """The pool of all questions with snippets, over all snippets and the papers `around` that are relevant to none of
    them.

    Raises InputError where no question has snippets.
    """
    usable = [question for question in questions if any(snippet.text.strip() for snippet in question.snippets)]
    if not usable:
        raise InputError("no questions for model selection: no question under dev has snippets")
    quoted = {CandidatePassage(s.document, s.text.strip()) for q in usable for s in q.snippets if s.text.strip()}
    gold = {document for question in usable for document in question.relevant_documents}
    quoted |= {CandidatePassage(paper.id, paper.text) for paper in around if paper.id not in gold and paper.text}
    return DevPool(
        questions={question.id: question.body for question in usable},
        texts=tuple(sorted(quoted, key=lambda text: (text.document, text.text))),
        qrels={q.id: dict.fromkeys((s.document for s in q.snippets if s.text.strip()), 1) for q in usable},
    )


def retrieval_measures(pool: DevPool, questions: Array, texts: Array) -> dict[str, float]:
    """The retrieval measures over documents; a document scores as its best text.

    `questions` (q, d) and `texts` (p, d) are unit vectors in the order of the pool.
    """
    groups = [(name, len(list(group))) for name, group in groupby(pool.texts, key=lambda text: text.document)]
    names = [name for name, _ in groups]
    starts = np.cumsum([0, *(size for _, size in groups[:-1])])
    cosines = np.maximum.reduceat(questions @ texts.T, starts, axis=1)
    run = {}
    for question, row in zip(pool.questions, cosines, strict=True):
        best = np.argsort(-row, kind="stable")[:_DEPTH]
        run[question] = {names[place]: float(row[place]) for place in best}
    return {name: measure.value for name, measure in ranking.measures(run, pool.qrels, MEASURES).items()}
