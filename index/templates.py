"""HTML from Jinja2 templates, in which every value is escaped unless it is marked as HTML."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: Path, **values: object) -> str:
    """The text of a template file with these values. A name that the template uses and nobody gives is an error."""
    return _environment(template.parent).get_template(template.name).render(values)


def as_html(text: str) -> str:
    """Mark a text as HTML, which is not escaped again."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 (made from templates and numbers by the callers)


@cache
def _environment(folder: Path) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
