"""Several questions in one: their responses as one response."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from bioqa.qa import summary
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response
from bioqa.qa.summary import Sentence


def combine(question: str, parts: Sequence[Response]) -> Response:
    """One response that carries the answers of all parts, each part's best first.

    It is a summary if one of the parts is, because a summary holds the statements of all; otherwise a list. It abstains
    only if all parts do.
    """
    answered = [part for part in parts if not part.abstained]
    silent = [part for part in parts if part.abstained]
    as_summary = any(part.type is QuestionType.SUMMARY for part in answered)
    rows = zip_longest(*map(_statements, answered))
    citations = list({sentence.text: sentence for row in rows for sentence in row if sentence is not None}.values())
    firsts = [part.answers[:1] if part.type is not QuestionType.LIST else part.answers for part in answered]
    others = [part.answers[len(first) :] for part, first in zip(answered, firsts, strict=True)]
    answers = chain(*zip_longest(*firsts), *zip_longest(*others))
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


def _statements(part: Response) -> list[Sentence]:
    """The sentences that answer a part: the evidence of its best answer before the other sentences."""
    evidence = part.answers[0].evidence[:1] if part.answers else ()
    return [*(Sentence(item.passage, item.sentence, 1.0) for item in evidence), *part.citations]
