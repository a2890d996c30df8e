"""Names of a journal besides its title: abbreviations and ISSNs, by which it can be found too."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from bioqa.index.corpus.values.field_names import plain

FIELD = "journal_names"  # in `Document.extra`
_ISSN = re.compile(r"(\d{4})[-‐–]?(\d{3}[\dXx])(?!\w)")
_KEYS = {
    *("issn", "eissn", "pissn", "issnl", "essn", "issnlinking", "issnprint", "issnelectronic", "issne", "issnp"),
    *("journalabbreviation", "journalabbrev", "abbreviatedjournal", "isoabbreviation", "isoabbrev", "medlineta"),
    *("nlmta", "journaliso", "shortjournalname", "containertitleshort"),
}  # names of fields without case, blanks and signs


def names_field(journal: str, names: Iterable[str]) -> dict[str, list[str]]:
    """The field of `Document.extra` with the names that differ from the title; without any, no field."""
    kept = _kept(journal, tuple(names))
    return {FIELD: list(kept)} if kept else {}


@lru_cache(maxsize=10_000)  # one for each journal
def _kept(journal: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spelled for name in names if (spelled := spelling(name)) and spelled != journal))


def names_among(journal: str, fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same from fields of a record under any of their usual names."""
    values = (value for name, value in fields.items() if plain(name) in _KEYS)
    found = (text for value in values for text in (value if isinstance(value, list) else [value]))
    return names_field(journal, (text for text in found if isinstance(text, str)))


def names_of(extra: Mapping[str, Any]) -> list[str]:
    """The names of a journal that a document keeps."""
    names = extra.get(FIELD)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def spelling(name: str) -> str:
    """An ISSN with its hyphen and without what stands behind it; any other name as it is."""
    name = name.strip()
    issn = _ISSN.match(name)
    return f"{issn[1]}-{issn[2].upper()}" if issn else name
