"""Diagnosis of a question: the stage that lost it, as an entry of the ledger."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.measures.bioasq import is_correct
from bioqa.eval.runs.ceiling import any_occurs, extractable_items
from bioqa.eval.runs.ledger import Cause, LedgerEntry, NearestPair
from bioqa.index.text import analyzer
from bioqa.qa.aggregate import answer_ranges
from bioqa.qa.answers import Answer
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

_NEAR = 0.2  # the largest normalised edit distance at which a person takes two names for one
_LONGER = 0.5  # the least share of an answer's words that must be in the gold answer: "human glioma" is glioma
_SHORTER = 2 / 3  # the least share of a gold answer's words in the answer: "rotavirus" is no rotavirus disease
_EVIDENCE = 3  # sentences in an entry


def diagnose(gold: GoldQuestion, response: Response, best: Sequence[Answer]) -> LedgerEntry | None:
    """The entry of a question that was answered with `best`; None without a gold string to compare with.

    A factoid question is right if its first answer is correct. A list question is right if all items and no others are
    given; otherwise its cause is the most frequent one among the missed items, or the earliest stage of a tie.
    """
    if gold.type not in (QuestionType.FACTOID, QuestionType.LIST) or not gold.exact:
        return None
    answers = [answer.text for answer in best]
    scored = answers[:1] if gold.type is QuestionType.FACTOID else answers
    missed = [item for item in gold.exact if not any(is_correct(answer, item) for answer in scored)]
    wrong = [answer for answer in scored if not any(is_correct(answer, item) for item in gold.exact)]
    return LedgerEntry(
        id=gold.id,
        type=gold.type.value,
        question=gold.body,
        cause=_cause(gold, response, missed, wrong),
        gold=gold.exact,
        answers=tuple(answers),
        confidence=best[0].confidence if best else None,
        extractable=any(extractable_items(gold)),
        nearest=nearest_pair(wrong, missed),
        evidence=tuple(dict.fromkeys(e.sentence for answer in best for e in answer.evidence[:1]))[:_EVIDENCE],
    )


def nearest_pair(answers: Sequence[str], missed: Sequence[Sequence[str]]) -> NearestPair | None:
    """The closest pair of a wrong answer and a missed gold string."""
    pairs = [(edit_distance(answer, text), answer, text) for answer in answers for item in missed for text in item]
    if not pairs:
        return None
    closest = min(pairs)
    return NearestPair(closest[1], closest[2], round(closest[0], 4))


def edit_distance(some: str, other: str) -> float:
    """The edit distance (Levenshtein 1966) of two strings in lower case, divided by the length of the longer (0..1)."""
    a, b = some.lower(), other.lower()
    row = list(range(len(b) + 1))
    for i, here in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, there in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (here != there))
    return row[-1] / max(len(a), len(b), 1)


def is_near_miss(answer: str, synonyms: Iterable[str]) -> bool:
    """Whether a person would accept `answer` for one of `synonyms` although the strings differ.

    They are equal after normalisation, differ by a few letters, or one has a word or two more. Numbers must agree: IL-6
    and IL-8 are only one character apart.
    """
    return any(_near(answer, synonym) for synonym in synonyms)


def _near(answer: str, synonym: str) -> bool:
    if normalize_answer(answer) == normalize_answer(synonym):
        return True
    if _numbers(answer) != _numbers(synonym):
        return False
    some, other = set(analyzer.terms(answer)), set(analyzer.terms(synonym))
    if other and other <= some:
        return len(other) >= _LONGER * len(some)
    if some and some <= other:
        return len(some) >= _SHORTER * len(other)
    return edit_distance(answer, synonym) <= _NEAR


def _numbers(text: str) -> list[str]:
    return sorted("".join(letter if letter.isdigit() else " " for letter in text).split())


def _cause(gold: GoldQuestion, response: Response, missed: Sequence[Sequence[str]], wrong: Sequence[str]) -> Cause:
    if not missed:
        return Cause.MISRANKED if wrong else Cause.RIGHT
    contexts = [reading.context.text for reading in response.readings]
    extracted = {
        reading.context.text[start:end].lower()
        for reading in response.readings
        for span in reading.spans
        for start, end in answer_ranges(reading.context.text, span, gold.type)
    }
    snippets = [snippet.text for snippet in gold.snippets]

    def cause_of(item: Sequence[str]) -> Cause:
        if any(is_near_miss(answer, item) for answer in wrong):
            return Cause.NEAR_MISS
        if any(text.lower() in extracted for text in item):
            return Cause.MISRANKED
        if any_occurs(item, contexts):
            return Cause.NOT_READ
        return Cause.NOT_RETRIEVED if any_occurs(item, snippets) else Cause.NOT_EXTRACTABLE

    stages = list(Cause)
    counts = Counter(cause_of(item) for item in missed)
    return max(counts, key=lambda cause: (counts[cause], -stages.index(cause)))
