"""The names that exports and programs give to the fields of a document, and the forms of their values."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_NAMES = {  # field of Document: its names in order of preference, without case, blanks and signs
    "id": ("pmid", "id", "pubmedid", "docid", "documentid", "pmcid", "pmc", "doi"),
    "title": ("title", "articletitle", "papertitle", "documenttitle", "ti"),
    "abstract": ("abstract", "abstracttext", "text", "contents", "content", "passage", "body", "ab"),
    "year": (
        *("year", "pubyear", "publicationyear", "publishedyear", "yearpublished", "py", "date", "publicationdate"),
        *("pubdate", "datepublished", "publisheddate", "published", "publishdate", "publishtime", "dp"),
        *("firstpublicationdate", "issued", "coverdate"),
    ),
    "journal": (
        *("journal", "journaltitle", "journalname", "fulljournalname", "publicationname", "containertitle", "venue"),
    ),
    "authors": ("authors", "author", "authorstring", "authorlist", "authornames", "creators", "au"),
    "mesh": ("mesh", "meshterms", "meshheadings", "meshheadinglist", "meshmajor", "mh"),
    "publication_types": ("publicationtypes", "publicationtype", "pubtypes", "pubtype", "pubtypelist", "pt"),
    "language": ("language", "lang", "languages", "la"),
    "version": ("version",),
}  # fmt: skip
_FIELD_OF = {alias: (field, rank) for field, names in _NAMES.items() for rank, alias in enumerate(names)}
_KEPT = {
    "date",
    "publicationdate",
    "pubdate",
    "published",
    "publishtime",
    "firstpublicationdate",
}  # say more than a year
_SIGNS = re.compile(r"[\W_]+")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)(?=10\.)", re.IGNORECASE)
_NAME_KEYS = ("name", "fullname", "descriptorname", "descriptor", "collectivename", "collab", "term", "label", "text")
_FAMILY_KEYS = ("lastname", "last", "family", "familyname", "surname")
_GIVEN_KEYS = ("initials", "firstname", "first", "given", "givenname", "givennames", "forename", "forenames")
_MIDDLE_KEYS = ("middle", "middlename")


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """A name without case, blanks and signs."""
    return _SIGNS.sub("", name[:100]).casefold()


def field_of(name: str) -> str:
    """The field of Document that a column of this name holds; empty if none."""
    return _FIELD_OF.get(plain(name), ("", 0))[0]


def take(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the fields of Document, and the other fields under their own names.

    Of several names of a field, the first in order of preference with a value counts.
    """
    best: dict[str, tuple[int, str]] = {}
    for name, value in fields.items():
        known = _FIELD_OF.get(plain(name))
        if known and value not in (None, "", [], {}) and (known[0] not in best or known[1] < best[known[0]][0]):
            best[known[0]] = (known[1], name)
    taken = {field: fields[name] for field, (_, name) in best.items()}
    used = {name for _, name in best.values() if plain(name) not in _KEPT}
    if "id" in taken and isinstance(taken["id"], str):
        taken["id"] = identity(taken["id"], plain(best["id"][1]))
    if "authors" in best and isinstance(taken["authors"], str):
        sign = "," if plain(best["authors"][1]) == "authorstring" else ";"
        taken["authors"] = [name.strip(" .") if sign == "," else name for name in taken["authors"].split(sign)]
    return taken, {name: value for name, value in fields.items() if name not in used}


def identity(value: str, name: str = "doi") -> str:
    """An identifier as text: a DOI without its address, a PMC id with its letters."""
    if name in ("pmcid", "pmc") and value.strip().isdigit():
        return f"PMC{value.strip()}"
    return _DOI.sub("", value.strip(), count=1)


def texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of texts or objects, as texts: an author as "Doe JA", a heading by its name."""
    if isinstance(value, dict):  # such as {"author": [...]} and one author
        inside = next((held for held in value.values() if isinstance(held, list)), None)
        return texts([value]) if inside is None or _described(value) else texts(inside)
    if isinstance(value, str):
        return (value.strip(),)
    if not isinstance(value, list):
        return ()
    return tuple(filter(None, (_described(item) if isinstance(item, dict) else str(item).strip() for item in value)))


def _described(item: Mapping[str, Any]) -> str:
    found = {plain(str(key)): held for key, held in item.items()}
    family = _first(found, _FAMILY_KEYS)
    if family:
        given = " ".join(filter(None, (_first(found, _GIVEN_KEYS), _first(found, _MIDDLE_KEYS))))
        initials = (
            given if given.isupper() and len(given) < 4 else "".join(part[0] for part in re.findall(r"\w+", given))
        )
        return f"{family} {initials}".strip()
    return _first(found, _NAME_KEYS)


def _first(found: Mapping[str, Any], keys: Iterable[str]) -> str:
    for key in keys:
        value = found.get(key)
        value = " ".join(filter(None, map(str, value))) if isinstance(value, list) else value
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
