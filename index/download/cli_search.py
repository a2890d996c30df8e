"""The command `bioqa corpus search`, which fetches the papers of a PubMed search."""

import math
import os
import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.errors import InputError, NetworkError
from bioqa.index.terminal import say, say_json

if TYPE_CHECKING:
    from bioqa.index.download.eutilities import SearchResult
    from bioqa.index.download.paper_search import SearchReport
    from bioqa.index.download.search_record import SearchEntry

_ADDRESS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
_LONGEST_QUERY = 20_000  # characters
_SHOWN = 5  # PMIDs in a message
_MANY = 200_000  # papers, for which the files of `corpus download` are quicker


@click.command("search")
@click.argument("query")
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The folder for the papers."
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the N newest papers that match.")
@click.option("--dry-run", is_flag=True, help="Say how many papers match, and fetch none.")
@click.option("--email", default="", envvar="NCBI_EMAIL", metavar="ADDRESS", help="For NCBI, to reach you.")
@click.option("--base-url", "address", default=_ADDRESS, show_default=True, metavar="URL", help="The E-utilities.")
@click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")
def search_command(
    query: str, folder: Path, limit: int | None, dry_run: bool, email: str, address: str, as_json: bool
) -> None:
    """Fetch the papers that match QUERY in PubMed; prints the new files.

    QUERY is what PubMed's search box takes. The papers come as PubMed XML, which 'bioqa index build DIR' reads; DIR
    also gets searches.json, a record of the query. Papers that DIR has are not fetched again, and after an interruption
    the same command resumes. With a key of NCBI in the environment variable NCBI_API_KEY, ten requests a second are
    made in place of three.

    \b
    Examples:
      bioqa corpus search "cystic fibrosis[MeSH] AND 2015:2024[dp]" --to cf
      bioqa corpus search "sepsis[ti] AND review[pt]" --to sepsis --limit 500
      bioqa corpus search '"long covid"[tiab]' --to covid --dry-run
    """
    from bioqa.index.download import client, eutilities, paper_search, record, search_record
    from bioqa.index.download.eutilities import MOST_LISTED, EUtilities
    from bioqa.index.progress import TerminalProgress

    query = " ".join(query.split())
    if not query or len(query) > _LONGEST_QUERY:
        raise InputError(f"the query is {'empty' if not query else f'longer than {_LONGEST_QUERY:,} characters'}")
    client.check_address(address)
    search_record.check_folder(folder)
    web = client.HttpClient(eutilities.PATIENCE, lambda what: say(what, err=True))
    key = os.environ.get("NCBI_API_KEY", "").strip()
    server = EUtilities(web, f"{address.rstrip('/')}/", key=key, email=email)
    whole = server.search(query, min(limit or MOST_LISTED, MOST_LISTED))
    if not whole.count:
        raise InputError(_nothing_found(query, whole))
    _print_translation(whole)
    if dry_run:
        _print_plan(whole, search_record.held_pmids(folder), limit)
        if as_json:
            say_json(_data(folder, _entry(query, limit, address, whole, paper_search.SearchReport()), [], dry_run=True))
        return
    report = paper_search.SearchReport()
    with record.locked_for_download(folder):
        earlier = search_record.read_searches(folder)
        held = search_record.held_pmids(folder)
        _print_plan(whole, held, limit)
        try:
            with TerminalProgress("Fetching", "papers") as progress:
                paper_search.fetch_papers(server, query, whole, folder, held, limit, report, progress)
        except KeyboardInterrupt:
            kept = _counted(report.fetched, "new paper")
            say(f"{folder}: {kept} kept, and the same command fetches the others", err=True)
            raise
        finally:
            search_record.write_search(folder, earlier, _entry(query, limit, address, whole, report))
            if as_json:
                entry = _entry(query, limit, address, whole, report)
                say_json(_data(folder, entry, report.files, dry_run=False), indent=1)
            else:
                for path in report.files:
                    say(path)
    _print_report(report, whole, folder, limit)


def _nothing_found(query: str, found: "SearchResult") -> str:
    why = "; ".join(found.warnings) or (f"PubMed reads it as {found.translation}" if found.translation else "")
    return (
        f"no paper in PubMed matches {query!r}{why and f' ({why})'}; check the spelling and the fields, or ask for less"
    )


def _print_translation(found: "SearchResult") -> None:
    if found.translation:
        say(f"PubMed reads the query as: {found.translation}", err=True)
    for warning in found.warnings:
        say(f"warning: {warning}", err=True)


def _print_plan(found: "SearchResult", held: set[str], limit: int | None) -> None:
    from bioqa.index.download.eutilities import MOST_LISTED
    from bioqa.index.download.paper_search import BATCH

    wanted = found.count if limit is None else min(limit, found.count)
    line = f"{_counted(found.count, 'paper')} match{'es' if found.count == 1 else ''}"
    if wanted < found.count:
        line += f", the newest {wanted:,} are wanted"
    if wanted > MOST_LISTED:
        line += f"; they come in parts by date, in at least {math.ceil(wanted / BATCH):,} requests"
        if wanted > _MANY:
            line += " ('bioqa corpus download' is quicker for so many)"
    else:
        there = sum(pmid in held for pmid in found.pmids[:wanted])
        left = len(found.pmids[:wanted]) - there
        line += f"; {there:,} are there already, {left:,} to fetch" + (f" in batches of {BATCH}" if left else "")
    say(line, err=True)


def _print_report(report: "SearchReport", whole: "SearchResult", folder: Path, limit: int | None) -> None:
    say(
        f"{_counted(report.fetched, 'paper')} fetched into {_counted(len(report.files), 'file')}; "
        f"{report.held:,} were there already.",
        err=True,
    )
    expected = whole.count if limit is None else min(limit, whole.count)
    if report.listed < expected:
        say(f"warning: PubMed counts {expected:,} papers and lists {report.listed:,}", err=True)
    if report.missing:
        some = ", ".join(report.missing[:_SHOWN]) + (" ..." if len(report.missing) > _SHOWN else "")
        message = f"PubMed lists {_counted(len(report.missing), 'paper')} that it did not deliver (PMID {some})"
        if not report.fetched:
            raise NetworkError(f"{message}; try the same command again later")
        say(f"warning: {message}; the same command asks again", err=True)
    if report.fetched:
        say(f"next: bioqa index build {shlex.quote(str(folder))} --to INDEX", err=True)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _entry(query: str, limit: int | None, address: str, whole: "SearchResult", report: "SearchReport") -> "SearchEntry":
    from bioqa.index.download.search_record import SearchEntry

    expected = whole.count if limit is None else min(limit, whole.count)
    return SearchEntry(
        query,
        limit,
        whole.translation,
        whole.warnings,
        address,
        whole.count,
        report.fetched,
        report.held,
        report.missing,
        report.fetched + report.held >= expected,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _data(folder: Path, entry: "SearchEntry", files: list[Path], *, dry_run: bool) -> dict[str, object]:
    return {"to": str(folder), "dry_run": dry_run, **asdict(entry), "files": [str(path) for path in files]}
