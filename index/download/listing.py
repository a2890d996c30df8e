"""What NLM's server says of its PubMed files: the listing of a folder, and the digest beside each file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from bioqa.index.errors import InputError, NetworkError

_NAME = re.compile(r"pubmed([0-9]{2})n([0-9]{4,6})\.xml\.gz")
# each search ends at the next "<", so that a page of nothing but beginnings of tags takes no longer than another
_ANCHOR = re.compile(r"<a\s([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""(?<![^\s"'])href\s*=\s*["']([^"'<>]*)["']""", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MODIFIED_AND_SIZE = re.compile(
    r"(?P<modified>(?:\d{4}-\d\d-\d\d|\d\d-[A-Z][a-z]{2}-\d{4}) \d\d:\d\d(?::\d\d)?)"
    r"(?:\s+(?P<size>\d[\d.]{0,14})\s?(?P<unit>[kKMGT]?)(?:i?B)?\b)?",
    re.ASCII,
)
_UNITS = {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_LARGEST = 1 << 40  # bytes; a size beyond that is a mistake
_MOST_FILES = 20_000  # in a folder; NLM has some 1,300 a year
_TOLD_WITHIN = 2000  # characters behind a link, where its time and size stand
_INDEX_PAGE = re.compile(r"index of|directory listing", re.IGNORECASE)  # Apache and nginx; Python's http.server
_DIGESTS = (
    re.compile(r"MD5\s*\((?P<name>[^()]+)\)\s*=\s*(?P<digest>[0-9a-f]{32})", re.IGNORECASE),  # openssl, BSD
    re.compile(r"(?<![0-9a-f])(?P<digest>[0-9a-f]{32})\s+\*?(?P<name>\S+)", re.IGNORECASE),  # md5sum
)
_RANGE = re.compile(r"(?P<only>\d{1,6})|(?P<first>\d{1,6})?-(?P<last>\d{1,6})?", re.ASCII)
_SHOWN = 60  # characters of an unexpected page


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that the server lists; `size` in bytes is as rounded there and None where the listing has none.

    `rounding` is by how many bytes the file may be larger than the size says.
    """

    folder: str
    name: str
    size: int | None = None
    modified: str = ""  # as the listing writes it: it is only ever compared
    rounding: int = field(default=0, compare=False)  # says how the size was written, not what the file is


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers of files are wanted: ranges with both ends in, None where one is open."""

    ranges: Sequence[tuple[int, int | None]]

    def __contains__(self, number: int) -> bool:
        return any(first <= number and (last is None or number <= last) for first, last in self.ranges)


EVERY_NUMBER = Numbers([(0, None)])


def is_pubmed(name: str) -> bool:
    """Whether this is the name of a PubMed file, and nothing else: no path leads through it."""
    return _NAME.fullmatch(name) is not None


def year_and_number(name: str) -> tuple[int, int]:
    """The two-digit year and the number in the name of a PubMed file; raises InputError where it is not one's.

    Sorted by these, a baseline comes before the updates of its year, whose numbers go on after its own.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise InputError(f"{name!r} is not the name of a PubMed file, such as pubmed26n0001.xml.gz")
    return int(match[1]), int(match[2])


def file_number(name: str) -> int:
    """Year and number of a PubMed file, unpacked or not, as one that grows from file to file: 26001335 for
    pubmed26n1335.xml.gz; 0 for any other name."""
    packed = f"{name.removesuffix('.gz')}.gz"
    year, number = year_and_number(packed) if is_pubmed(packed) else (0, 0)
    return year * 10**6 + number


def parse_listing(page: str, folder: str, source: str) -> list[Listed]:
    """The PubMed files in the HTML listing of a folder, by year and number; any other name is passed over.

    A name is taken only where it has the form of a PubMed file's, so none leads out of a folder. Raises NetworkError
    where the page names no such file and is no listing either, or names more than a folder of PubMed has.
    """
    found = {}
    for name, behind in _links(page):
        if is_pubmed(name):
            told = _MODIFIED_AND_SIZE.search(_TAG.sub(" ", behind))
            size, rounding = _size_and_rounding(told)
            found[name] = Listed(folder, name, size, told["modified"] if told else "", rounding)
        if len(found) > _MOST_FILES:
            raise NetworkError(f"{source}: lists more than {_MOST_FILES:,} PubMed files; look at the address")
    if not found and not _INDEX_PAGE.search(page):
        raise NetworkError(f"{source}: is no listing of files, it {_beginning(page)}; look at the address")
    return sorted(found.values(), key=lambda file: year_and_number(file.name))


def _links(page: str) -> Iterator[tuple[str, str]]:
    """The target of each link, and what stands behind it and before the next."""
    for anchor, following in pairwise(chain(_ANCHOR.finditer(page), [None])):
        href = _HREF.search(anchor[1]) if anchor else None
        if anchor and href:
            end = following.start() if following else len(page)
            yield href[1], page[anchor.end() : min(end, anchor.end() + _TOLD_WITHIN)]


def _size_and_rounding(told: re.Match[str] | None) -> tuple[int | None, int]:
    """In bytes; "1.5K" may be rounded down to the tenth of a kilobyte, "19" is not rounded."""
    if not told or not told["size"]:
        return None, 0
    try:
        size = round(float(told["size"]) * _UNITS[told["unit"]])
    except ValueError:  # 1.2.3
        return None, 0
    if size > _LARGEST:
        return None, 0
    decimals = len(told["size"].partition(".")[2])
    return size, _UNITS[told["unit"]] // 10**decimals if told["unit"] else 0


def parse_digest(page: str, name: str, source: str) -> str:
    """The MD5 of the file `name` in 32 small hexadecimal digits, from "MD5(name)= hex" or "hex  name".

    Raises NetworkError where the page says nothing of that file.
    """
    for form in _DIGESTS:
        for match in form.finditer(page):
            if match["name"].strip() == name:
                return match["digest"].lower()
    raise NetworkError(f"{source}: no MD5 of {name} in it, it {_beginning(page)}; try again later")


def _beginning(page: str) -> str:
    start = " ".join(page[: 10 * _SHOWN].split())[:_SHOWN]
    return f"begins with {start!r}" if start else "is empty"


def parse_numbers(text: str) -> Numbers:
    """Numbers of files from the text of `--files`, such as "1-50,1219-"; raises InputError where it is none."""
    ranges = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match or not any(match.groups()):
            raise InputError(f"--files {text!r}: expected numbers and ranges such as 7, 1-50,1219- or -100")
        first, last = match["only"] or match["first"] or "0", match["only"] or match["last"]
        if last and int(first) > int(last):
            raise InputError(f"--files {text!r}: {part.strip()} runs backwards")
        ranges.append((int(first), int(last) if last else None))
    return Numbers(ranges)
