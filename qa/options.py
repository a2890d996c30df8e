"""Options that several commands have."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bioqa.index import feedback
from bioqa.index.fusion import FUSION, FUSIONS

index_option = click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    envvar="BIOQA_INDEX",
    help="An index made by 'bioqa index build'; the starter index that comes with bioqa by default.",
)
_FILTERS = (
    click.option("--year", metavar="FROM:TO", help="Only papers of these years: 2015, 2015:2024, 2015: or :2024."),
    click.option("--journal", metavar="NAME", help="Only papers of this journal (its full title, in any case)."),
    click.option(
        "--mesh",
        metavar="TERM",
        multiple=True,
        help="Only papers with this MeSH heading, such as 'Cystic Fibrosis'; given several times, with all of them.",
    ),
    click.option("--publication-type", metavar="TYPE", help="Only papers of this type, such as Review."),
    click.option("--language", metavar="CODE", help="Only papers in this language, by PubMed's code such as eng."),
    click.option("--not-retracted", is_flag=True, help="No papers that were retracted."),
)


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that narrow a search; it gets them as the one Filter `narrow`."""

    @functools.wraps(command)
    def narrowed(
        *,
        year: str | None,
        journal: str | None,
        mesh: tuple[str, ...],
        publication_type: str | None,
        language: str | None,
        not_retracted: bool,
        **others: Any,
    ) -> None:
        from bioqa.index import filters

        narrow = filters.parse(year, journal, mesh, publication_type, language, not_retracted=not_retracted)
        command(narrow=narrow, **others)

    return functools.reduce(lambda function, option: option(function), reversed(_FILTERS), narrowed)


def located(_: click.Context, __: click.Parameter, given: str | None) -> Path | None:
    """Turns what was given of an option for a model, a folder or a name, into the model's folder."""
    from bioqa.index import registry

    return None if given is None else registry.located(given)


reader_option = click.option(
    "--reader",
    "reader_folder",
    metavar="DIR|NAME",
    callback=located,
    help="A reader made by 'bioqa export', or a name that 'bioqa models' lists; the one that ships by default.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")
fusion_option = click.option(
    "--fusion",
    type=click.Choice(list(FUSIONS)),
    help="How BM25 and vectors are fused: by the mean of their scores as they are, or scaled to 0..1, by their ranks, "
    f"or by scaled scores of which those count more whose best passage stands out; {FUSION} by default.",
)
feedback_option = click.option(
    "--feedback",
    "speaking",
    metavar="N",
    type=click.IntRange(0, 100),
    help="Ask again with what the first N passages are about, which helps short questions; 0 for not, "
    f"{feedback.PASSAGES} by default. Only where both searches are fused.",
)
rerank_option = click.option(
    "--rerank",
    default=0,
    show_default=True,
    metavar="N",
    type=click.IntRange(0, 1000),
    help="Let the reader weigh the first N passages anew, for some 9 ms each.",
)
