"""`bioqa eval`: evaluation of answers, reading, search and speed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.eval.cli_learned import folder_of, warn_of_learned
from bioqa.eval.everyday.cli import everyday
from bioqa.eval.retrieval.cli import retrieval
from bioqa.eval.speed.cli import speed
from bioqa.eval.speed.cli_growth import growth
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option, reader_option, warn_of_borrowed_confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioqa.eval.datasets.squad import Predictions, SquadDataset
    from bioqa.eval.runs.evaluation import Evaluation


@click.group()
def evaluate() -> None:
    """Measure answers and retrieval against gold files."""


@evaluate.command()
@click.argument("files", nargs=-1, metavar="[GOLD]... [SYSTEM]", type=click.Path(path_type=Path))
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Ask this index and score its answers; by default the starter index.",
)
@click.option(
    "--given",
    type=click.Choice(["nothing", "documents", "snippets"]),
    help="The source of passages in a run: search results (nothing, the default), the gold documents in the index, or "
    "the gold snippets, as in BioBERT's published figures.",
)
@reader_option
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the answers of a run as a BioASQ submission.",
)
@click.option(
    "--against",
    "baseline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Compare with another submission: differences with 95% intervals, and a paired test.",
)
@click.option(
    "--ledger",
    "ledger_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the ledger, the fate of each question, as JSON lines.",
)
@click.option(
    "--report",
    "report_folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write a report as HTML (report.html), Markdown and JSON, and for a run the ledger.",
)
@json_option
def bioasq(
    files: tuple[Path, ...],
    folder: Path | None,
    given: str | None,
    reader_folder: Path | None,
    save: Path | None,
    baseline: Path | None,
    ledger_file: Path | None,
    report_folder: Path | None,
    as_json: bool,
) -> None:
    """Score a SYSTEM's answers to the questions of BioASQ GOLD files, or bioqa's own answers.

    The last of several files is the submission to score. With --index, --given, --reader or --save, bioqa answers the
    questions and all files are gold. Without files, bioqa answers the starter questions. The measures equal those of
    BioASQ's official evaluator (-e 8), with each answer truncated to what counts: 10 documents, 10 snippets, 5 answers
    to a factoid question. ROUGE equals that of ROUGE-1.5.5. Answers are scored even where bioqa would abstain. An
    interrupted run resumes.

    \b
    Examples:
      bioqa eval bioasq
      bioqa eval bioasq 7B1_golden.json submission.json
      bioqa eval bioasq 7B*_golden.json --given snippets --save run.json --report figures
      bioqa eval bioasq 7B*_golden.json run.json --against baseline.json --json
    """
    from bioqa.eval import tables
    from bioqa.eval.datasets import submission
    from bioqa.eval.report import writer
    from bioqa.eval.runs import evaluation, ledger

    is_submission = len(files) > 1 and not (folder or given or reader_folder or save)
    if is_submission and ledger_file:
        raise click.UsageError(
            "--ledger needs a run; a submission does not record what was read: leave out --ledger or SYSTEM"
        )
    for target in filter(None, (save, ledger_file)):
        atomic.refuse_unwritable(target)
    if report_folder:
        atomic.refuse_unwritable(report_folder, folder=True)
    atomic.refuse_named_twice([*files, *filter(None, [baseline])], save, ledger_file)

    def deliver(scored: "Evaluation") -> None:
        if save:
            submission.write_submission(save, scored.questions, [outcome.submitted for outcome in scored.outcomes])
        if ledger_file:
            ledger.write(ledger_file, scored.ledger)
        if report_folder:
            writer.write(report_folder, scored)

    if is_submission:
        scored = evaluation.evaluate_submission(evaluation.read_batches(files[:-1]), files[-1], baseline)
        deliver(scored)
    else:
        scored = _run(files, folder, given or "nothing", reader_folder, baseline, deliver)
    if as_json:
        say_json(evaluation.as_object(scored), indent=1)
    else:
        say_lines("\n\n".join(tables.text(table) for table in evaluation.all_tables(scored)))


def _run(
    files: tuple[Path, ...],
    folder: Path | None,
    source: str,
    reader_folder: Path | None,
    baseline: Path | None,
    deliver: "Callable[[Evaluation], None]",
) -> "Evaluation":
    from bioqa.eval.runs import evaluation, runner
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa import starter
    from bioqa.qa.engine import Engine

    batches = evaluation.read_batches(files or [starter.questions_file()])
    engine = Engine.open(folder, reader_folder)
    warn_of_borrowed_confidence(engine.reader.model)
    asked = [question.body for batch in batches for question in batch.questions]
    warn_of_learned(asked, engine.reader.model.folder, folder_of(engine.encoder) if source == "nothing" else None)
    with TerminalProgress("Asking", "questions") as progress:
        return runner.evaluate(batches, engine, source, baseline, progress, deliver)


@evaluate.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("predictions", required=False, type=click.Path(path_type=Path))
@click.option(
    "--na-probs",
    "probabilities",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Probabilities of no answer for the predictions; adds the best scores over all thresholds.",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Score only the first N questions.")
@click.option("--save", metavar="FILE", type=click.Path(path_type=Path), help="Write the reader's answers.")
@reader_option
@json_option
def squad(
    gold: Path,
    predictions: Path | None,
    probabilities: Path | None,
    limit: int | None,
    save: Path | None,
    reader_folder: Path | None,
    as_json: bool,
) -> None:
    """Score PREDICTIONS for a SQuAD 1.1 or 2.0 file GOLD, or the predictions of bioqa's reader.

    PREDICTIONS is a JSON object from question ids to answers, the format of the official scripts; the measures are
    theirs too, in percent. A question without a prediction counts as wrong. The reader reads each text whole. In SQuAD
    2.0 it leaves a question unanswered if it finds no answer more probable than its best answer.

    \b
    Examples:
      bioqa eval squad dev-v1.1.json
      bioqa eval squad dev-v2.0.json --limit 500 --save answers.json
      bioqa eval squad dev-v2.0.json answers.json --na-probs no-answer.json --json
    """
    from dataclasses import replace

    from bioqa.eval import tables
    from bioqa.eval.datasets import squad
    from bioqa.eval.measures import squad as squad_scores

    if predictions and (save or reader_folder):
        raise click.UsageError("--save and --reader apply to the reader's own answers: leave out PREDICTIONS")
    if probabilities and not predictions:
        raise click.UsageError("--na-probs needs PREDICTIONS")
    if save:
        atomic.refuse_unwritable(save)
        atomic.refuse_named_twice([gold], save)
    whole = squad.read_squad(gold)
    if probabilities and not whole.unanswerable:
        raise click.UsageError(f"--na-probs needs SQuAD 2.0, and {gold} is SQuAD 1.1")
    dataset = replace(whole, questions=whole.questions[:limit])
    answers = squad.read_predictions(predictions, probabilities) if predictions else _read(dataset, reader_folder)
    if save:
        squad.write_predictions(save, answers)
    scores = squad_scores.score(dataset, answers)
    if len(scores.missing) == len(dataset.questions):
        raise InputError(f"{predictions}: answers no question of {gold}; pass predictions for this file")
    if scores.missing:
        count = f"{len(scores.missing):,} of {len(dataset.questions):,} questions"
        say(f"warning: {count} have no prediction and count as wrong: {scores.missing[0]} ...", err=True)
    if as_json:
        say_json(squad_scores.as_object(scores), indent=1)
    else:
        say_lines(tables.text(squad_scores.table(scores)))


def _read(dataset: "SquadDataset", reader_folder: Path | None) -> "Predictions":
    from bioqa.eval.runs import squad as squad_runner
    from bioqa.index.models import model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.reader import Reader

    reader = Reader(reader_folder or model.shipped("reader"))
    warn_of_learned([question.question for question in dataset.questions], reader.model.folder)
    with TerminalProgress("Reading", "questions") as progress:
        return squad_runner.predict(dataset, reader, progress)


evaluate.add_command(retrieval)
evaluate.add_command(speed)
evaluate.add_command(growth)
evaluate.add_command(everyday)
