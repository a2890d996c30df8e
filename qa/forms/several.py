"""Several questions in one: their responses as one response."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from bioqa.qa import summary
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response


def combine(question: str, parts: Sequence[Response]) -> Response:
    """One response that carries the answers of all parts, each part's best first.

    It is a summary if one of the parts is, because a summary holds the statements of all; otherwise a list. It abstains
    only if all parts do.
    """
    answered = [part for part in parts if not part.abstained]
    silent = [part for part in parts if part.abstained]
    as_summary = any(part.type is QuestionType.SUMMARY for part in answered)
    rows = zip_longest(*(part.citations for part in answered))
    citations = list({sentence.text: sentence for row in rows for sentence in row if sentence is not None}.values())
    answers = chain.from_iterable(zip_longest(*(part.answers for part in answered)))
    notices = [part.notice or f"No answer was found to: {part.question}" for part in silent]
    return replace(
        parts[0],
        question=question,
        form=Form.SEVERAL,
        type=QuestionType.SUMMARY if as_summary else QuestionType.LIST,
        answers=() if as_summary else tuple(answer for answer in answers if answer is not None),
        guesses=(),
        disagreeing=(),
        abstained=not answered,
        ideal_answer=summary.join_sentences(citations),
        citations=tuple(citations),
        notice=" ".join(notices),
        timings_ms={step: sum(part.timings_ms.get(step, 0.0) for part in parts) for step in parts[0].timings_ms},
        parts=tuple(parts),
    )
