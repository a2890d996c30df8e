"""The measures of BioASQ Task B, equal to those of the official evaluator (EvaluatorTask1b, -e 8), and ROUGE."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.submission import SubmittedAnswer
from bioqa.eval.measures import snippet_overlap
from bioqa.eval.measures.base import Measure, mean
from bioqa.eval.measures.rouge import rouge_scores
from bioqa.index.arrays import Array
from bioqa.qa.question_types import QuestionType

Measures = Mapping[str, Measure]
Pair = tuple[GoldQuestion, SubmittedAnswer]

_EPSILON = 1e-5  # the evaluator adds it to an average precision before taking the logarithm


def phase_a(pairs: Sequence[Pair]) -> Measures:
    """The measures of retrieval: precision, recall and F-measure averaged over questions, MAP and GMAP.

    Average precision is divided by 10 or the number of gold items, whichever is smaller. A question counts for concepts
    if both sides have any, and for triples if the gold file has any.
    """
    concepts = [(gold.concepts, answer.concepts) for gold, answer in pairs if gold.concepts and answer.concepts]
    documents = [(gold.documents, answer.documents) for gold, answer in pairs]
    triples = [(gold.triples, answer.triples) for gold, answer in pairs if gold.triples]
    return {
        **_retrieval("concepts", [_items(*sides) for sides in concepts]),
        **_retrieval("documents", [_items(*sides) for sides in documents]),
        **_retrieval("snippets", [_snippets(gold, answer) for gold, answer in pairs]),
        **_retrieval("triples", [_items(*sides) for sides in triples]),
    }


def phase_b(pairs: Sequence[Pair]) -> Measures:
    """The measures of answers. Questions without a gold answer do not count."""
    of = {kind: [pair for pair in pairs if pair[0].type is kind and pair[0].exact] for kind in QuestionType}
    return {
        **_yes_no(of[QuestionType.YESNO]),
        **_factoid(of[QuestionType.FACTOID]),
        **_list(of[QuestionType.LIST]),
        **_ideal([pair for pair in pairs if any(text.strip() for text in pair[0].ideal)]),
    }


def is_correct(answer: str, synonyms: Sequence[str]) -> bool:
    """Whether BioASQ accepts `answer`: it equals one of `synonyms` in lower case."""
    return answer.lower() in {synonym.lower() for synonym in synonyms}


def rank_of_correct(gold: GoldQuestion, answers: Sequence[str]) -> int | None:
    """The rank, from 1, of the first correct answer to a factoid question."""
    return next((rank for rank, answer in enumerate(answers, 1) if is_correct(answer, gold.exact[0])), None)


def list_counts(gold: GoldQuestion, answers: Sequence[str]) -> tuple[int, int]:
    """The numbers of correct answers to a list question and of missed gold items.

    Each answer uses up the first gold item that it matches, so a repeated answer is wrong the second time. A remaining
    item is not missed if one of its synonyms is among the answers: one answer can cover two such items.
    """
    remaining = list(gold.exact)
    correct = 0
    for answer in answers:
        match = next((item for item in remaining if is_correct(answer, item)), None)
        if match is not None:
            remaining.remove(match)
            correct += 1
    unused = list(answers)
    missed = 0
    for item in remaining:
        cover = next((answer for answer in unused if is_correct(answer, item)), None)
        if cover is None:
            missed += 1
        else:
            unused.remove(cover)
    return correct, missed


def _items(gold: Sequence[str], submitted: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and average precision."""
    correct = sum(item in gold for item in submitted)
    missed = sum(item not in submitted for item in gold)
    hits = 0
    total = 0.0
    for rank, item in enumerate(submitted, start=1):
        if item in gold:
            hits += 1
            total += hits / rank
    average = total / min(10, len(gold)) if gold else 0.0
    return correct / len(submitted) if submitted else 0.0, correct / (correct + missed) if correct else 0.0, average


def _snippets(question: GoldQuestion, answer: SubmittedAnswer) -> tuple[float, float, float]:
    """Precision, recall and average precision, over characters."""
    gold, submitted = snippet_overlap.merge(question.snippets), snippet_overlap.merge(answer.snippets)
    overlap = snippet_overlap.total_overlap(submitted, gold)
    lengths = [sum(map(snippet_overlap.length, side)) for side in (submitted, gold)]
    precision, recall = (overlap / length if length else 0.0 for length in lengths)
    return precision, recall, snippet_overlap.average_precision(submitted, gold)


def _retrieval(kind: str, values: Sequence[tuple[float, float, float]]) -> Measures:
    """The five measures of one kind of item, from precision, recall and average precision of each question."""
    precision, recall, average = np.array(values).reshape(-1, 3).T
    with np.errstate(invalid="ignore"):  # a snippet that ends before it begins can make an average negative
        logarithms = np.nan_to_num(np.log(average + _EPSILON))
    return {
        f"{kind}_mean_precision": mean(precision),
        f"{kind}_recall": mean(recall),
        f"{kind}_f_measure": mean([_f1(p, r) for p, r, _ in values]),
        f"{kind}_map": mean(np.nan_to_num(average)),
        f"{kind}_gmap": Measure(logarithms.reshape(-1, 1), _geometric),
    }


def _geometric(means: Array) -> Array:
    """The geometric mean from a mean of logarithms. Like the evaluator, it counts a question without a figure as a
    perfect one, and is 0 if there are no other questions."""
    return np.where(means[..., 0] == 0, 0.0, np.exp(means[..., 0]))


def _yes_no(pairs: Sequence[Pair]) -> Measures:
    outcomes = np.zeros((len(pairs), 3))  # correct yes, correct no, wrong
    for outcome, (gold, submitted) in zip(outcomes, pairs, strict=True):
        answer = gold.exact[0][0]
        outcome[2 if submitted.exact[:1] != (answer,) else ("yes", "no").index(answer)] = 1
    return {
        "yesno_accuracy": Measure(outcomes, lambda means: means[..., 0] + means[..., 1]),
        "yesno_macro_f1": Measure(outcomes, lambda means: (_label_f1(means, 0) + _label_f1(means, 1)) / 2),
        "yesno_f1_yes": Measure(outcomes, lambda means: _label_f1(means, 0)),
        "yesno_f1_no": Measure(outcomes, lambda means: _label_f1(means, 1)),
    }


def _label_f1(means: Array, label: int) -> Array:
    """The F1 of one label. Every wrong answer, even neither yes nor no, is an error for both labels."""
    twice, wrong = 2 * means[..., label], means[..., 2]
    f1: Array = np.divide(twice, twice + wrong, out=np.zeros_like(twice), where=twice > 0)
    return f1


def _factoid(pairs: Sequence[Pair]) -> Measures:
    ranks = [rank_of_correct(gold, submitted.exact) for gold, submitted in pairs]
    return {
        "factoid_strict_accuracy": mean([rank == 1 for rank in ranks]),
        "factoid_lenient_accuracy": mean([rank is not None for rank in ranks]),
        "factoid_mrr": mean([1 / rank if rank else 0.0 for rank in ranks]),
    }


def _list(pairs: Sequence[Pair]) -> Measures:
    values = []
    for gold, submitted in pairs:
        correct, missed = list_counts(gold, submitted.exact)
        precision = correct / len(submitted.exact) if correct else 0.0
        values.append((precision, correct / (correct + missed) if correct else 0.0))
    return {
        "list_precision": mean([precision for precision, _ in values]),
        "list_recall": mean([recall for _, recall in values]),
        "list_f_measure": mean([_f1(precision, recall) for precision, recall in values]),
    }


def _ideal(pairs: Sequence[Pair]) -> Measures:
    scores = [rouge_scores(submitted.ideal, gold.ideal) for gold, submitted in pairs]
    columns: Mapping[str, Callable[..., float]] = {
        "ideal_rouge_2_recall": lambda score: score.rouge_2_recall,
        "ideal_rouge_2_f1": lambda score: score.rouge_2_f1,
        "ideal_rouge_su4_recall": lambda score: score.rouge_su4_recall,
        "ideal_rouge_su4_f1": lambda score: score.rouge_su4_f1,
    }
    return {name: mean([column(score) for score in scores]) for name, column in columns.items()}


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0
