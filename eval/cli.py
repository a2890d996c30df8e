"""`bioqa eval`: measures."""

import json
from pathlib import Path

import click

from bioqa.qa.ask import json_option, reader_option


@click.group()
def evaluate() -> None:
    """Measure answers against gold files."""


@evaluate.command()
@click.argument("gold", nargs=-1, metavar="[GOLD]...", type=click.Path(path_type=Path))
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The index to ask; the starter index by default.",
)
@reader_option
@json_option
def bioasq(gold: tuple[Path, ...], folder: Path | None, reader_folder: Path | None, as_json: bool) -> None:
    """Ask an index the questions of BioASQ GOLD files and score the answers; without GOLD, the starter questions.

    Factoid, list and yes/no answers are scored even where bioqa would abstain; abstentions are counted beside them.

    \b
    Examples:
      bioqa eval bioasq
      bioqa eval bioasq 7B1_golden.json --index my-index --json
    """
    from bioqa.eval import runner
    from bioqa.eval.bioasq import read_gold
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa import starter
    from bioqa.qa.config import AskConfig
    from bioqa.qa.engine import Engine

    questions = [question for path in gold or [starter.questions_file()] for question in read_gold(path)]
    engine = Engine(folder or starter.index_folder(), reader_folder)
    with TerminalProgress("Asking", "questions") as progress:
        found = runner.scores(runner.run(questions, engine, AskConfig(), progress))
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    factoid, listed, yesno, abstained = (found[name] for name in ("factoid", "list", "yesno", "abstained"))
    click.echo(f"questions                         {found['questions']:,}")
    click.echo(f"gold document in passages read    {found['gold_document_in_passages_read']:.3f}")
    click.echo(f"question type right               {found['type_right']:.3f}")
    click.echo(
        f"factoid strict / lenient / MRR    {factoid['strict']:.3f} / {factoid['lenient']:.3f} / {factoid['mrr']:.3f}"
    )
    click.echo(
        f"list precision / recall / F       {listed['precision']:.3f} / {listed['recall']:.3f} / {listed['f1']:.3f}"
    )
    click.echo(f"yes/no accuracy                   {yesno['accuracy']:.3f}")
    click.echo(f"abstained, not answerable         {abstained['unanswerable']} of {abstained['of_unanswerable']}")
    click.echo(f"abstained, answerable             {abstained['answerable']} of {abstained['of_answerable']}")
    click.echo(f"median time a question            {found['median_ms']:.0f} ms")
