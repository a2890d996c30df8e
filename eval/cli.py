"""`bioqa eval`: measures."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.eval.cli_everyday import everyday
from bioqa.eval.cli_growth import growth
from bioqa.eval.cli_retrieval import retrieval
from bioqa.eval.cli_speed import speed
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.options import json_option, reader_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioqa.eval.evaluation import Evaluation
    from bioqa.eval.squad import Predictions, Squad


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
    help="Ask this index and score its answers; the starter index by default.",
)
@click.option(
    "--given",
    type=click.Choice(["nothing", "documents", "snippets"]),
    help="What a run answers from: what the index finds (nothing, the default), the gold documents that the index "
    "holds, or the gold snippets, as BioBERT's published figures do.",
)
@reader_option
@click.option("--save", metavar="FILE", type=click.Path(path_type=Path), help="Write a run as a BioASQ submission.")
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Another submission: differences with 95% intervals, and a paired test.",
)
@click.option(
    "--ledger",
    "ledger_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write each question's fate, as JSON lines.",
)
@click.option(
    "--report",
    "report_folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write a page to look at (report.html), the same in Markdown and as data, and of a run the ledger.",
)
@json_option
def bioasq(
    files: tuple[Path, ...],
    folder: Path | None,
    given: str | None,
    reader_folder: Path | None,
    save: Path | None,
    against: Path | None,
    ledger_file: Path | None,
    report_folder: Path | None,
    as_json: bool,
) -> None:
    """Score a SYSTEM's answers to BioASQ GOLD files, or ask bioqa their questions and score that.

    Of several files, the last is the submission to score, unless --index, --given, --reader or --save ask for a run:
    then all of them are gold. Without files, the starter questions are asked. The measures equal those of BioASQ's own
    evaluator (-e 8), after each answer is cut to what counts: 10 documents, 10 snippets, 5 answers to a factoid. ROUGE
    is worked out as ROUGE-1.5.5 does. Answers are scored even where bioqa would abstain. An interrupted run goes on
    where it was.

    \b
    Examples:
      bioqa eval bioasq
      bioqa eval bioasq 7B1_golden.json submission.json
      bioqa eval bioasq 7B*_golden.json --given snippets --save run.json --report figures
      bioqa eval bioasq 7B*_golden.json run.json --against baseline.json --json
    """
    from bioqa.eval import evaluation, ledger, report, submission, tables

    is_submission = len(files) > 1 and not (folder or given or reader_folder or save)
    if is_submission and ledger_file:
        raise click.UsageError("--ledger is of a run: a submission does not say what was read; leave one of them out")
    for target in filter(None, (save, ledger_file)):
        atomic.refuse_unwritable(target)
    if report_folder:
        atomic.refuse_unwritable(report_folder, folder=True)
    atomic.refuse_named_twice([*files, *filter(None, [against])], save, ledger_file)

    def deliver(found: "Evaluation") -> None:
        if save:
            submission.write_submission(save, found.questions, [outcome.submitted for outcome in found.outcomes])
        if ledger_file:
            ledger.write(ledger_file, found.rows)
        if report_folder:
            report.write(report_folder, found)

    if is_submission:
        found = evaluation.of_submission(evaluation.read_batches(files[:-1]), files[-1], against)
        deliver(found)
    else:
        found = _run(files, folder, given or "nothing", reader_folder, against, deliver)
    if as_json:
        say_json(evaluation.as_object(found), indent=1)
    else:
        say_lines("\n\n".join(tables.text(table) for table in evaluation.tables(found)))


def _run(
    files: tuple[Path, ...],
    folder: Path | None,
    given: str,
    reader_folder: Path | None,
    against: Path | None,
    deliver: "Callable[[Evaluation], None]",
) -> "Evaluation":
    from bioqa.eval import evaluation, runner
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa import starter
    from bioqa.qa.engine import Engine

    batches = evaluation.read_batches(files or [starter.questions_file()])
    engine = Engine(folder or starter.index_folder(), reader_folder)
    with TerminalProgress("Asking", "questions") as progress:
        return runner.evaluate(batches, engine, given, against, progress, deliver)


@evaluate.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("predictions", required=False, type=click.Path(path_type=Path))
@click.option(
    "--na-probs",
    "probabilities",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The probability of no answer for every prediction, for the best score over all thresholds on it.",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the first N questions.")
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
    """Score PREDICTIONS for a SQuAD 1.1 or 2.0 file GOLD; without them, those of bioqa's reader.

    PREDICTIONS is what the official scripts take, a JSON object of answers under question ids, and so are the measures,
    in percent. A question without a prediction counts as wrong. The reader is given each text whole; in SQuAD 2.0 it
    leaves a question unanswered where it takes that for likelier than its best answer.

    \b
    Examples:
      bioqa eval squad dev-v1.1.json
      bioqa eval squad dev-v2.0.json --limit 500 --save answers.json
      bioqa eval squad dev-v2.0.json answers.json --na-probs no-answer.json --json
    """
    from dataclasses import replace

    from bioqa.eval import squad, squad_scores, tables

    if predictions and (save or reader_folder):
        raise click.UsageError("--save and --reader are for the reader's answers: leave PREDICTIONS out")
    if probabilities and not predictions:
        raise click.UsageError("--na-probs goes with PREDICTIONS")
    if save:
        atomic.refuse_unwritable(save)
        atomic.refuse_named_twice([gold], save)
    whole = squad.read_squad(gold)
    if probabilities and not whole.unanswerable:
        raise click.UsageError(f"--na-probs is for SQuAD 2.0, and {gold} is SQuAD 1.1")
    questions = replace(whole, questions=whole.questions[:limit])
    found = squad.read_predictions(predictions, probabilities) if predictions else _read(questions, reader_folder)
    if save:
        squad.write_predictions(save, found)
    scores = squad_scores.score(questions, found)
    if len(scores.missing) == len(questions.questions):
        raise InputError(f"{predictions}: there is no prediction for any question of {gold}")
    if scores.missing:
        count = f"{len(scores.missing):,} of {len(questions.questions):,} questions"
        say(f"warning: {count} have no prediction and count as wrong: {scores.missing[0]} ...", err=True)
    if as_json:
        say_json(squad_scores.as_object(scores), indent=1)
    else:
        say_lines(tables.text(squad_scores.table(scores)))


def _read(questions: "Squad", reader_folder: Path | None) -> "Predictions":
    from bioqa.eval import squad
    from bioqa.index import model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.reader import Reader

    reader = Reader(reader_folder or model.shipped("reader"))
    with TerminalProgress("Reading", "questions") as progress:
        return squad.predict(questions, reader, progress)


evaluate.add_command(retrieval)
evaluate.add_command(speed)
evaluate.add_command(growth)
evaluate.add_command(everyday)
