"""Parsing of NLM's PubMed folder listings, digest files and file names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from bioqa.index.errors import InputError, NetworkError

_NAME = re.compile(r"pubmed([0-9]{2})n([0-9]{4,6})\.xml\.gz")
# each match ends before the next "<", so that a page of incomplete tags takes linear time
_ANCHOR = re.compile(r"<a\s([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""(?<![^\s"'])href\s*=\s*["']([^"'<>]*)["']""", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MODIFIED_AND_SIZE = re.compile(
    r"(?P<modified>(?:\d{4}-\d\d-\d\d|\d\d-[A-Z][a-z]{2}-\d{4}) \d\d:\d\d(?::\d\d)?)"
    r"(?:\s+(?P<size>\d[\d.]{0,14})\s?(?P<unit>[kKMGT]?)(?:i?B)?\b)?",
    re.ASCII,
)
_UNITS = {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_LARGEST = 1 << 40  # bytes; a larger size is an error
_MOST_FILES = 20_000  # in a folder; NLM has some 1,300 a year
_DETAILS_WITHIN = 2000  # characters after a link that may contain its time and size
_INDEX_PAGE = re.compile(r"index of|directory listing", re.IGNORECASE)  # Apache and nginx; Python's http.server
_DIGESTS = (
    re.compile(r"MD5\s*\((?P<name>[^()]+)\)\s*=\s*(?P<digest>[0-9a-f]{32})", re.IGNORECASE),  # openssl, BSD
    re.compile(r"(?<![0-9a-f])(?P<digest>[0-9a-f]{32})\s+\*?(?P<name>\S+)", re.IGNORECASE),  # md5sum
)
_RANGE = re.compile(r"(?P<only>\d{1,6})|(?P<first>\d{1,6})?-(?P<last>\d{1,6})?", re.ASCII)
_SHOWN = 60  # characters of an unexpected page


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file in the server's listing. `size` in bytes is rounded as in the listing, None if it states none.

    The file may be larger than `size` by up to `rounding` bytes.
    """

    folder: str
    name: str
    size: int | None = None
    modified: str = ""  # as in the listing, because it is only compared
    rounding: int = field(default=0, compare=False)  # a property of the listing, not of the file


@dataclass(frozen=True, slots=True)
class FileNumbers:
    """A selection of file numbers: inclusive ranges, with None for an open end."""

    ranges: Sequence[tuple[int, int | None]]

    def __contains__(self, number: int) -> bool:
        return any(first <= number and (last is None or number <= last) for first, last in self.ranges)


ALL_NUMBERS = FileNumbers([(0, None)])


def is_pubmed_name(name: str) -> bool:
    """Whether this is the name of a PubMed file, without any path."""
    return _NAME.fullmatch(name) is not None


def year_and_number(name: str) -> tuple[int, int]:
    """The two-digit year and the number of a PubMed file name. Raises InputError for any other name.

    In this order a baseline precedes the updates of its year, whose numbers continue those of the baseline.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise InputError(f"{name!r} is not the name of a PubMed file, such as pubmed26n0001.xml.gz")
    return int(match[1]), int(match[2])


def file_number(name: str) -> int:
    """Year and number of a PubMed file, compressed or not, as one increasing number; 0 for any other name.

    The number of pubmed26n1335.xml.gz is 26001335.
    """
    packed = f"{name.removesuffix('.gz')}.gz"
    year, number = year_and_number(packed) if is_pubmed_name(packed) else (0, 0)
    return year * 10**6 + number


def parse_listing(page: str, folder: str, source: str) -> list[ListedFile]:
    """The PubMed files in the HTML listing of a folder, by year and number; other names are ignored.

    Only names of the form of PubMed files are accepted, so none leads out of a folder. Raises NetworkError if the page
    is not a listing, or lists too many files.
    """
    found = {}
    for name, behind in _links(page):
        if is_pubmed_name(name):
            details = _MODIFIED_AND_SIZE.search(_TAG.sub(" ", behind))
            size, rounding = _size_and_rounding(details)
            found[name] = ListedFile(folder, name, size, details["modified"] if details else "", rounding)
        if len(found) > _MOST_FILES:
            raise NetworkError(f"{source}: lists more than {_MOST_FILES:,} PubMed files; look at the address")
    if not found and not _INDEX_PAGE.search(page):
        raise NetworkError(f"{source}: is no listing of files, it {_beginning(page)}; look at the address")
    return sorted(found.values(), key=lambda file: year_and_number(file.name))


def _links(page: str) -> Iterator[tuple[str, str]]:
    """The target of each link, and the text between it and the next link."""
    for anchor, following in pairwise(chain(_ANCHOR.finditer(page), [None])):
        href = _HREF.search(anchor[1]) if anchor else None
        if anchor and href:
            end = following.start() if following else len(page)
            yield href[1], page[anchor.end() : min(end, anchor.end() + _DETAILS_WITHIN)]


def _size_and_rounding(details: re.Match[str] | None) -> tuple[int | None, int]:
    """Size and rounding in bytes; "1.5K" may be rounded down to a tenth of a kilobyte, "19" is exact."""
    if not details or not details["size"]:
        return None, 0
    try:
        size = round(float(details["size"]) * _UNITS[details["unit"]])
    except ValueError:  # 1.2.3
        return None, 0
    if size > _LARGEST:
        return None, 0
    decimals = len(details["size"].partition(".")[2])
    return size, _UNITS[details["unit"]] // 10**decimals if details["unit"] else 0


def parse_digest(page: str, name: str, source: str) -> str:
    """The MD5 of the file `name` in lower-case hexadecimal, from "MD5(name)= hex" or "hex  name".

    Raises NetworkError if the page has no MD5 of that file.
    """
    for form in _DIGESTS:
        for match in form.finditer(page):
            if match["name"].strip() == name:
                return match["digest"].lower()
    raise NetworkError(f"{source}: no MD5 of {name} in it, it {_beginning(page)}; try again later")


def _beginning(page: str) -> str:
    start = " ".join(page[: 10 * _SHOWN].split())[:_SHOWN]
    return f"begins with {start!r}" if start else "is empty"


def parse_numbers(text: str) -> FileNumbers:
    """File numbers from the value of `--files`, such as "1-50,1219-". Raises InputError if it is invalid."""
    ranges = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match or not any(match.groups()):
            raise InputError(f"--files {text!r}: expected numbers and ranges such as 7, 1-50,1219- or -100")
        first, last = match["only"] or match["first"] or "0", match["only"] or match["last"]
        if last and int(first) > int(last):
            raise InputError(f"--files {text!r}: {part.strip()} runs backwards")
        ranges.append((int(first), int(last) if last else None))
    return FileNumbers(ranges)
