"""The `bioqa corpus` commands, which download literature."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.download import listing, mirror, record
from bioqa.index.download.cli_search import search_command
from bioqa.index.errors import NetworkError
from bioqa.index.terminal import say, say_json

if TYPE_CHECKING:
    from bioqa.index.download.client import HttpClient
    from bioqa.index.download.listing import ListedFile
    from bioqa.index.download.mirror import DownloadPlan, DownloadReport, FailedFile
    from bioqa.index.download.record import DownloadedFile

_SHOWN = 5  # failures that are listed individually


@click.group()
def corpus() -> None:
    """Get papers to build an index from: those of a PubMed search, or PubMed as a whole.

    \b
    Examples:
      bioqa corpus search "cystic fibrosis[MeSH] AND 2015:2024[dp]" --to cf
      bioqa corpus download --to pubmed --updates --newest 30
    """


corpus.add_command(search_command)


@corpus.command()
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The folder to download to."
)
@click.option(
    "--baseline", is_flag=True, help="Only the annual baseline: all of PubMed, more than a thousand files, tens of GB."
)
@click.option("--updates", is_flag=True, help="Only the daily updates since the baseline.")
@click.option("--files", metavar="RANGES", help="Only files with these numbers: 7, 1-50,1219- or -100.")
@click.option("--newest", metavar="N", type=click.IntRange(1), help="Only the N files with the highest numbers.")
@click.option("--base-url", "address", default=mirror.ADDRESS, show_default=True, metavar="URL", help="The server.")
@click.option(
    "--parallel",
    default=3,
    show_default=True,
    type=click.IntRange(1, mirror.MOST_AT_ONCE),
    help="Number of files to fetch in parallel.",
)
@click.option("--check", is_flag=True, help="Verify the digests of the files already downloaded.")
@click.option("--dry-run", is_flag=True, help="List the files to fetch without fetching them.")
@click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")
def download(
    folder: Path,
    baseline: bool,
    updates: bool,
    files: str | None,
    newest: int | None,
    address: str,
    parallel: int,
    check: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Download PubMed from NLM, or the files added since; prints the new files.

    An incomplete file is called NAME.part, and the same command resumes it. It gets its name in DIR when its MD5 is the
    one that NLM states. Complete files are not fetched again.

    \b
    Examples:
      bioqa corpus download --to pubmed --dry-run
      bioqa corpus download --to pubmed --baseline --files 1-10
      bioqa corpus download --to pubmed --updates --newest 30 --json
    """
    from bioqa.index.download import client

    client.check_address(address)
    address = f"{address.rstrip('/')}/"
    folders = {record.BASELINE: baseline, record.UPDATES: updates}
    selection = mirror.Selection(
        [name for name, chosen in folders.items() if chosen or not (baseline or updates)],
        listing.parse_numbers(files) if files is not None else listing.ALL_NUMBERS,
        newest,
    )
    server = client.HttpClient(client.RETRY_POLICY, lambda what: say(what, err=True))
    chosen = mirror.select_files(server, address, selection)
    if dry_run:
        _print_plan(_plan(server, address, folder, chosen, check), folder, as_json)
        return
    with record.locked_for_download(folder):
        planned = _plan(server, address, folder, chosen, check)
        report = _download(server, address, folder, planned, parallel)
    _print_report(report, planned, folder, as_json)


def _plan(
    server: "HttpClient", address: str, folder: Path, chosen: "Sequence[ListedFile]", check: bool
) -> "DownloadPlan":
    from bioqa.index.progress import NoProgress, TerminalProgress

    if not check:
        return mirror.plan_download(server, address, folder, chosen, NoProgress(), check=False)
    with TerminalProgress("Checking", "MB") as progress:
        return mirror.plan_download(server, address, folder, chosen, progress, check=True)


def _download(
    server: "HttpClient", address: str, folder: Path, planned: "DownloadPlan", parallel: int
) -> "DownloadReport":
    from bioqa.index.progress import TerminalProgress

    try:
        with TerminalProgress("Downloading", "MB") as progress:
            return mirror.download_files(server, address, folder, planned, parallel, progress)
    except KeyboardInterrupt:
        say(f"{folder}: incomplete files end in .part, and the same command resumes them", err=True)
        raise


def _print_plan(planned: "DownloadPlan", folder: Path, as_json: bool) -> None:
    if as_json:
        _print_json(folder, len(planned.present), planned.wanted, [], dry_run=True)
        return
    for file in planned.wanted:
        say(f"{file.folder}/{file.name}" + (f"  {file.size / 1e6:,.1f} MB" if file.size is not None else ""))
    say(
        f"{len(planned.wanted):,} files to fetch, about {planned.bytes / 1e6:,.1f} MB; "
        f"{len(planned.present):,} are there already.",
        err=True,
    )


def _print_report(report: "DownloadReport", planned: "DownloadPlan", folder: Path, as_json: bool) -> None:
    there = len(planned.present) + len(report.adopted)
    if as_json:
        _print_json(folder, there, report.new, report.failed, dry_run=False)
    else:
        for file in report.new:
            say(folder / file.name)
    size = sum(file.size for file in report.new) / 1e6
    say(f"{len(report.new):,} files fetched, {size:,.1f} MB; {there:,} were there already.", err=True)
    for warning in record.warnings(folder):
        say(f"warning: {warning}", err=True)
    failed = [failure.error for failure in report.failed if failure.error is not report.stopped]
    for error in failed[:_SHOWN]:
        say(f"failed: {error}", err=True)
    if len(failed) > _SHOWN:
        say(f"failed: {len(failed) - _SHOWN:,} further files", err=True)
    if report.stopped:
        raise report.stopped
    if report.failed:
        raise NetworkError(f"{len(report.failed):,} files could not be fetched; try the same command again later")


def _print_json(
    folder: Path,
    present: int,
    new: "Sequence[ListedFile | DownloadedFile]",
    failed: "Sequence[FailedFile]",
    *,
    dry_run: bool,
) -> None:
    found = {
        "to": str(folder),
        "dry_run": dry_run,
        "present": present,
        "new": [{"folder": file.folder, "name": file.name, "size": file.size} for file in new],
        "failed": [{"name": failure.name, "reason": str(failure.error)} for failure in failed],
    }
    say_json(found, indent=1)
