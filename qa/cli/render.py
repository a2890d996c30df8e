"""Display of answers and search results: panels on a terminal, plain text elsewhere."""

import sys
from collections.abc import Sequence

from bioqa.index.records import Hit
from bioqa.index.terminal import say
from bioqa.qa.aggregate import Evidence
from bioqa.qa.cli.explanation import explanation_lines
from bioqa.qa.cli.phrases import (
    SHOWN_EVIDENCE,
    disagreement,
    how_sure,
    named,
    no_answer,
    other_side,
    published,
    ranks,
    reference,
    shown,
)
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response


def show_response(response: Response, *, explain: bool, name_question: bool = False) -> None:
    """Print a response: panels on a terminal, plain text elsewhere, there after the question if `name_question`."""
    if sys.stdout.isatty():
        from bioqa.qa.cli import panels

        for part in response.parts or (response,):
            panels.print_response(part, explain=explain)
        return
    if name_question:
        say(response.question)
    for part in response.parts:
        say(part.question)
        _print_response(part, explain=explain)
    if not response.parts:
        _print_response(response, explain=explain)


def show_hits(hits: Sequence[Hit]) -> None:
    """Print search results: in colour and wrapped on a terminal, plain text elsewhere."""
    if not hits:
        say("Nothing found.")
    elif sys.stdout.isatty():
        from bioqa.qa.cli import panels

        panels.print_hits(hits)
    else:
        for rank, hit in enumerate(hits, start=1):
            _print_hit(rank, hit)


def _print_hit(rank: int, hit: Hit) -> None:
    document = hit.passage.document
    say(f"{rank}. {document.title or document.id}")
    say("   " + "  ".join(filter(None, (named(document), published(hit), ranks(hit)))))
    for line in hit.passage.text.split("\n"):
        say(f"   {line}")
    say()


def _print_response(response: Response, *, explain: bool) -> None:
    for line in no_answer(response):
        say(line)
    for place, answer in enumerate(shown(response)):
        if place:
            say()
        say(f"{answer.text}  ({how_sure(answer)})")
        for item in answer.evidence[:SHOWN_EVIDENCE]:
            _print_evidence(item)
    if response.answers and response.disagreeing:
        say()
        say(disagreement(response))
        for item in other_side(response):
            _print_evidence(item)
    if response.type is QuestionType.SUMMARY:
        for sentence in response.citations:
            say(f"{sentence.text}  {reference(sentence.passage.document)}")
    if response.notice and not response.abstained:
        say()
        say(response.notice)
    if explain:
        say()
        for line in explanation_lines(response):
            say(line)


def _print_evidence(item: Evidence) -> None:
    say(f'  "{item.sentence}"  {reference(item.passage.document)}')
