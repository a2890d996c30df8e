"""What a filter does in an index: how its values are understood, and why no paper passes."""

from collections.abc import Callable, Iterator, Mapping

from bioqa.index.corpus.values import journals
from bioqa.index.records import Document
from bioqa.index.search import filter_values
from bioqa.index.search.filters import Filter, FilterReport
from bioqa.index.search.lexical import LexicalIndex

_NAMED = {  # as messages name a value of a field, the field itself, and the option
    "journal": ("of the journal", "a journal", "--journal"),
    "mesh": ("with the MeSH heading", "MeSH headings", "--mesh"),
    "publication_type": ("of type", "a publication type", "--publication-type"),
    "language": ("in the language", "a language", "--language"),
}
_LISTED = 8  # languages named


def report(filters: Filter, lexical: LexicalIndex, document: Callable[[int], Document]) -> FilterReport:
    """The report on a filter that is not empty; `document` gives the document of a passage, by its number."""
    notes = []
    for field, value in filters.values:
        found = [_as_written(field, text, lexical, document) for text in lexical.meant_values(field, value)]
        if field != "language" and found and value.strip().casefold() not in map(str.casefold, found):
            notes.append(f"{_NAMED[field][2]} {value!r} is read as {_alternatives(found)}")
    if lexical.any_passes(filters):
        return FilterReport(tuple(notes))
    faults = [*_year_faults(filters, lexical), *_value_faults(filters, lexical, document)]
    if filters.not_retracted and not faults and not lexical.any_passes(Filter(not_retracted=True)):
        faults.append("every paper of this index is retracted")
    return FilterReport(
        tuple(notes), "; ".join(faults) or "no paper passes all filters at once, though each passes some"
    )


def _year_faults(filters: Filter, lexical: LexicalIndex) -> Iterator[str]:
    years = Filter(filters.first_year, filters.last_year)
    if years.is_empty or lexical.any_passes(years):
        return
    known = lexical.years()
    fault = f"no paper of {_span(filters.first_year, filters.last_year)}"
    yield (
        f"{fault}; this index has papers of {_span(*known)}" if known else f"{fault}: no paper of this index has a year"
    )


def _span(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return f"{last} and before" if first is None else f"{first} and later"
    return str(first) if first == last else f"{first} to {last}"


def _value_faults(filters: Filter, lexical: LexicalIndex, document: Callable[[int], Document]) -> Iterator[str]:
    for field, value in filters.values:
        values = lexical.field_values(field)
        if lexical.meant_values(field, value):
            continue
        named, what, _ = _NAMED[field]
        fault = f"no paper {named} {value!r}"
        if not values:
            yield f"{fault}: no paper of this index has {what}"
        elif field == "language":
            yield f"{fault}; this index has {', '.join(_most_frequent(values))}"
        else:
            found = [_as_written(field, text, lexical, document) for text in filter_values.near(value, values)]
            yield f"{fault}; did you mean {_alternatives(found)}?" if found else fault


def _most_frequent(values: Mapping[str, int]) -> list[str]:
    return sorted(values, key=lambda value: (-values[value], value))[:_LISTED]


def _alternatives(values: list[str]) -> str:
    return " or ".join(repr(value) for value in dict.fromkeys(values))


def _as_written(field: str, value: str, lexical: LexicalIndex, document: Callable[[int], Document]) -> str:
    """A value in lower case as a document has it."""
    for number in lexical.passages_with(field, value, 1):
        found = document(number)
        texts = {
            "journal": (found.journal, *journals.names_of(found.extra)),
            "mesh": found.mesh,
            "publication_type": found.publication_types,
        }.get(field, ())
        return next((text for text in texts if text.casefold() == value), value)
    return value
