"""Asking the everyday questions and minimal pairs: of the starter index, and of an index with the PubMed abstracts."""

from collections.abc import Callable
from pathlib import Path

from bioqa.eval.everyday.scores import EverydayScores, JudgedPair, JudgedQuestion, Reply
from bioqa.eval.everyday.table import EverydayQuestion, EverydayTable, MinimalPair
from bioqa.index.progress import NoProgress, Progress
from bioqa.qa import summary
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

_ANSWERS = 3  # a right answer among the first three counts, as people read that far
_PROSE = 400  # characters of an ideal answer, some three sentences


def evaluate(
    table: EverydayTable,
    half: str,
    starter: Path,
    pubmed: Path | None = None,
    reader: Path | None = None,
    progress: Progress | None = None,
) -> EverydayScores:
    """Ask the rows of one half and judge the replies.

    Rows are put to the indexes as `by_engine` does. Raises IndexFolderError for a folder without an index.
    """
    chosen = table.of_half(half)
    parts = by_engine(chosen, starter, pubmed, reader)
    facts = {"reader": parts[0][0].reader.model.card.name, "starter": str(starter)}
    if pubmed:
        facts["pubmed"] = str(pubmed)
    total = sum(len(part) for _, part in parts)
    ask = _Asking(total, progress or NoProgress()).ask
    questions = [ask(question, asked) for asked, part in parts for question in part.questions]
    pairs = [_judged(pair, asked, ask) for asked, part in parts for pair in part.pairs]
    left_out = {
        "questions": len(chosen.questions) - len(questions),
        "pairs": len(chosen.pairs) - len(pairs),
    }
    return EverydayScores(half, questions, pairs, left_out, facts)


def by_engine(
    table: EverydayTable, starter: Path, pubmed: Path | None = None, reader: Path | None = None
) -> list[tuple[Engine, EverydayTable]]:
    """Engines over the index `starter` and, if given, the index `pubmed`, each with the rows to ask of it.

    Rows over PubMed abstracts that `pubmed` does not hold are left out. Raises IndexFolderError for a folder without an
    index.
    """
    engine = Engine.open(starter, reader)
    parts = [(engine, table.of_starter())]
    if pubmed:
        other = Engine.open(pubmed, reader)
        parts.append((other, _held(table.of_pubmed(), other)))
    return parts


def reply_of(response: Response) -> Reply:
    """The part of a response that is judged; where bioqa abstained, what it held back."""
    said = response.answers or response.guesses
    prose = ""
    if response.type is QuestionType.SUMMARY:
        prose = response.ideal_answer or summary.join_sentences(
            summary.choose_sentences(response.sentences, AskConfig().ideal_words)
        )
    return Reply(
        type=response.type,
        abstained=response.abstained,
        answers=tuple(answer.text for answer in said[:_ANSWERS]),
        prose=prose[:_PROSE],
        confidence=said[0].confidence if said else response.relevance if prose else 0.0,
    )


class _Asking:
    """Asks one question after the other and reports how many are done."""

    def __init__(self, total: int, progress: Progress):
        self._total, self._progress, self._done = total, progress, 0

    def ask(self, question: EverydayQuestion, engine: Engine) -> JudgedQuestion:
        response = engine.ask(question.text, AskConfig())
        self._done += 1
        self._progress.update(self._done / self._total, self._done)
        return JudgedQuestion(question, reply_of(response))


_Ask = Callable[[EverydayQuestion, Engine], JudgedQuestion]


def _judged(pair: MinimalPair, engine: Engine, ask: _Ask) -> JudgedPair:
    true, false = pair.questions()
    return JudgedPair(pair, ask(true, engine), ask(false, engine))


def _held(table: EverydayTable, engine: Engine) -> EverydayTable:
    """The rows whose abstract the index holds."""
    sources = sorted(table.sources())
    held = {passage.document.id for passage in engine.index.passages_of(sources)}
    return EverydayTable(
        questions=tuple(question for question in table.questions if question.source in held),
        pairs=tuple(pair for pair in table.pairs if pair.source in held),
    )
