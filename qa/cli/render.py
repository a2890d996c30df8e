"""Display of answers and search results: panels on a terminal, plain text elsewhere."""

import sys
from collections.abc import Sequence
from typing import Any

from bioqa.index.records import CONCERN, RETRACTED, Document, Hit
from bioqa.index.terminal import printable, say
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import GUESS, Answer, are_starter, sources, without_overlaps
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import VERDICTS, Reading
from bioqa.qa.response import Response

_SHOWN_ANSWERS = 3  # to a factoid question
_SHOWN_EVIDENCE = 2  # sentences per answer
_NEAREST = 3  # papers named where there is no answer
_MIN_WIDTH, _MAX_WIDTH = 20, 110  # columns; some terminals report a width of 0
_DONT_KNOW = "I don't know: the literature in this index does not say."
_NO_GUESS = (Form.NEGATED, Form.CHOICE, Form.ABBREVIATION)  # forms that a guess of the reader misses
_WARNINGS = {RETRACTED: "RETRACTED", CONCERN: "expression of concern"}  # by the status of a document


def show_response(response: Response, *, explain: bool, name_question: bool = False) -> None:
    """Print a response: panels on a terminal, plain text elsewhere, there after the question if `name_question`."""
    if sys.stdout.isatty():
        for part in response.parts or (response,):
            _response_panels(part, explain=explain)
        return
    if name_question:
        say(response.question)
    for part in response.parts:
        say(part.question)
        _response_text(part, explain=explain)
    if not response.parts:
        _response_text(response, explain=explain)


def show_hits(hits: Sequence[Hit]) -> None:
    """Print search results."""
    if not hits:
        say("Nothing found.")
    for rank, hit in enumerate(hits, start=1):
        say(f"{rank}. {hit.passage.document.title or hit.passage.document.id}")
        say(f"   {_named(hit.passage.document)}{_published(hit)}  score {hit.score:.3f} ({_ranks(hit)})")
        for line in hit.passage.text.split("\n"):
            say(f"   {line}")
        say()


def _published(hit: Hit) -> str:
    document = hit.passage.document
    facts = [str(fact) for fact in (document.journal, document.year, hit.passage.heading) if fact]
    return f"  {', '.join(facts)}" if facts else ""


def _named(document: Document) -> str:
    """The id of a document with its warning."""
    return f"{document.id}{_warning(document)}"


def _warning(document: Document) -> str:
    warning = _WARNINGS.get(document.status)
    return f" ({warning})" if warning else ""


def _ranks(hit: Hit) -> str:
    return f"BM25 {hit.lexical_rank or '-'}, dense {hit.dense_rank or '-'}"


def _found_by(hit: Hit) -> str:
    """Rank and score from each search, as in "BM25 1 with 9.31, dense - with 0.412"."""
    searches = {"BM25": (hit.lexical_rank, hit.lexical_score), "dense": (hit.dense_rank, hit.dense_score)}
    return ", ".join(
        f"{name} {rank or '-'}" + ("" if score is None else f" with {score:.3g}")
        for name, (rank, score) in searches.items()
    )


def _says(who: str | int, answer: Answer) -> str:
    """As in "3 say yes" and "1 paper says no"."""
    return f"{who} {'say' if len(answer.documents) > 1 else 'says'} {answer.text}"


def _disagreement(response: Response) -> str:
    """The counts of disagreeing papers, as in "Papers disagree: 3 say yes, 1 says no."; the answer itself may have
    none."""
    sides = (response.answers[0], *response.disagreeing)
    counts = [_says(len(answer.documents) or "none", answer) for answer in sides]
    starter = are_starter([document for answer in sides for document in answer.documents])
    return f"{'Passages' if starter else 'Papers'} disagree: {', '.join(counts)}."


def _other_side(response: Response) -> list[Evidence]:
    """The best sentence for each conflicting answer that is not displayed."""
    shown = _shown(response)
    return [answer.evidence[0] for answer in response.disagreeing if answer not in shown]


def _how_sure(answer: Answer) -> str:
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
    return [f"{line} ({'; '.join([_how_sure(guess), *others])})"]


def _nearest(response: Response) -> list[str]:
    """The papers that are closest to the question, a line each, if any is close."""
    if response.relevance < response.threshold:
        return []
    documents = {hit.passage.document.id: hit.passage.document for hit in response.hits}
    return [f"Nearest: {document.title} {_reference(document)}" for document in list(documents.values())[:_NEAREST]]


def _no_answer(response: Response) -> list[str]:
    """What to say in place of an answer: a notice alone if the literature was not searched."""
    if not response.abstained:
        return []
    notice = [response.notice] if response.notice else []
    return notice if notice and not response.hits else [_DONT_KNOW, *notice, *_best_guess(response)]


def _shown(response: Response) -> Sequence[Answer]:
    """The answers to display: all items of a list; else the best answer and other likely ones that do not overlap with
    it."""
    if response.type is QuestionType.LIST:
        return response.answers
    others = [answer for answer in response.answers[1:] if answer.confidence >= response.threshold]
    return without_overlaps([*response.answers[:1], *others])[:_SHOWN_ANSWERS]


# Plain text


def _response_text(response: Response, *, explain: bool) -> None:
    for line in _no_answer(response):
        say(line)
    for answer in _shown(response):
        say(f"{answer.text}  ({_how_sure(answer)})")
        for item in answer.evidence[:_SHOWN_EVIDENCE]:
            say(f'  "{item.sentence}"  {_reference(item.passage.document)}')
    if response.answers and response.disagreeing:
        say(_disagreement(response))
        for item in _other_side(response):
            say(f'  "{item.sentence}"  {_reference(item.passage.document)}')
    if response.type is QuestionType.SUMMARY:
        for sentence in response.citations:
            say(f"{sentence.text}  {_reference(sentence.passage.document)}")
    if response.notice and not response.abstained:
        say(response.notice)
    if explain:
        say()
        for line in _explanation_lines(response):
            say(line)


def _reference(document: Document) -> str:
    return f"[{document.link or document.id}]{_warning(document)}"


def _explanation_lines(response: Response) -> list[str]:
    lines = [f"asked: {response.asked} (the rest of the question helps the search)"] if response.asked else []
    lines += [
        f"type {response.type}, asks for {response.answer_type or 'anything'}; "
        f"relevant passages: {response.relevance:.0%}; abstains below {response.threshold:.0%}",
        "retrieved:",
    ]
    for rank, hit in enumerate(response.hits, start=1):
        document = hit.passage.document
        lines.append(f"  {rank:>2}. {_named(document)}  {hit.score:.3f} ({_found_by(hit)})  {document.title}")
    lines.append("read (relevance of each passage, and its answer; a span with its score over no answer):")
    for reading in response.readings:
        lines.append(f"  {_named(reading.context.passage.document)}  {_reading_line(reading, response.type)}")
    if response.type in (QuestionType.FACTOID, QuestionType.LIST):
        lines.append("merged:")
        for answer in response.answers or response.guesses:
            names = dict.fromkeys(_named(item.passage.document) for item in answer.evidence)
            lines.append(f"  {answer.confidence:.0%}  {answer.text}  from {', '.join(names)}")
    lines.append("time: " + ", ".join(f"{step} {ms:.0f} ms" for step, ms in response.timings_ms.items()))
    return lines


def _reading_line(reading: Reading, question_type: QuestionType) -> str:
    """The reader's output for a passage: its relevance, and by question type the verdict or the best span with its
    score."""
    parts = [] if reading.relevance is None else [f"relevant {reading.relevance:.0%}"]
    if question_type is QuestionType.YESNO:
        parts += [f"{name} {share:.0%}" for name, share in zip(VERDICTS, reading.verdict or (), strict=False)]
    elif question_type is not QuestionType.SUMMARY:
        parts += [f"{span.score:+.1f} {reading.context.text[span.start : span.end]}" for span in reading.spans[:1]]
    return ", ".join(parts)


# Terminal


def _response_panels(response: Response, *, explain: bool) -> None:
    from rich.console import Console, Group
    from rich.markup import escape
    from rich.panel import Panel
    from rich.text import Text

    console = Console(width=min(max(Console().width, _MIN_WIDTH), _MAX_WIDTH))
    bar = "#-" if console.options.ascii_only else "━─"
    if response.abstained:
        first, *others = _no_answer(response)
        lines = [Text(printable(first), style="bold yellow")]
        lines += [Text(printable(line), style="dim") for line in others]
        console.print(
            Panel(Group(*lines), title=escape(printable(response.question)), title_align="left", border_style="yellow")
        )
    elif response.type is QuestionType.SUMMARY:
        body = [_cited(sentence.text, sentence.passage.document) for sentence in response.citations]
        console.print(
            Panel(Group(*body), title=escape(printable(response.question)), title_align="left", border_style="green")
        )
    else:
        blocks = [
            block
            for place, answer in enumerate(_shown(response))
            for block in _answer_block(answer, bar, best=place == 0)
        ]
        if response.disagreeing:
            blocks.append(Text(printable(_disagreement(response)), style="yellow"))
            blocks += [_cited(item.sentence, item.passage.document) for item in _other_side(response)]
        console.print(
            Panel(Group(*blocks), title=escape(printable(response.question)), title_align="left", border_style="green")
        )
    if response.notice and not response.abstained:
        console.print(Text(printable(response.notice), style="dim"))
    if explain:
        console.print(
            Panel(
                "\n".join(escape(printable(line)) for line in _explanation_lines(response)),
                title="how",
                title_align="left",
                border_style="dim",
            )
        )


def _answer_block(answer: Answer, bar: str, *, best: bool) -> list[Any]:
    """An answer with its evidence; `bar` holds the characters for the filled and the empty part of its confidence
    bar."""
    from rich.text import Text

    filled = round(answer.confidence * 20)
    head = Text(printable(answer.text), style="bold green" if best else "bold")
    head.append(f"   {bar[0] * filled}", style="green").append(bar[1] * (20 - filled), style="bright_black")
    head.append(f" {answer.confidence:.0%}  {sources(answer.documents)}", style="default not bold")
    lines: list[Any] = [head]
    for item in answer.evidence[: _SHOWN_EVIDENCE if best else 1]:
        line = _cited(item.sentence, item.passage.document)
        if item.end - item.start < len(item.sentence):
            line.stylize("bold black on yellow", 2 + item.start, 2 + item.end)
        lines.append(line)
    return lines


def _cited(sentence: str, document: Document) -> Any:
    from rich.text import Text

    line = Text(f"  {printable(sentence)} ")
    line.append(f"[{printable(document.id)}]", style=f"cyan link {document.link}" if document.link else "cyan")
    return line.append(_warning(document), style="bold red")
