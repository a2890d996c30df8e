"""Asking the questions of gold files, each once, and keeping what comes of them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bioqa.eval import diagnosis, evaluation, scores
from bioqa.eval.evaluation import Evaluation
from bioqa.eval.given import GIVEN
from bioqa.eval.gold import GoldQuestion, Snippet
from bioqa.eval.journal import Journal
from bioqa.eval.outcome import Outcome
from bioqa.eval.scores import Batch
from bioqa.eval.submission import DOCUMENTS, SNIPPETS, Submitted
from bioqa.index.errors import InputError
from bioqa.index.progress import Progress, Silent
from bioqa.qa import summary
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine, Stopwatch
from bioqa.qa.questions import classify
from bioqa.qa.reader import Reading
from bioqa.qa.summary import Sentence


def evaluate(
    batches: Sequence[Batch],
    engine: Engine,
    given: str,
    against: Path | None = None,
    progress: Progress | None = None,
    deliver: Callable[[Evaluation], None] = lambda _: None,
) -> Evaluation:
    """Ask all questions and score what comes back; what an interrupted run of the same has found is not asked again.

    The run counts as interrupted until `deliver` has done with it what is to be done, such as writing it to a disk.

    Raises InputError where no passage of the gold documents is to be had, if those are what is given.
    """
    questions = scores.pooled(batches).questions
    if given == "documents" and not engine.index.passages_of([id_ for each in questions for id_ in each.documents]):
        raise InputError(
            f"{engine.index.folder}: holds none of the gold documents; name an index that does, or give the snippets"
        )
    config = AskConfig() if given == "nothing" else AskConfig().thorough()
    journal = Journal(_journals(), questions, engine, config, given)
    left = [question for question in questions if question.id not in journal.outcomes]
    for place, found in enumerate(run(left, engine, config, given), start=len(questions) - len(left) + 1):
        journal.add(found)
        (progress or Silent()).update(place / len(questions), place)
    outcomes = [journal.outcomes[question.id] for question in questions]
    facts = {
        "given": given,
        "index": str(engine.index.folder),
        "documents": f"{engine.index.manifest.documents:,}",
        "encoder": engine.encoder.card.name if engine.encoder else "none",
        "reader": engine.reader.model.card.name,
        "date": datetime.now(UTC).date().isoformat(),
    }
    found_all = evaluation.of_run(batches, outcomes, facts, retrieved=given == "nothing", against=against)
    deliver(found_all)
    journal.close()
    return found_all


def _journals() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("bioqa")) / "runs"


def run(questions: Sequence[GoldQuestion], engine: Engine, config: AskConfig, given: str) -> Iterator[Outcome]:
    """Ask every question with the type that the gold file gives, as BioASQ does; one outcome at a time.

    `given` names what is read, one of `GIVEN`. How much of that is read, `config` says.
    """
    for question in questions:
        watch = Stopwatch()
        with watch("question"):
            asked = engine.analyze(question.body, config, question.type)
        with watch("search"):
            hits = GIVEN[given](question, asked, engine)
        response = engine.answer(asked, hits[: config.passages], config, watch)
        best = response.answers or response.guesses
        submitted = Submitted(
            id=question.id,
            exact=tuple(answer.text for answer in best),
            ideal=response.ideal_answer
            or summary.join_sentences(summary.choose_sentences(response.sentences, config.ideal_words)),
            documents=tuple(dict.fromkeys(hit.passage.document.id for hit in hits))[:DOCUMENTS],
            snippets=tuple(snippet_of(sentence) for sentence in response.sentences[:SNIPPETS]),
        )
        yield Outcome(
            submitted=submitted,
            confidences=tuple(answer.confidence for answer in best),
            abstained=response.abstained,
            type_told=classify(question.body).value,
            gold_found=_gold_found(question, response.readings),
            row=diagnosis.entry(question, response, best),
            milliseconds=response.timings_ms["total"],
        )


def snippet_of(sentence: Sentence) -> Snippet:
    """A sentence as BioASQ's snippets say where it is: its characters in the title, the abstract or a section."""
    document, number = sentence.passage.document, sentence.passage.section
    begin = document.text.index(sentence.text, sentence.passage.start)
    if number is not None:
        section, offset = f"sections.{number}", document.section_starts[number]
    else:
        section, offset = ("abstract", document.abstract_start) if document.abstract else ("title", 0)
    return Snippet(document.id, section, section, begin - offset, begin - offset + len(sentence.text), sentence.text)


def _gold_found(question: GoldQuestion, readings: Sequence[Reading]) -> bool:
    return any(reading.context.passage.document.id in question.documents for reading in readings)
