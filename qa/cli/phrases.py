"""Phrases of answers and search results, the same on a terminal and in a pipe."""

from collections.abc import Sequence

from bioqa.index.records import CONCERN, RETRACTED, Document, Hit
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import GUESS, Answer, are_starter, sources, without_overlaps
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

SHOWN_EVIDENCE = 2  # sentences per answer
_SHOWN_ANSWERS = 3  # to a factoid question
_NEAREST = 3  # papers named where there is no answer
_DONT_KNOW = "I don't know: the literature in this index does not say."
_NO_GUESS = (Form.NEGATED, Form.CHOICE, Form.ABBREVIATION)  # forms that a guess of the reader misses
_WARNINGS = {RETRACTED: "RETRACTED", CONCERN: "expression of concern"}  # by the status of a document


def published(hit: Hit) -> str:
    """Journal, year and section of a hit, as far as they are known."""
    document = hit.passage.document
    facts = [str(fact) for fact in (document.journal, document.year, hit.passage.heading) if fact]
    return ", ".join(facts)


def named(document: Document) -> str:
    """The id of a document with its warning."""
    return f"{document.id}{warning(document)}"


def warning(document: Document) -> str:
    """As in " (RETRACTED)"; empty for a paper with which nothing is wrong."""
    text = _WARNINGS.get(document.status)
    return f" ({text})" if text else ""


def reference(document: Document) -> str:
    """The address of a document in brackets, or its id, with its warning."""
    return f"[{document.link or document.id}]{warning(document)}"


def ranks(hit: Hit) -> str:
    """Score and ranks of a hit, as in "score 0.917 (BM25 1, dense 4)"."""
    return f"score {hit.score:.3f} (BM25 {hit.lexical_rank or '-'}, dense {hit.dense_rank or '-'})"


def _says(who: str | int, answer: Answer) -> str:
    """As in "3 say yes" and "1 paper says no"."""
    return f"{who} {'say' if len(answer.documents) > 1 else 'says'} {answer.text}"


def disagreement(response: Response) -> str:
    """The counts of disagreeing papers, as in "Papers disagree: 3 say yes, 1 says no."; the answer itself may have
    none."""
    sides = (response.answers[0], *response.disagreeing)
    counts = [_says(len(answer.documents) or "none", answer) for answer in sides]
    starter = are_starter([document for answer in sides for document in answer.documents])
    return f"{'Passages' if starter else 'Papers'} disagree: {', '.join(counts)}."


def other_side(response: Response) -> list[Evidence]:
    """The best sentence for each conflicting answer that is not displayed."""
    displayed = shown(response)
    return [answer.evidence[0] for answer in response.disagreeing if answer not in displayed]


def how_sure(answer: Answer) -> str:
    """Confidence and papers, as in "53%, 4 papers"."""
    return f"{answer.confidence:.0%}, {sources(answer.documents)}"


def _best_guess(response: Response) -> list[str]:
    """A line with the best guess, if there is a likely one, else the nearest papers.

    A guess that does not fit the form of the question misleads.
    """
    guess = response.guesses[0] if response.guesses else None
    if not guess or guess.confidence < GUESS or response.form in _NO_GUESS:
        return _nearest(response)
    line = f"Best guess, too uncertain to call an answer: {guess.text}"
    if guess.confidence >= response.threshold > response.relevance:
        return [line]  # a confident yes or no from irrelevant passages: the confidence would mislead
    others = [_says(sources(other.documents), other) for other in response.disagreeing]
    return [f"{line} ({'; '.join([how_sure(guess), *others])})"]


def _nearest(response: Response) -> list[str]:
    """The papers that are closest to the question, a line each, if any is close."""
    if response.relevance < response.threshold:
        return []
    documents = {hit.passage.document.id: hit.passage.document for hit in response.hits}
    return [f"Nearest: {document.title} {reference(document)}" for document in list(documents.values())[:_NEAREST]]


def no_answer(response: Response) -> list[str]:
    """What to say in place of an answer: a notice alone if the literature was not searched."""
    if not response.abstained:
        return []
    notice = [response.notice] if response.notice else []
    return notice if notice and not response.hits else [_DONT_KNOW, *notice, *_best_guess(response)]


def shown(response: Response) -> Sequence[Answer]:
    """The answers to display: all items of a list; else the best answer and other likely ones that do not overlap with
    it."""
    if response.type is QuestionType.LIST:
        return response.answers
    others = [answer for answer in response.answers[1:] if answer.confidence >= response.threshold]
    return without_overlaps([*response.answers[:1], *others])[:_SHOWN_ANSWERS]
