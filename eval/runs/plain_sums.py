"""The evaluation of a reader network on gold snippets: answers by plain sums of probabilities, and their measures.

It needs no index and no calibration: it selects checkpoints in training and compares exported models.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tokenizers import Tokenizer

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.submission import FACTOID_ANSWERS, SubmittedAnswer
from bioqa.eval.measures import bioasq
from bioqa.index.records import Document, Passage
from bioqa.qa import reader
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading, SpanNetwork, context_of

SELECTION_MEASURES = ("factoid_mrr", "yesno_macro_f1", "list_f_measure")  # their mean selects the best checkpoint
FACTOID_MEASURES = ("factoid_strict_accuracy", "factoid_lenient_accuracy", "factoid_mrr")
_ANSWER_TOKENS = 20  # word pieces in a span
_SPANS = 5  # from each snippet
_LEAST_ITEM_SUM = 0.5  # of an item's probabilities over all snippets


def score(
    questions: Iterable[GoldQuestion], network: SpanNetwork, tokenizer: Tokenizer, max_tokens: int
) -> dict[str, float]:
    """The measures of BioASQ's phase B for a network with at most `max_tokens` tokens in a window."""
    pairs = [(question, _submitted(question, network, tokenizer, max_tokens)) for question in questions]
    return {name: measure.value for name, measure in bioasq.phase_b(pairs).items()}


def _submitted(question: GoldQuestion, network: SpanNetwork, tokenizer: Tokenizer, max_tokens: int) -> SubmittedAnswer:
    passages = [Passage(0, Document("", abstract=text), 0, len(text)) for text in question.snippet_texts]
    contexts = list(map(context_of, passages))
    readings = reader.read(
        network, tokenizer, max_tokens, question.body, contexts, max_tokens=_ANSWER_TOKENS, count=_SPANS
    )
    return SubmittedAnswer(question.id, exact=ANSWERS[question.type](readings))


def factoid_answers(readings: Sequence[Reading]) -> tuple[str, ...]:
    """The answers with the largest sums of span probabilities, best first."""
    spans = ((reading, span.start, span.end, span.probability) for reading in readings for span in reading.spans)
    return tuple(_sums(spans))[:FACTOID_ANSWERS]


def list_answers(readings: Sequence[Reading]) -> tuple[str, ...]:
    """The items whose probabilities add up to at least one half, best first."""
    items = ((reading, span.start, span.end, span.probability) for reading in readings for span in reading.items)
    return tuple(text for text, total in _sums(items).items() if total >= _LEAST_ITEM_SUM)


def yes_no_answer(readings: Sequence[Reading]) -> tuple[str, ...]:
    """Yes unless the summed probabilities favour no."""
    verdicts = [reading.verdict for reading in readings if reading.verdict]
    return ("yes" if sum(yes - no for yes, no, _ in verdicts) >= 0 else "no",)


def _sums(spans: Iterable[tuple[Reading, int, int, float]]) -> dict[str, float]:
    """The distinct answers, each as first written, with the sum of their probabilities, best first."""
    texts: dict[str, str] = {}
    totals: dict[str, float] = {}
    for reading, start, end, probability in spans:
        text = reading.context.text[start:end]
        key = normalize_answer(text)
        texts.setdefault(key, text)
        totals[key] = totals.get(key, 0.0) + probability
    return {texts[key]: totals[key] for key in sorted(totals, key=lambda key: -totals[key])}


ANSWERS: Mapping[QuestionType, Callable[[Sequence[Reading]], tuple[str, ...]]] = {
    QuestionType.FACTOID: factoid_answers,
    QuestionType.LIST: list_answers,
    QuestionType.YESNO: yes_no_answer,
    QuestionType.SUMMARY: lambda _: (),
}
