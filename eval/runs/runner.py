"""Runs of gold questions through an engine, and their evaluation."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.datasets.submission import DOCUMENTS, SNIPPETS, SubmittedAnswer
from bioqa.eval.runs import evaluation, scores
from bioqa.eval.runs.diagnosis import diagnose
from bioqa.eval.runs.evaluation import Evaluation
from bioqa.eval.runs.evidence import PASSAGE_SOURCES
from bioqa.eval.runs.journal import Journal
from bioqa.eval.runs.outcome import Outcome
from bioqa.eval.runs.scores import GoldBatch
from bioqa.index.errors import InputError
from bioqa.index.progress import NoProgress, Progress
from bioqa.qa import summary
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType, classify
from bioqa.qa.reader import Reading
from bioqa.qa.stopwatch import Stopwatch
from bioqa.qa.summary import Sentence

_NO_EVIDENCE = ("yes",)  # to a yes/no question without passages: BioASQ takes no empty answer, and most are yes


def evaluate(
    batches: Sequence[GoldBatch],
    engine: Engine,
    source: str,
    baseline: Path | None = None,
    progress: Progress | None = None,
    deliver: Callable[[Evaluation], None] = lambda _: None,
) -> Evaluation:
    """Ask all questions and score the answers. `source` names where passages come from, one of `PASSAGE_SOURCES`.

    An interrupted run resumes. It counts as interrupted until `deliver` has returned, for instance after writing files.

    Raises InputError if the gold documents are the source and the index holds none of them.
    """
    questions = scores.pooled(batches).questions
    if source == "documents" and not engine.index.passages_of(
        [document for question in questions for document in question.documents]
    ):
        raise InputError(
            f"{engine.index.location}: holds none of the gold documents; pass an index that does, or use the snippets"
        )
    config = AskConfig() if source == "nothing" else AskConfig().for_given_passages()
    journal = Journal(_journals(), questions, engine, config, source)
    remaining = [question for question in questions if question.id not in journal.outcomes]
    new_outcomes = answer_all(remaining, engine, config, source)
    for place, outcome in enumerate(new_outcomes, start=len(questions) - len(remaining) + 1):
        journal.add(outcome)
        (progress or NoProgress()).update(place / len(questions), place)
    outcomes = [journal.outcomes[question.id] for question in questions]
    facts = {
        "given": source,
        "index": engine.index.location,
        "documents": f"{engine.index.documents:,}",
        "encoder": engine.encoder.card.name if engine.encoder else "none",
        "reader": engine.reader.model.card.name,
        "date": datetime.now(UTC).date().isoformat(),
    }
    scored = evaluation.evaluate_run(batches, outcomes, facts, retrieved=source == "nothing", baseline=baseline)
    deliver(scored)
    journal.close()
    return scored


def _journals() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("bioqa")) / "runs"


def answer_all(questions: Sequence[GoldQuestion], engine: Engine, config: AskConfig, source: str) -> Iterator[Outcome]:
    """Ask every question with its gold type, as BioASQ does; yields one outcome at a time.

    `source` names where passages come from, one of `PASSAGE_SOURCES`; `config` says how many are read.
    """
    for question in questions:
        watch = Stopwatch()
        with watch("question"):
            parsed = engine.analyze(question.body, config, question.type)
        with watch("search"):
            hits = PASSAGE_SOURCES[source](question, parsed, engine)
        response = engine.answer(parsed, hits[: config.passages], config, watch)
        best = response.answers or response.guesses
        exact = tuple(answer.text for answer in best)
        if question.type is QuestionType.YESNO and not exact:
            exact = _NO_EVIDENCE
        submitted = SubmittedAnswer(
            id=question.id,
            exact=exact,
            ideal=response.ideal_answer
            or summary.join_sentences(summary.choose_sentences(response.sentences, config.ideal_words)),
            documents=tuple(dict.fromkeys(hit.passage.document.id for hit in hits))[:DOCUMENTS],
            snippets=tuple(to_snippet(sentence) for sentence in response.sentences[:SNIPPETS]),
        )
        yield Outcome(
            submitted=submitted,
            confidences=tuple(answer.confidence for answer in best) or (0.0,) * len(exact),
            abstained=response.abstained,
            predicted_type=classify(question.body).value,
            gold_document_read=_gold_document_read(question, response.readings),
            ledger_entry=diagnose(question, response, best),
            milliseconds=response.timings_ms["total"],
        )


def to_snippet(sentence: Sentence) -> Snippet:
    """A sentence as a BioASQ snippet, with its character offsets in the title, the abstract or a section."""
    document, number = sentence.passage.document, sentence.passage.section
    begin = document.text.index(sentence.text, sentence.passage.start)
    if number is not None:
        section, offset = f"sections.{number}", document.section_starts[number]
    else:
        section, offset = ("abstract", document.abstract_start) if document.abstract else ("title", 0)
    return Snippet(document.id, section, section, begin - offset, begin - offset + len(sentence.text), sentence.text)


def _gold_document_read(question: GoldQuestion, readings: Sequence[Reading]) -> bool:
    return any(reading.context.passage.document.id in question.documents for reading in readings)
