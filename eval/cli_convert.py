"""`bioqa convert`: files to train and to measure on, made of BioASQ's gold files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.qa.options import json_option

if TYPE_CHECKING:
    from bioqa.eval.convert import Texts
    from bioqa.eval.findings import Finding
    from bioqa.eval.gold import GoldQuestion
    from bioqa.eval.pairs import PairCounts
    from bioqa.eval.tagged import TagCounts


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path:
        atomic.refuse_unwritable(path)
    return path


def _known_rules(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    from bioqa.eval.alignment import RULES

    rules = tuple(name.strip() for name in value.split(",")) if value is not None else RULES
    for name in rules:
        if name not in RULES:
            raise click.BadParameter(f"there is no rule {name!r}; known are {', '.join(RULES)}", param=parameter)
    return rules


def _type_option(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--type",
        "kind",
        default=default,
        show_default=True,
        type=click.Choice(["factoid", "list", "both"]),
        help="Which questions.",
    )


_gold_argument = click.argument("gold", nargs=-1, required=True, metavar="GOLD...", type=click.Path(path_type=Path))
_rules_option = click.option(
    "--rules",
    metavar="NAMES",
    callback=_known_rules,
    help="Which rules may find an answer, with commas between: exact, case, normal, spelling, plural, parenthesis, "
    "abbreviation; all by default.",
)
_missing_option = click.option(
    "--report-missing",
    "missing_file",
    metavar="FILE",
    callback=_writable,
    type=click.Path(path_type=Path),
    help="Write the gold items that were found nowhere, as JSON lines.",
)


def _target_option(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--to",
        "target",
        required=True,
        metavar="FILE",
        callback=_writable,
        type=click.Path(path_type=Path),
        help=f"The {what} to write; gzipped where its name ends in .gz.",
    )


@click.group()
def convert() -> None:
    """Make files to train and to measure on, of BioASQ questions, and say what is in them."""


@convert.command("bioasq-to-squad", short_help="Pairs of question and text in the format of SQuAD.")
@_gold_argument
@_target_option("JSON file")
@_type_option("factoid")
@click.option(
    "--contexts",
    "source",
    default="snippets",
    show_default=True,
    type=click.Choice(["snippets", "documents"]),
    help="What a question is paired with: each of its gold snippets, or title and abstract of each gold document.",
)
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The index that holds the gold documents, for --contexts documents.",
)
@click.option(
    "--matches",
    default="every",
    show_default=True,
    type=click.Choice(["every", "first"]),
    help="Which places of the answers in a text are written.",
)
@click.option(
    "--unanswerable",
    default="drop",
    show_default=True,
    type=click.Choice(["drop", "keep"]),
    help="What becomes of texts without a match; keep writes SQuAD 2.0, where they are impossible to answer.",
)
@_rules_option
@_missing_option
@json_option
def bioasq_to_squad(
    gold: tuple[Path, ...],
    target: Path,
    kind: str,
    source: str,
    folder: Path | None,
    matches: str,
    unanswerable: str,
    rules: tuple[str, ...],
    missing_file: Path | None,
    as_json: bool,
) -> None:
    """Pair the questions of BioASQ GOLD files with texts that answer them, in SQuAD's format.

    All strings of an answer are looked for, those of a list question together, by the first rule that finds them:
    exact, case, normal (as bioqa compares answers), spelling, plural, parenthesis, abbreviation. The first 24
    characters of a pair's id are the question's. A text that is kept without a match may still answer in other words.

    \b
    Examples:
      bioqa convert bioasq-to-squad [4-6]B*_golden.json --to train.json
      bioqa convert bioasq-to-squad 7B*_golden.json --to all.json --contexts documents --index my-index --type both
    """
    from bioqa.eval import contexts, convert, pairs

    if (source == "documents") != (folder is not None):
        raise click.UsageError("--contexts documents and --index DIR go together")
    atomic.refuse_named_twice(gold, target, missing_file)
    questions = convert.questions(gold, kind)
    texts = convert.documents_in(folder, questions) if folder else contexts.of_snippets
    found = _look(questions, texts, rules, missing_file)
    made = pairs.pairs(found, first_match=matches == "first", unanswerable=unanswerable == "keep")
    if not made:
        raise InputError(f"{target}: not written: none of {len(found):,} questions has an answer in its {source}")
    content = pairs.as_squad(made, unanswerable=unanswerable == "keep")
    atomic.write_text(target, json.dumps(content, indent=1) + "\n")
    _show(found, pairs.counts(made), as_json)


@convert.command("bioasq-to-iob", short_help="Sentences with the answers tagged B and I.")
@_gold_argument
@_target_option("file of tagged tokens")
@_type_option("list")
@_rules_option
@_missing_option
@json_option
def bioasq_to_iob(
    gold: tuple[Path, ...],
    target: Path,
    kind: str,
    rules: tuple[str, ...],
    missing_file: Path | None,
    as_json: bool,
) -> None:
    """Tag the answers to the questions of BioASQ GOLD files in the sentences of their gold snippets.

    One token a line, a tab, and B, I or O; a blank line behind every sentence, as in the usual files of biomedical
    names. Which question goes with a sentence stands in FILE.questions.jsonl, a sentence a line. Where an answer ends
    inside of a token, all of it is tagged. Questions of which nothing was found are left out.

    \b
    Example:
      bioqa convert bioasq-to-iob [4-6]B*_golden.json --to train.tsv
    """
    from bioqa.eval import contexts, convert, tagged

    companion = target.with_name(target.name + ".questions.jsonl")
    atomic.refuse_named_twice(gold, target, companion, missing_file)
    found = _look(convert.questions(gold, kind), contexts.of_sentences, rules, missing_file)
    made = tagged.tagged(found)
    if not made:
        raise InputError(f"{target}: not written: none of {len(found):,} questions has an answer in its snippets")
    atomic.write_text(companion, convert.lines(tagged.question_entries(made)))
    atomic.write_text(target, tagged.as_iob(made))
    _show(found, tagged.counts(made), as_json)


@convert.command("bioasq-to-beir", short_help="A collection for 'eval retrieval'.")
@_gold_argument
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to write, new or empty.",
)
@click.option(
    "--corpus",
    "inputs",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Documents to put around those of the questions, in any format that 'index build' reads; several times.",
)
@json_option
def bioasq_to_beir(gold: tuple[Path, ...], target: Path, inputs: tuple[Path, ...], as_json: bool) -> None:
    """Make a retrieval collection in BEIR's form of BioASQ GOLD files, without PubMed.

    A document is all gold snippets of its PMID, or its record in the corpus where that has title and abstract; the rest
    of the corpus are distractors. Relevant to a question are its gold documents and those that its snippets are of, as
    far as there is a text. The judgments of 11B1_golden.json are qrels/11B1.tsv, of its year qrels/11B.tsv. Snippets
    are what was found relevant: the figures compare systems, and flatter all of them beside a search of PubMed.

    \b
    Examples:
      bioqa convert bioasq-to-beir *B*_golden.json --corpus abstracts.jsonl.xz --to bioasq
      bioqa eval retrieval bioasq --split 11B --mode lexical
    """
    from bioqa.eval import collection, evaluation, scores
    from bioqa.index.progress import TerminalProgress

    atomic.refuse_unwritable(target, folder=True)
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{target}: holds files already; name a new or an empty folder")
    batches = evaluation.read_batches(gold)
    scores.pooled(batches, cure="give every question once")
    with TerminalProgress("Reading the corpus", "documents") as progress:
        around = collection.read_corpus(inputs, progress)
    if around.unusable:
        click.echo(f"warning: {around.all_unusable:,} unusable records: {around.unusable[0]} ...", err=True)
    made = collection.collection(batches, around)
    collection.write(target, made)
    _print_counts(asdict(made.counts), as_json)


def _print_counts(counts: Mapping[str, int], as_json: bool) -> None:
    from bioqa.eval import tables

    if as_json:
        click.echo(json.dumps(counts, indent=1))
    else:
        rows = [(name.replace("_", " "), count) for name, count in counts.items()]
        click.echo(tables.text(tables.Table("", ("what", "count"), rows)), err=True)


def _look(
    questions: "Sequence[GoldQuestion]", texts: "Texts", rules: Sequence[str], missing_file: Path | None
) -> "list[Finding]":
    from bioqa.eval import convert, findings
    from bioqa.index.progress import TerminalProgress

    with TerminalProgress("Aligning", "questions") as progress:
        found = convert.look(questions, texts, rules, progress)
    if missing_file:
        atomic.write_text(missing_file, convert.lines(findings.missing_entries(found)))
    return found


def _show(found: "Sequence[Finding]", made: "PairCounts | TagCounts", as_json: bool) -> None:
    from bioqa.eval import findings, tables

    statistics = findings.statistics(found)
    figures = asdict(statistics)
    by_rule = figures.pop("by_rule")
    figures |= asdict(made)
    if as_json:
        click.echo(json.dumps({**figures, "by_rule": by_rule}, indent=1))
        return
    rows = [(name.replace("_", " "), count) for name, count in figures.items()]
    shown = (tables.Table("", ("what", "count"), rows), findings.table(statistics.by_rule))
    click.echo("\n\n".join(map(tables.text, shown)), err=True)
