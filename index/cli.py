"""The `bioqa index` commands: build, update, verify and info."""

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

_SHOWN = 5  # incompletely read files that are listed individually
_NAMED = 3  # skipped files that are listed individually


@click.group()
def index() -> None:
    """Build, update, verify and describe an index of papers."""


_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
_INPUTS = click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.Path(path_type=Path))
_FORMAT = click.option(
    "--format",
    "format_name",
    default="auto",
    type=click.Choice(["auto", *corpus.FORMATS]),
    show_default=True,
    help="Format of the input files; 'auto' detects it from the content of each file.",
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
    help="The encoder for dense search: a folder, a name listed by 'bioqa models', 'default' for the bundled encoder, "
    "or 'none' for BM25 only.",
)
@click.option(
    "--max-ram",
    metavar="SIZE",
    help="Memory limit for building and searching, such as 800M or 4G; the resulting plan is printed first.",
)
def build(inputs: tuple[Path, ...], folder: Path, format_name: str, encoder: str, max_ram: str | None) -> None:
    """Build an index from files and folders.

    Reads PubMed XML (baseline, update and efetch files), MEDLINE text (.nbib), full texts in JATS, BioC in JSON and
    XML, JSON lines and tab-separated values with pmid or id, title, and abstract or text, and BEIR folders; plain, in
    tar archives, or compressed with gzip, xz or bzip2. If the build is interrupted, the same command resumes from the
    last commit.

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

    _print_skipped_files(inputs, folder)
    limit = planner.parse_size(max_ram) if max_ram is not None else None
    chosen = None
    if encoder != "none":
        chosen = Encoder(model.shipped("encoder") if encoder == "default" else registry.find_model(encoder))
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
    help="Index the new files that 'bioqa corpus download' has fetched to FOLDER, in order of their numbers.",
)
@_FORMAT
def update(folder: Path, inputs: tuple[Path, ...], downloaded: Path | None, format_name: str) -> None:
    """Update an index with newer files.

    New citations are added, revised citations replace their earlier versions, and deleted citations are removed. Texts
    are encoded with the encoder of the index. Both searches change in the same commit and rank as in a newly built
    index. If the update is interrupted, the same command resumes from the last commit.

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
    _print_skipped_files(inputs, folder)
    if downloaded:
        files = record.complete_files(downloaded)
        for warning in record.warnings(downloaded):
            say(f"warning: {warning}", err=True)
    with TerminalProgress("Updating", "documents") as progress:
        report = builder.build(files, folder, encoder, format_name=format_name, progress=progress)
    _print_report(report, folder)


def _print_skipped_files(inputs: Sequence[Path], folder: Path) -> None:
    """List the files in input folders that are skipped. Files of the index itself do not count."""
    home = folder.resolve()
    skipped = [file for file in corpus.unrecognized_files(inputs) if not file.resolve().is_relative_to(home)]
    if skipped:
        cure = (
            f"to read {'it' if len(skipped) == 1 else 'them'}, name {'it' if len(skipped) == 1 else 'them'} explicitly"
        )
        _print_unrecognized("", len(skipped), skipped, cure)
    special = corpus.special_files(inputs)
    if special:
        count = "1 pipe, socket or device" if len(special) == 1 else f"{len(special):,} pipes, sockets or devices"
        say(f"{count} skipped: {_join_names(special, len(special))}", err=True)


def _print_unrecognized(where: str, count: int, first: Sequence[object], cure: str) -> None:
    files = "file" if count == 1 else "files"
    say(f"{count:,} {files}{where} skipped for an unknown suffix: {_join_names(first, count)}; {cure}", err=True)


def _join_names(paths: Sequence[object], count: int) -> str:
    return ", ".join(map(str, paths[:_NAMED])) + (" ..." if count > _NAMED else "")


def _print_report(report: "BuildReport", folder: Path) -> None:
    for bad in report.bad_records:
        say(f"skipped: {bad}", err=True)
    if report.unusable > len(report.bad_records):
        say(f"skipped: {report.unusable - len(report.bad_records):,} further records", err=True)
    if report.unrecognized:
        cure = "unpack the archive and name the files to read"
        _print_unrecognized(" in archives", report.unrecognized, report.first_unrecognized, cure)
    counts = {
        "replaced by a newer one with the same id": report.replaced,
        "passages with unchanged text and vector": report.kept_vectors,
        "deleted": report.deleted,
        "deletions of absent documents": report.absent,
        "unusable": report.unusable,
        "files already in the index": report.skipped_files,
        "files not read to the end": len(report.bad_files),
    }
    notes = [f"{count:,} {what}" for what, count in counts.items() if count]
    say("; ".join([f"{report.records:,} records read", *notes]) + ".", err=True)
    indexed = (folder / MANIFEST).exists()
    if indexed:
        _print_info(folder)
    cure = "; the records read so far are indexed, repair the file and run the same command again" if indexed else ""
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
    """Check an index for damaged files and inconsistencies.

    Compares every byte with the checksums of the last commit. Lists each file that is damaged, missing or of the wrong
    size, and every inconsistency within the index. Files that do not belong to the index are listed as harmless. The
    exit status is 1 if the index is damaged.

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
    """Show the contents of an index folder.

    \b
    Example:
      bioqa index info my-index --json
    """
    _print_info(folder, as_json=as_json)


def _print_info(folder: Path, *, as_json: bool = False) -> None:
    from bioqa.index.search.layout import open_inverted_lists
    from bioqa.index.search.lexical import open_lexical
    from bioqa.index.store.segments import Store

    def count_removed(manifest: Manifest) -> tuple[int, int]:
        store = Store(folder, manifest)  # this and the next two lines check that every file exists
        open_inverted_lists(folder, manifest)
        waiting = open_lexical(folder, manifest).deleted_passages
        return store.next_passage - manifest.passages, waiting

    manifest, (removed, waiting) = snapshot.read_snapshot(folder, count_removed)
    size = sum(snapshot.file_sizes(folder).values())
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
    if manifest.several_sources:
        say(f"           {manifest.several_sources:,} from several sources")
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
    """A description of how the vectors are searched."""
    made = manifest.structure
    if made is None:
        return "flat: every search scores all vectors"
    outside = sum(segment.passages for segment in manifest.segments) - made.passages
    return f"{planner.layout_name(made.codes)}: a search reads {made.probes:,} of {made.lists:,} lists" + (
        f", and scores {outside:,} passages that came after them" if outside else ""
    )
