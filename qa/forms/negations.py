"""Answers to negated and excluding questions: only what a sentence itself negates or advises against."""

import re
from collections.abc import Iterable, Sequence

from bioqa.qa.answers import Answer
from bioqa.qa.forms.form import QuestionForm
from bioqa.qa.normalize import normalize_answer

_SAYS_SO = re.compile(
    r"\b(?:not|never|cannot|avoid(?:ed|s|ing)?|contra-?indicated|contraindications?|without|neither|nor|none|unsafe"
    r"|forbidden|lacks?|lacking|except(?:ion|s)?|excludes?d?|instead|independent(?:ly)?|only|unlike|rather than|alone"
    r"|free of|harm(?:s|ful)?|dangerous|teratogenic|prohibit(?:ed|s)?|withheld|stopped|discontinued|spares?|fails?"
    r"|unnecessary|absent|ineffective|resistant|little|hardly|rarely|less|least|unchanged|no|interacts?|interactions?"
    r"|raises? the (?:risk|INR)|potentiates?)\b|n['’]t\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r";|,? (?:but|whereas|while|although|though|however)\b|, and (?=\w+ (?:is|are|does|do|can)\b)", re.IGNORECASE
)


def supported(form: QuestionForm, answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """The answers that are not among the excluded things and, where the question is negated, whose evidence is too.

    Evidence counts only if the clause of the answer holds the negation.
    """
    excluded = {normalize_answer(thing) for thing in form.excluded}
    kept = []
    for answer in answers:
        if excluded & set(normalize_answer(answer.text).split()) or normalize_answer(answer.text) in excluded:
            continue
        evidence = tuple(
            item
            for item in answer.evidence
            if not form.negated or _SAYS_SO.search(clause_of(item.sentence, item.start, item.end))
        )
        if evidence:
            kept.append(Answer(answer.text, answer.confidence, answer.features, evidence))
    return tuple(kept)


def says_so(text: str) -> bool:
    """Whether a text denies something or advises against it."""
    return bool(_SAYS_SO.search(text))


def clause_of(sentence: str, start: int, end: int) -> str:
    """The clause of a sentence that holds these characters."""
    borders: Sequence[int] = [0, *(found.start() for found in _CLAUSE.finditer(sentence)), len(sentence)]
    first = max((border for border in borders if border <= start), default=0)
    last = min((border for border in borders if border >= end), default=len(sentence))
    return sentence[first:last]
