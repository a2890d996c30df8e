"""Command-line options that several commands share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bioqa.index.search import feedback
from bioqa.index.search.fusion import FUSION, FUSIONS
from bioqa.index.terminal import say

if TYPE_CHECKING:
    from bioqa.index.models.model import Model
    from bioqa.index.search.filters import Filter
    from bioqa.index.search.search_index import SearchIndex

index_option = click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    envvar="BIOQA_INDEX",
    help="An index made by 'bioqa index build'; by default the starter index that ships with bioqa.",
)
_FILTERS = (
    click.option("--year", metavar="FROM:TO", help="Only papers of these years: 2015, 2015:2024, 2015: or :2024."),
    click.option("--journal", metavar="NAME", help="Only papers of this journal: its title, abbreviation or ISSN."),
    click.option(
        "--mesh",
        metavar="TERM",
        multiple=True,
        help="Only papers with this MeSH heading, such as 'Cystic Fibrosis'; repeat it to require several.",
    ),
    click.option("--publication-type", metavar="TYPE", help="Only papers of this type, such as Review."),
    click.option("--language", metavar="CODE", help="Only papers in this language, such as eng or English."),
    click.option("--not-retracted", is_flag=True, help="Exclude retracted papers."),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator that adds the filter options to a command, which receives them as one Filter, `filters`."""

    @functools.wraps(command)
    def with_filters(
        *,
        year: str | None,
        journal: str | None,
        mesh: tuple[str, ...],
        publication_type: str | None,
        language: str | None,
        not_retracted: bool,
        **others: Any,
    ) -> None:
        from bioqa.index.search.filters import parse_filter

        filters = parse_filter(year, journal, mesh, publication_type, language, not_retracted=not_retracted)
        command(filters=filters, **others)

    return functools.reduce(lambda function, option: option(function), reversed(_FILTERS), with_filters)


def report_filter(index: "SearchIndex", filters: "Filter") -> str:
    """Say on standard error which values of a filter are read as others; returns why no paper passes, if none does."""
    report = index.filter_report(filters)
    for note in report.notes:
        say(f"note: {note}", err=True)
    return report.fault


def model_folder(_: click.Context, __: click.Parameter, name: str | None) -> Path | None:
    """Click callback: the folder of the model that an option names, by a folder or a registered name."""
    from bioqa.index.models import registry

    return None if name is None else registry.find_model(name)


def warn_of_borrowed_confidence(reader: "Model") -> None:
    """Say it on standard error where a reader has no calibration of its own."""
    from bioqa.qa import calibration

    if not calibration.is_own(reader):
        say(
            f"warning: {reader.folder}: has no calibration of its own, so its confidence is that of the "
            "reader that ships; fit one with 'bioqa train calibration'",
            err=True,
        )


reader_option = click.option(
    "--reader",
    "reader_folder",
    metavar="DIR|NAME",
    callback=model_folder,
    help="A reader made by 'bioqa export', or a name from 'bioqa models'; by default the reader that ships.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")
fusion_option = click.option(
    "--fusion",
    type=click.Choice(list(FUSIONS)),
    help="How to fuse BM25 and vectors: mean of raw scores, mean of scores scaled to 0..1, reciprocal ranks, or "
    f"scaled scores weighted by how far the best passage stands out; {FUSION} by default.",
)
feedback_option = click.option(
    "--feedback",
    "feedback_passages",
    metavar="N",
    type=click.IntRange(0, 100),
    help="Search again with terms and vectors of the first N passages, which helps short questions; 0 turns it off, "
    f"{feedback.PASSAGES} by default. Only for hybrid search.",
)
rerank_option = click.option(
    "--rerank",
    default=0,
    show_default=True,
    metavar="N",
    type=click.IntRange(0, 1000),
    help="Rerank the first N passages with the reader, at about 9 ms each.",
)
