"""`bioqa index`: build an index folder, keep it up to date, look at one, check one."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.corpus import files as corpus
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.store import planner, snapshot
from bioqa.index.store.manifest import MANIFEST, Manifest
from bioqa.index.terminal import say, say_json, say_lines

if TYPE_CHECKING:
    from bioqa.index.ingest.builder import BuildReport

_SHOWN = 5  # files not read to the end that are named one by one
_NAMED = 3  # files that were passed over


@click.group()
def index() -> None:
    """Build an index over files of papers, keep it up to date, and look at one."""


_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
_INPUTS = click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.Path(path_type=Path))
_FORMAT = click.option(
    "--format",
    "format_name",
    default="auto",
    type=click.Choice(["auto", *corpus.FORMATS]),
    show_default=True,
    help="Format of the input files; 'auto' finds it out from the content of each.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")


@index.command()
@_INPUTS
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The index folder to write."
)
@_FORMAT
@click.option(
    "--encoder",
    default="default",
    metavar="DIR|NAME|none",
    show_default=True,
    help="The encoder for dense search: a folder, a name that 'bioqa models' lists, 'default' for the one that ships, "
    "'none' for BM25 alone.",
)
@click.option(
    "--max-ram",
    metavar="SIZE",
    help="Memory that building and searching may take, such as 800M or 4G; the plan for it is shown first.",
)
def build(inputs: tuple[Path, ...], folder: Path, format_name: str, encoder: str, max_ram: str | None) -> None:
    """Build an index over files and folders.

    Reads PubMed XML (baseline, update and efetch files), MEDLINE text (.nbib), full texts in JATS, BioC in JSON and
    XML, JSON lines and tab-separated values with pmid or id, title, and abstract or text, and BEIR folders; plain, in
    tar archives, or compressed with gzip, xz or bzip2. Stopped at any moment, the same command goes on from the last
    commit.

    \b
    Examples:
      bioqa index build pubmed26n0001.xml.gz --to my-index
      bioqa index build downloads/ notes.jsonl --to my-index
      bioqa index build citations.nbib full-texts.tar.gz --to my-index
      bioqa index build abstracts.jsonl.xz --to bm25-only --encoder none
      bioqa index build baseline/ --to pubmed --max-ram 4G
    """
    from bioqa.index.ingest import builder
    from bioqa.index.models import model, registry
    from bioqa.index.models.encoder import Encoder
    from bioqa.index.progress import TerminalProgress

    _tell_passed_over(inputs, folder)
    limit = planner.parse_size(max_ram) if max_ram is not None else None
    chosen = None
    if encoder != "none":
        chosen = Encoder(model.shipped("encoder") if encoder == "default" else registry.located(encoder))
    with TerminalProgress("Building", "documents") as progress:
        report = builder.build(
            inputs,
            folder,
            chosen,
            format_name=format_name,
            max_ram=limit,
            progress=progress,
            talk=lambda plan: say_lines(plan, err=True),
        )
    _print_report(report, folder)


@index.command()
@_FOLDER
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path(path_type=Path))
@click.option(
    "--from-downloads",
    "downloaded",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Take what 'bioqa corpus download' has brought there since, in the order of its numbers.",
)
@_FORMAT
def update(folder: Path, inputs: tuple[Path, ...], downloaded: Path | None, format_name: str) -> None:
    """Bring an index up to date with files that came later.

    New citations are added, revised ones replace their earlier version, deleted ones go; texts are encoded by the
    encoder that the index was built with. Both searches change at once, and rank as if the index had been built anew.
    Stopped at any moment, the same command goes on from the last commit.

    \b
    Examples:
      bioqa index update my-index updatefiles/pubmed26n1335.xml.gz
      bioqa index update my-index updatefiles/
      bioqa index update my-index --from-downloads pubmed
    """
    from bioqa.index.download import record
    from bioqa.index.ingest import builder
    from bioqa.index.progress import TerminalProgress
    from bioqa.index.search.hybrid import Index

    if bool(inputs) == bool(downloaded):
        raise click.UsageError("name files to read, or a folder of downloads with --from-downloads")
    encoder = Index(folder).open_encoder()
    files = list(inputs)
    _tell_passed_over(inputs, folder)
    if downloaded:
        files = record.complete_files(downloaded)
        for warning in record.warnings(downloaded):
            say(f"warning: {warning}", err=True)
    with TerminalProgress("Updating", "documents") as progress:
        report = builder.build(files, folder, encoder, format_name=format_name, progress=progress)
    _print_report(report, folder)


def _tell_passed_over(inputs: Sequence[Path], folder: Path) -> None:
    """Say which files in folders are not read, so that nobody takes them for read; an index among them is none."""
    home = folder.resolve()
    passed = [file for file in corpus.passed_over(inputs) if not file.resolve().is_relative_to(home)]
    if passed:
        cure = "name it to have it read" if len(passed) == 1 else "name them to have them read"
        _tell_without_format("", len(passed), passed, cure)
    special = corpus.special(inputs)
    if special:
        count = "1 pipe, socket or device" if len(special) == 1 else f"{len(special):,} pipes, sockets or devices"
        say(f"{count} passed over: {_first(special, len(special))}", err=True)


def _tell_without_format(where: str, count: int, first: Sequence[object], cure: str) -> None:
    files, tells = ("file", "name says") if count == 1 else ("files", "names say")
    told = f"{count:,} {files}{where} passed over, whose {tells} no format: {_first(first, count)}"
    say(f"{told}; {cure}", err=True)


def _first(paths: Sequence[object], count: int) -> str:
    return ", ".join(map(str, paths[:_NAMED])) + (" ..." if count > _NAMED else "")


def _print_report(report: "BuildReport", folder: Path) -> None:
    for bad in report.bad_records:
        say(f"skipped: {bad}", err=True)
    if report.unusable > len(report.bad_records):
        say(f"skipped: {report.unusable - len(report.bad_records):,} further records", err=True)
    if report.passed_over:
        cure = "unpack the archive and name what is to be read"
        _tell_without_format(" in archives", report.passed_over, report.first_passed_over, cure)
    counts = {
        "replaced by a newer one with the same id": report.replaced,
        "passages with the text and vector of before": report.kept_vectors,
        "deleted": report.deleted,
        "deletions of what was not there": report.absent,
        "unusable": report.unusable,
        "files already in the index": report.skipped_files,
        "files not read to the end": len(report.bad_files),
    }
    notes = [f"{count:,} {what}" for what, count in counts.items() if count]
    say("; ".join([f"{report.records:,} records read", *notes]) + ".", err=True)
    indexed = (folder / MANIFEST).exists()
    if indexed:
        _print_info(folder)
    cure = "; what was read is in the index, mend the file and run the same command again" if indexed else ""
    *first, last = [f"{error}{cure}" for error in report.bad_files[:_SHOWN]] or [""]
    for message in first:
        say(f"error: {message}", err=True)
    if len(report.bad_files) > _SHOWN:
        say(f"error: {len(report.bad_files) - _SHOWN:,} further files were not read to the end", err=True)
    if last:
        raise InputError(last)
    if not indexed:
        raise InputError("no document found in the input, so no index was made")


@index.command()
@_FOLDER
@_JSON
def verify(folder: Path, as_json: bool) -> None:
    """Check that every byte of an index is the one that was written.

    Names each file that is damaged, missing or of another size, and what in the index contradicts itself; files that
    do not belong to it are named too, and are harmless. The exit status is 1 where the index is damaged.

    \b
    Example:
      bioqa index verify my-index
    """
    from bioqa.index.progress import TerminalProgress
    from bioqa.index.verification import verify as findings_of

    with TerminalProgress("Verifying", "files") as progress:
        findings = findings_of(folder, progress)
    damages = [finding for finding in findings if not finding.harmless]
    if as_json:
        fields = {"path": str(folder), "damaged": bool(damages), "findings": [asdict(finding) for finding in findings]}
        say_json(fields, indent=1)
    else:
        for finding in findings:
            kind = "harmless" if finding.harmless else "DAMAGED "
            say(f"{kind}  {finding.file}: {finding.what}; {finding.cure}")
        if not damages:
            say(f"{folder}: every file is as it was written")
    if damages:
        raise BioqaError(f"{folder}: damaged; {len(damages):,} of its files are named above")


@index.command()
@_FOLDER
@_JSON
def info(folder: Path, as_json: bool) -> None:
    """Show what an index folder holds.

    \b
    Example:
      bioqa index info my-index --json
    """
    _print_info(folder, as_json=as_json)


def _print_info(folder: Path, *, as_json: bool = False) -> None:
    from bioqa.index.search.layout import open_structure
    from bioqa.index.search.lexical import open_lexical
    from bioqa.index.store.segments import Store

    def counted(manifest: Manifest) -> tuple[int, int]:
        store = Store(folder, manifest)  # this and the next two lines check that every file is there
        open_structure(folder, manifest)
        waiting = open_lexical(folder, manifest).waiting
        return store.next_passage - manifest.passages, waiting

    manifest, (removed, waiting) = snapshot.opened(folder, counted)
    size = sum(snapshot.files(folder).values())
    if as_json:
        counts = {"removed_passages": removed, "waiting_passages": waiting}
        fields = {**asdict(manifest), **counts, "path": str(folder), "bytes": size}
        say_json(fields, indent=1)
        return
    encoder = (
        f"{manifest.encoder.name}, {manifest.encoder.dimensions} dimensions"
        if manifest.encoder
        else "none (lexical only)"
    )
    finished = sum(source.finished for source in manifest.sources)
    say(f"index      {folder}")
    say(f"documents  {manifest.documents:,}")
    say(f"passages   {manifest.passages:,}")
    if removed:
        say(f"removed    {removed:,} passages, of which {waiting:,} wait to be dropped from the lexical index")
    say(f"encoder    {encoder}")
    if manifest.encoder:
        say(f"layout     {_layout(manifest)}")
    say(
        f"files in   {finished:,}"
        + (f", {len(manifest.sources) - finished:,} in part" if finished < len(manifest.sources) else "")
    )
    say(f"on disk    {size / 1e6:,.1f} MB, commit {manifest.commit} of {manifest.committed}")


def _layout(manifest: Manifest) -> str:
    """How the vectors are searched."""
    made = manifest.structure
    if made is None:
        return "flat: every search scores all vectors"
    outside = sum(segment.passages for segment in manifest.segments) - made.passages
    return f"{planner.layout(made.codes)}: a search reads {made.probes:,} of {made.lists:,} lists" + (
        f", and scores {outside:,} passages that came after them" if outside else ""
    )
