"""Uncertain short answers: the sentences that are closest to the question are shown in their place."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bioqa.qa import summary
from bioqa.qa.answer_types import matches_answer_type
from bioqa.qa.answers import GUESS
from bioqa.qa.config import AskConfig
from bioqa.qa.forms import negations, routing
from bioqa.qa.forms.declined import silenced
from bioqa.qa.forms.form import Form, QuestionForm
from bioqa.qa.forms.statements import coverage, led_by, statements, with_title
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response
from bioqa.qa.summary import Sentence

SURE = 0.5  # confidence of a short answer from which it is given; below it sentences are right more often
LIKELY = 0.4  # the same for an answer out of the sentence that is closest to the question
SURE_BESIDE_CORRECTION = 0.3  # the same for a misspelt question, whose words the passages lack
SURE_OF_ONE = 0.5  # the same for the only item of a list, which should have several
_COVERS = 0.75  # share of the question's terms that a sentence and its title hold where it speaks of the same thing
_COVERS_RELEVANT = 0.6  # the same where the passages found are relevant
_COVERS_COUNTED = 0.7  # share of a question for a count that a sentence and its title must hold to be about it
_NUMBERS = re.compile(
    r"\b(?:\d[\d.,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)\b",
    re.IGNORECASE,
)
_OWN = 0.3  # the least share of the terms in the sentence itself
_EVIDENCE = 0.5  # worth of being the evidence of an uncertain answer, times its confidence over `SURE`
_COUNTED = re.compile(r"\bhow many (?P<noun>[\w-]+)", re.IGNORECASE)
_OTHERS = 3  # further sentences at most
_DECIDED = (Form.CHOICE, Form.ABBREVIATION)  # forms whose answers are not the reader's
_NOTICE = "No short answer is certain enough; these sentences are closest to the question."
_NOTICE_OF_SUMMARY = "These sentences are closest to the question; whether they answer it is uncertain."


def in_sentences(form: QuestionForm, question: str, terms: QuestionTerms, response: Response) -> Response:
    """The response, with an uncertain short answer replaced by the sentences closest to the question.

    It abstains where no sentence covers enough of the question.
    """
    if response.type is QuestionType.SUMMARY:
        silent = response.abstained and form.form in (Form.KEYWORDS, Form.QUESTION)
        ranked = _closest(form, question, terms, response) if silent else ()
        return _closest_shown(response, ranked, _NOTICE_OF_SUMMARY) if ranked else response
    if response.type not in (QuestionType.FACTOID, QuestionType.LIST) or form.form in _DECIDED:
        return response
    if response.answers and not _is_doubtful(question, terms, response):
        return response
    if form.form is Form.NEGATED and response.abstained:
        return response
    if form.form is Form.ASPECT and response.answers:
        return routing.aspect_in_sentences(form, terms, response)
    ranked = _closest(form, question, terms, response)
    if ranked and _leads(form, question, response, ranked[0]):
        return response
    if not ranked:
        return silenced(response) if response.answers else response
    notice = " ".join(filter(None, (response.notice if response.answers else "", _NOTICE)))
    return _closest_shown(response, ranked, notice)


def withheld(response: Response) -> Response:
    """The response without an uncertain short answer: where a word is misspelt, the correction helps more."""
    by_spans = response.type in (QuestionType.FACTOID, QuestionType.LIST)
    if by_spans and response.answers and response.answers[0].confidence < SURE_BESIDE_CORRECTION:
        return silenced(response)
    return response


def _closest_shown(response: Response, ranked: Sequence[Sentence], notice: str) -> Response:
    """The response as a summary of these sentences, without answers."""
    given = response.answers or response.guesses
    return replace(
        response,
        type=QuestionType.SUMMARY,
        answers=(),
        guesses=tuple(answer for answer in given if answer.confidence >= GUESS),
        disagreeing=(),
        abstained=False,
        ideal_answer=summary.join_sentences(ranked),
        citations=tuple(ranked),
        notice=notice,
    )


def _leads(form: QuestionForm, question: str, response: Response, closest: Sentence) -> bool:
    """Whether a short answer stands in the very sentence that is closest to the question."""
    if response.type is not QuestionType.FACTOID or not response.answers or form.negated or _COUNTED.search(question):
        return False
    first = response.answers[0]
    return first.confidence >= LIKELY and any(item.sentence == closest.text for item in first.evidence[:1])


def _is_doubtful(question: str, terms: QuestionTerms, response: Response) -> bool:
    """Whether the first answer should not stand alone.

    That is so if its confidence is low, if it is the only item of a list, and if it is a count out of several numbers
    in a sentence, or from a passage about something else.
    """
    first = response.answers[0]
    if response.type is QuestionType.LIST:
        return len(response.answers) == 1 and first.confidence < SURE_OF_ONE
    if first.confidence < SURE:
        return True
    if not first.evidence or not _COUNTED.search(question):
        return False
    best = first.evidence[0]
    if terms.coverage(f"{best.passage.document.title} {best.sentence}") < _COVERS_COUNTED:
        return True
    return len(_NUMBERS.findall(best.sentence)) > 1 and terms.coverage(best.sentence) < _COVERS


def _closest(form: QuestionForm, question: str, terms: QuestionTerms, response: Response) -> Sequence[Sentence]:
    """The sentence that covers most of the question, and others that do nearly as well."""
    least = _COVERS_RELEVANT if response.relevance >= response.threshold else _COVERS
    worth: list[tuple[float, Sentence]] = []
    relevances = {sentence.text: sentence.relevance for sentence in response.sentences}
    support: dict[str, float] = {}
    given = response.answers or response.guesses
    for answer in given:
        for item in answer.evidence[:1]:
            support[item.sentence] = max(support.get(item.sentence, 0.0), min(answer.confidence / SURE, 1.0))
    supporting = {item.sentence for answer in response.answers for item in answer.evidence}
    titles = [
        Sentence(item.passage, item.sentence, item.score)
        for answer in given
        for item in answer.evidence[:1]
        if item.sentence == item.passage.document.title
    ]
    for sentence in (*statements(response.hits), *titles):
        own = terms.coverage(sentence.text)
        both = coverage(with_title(sentence), terms.weights, terms)
        enough = _COVERS_RELEVANT if sentence.text in supporting else least
        if own < _OWN or both < enough or not _may_answer(form, question, response.answer_type, sentence.text):
            continue
        closeness = 0.6 * own + 0.4 * both + 0.5 * relevances.get(sentence.text, 0.0)
        worth.append((closeness + _EVIDENCE * support.get(sentence.text, 0.0), sentence))
    ranked = [sentence for _, sentence in sorted(worth, key=lambda pair: -pair[0])]
    return led_by(ranked[:1], ranked[1:_OTHERS], AskConfig().ideal_words)


def _may_answer(form: QuestionForm, question: str, answer_type: str | None, sentence: str) -> bool:
    """Whether a sentence holds something of the kind that is asked for, and is negated where the question is."""
    if form.negated and not negations.says_so(sentence):
        return False
    counted = _COUNTED.search(question)
    if counted and not re.search(
        rf"{_NUMBERS.pattern}(?:[ -][\w%-]+){{0,3}}[ -]{re.escape(counted['noun'].rstrip('s'))}",
        sentence,
        re.IGNORECASE,
    ):
        return False
    asked = set(re.findall(r"\w+", question.lower()))
    rest = " ".join(word for word in sentence.split() if word.lower().strip(".,;:()") not in asked)
    return matches_answer_type(answer_type, rest)
