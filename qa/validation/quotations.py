"""Quotations: evidence is a sentence rather than a title, and a summary is short and begins with what it is about."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bioqa.qa import summary
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import context_of
from bioqa.qa.response import Response
from bioqa.qa.summary import Sentence

_AS_GOOD = 0.5  # share of a title's coverage of the question that a sentence needs in its place
_REFERS_BACK = re.compile(r"^(?:It|Its|They|Their|He|She)\b")


def quoting_sentences(answers: Sequence[Answer], terms: QuestionTerms) -> list[Answer]:
    """The answers, with a sentence of the passage in place of its title as evidence where one says as much.

    Titles that remain come after the sentences.
    """
    return [
        replace(
            answer,
            evidence=tuple(
                sorted((_in_text(item, terms) if _is_title(item) else item for item in answer.evidence), key=_is_title)
            ),
        )
        if any(map(_is_title, answer.evidence))
        else answer
        for answer in answers
    ]


def _is_title(item: Evidence) -> bool:
    return item.sentence == item.passage.document.title


def _in_text(title: Evidence, terms: QuestionTerms) -> Evidence:
    """The sentence of the same passage that holds the same words and most of the question, else the title."""
    context = context_of(title.passage)
    same = re.compile(rf"(?<!\w){re.escape(title.text)}(?!\w)")
    best, most = title, _AS_GOOD * terms.coverage(title.sentence)
    for start, end in context.sentences:
        sentence = context.text[start:end]
        found = same.search(sentence)
        if found and sentence != title.sentence and (covered := terms.coverage(sentence)) >= most:
            best = replace(title, sentence=sentence, start=found.start(), end=found.end())
            most = covered + 1e-6  # the first of equals
    return best


def shortened(response: Response, most: int) -> Response:
    """The response with a summary of at most `most` sentences.

    Where the first one refers to something before it, the sentence before it in the text comes first.
    """
    if response.type is not QuestionType.SUMMARY or not response.citations:
        return response
    sentences = list(response.citations)
    if _REFERS_BACK.match(sentences[0].text) and (before := _before(sentences[0])):
        sentences = [before, *(sentence for sentence in sentences if sentence.text != before.text)]
    if sentences[:most] == list(response.citations):
        return response
    return replace(response, citations=tuple(sentences[:most]), ideal_answer=summary.join_sentences(sentences[:most]))


def _before(sentence: Sentence) -> Sentence | None:
    """The sentence before one in its passage, if it stands alone."""
    context = context_of(sentence.passage)
    texts = [context.text[start:end] for start, end in context.sentences]
    place = texts.index(sentence.text) if sentence.text in texts else 0
    earlier = texts[place - 1] if place else ""
    if not earlier or earlier == sentence.passage.document.title or _REFERS_BACK.match(earlier):
        return None
    return Sentence(sentence.passage, earlier, sentence.relevance)
