"""A small search that tells how good an encoder is: held-out questions, their snippets, and papers around."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from bioqa.eval import ranking
from bioqa.eval.gold import GoldQuestion
from bioqa.eval.trec import Qrels
from bioqa.index.errors import InputError
from bioqa.index.records import Document
from bioqa.index.runtime import Array
from bioqa.train.pairs import CandidatePassage

MEASURES = ("ndcg@10", "mrr@10", "recall@100")  # the first decides which weights are kept
_RANKED = 100


@dataclass(frozen=True, slots=True)
class DevPool:
    """Questions by their ids, p texts, those of one document side by side, and which documents are relevant."""

    questions: Mapping[str, str]
    texts: tuple[CandidatePassage, ...]
    qrels: Qrels


def build_pool(questions: Sequence[GoldQuestion], around: Sequence[Document]) -> DevPool:
    """The questions that have snippets, over all snippets and those of the papers around that none of them is about.

    Raises InputError where no question has snippets.
    """
    asked = [question for question in questions if any(snippet.text.strip() for snippet in question.snippets)]
    if not asked:
        raise InputError("nothing to decide with which weights are kept: no question under dev has snippets")
    quoted = {CandidatePassage(s.document, s.text.strip()) for q in asked for s in q.snippets if s.text.strip()}
    gold = {document for question in asked for document in question.relevant_documents}
    quoted |= {CandidatePassage(paper.id, paper.text) for paper in around if paper.id not in gold and paper.text}
    return DevPool(
        questions={question.id: question.body for question in asked},
        texts=tuple(sorted(quoted, key=lambda text: (text.document, text.text))),
        qrels={q.id: dict.fromkeys((s.document for s in q.snippets if s.text.strip()), 1) for q in asked},
    )


def retrieval_measures(pool: DevPool, questions: Array, texts: Array) -> dict[str, float]:
    """The measures over documents, each of which scores as its best text does.

    `questions` (q, d) and `texts` (p, d) are vectors of length 1, in the order of the pool.
    """
    groups = [(name, len(list(group))) for name, group in groupby(pool.texts, key=lambda text: text.document)]
    names = [name for name, _ in groups]
    starts = np.cumsum([0, *(size for _, size in groups[:-1])])
    cosines = np.maximum.reduceat(questions @ texts.T, starts, axis=1)
    run = {}
    for question, row in zip(pool.questions, cosines, strict=True):
        best = np.argsort(-row, kind="stable")[:_RANKED]
        run[question] = {names[place]: float(row[place]) for place in best}
    found = ranking.measures(run, pool.qrels, MEASURES)
    return {name: measure.value for name, measure in found.items()}
