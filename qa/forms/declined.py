"""Notices: one helpful line where bioqa has no answer, or where the question may not say what was meant."""

from dataclasses import replace

from bioqa.qa.forms.form import Form, QuestionForm
from bioqa.qa.response import Response

_EXAMPLE = 'for example: "what gene causes cystic fibrosis?"'
_SURE = 1.2  # times the usual threshold, for an answer to a question with a word that the index does not know
_OFF_TOPIC = 0.1  # relevance of the passages below which a question is probably not biomedical


def notice(form: QuestionForm, question: str) -> str:
    """The line that answers a greeting, a question in another language or a single letter; empty for a question."""
    if form.form is Form.GREETING:
        return f"bioqa answers biomedical questions from the passages of its index; ask one, {_EXAMPLE}"
    if form.form is Form.FOREIGN:
        return f"bioqa reads English only; please ask in English, {_EXAMPLE}"
    if sum(character.isalnum() for character in question) < 2:
        return f"one letter or digit is no question; ask one in words, {_EXAMPLE}"
    return ""


def with_notice(response: Response, corrected: str) -> Response:
    """The response with the offer of a corrected question, or with a line on questions beyond the index."""
    if corrected:
        offered = f'Did you mean: "{corrected}"?'
        if response.answers and response.answers[0].confidence < _SURE * response.threshold:
            response = silenced(response)  # without the unknown word the question is another one
    elif response.abstained and not response.notice and response.relevance < _OFF_TOPIC:
        offered = f"Nothing in this index is about that; bioqa answers biomedical questions, {_EXAMPLE}"
        response = replace(response, guesses=(), disagreeing=())
    else:
        return response
    return replace(response, notice=" ".join(filter(None, (response.notice, offered))))


def silenced(response: Response, notice: str = "") -> Response:
    """The response with its answers as guesses, for the reason in `notice`, if there is one to give."""
    return replace(
        response,
        answers=(),
        guesses=response.answers or response.guesses,
        disagreeing=(),
        abstained=True,
        ideal_answer="",
        citations=(),
        notice=" ".join(filter(None, (response.notice, notice))),
    )
