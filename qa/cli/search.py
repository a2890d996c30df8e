"""The command `bioqa search`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.search import feedback
from bioqa.index.search.fusion import FUSION
from bioqa.index.terminal import say, say_json
from bioqa.qa.cli.options import (
    feedback_option,
    filter_options,
    fusion_option,
    index_option,
    json_option,
    reader_option,
    report_filter,
    rerank_option,
)

if TYPE_CHECKING:
    from bioqa.index.search.filters import Filter

_DEEPER = 3  # passages searched for each paper wanted; abstracts have two on average


@click.command("search")
@click.argument("query")
@index_option
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "lexical", "dense"]),
    default="hybrid",
    show_default=True,
    help="lexical: BM25; dense: vectors; hybrid: both, fused.",
)
@fusion_option
@feedback_option
@rerank_option
@reader_option
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="Number of papers.")
@click.option("--all-passages", is_flag=True, help="Show every passage that matches, also several of one paper.")
@filter_options
@json_option
def search_command(
    query: str,
    folder: Path | None,
    mode: str,
    fusion: str | None,
    feedback_passages: int | None,
    rerank: int,
    reader_folder: Path | None,
    top: int,
    all_passages: bool,
    filters: "Filter",
    as_json: bool,
) -> None:
    """Find the papers that match QUERY best, each with its best passage.

    \b
    Examples:
      bioqa search "CFTR modulators in children" --index my-index --top 20
      bioqa search "BRCA1" --mode lexical --journal Nature --json
      bioqa search "does aspirin prevent preeclampsia" --rerank 10
      bioqa search "asthma in children" --mesh Asthma --mesh Child --publication-type Review --not-retracted
    """
    from bioqa.index.search import documents
    from bioqa.index.search.hybrid import Index
    from bioqa.index.search.search_index import Query
    from bioqa.qa import json_output, starter, wording
    from bioqa.qa.cli import render

    if reader_folder and not rerank:
        raise click.UsageError("--reader has no effect without --rerank N")
    text = wording.validate_question(query, most=wording.LONGEST_QUERY)
    opened = Index(folder or starter.index_folder())
    if fault := report_filter(opened, filters):
        say(f"warning: {fault}", err=True)
    encoder = opened.open_encoder() if mode != "lexical" else None
    hits = documents.search_passages(
        opened,
        Query.of(text, encoder),
        mode,
        0 if all_passages else top,
        max(top if all_passages else _DEEPER * top, rerank),
        filters=filters,
        fusion=fusion or FUSION,
        feedback_passages=feedback.PASSAGES if feedback_passages is None else feedback_passages,
    )
    if rerank:
        from bioqa.qa.reranking import load_reranker

        hits = load_reranker(reader_folder, rerank)(text, hits)
    hits = (hits if all_passages else documents.best_passages(hits))[:top]
    if as_json:
        say_json(json_output.hits_json(hits))
    else:
        render.show_hits(hits)
