"""`bioqa convert`: training and test files from BioASQ's gold files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option

if TYPE_CHECKING:
    from bioqa.eval.convert.alignments import Alignment
    from bioqa.eval.convert.iob import TagCounts
    from bioqa.eval.convert.selection import ContextSource
    from bioqa.eval.convert.squad import PairCounts
    from bioqa.eval.datasets.bioasq import GoldQuestion


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path:
        atomic.refuse_unwritable(path)
    return path


def _known_rules(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    from bioqa.eval.datasets.alignment import RULES

    rules = tuple(name.strip() for name in value.split(",")) if value is not None else RULES
    for name in rules:
        if name not in RULES:
            raise click.BadParameter(f"unknown rule {name!r}; known rules: {', '.join(RULES)}", param=parameter)
    return rules


def _type_option(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--type",
        "kind",
        default=default,
        show_default=True,
        type=click.Choice(["factoid", "list", "both"]),
        help="The type of questions.",
    )


_gold_argument = click.argument("gold", nargs=-1, required=True, metavar="GOLD...", type=click.Path(path_type=Path))
_rules_option = click.option(
    "--rules",
    metavar="NAMES",
    callback=_known_rules,
    help="The rules that may match an answer, separated by commas: exact, case, normal, spelling, plural, parenthesis, "
    "abbreviation; by default all.",
)
_missing_option = click.option(
    "--report-missing",
    "missing_file",
    metavar="FILE",
    callback=_writable,
    type=click.Path(path_type=Path),
    help="Write the gold items without a match, as JSON lines.",
)


def _target_option(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--to",
        "target",
        required=True,
        metavar="FILE",
        callback=_writable,
        type=click.Path(path_type=Path),
        help=f"The {kind} to write; gzipped if its name ends in .gz.",
    )


@click.group()
def convert() -> None:
    """Convert BioASQ gold files to training and test files, and report their contents."""


@convert.command("bioasq-to-squad", short_help="Pairs of question and text in SQuAD format.")
@_gold_argument
@_target_option("JSON file")
@_type_option("factoid")
@click.option(
    "--contexts",
    "source",
    default="snippets",
    show_default=True,
    type=click.Choice(["snippets", "documents"]),
    help="The texts of a question: its gold snippets, or title and abstract of its gold documents.",
)
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The index with the gold documents, for --contexts documents.",
)
@click.option(
    "--matches",
    default="every",
    show_default=True,
    type=click.Choice(["every", "first"]),
    help="Which matches of the answers in a text are written.",
)
@click.option(
    "--unanswerable",
    default="drop",
    show_default=True,
    type=click.Choice(["drop", "keep"]),
    help="Drop texts without a match, or keep them as unanswerable, in SQuAD 2.0.",
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
    """Pair the questions of BioASQ GOLD files with texts that answer them, in SQuAD format.

    All synonyms of an answer, and all items of a list, are matched by the first rule that finds them: exact, case,
    normal (as bioqa compares answers), spelling, plural, parenthesis, abbreviation. The id of a pair begins with the 24
    characters of the question's id. A text without a match may still state the answer in other words.

    \b
    Examples:
      bioqa convert bioasq-to-squad [4-6]B*_golden.json --to train.json
      bioqa convert bioasq-to-squad 7B*_golden.json --to all.json --contexts documents --index my-index --type both
    """
    from bioqa.eval.convert import contexts, squad
    from bioqa.eval.convert import selection as convert

    if (source == "documents") != (folder is not None):
        raise click.UsageError("--contexts documents and --index DIR need each other")
    atomic.refuse_named_twice(gold, target, missing_file)
    questions = convert.select_questions(gold, kind)
    texts = convert.documents_in(folder, questions) if folder else contexts.of_snippets
    alignments = _align(questions, texts, rules, missing_file)
    squad_pairs = squad.make_pairs(alignments, first_match=matches == "first", unanswerable=unanswerable == "keep")
    if not squad_pairs:
        count = f"{len(alignments):,} questions"
        raise InputError(
            f"{target}: not written: none of {count} has an answer in its {source}; allow more --rules or another type"
        )
    content = squad.as_squad(squad_pairs, unanswerable=unanswerable == "keep")
    atomic.write_text(target, json.dumps(content, indent=1) + "\n")
    _show(alignments, squad.counts(squad_pairs), as_json)


@convert.command("bioasq-to-iob", short_help="Sentences with IOB tags of the answers.")
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

    Each line holds a token, a tab, and B, I or O; a blank line follows every sentence, as in other corpora of
    biomedical names. FILE.questions.jsonl holds the question of each sentence, one on each line. A token that an answer
    covers in part is tagged. Questions without a match are left out.

    \b
    Example:
      bioqa convert bioasq-to-iob [4-6]B*_golden.json --to train.tsv
    """
    from bioqa.eval.convert import contexts, iob
    from bioqa.eval.convert import selection as convert

    companion = target.with_name(target.name + ".questions.jsonl")
    atomic.refuse_named_twice(gold, target, companion, missing_file)
    alignments = _align(convert.select_questions(gold, kind), contexts.of_sentences, rules, missing_file)
    sentences = iob.tag_sentences(alignments)
    if not sentences:
        count = f"{len(alignments):,} questions"
        raise InputError(
            f"{target}: not written: none of {count} has an answer in its snippets; allow more --rules or another type"
        )
    atomic.write_text(companion, convert.json_lines(iob.question_entries(sentences)))
    atomic.write_text(target, iob.as_iob(sentences))
    _show(alignments, iob.counts(sentences), as_json)


@convert.command("bioasq-to-beir", short_help="A retrieval collection for 'eval retrieval'.")
@_gold_argument
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to write; new or empty.",
)
@click.option(
    "--corpus",
    "inputs",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Distractor documents in any format that 'index build' reads; repeat it for several files.",
)
@json_option
def bioasq_to_beir(gold: tuple[Path, ...], target: Path, inputs: tuple[Path, ...], as_json: bool) -> None:
    """Convert BioASQ GOLD files to a retrieval collection in BEIR format, without PubMed.

    A document consists of all gold snippets of its PMID, or is its record in the corpus if that has title and abstract.
    Other documents of the corpus are distractors. Relevant to a question are the documents that it names or quotes and
    that have a text. The judgments of 11B1_golden.json are in qrels/11B1.tsv, those of its year in qrels/11B.tsv.
    Snippets were selected as relevant: the figures compare systems, but are higher than in a search of PubMed.

    \b
    Examples:
      bioqa convert bioasq-to-beir *B*_golden.json --corpus abstracts.jsonl.xz --to bioasq
      bioqa eval retrieval bioasq --split 11B --mode lexical
    """
    from bioqa.eval.convert import beir
    from bioqa.eval.runs import evaluation, scores
    from bioqa.index.progress import TerminalProgress

    atomic.refuse_unwritable(target, folder=True)
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{target}: the folder is not empty; choose a new or empty one")
    batches = evaluation.read_batches(gold)
    scores.pooled(batches, cure="give every question once")
    with TerminalProgress("Reading the corpus", "documents") as progress:
        corpus = beir.read_corpus(inputs, progress)
    if corpus.unusable:
        say(f"warning: {corpus.all_unusable:,} unusable records: {corpus.unusable[0]} ...", err=True)
    built = beir.build_collection(batches, corpus)
    beir.write(target, built)
    _print_counts(asdict(built.counts), as_json)


def _print_counts(counts: Mapping[str, int], as_json: bool) -> None:
    from bioqa.eval import tables

    if as_json:
        say_json(counts, indent=1)
    else:
        rows = [(name.replace("_", " "), count) for name, count in counts.items()]
        say_lines(tables.text(tables.Table("", ("quantity", "count"), rows)), err=True)


def _align(
    questions: "Sequence[GoldQuestion]", source: "ContextSource", rules: Sequence[str], missing_file: Path | None
) -> "list[Alignment]":
    from bioqa.eval.convert import alignments as findings
    from bioqa.eval.convert import selection as convert
    from bioqa.index.progress import TerminalProgress

    with TerminalProgress("Aligning", "questions") as progress:
        alignments = convert.align_all(questions, source, rules, progress)
    if missing_file:
        atomic.write_text(missing_file, convert.json_lines(findings.missing_items(alignments)))
    return alignments


def _show(alignments: "Sequence[Alignment]", counts: "PairCounts | TagCounts", as_json: bool) -> None:
    from bioqa.eval import tables
    from bioqa.eval.convert import alignments as findings

    statistics = findings.statistics(alignments)
    figures = asdict(statistics)
    by_rule = figures.pop("by_rule")
    figures |= asdict(counts)
    if as_json:
        say_json({**figures, "by_rule": by_rule}, indent=1)
        return
    rows = [(name.replace("_", " "), count) for name, count in figures.items()]
    shown = (tables.Table("", ("quantity", "count"), rows), findings.table(statistics.by_rule))
    say_lines("\n\n".join(map(tables.text, shown)), err=True)
