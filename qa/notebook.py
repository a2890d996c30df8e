"""A response as HTML, for notebooks. Everything that papers say is escaped."""

from pathlib import Path

from bioqa.index import templates
from bioqa.qa.answers import sources
from bioqa.qa.response import Response

_TEMPLATE = Path(__file__).with_name("notebook.html")
_EVIDENCE = 2  # sentences under each answer


def response_html(response: Response) -> str:
    """Question, answers with confidence and evidence, or the summary with its citations."""
    if response.parts:
        return "".join(map(response_html, response.parts))
    return templates.render(_TEMPLATE, response=response, sources=sources, evidence=_EVIDENCE)
