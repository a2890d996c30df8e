"""The measures of BioASQ Task B, equal to those of its official evaluator (EvaluatorTask1b, -e 8), and ROUGE."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bioqa.eval import snippets
from bioqa.eval.gold import GoldQuestion
from bioqa.eval.measure import Measure, mean
from bioqa.eval.rouge import rouge
from bioqa.eval.submission import Submitted
from bioqa.index.runtime import Array
from bioqa.qa.questions import QuestionType

Measures = Mapping[str, Measure]
Pair = tuple[GoldQuestion, Submitted]

_EPSILON = 1e-5  # what the evaluator adds to an average precision before its logarithm


def phase_a(pairs: Sequence[Pair]) -> Measures:
    """What was retrieved: precision, recall and F-measure averaged over questions, MAP and GMAP.

    Average precision is divided by 10 or the number of gold items, whichever is smaller. Concepts count where both
    sides have any, triples where the gold file has.
    """
    concepts = [(gold.concepts, given.concepts) for gold, given in pairs if gold.concepts and given.concepts]
    documents = [(gold.documents, given.documents) for gold, given in pairs]
    triples = [(gold.triples, given.triples) for gold, given in pairs if gold.triples]
    return {
        **_retrieval("concepts", [_items(*sides) for sides in concepts]),
        **_retrieval("documents", [_items(*sides) for sides in documents]),
        **_retrieval("snippets", [_snippets(gold, given) for gold, given in pairs]),
        **_retrieval("triples", [_items(*sides) for sides in triples]),
    }


def phase_b(pairs: Sequence[Pair]) -> Measures:
    """What was answered. Questions without a gold answer are left out."""
    of = {kind: [pair for pair in pairs if pair[0].type is kind and pair[0].exact] for kind in QuestionType}
    return {
        **_yes_no(of[QuestionType.YESNO]),
        **_factoid(of[QuestionType.FACTOID]),
        **_list(of[QuestionType.LIST]),
        **_ideal([pair for pair in pairs if any(text.strip() for text in pair[0].ideal)]),
    }


def same(answer: str, synonyms: Sequence[str]) -> bool:
    """Whether BioASQ takes `answer` for one of `synonyms`: equal as whole strings in lower case."""
    return answer.lower() in {synonym.lower() for synonym in synonyms}


def rank_of_right(gold: GoldQuestion, answers: Sequence[str]) -> int | None:
    """The rank, from 1, of the first right answer to a factoid question."""
    return next((rank for rank, answer in enumerate(answers, 1) if same(answer, gold.exact[0])), None)


def list_counts(gold: GoldQuestion, answers: Sequence[str]) -> tuple[int, int]:
    """How many answers to a list question are right, and how many gold items are missed.

    An answer uses up the first gold item that it fits, so that to say the same twice is wrong the second time. An item
    that is left over is not missed if one of its synonyms is among the answers: one answer can cover two such items.
    """
    left = list(gold.exact)
    right = 0
    for answer in answers:
        fit = next((item for item in left if same(answer, item)), None)
        if fit is not None:
            left.remove(fit)
            right += 1
    unused = list(answers)
    missed = 0
    for item in left:
        cover = next((answer for answer in unused if same(answer, item)), None)
        if cover is None:
            missed += 1
        else:
            unused.remove(cover)
    return right, missed


def _items(gold: Sequence[str], given: Sequence[str]) -> tuple[float, float, float]:
    right = sum(item in gold for item in given)
    missed = sum(item not in given for item in gold)
    hits = 0
    total = 0.0
    for rank, item in enumerate(given, start=1):
        if item in gold:
            hits += 1
            total += hits / rank
    average = total / min(10, len(gold)) if gold else 0.0
    return right / len(given) if given else 0.0, right / (right + missed) if right else 0.0, average


def _snippets(question: GoldQuestion, submitted: Submitted) -> tuple[float, float, float]:
    gold, given = snippets.merged(question.snippets), snippets.merged(submitted.snippets)
    shared = snippets.shared(given, gold)
    lengths = [sum(map(snippets.size, side)) for side in (given, gold)]
    precision, recall = (shared / length if length else 0.0 for length in lengths)
    return precision, recall, snippets.average_precision(given, gold)


def _retrieval(what: str, rows: Sequence[tuple[float, float, float]]) -> Measures:
    """The five measures of one kind of item from rows of precision, recall and average precision."""
    precision, recall, average = np.array(rows).reshape(-1, 3).T
    with np.errstate(invalid="ignore"):  # snippets that end before they begin can make an average negative
        logarithms = np.nan_to_num(np.log(average + _EPSILON))
    return {
        f"{what}_mean_precision": mean(precision),
        f"{what}_recall": mean(recall),
        f"{what}_f_measure": mean([_f1(p, r) for p, r, _ in rows]),
        f"{what}_map": mean(np.nan_to_num(average)),
        f"{what}_gmap": Measure(logarithms.reshape(-1, 1), _geometric),
    }


def _geometric(means: Array) -> Array:
    """The geometric mean from a mean of logarithms. The evaluator adds nothing for a question without a figure, so that
    to GMAP it is as good as a perfect one, and gives 0 where there is no other."""
    return np.where(means[..., 0] == 0, 0.0, np.exp(means[..., 0]))


def _yes_no(pairs: Sequence[Pair]) -> Measures:
    rows = np.zeros((len(pairs), 3))  # right where yes was, right where no was, wrong
    for row, (gold, given) in zip(rows, pairs, strict=True):
        answer = gold.exact[0][0]
        row[2 if given.exact[:1] != (answer,) else ("yes", "no").index(answer)] = 1
    return {
        "yesno_accuracy": Measure(rows, lambda means: means[..., 0] + means[..., 1]),
        "yesno_macro_f1": Measure(rows, lambda means: (_label_f1(means, 0) + _label_f1(means, 1)) / 2),
        "yesno_f1_yes": Measure(rows, lambda means: _label_f1(means, 0)),
        "yesno_f1_no": Measure(rows, lambda means: _label_f1(means, 1)),
    }


def _label_f1(means: Array, label: int) -> Array:
    """The F1 of one label; every wrong answer is wrong for both, also one that says neither yes nor no."""
    twice, wrong = 2 * means[..., label], means[..., 2]
    f1: Array = np.divide(twice, twice + wrong, out=np.zeros_like(twice), where=twice > 0)
    return f1


def _factoid(pairs: Sequence[Pair]) -> Measures:
    ranks = [rank_of_right(gold, given.exact) for gold, given in pairs]
    return {
        "factoid_strict_accuracy": mean([rank == 1 for rank in ranks]),
        "factoid_lenient_accuracy": mean([rank is not None for rank in ranks]),
        "factoid_mrr": mean([1 / rank if rank else 0.0 for rank in ranks]),
    }


def _list(pairs: Sequence[Pair]) -> Measures:
    rows = []
    for gold, given in pairs:
        right, missed = list_counts(gold, given.exact)
        rows.append((right / len(given.exact) if right else 0.0, right / (right + missed) if right else 0.0))
    return {
        "list_precision": mean([precision for precision, _ in rows]),
        "list_recall": mean([recall for _, recall in rows]),
        "list_f_measure": mean([_f1(precision, recall) for precision, recall in rows]),
    }


def _ideal(pairs: Sequence[Pair]) -> Measures:
    scores = [rouge(given.ideal, gold.ideal) for gold, given in pairs]
    columns: Mapping[str, Callable[..., float]] = {
        "ideal_rouge_2_recall": lambda score: score.rouge_2_recall,
        "ideal_rouge_2_f1": lambda score: score.rouge_2_f1,
        "ideal_rouge_su4_recall": lambda score: score.rouge_su4_recall,
        "ideal_rouge_su4_f1": lambda score: score.rouge_su4_f1,
    }
    return {name: mean([column(score) for score in scores]) for name, column in columns.items()}


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0
