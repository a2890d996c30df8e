"""Which layout of the vectors fits a corpus and a memory budget, and what it will take: arithmetic, no files read.

The figures that it reckons with were measured on two cores of a server processor with the encoder that ships (384
dimensions) and one million passages, unless said otherwise. All sizes are in bytes.
"""

import re
from dataclasses import dataclass
from math import inf, isqrt

from bioqa.index.errors import BudgetError, InputError

# A flat search scores 256 MB of rows in some 20 ms. Beyond, lists are faster, and 3% of the nearest ten are the price.
FLAT_BYTES = 256_000_000

# Of inverted lists, before those outside them are many enough to slow a search down or the removed ones to thin it out.
MOST_OUTSIDE = 0.1

_SEARCHING = 260_000_000  # a process that asks: Python, libraries, encoder, reader
_BUILDING = 760_000_000  # one that builds: encoder, tantivy's writer, what is read between two commits
_BUILDING_LEXICAL = 440_000_000  # over 120,000 citations with two readers, whose own memory is READING
READING = 110_000_000  # each of several processes that read for it
_LEXICAL_BYTES = 130  # a passage, of tantivy's files
_PLACE_BYTES = 16  # a passage, of the files that say where it lies in which document
TEXTS_KEPT = 100_000_000  # of documents that were read
_TEXT_BYTES = 900  # a passage, of its document's share in the store
_NUMBER_BYTES = 8  # a passage number in the lists
_FILLING_BYTES = (
    21  # a row while lists are filled: its list, if it is kept, and its number twice as the sample is drawn
)
_SCANNED = 150_000  # codes that a search reads: 13 ms on one core with four bits a component
_LEAST_PROBES = 256  # recall hangs on the number of lists read more than on their share
_SAMPLE = 32  # rows of the training sample for every list; more of them did not raise the recall
_MOST_SAMPLE = 262_144
_ENCODED = 126.0  # passages a second
_INDEXED = 7_600.0  # passages a second, by the lexical side and the store
_MULTIPLIED = 20e9  # operations a second in clustering and assigning, other work going on
CLUSTERING = 8  # rounds over the sample; recall grows no more beyond

# A passage in a corpus file, by what is in it and how it is compressed: JSON lines of 29,916 abstracts, PubMed XML of
# 292 articles. Other text is taken for JSON lines.
_PASSAGE_BYTES = {
    (".xml", ""): 6_140,
    (".xml", ".gz"): 720,
    (".xml", ".bz2"): 430,
    (".xml", ".xz"): 400,
    ("", ""): 860,
    ("", ".gz"): 280,
    ("", ".bz2"): 200,
    ("", ".xz"): 180,
}

_SIZE = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,3})?)(?P<unit>[KMG]?)B?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True, slots=True)
class Design:
    """Inverted lists: the kind of `codes` in them, how many `lists`, how many of them a search reads (`probes`), how
    many candidates it scores again for every passage asked for (`refine`), and the rows of the training `sample`."""

    codes: str
    lists: int
    probes: int
    refine: int
    sample: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What an index of so many passages will be and take. `design` is None where rows are searched flat, `recall` is
    the share of the nearest ten that a search finds; time is that of the whole build."""

    passages: int
    dimensions: int
    design: Design | None
    recall: float
    build_bytes: int
    search_bytes: int
    disk_bytes: int
    seconds: float

    @property
    def layout(self) -> str:
        """Its name."""
        return layout(self.design.codes if self.design else None)


@dataclass(frozen=True, slots=True)
class _Codes:
    """A way to shorten a row: its bits a component and bytes besides, what must be scored again, and the recall."""

    bits: int
    more_bytes: int
    refine: int
    recall: float


# In the order of what they are worth. On 61,706 real vectors, 3,900 lists of which 15% are read hold 98.5% of the ten
# nearest to a BioASQ question, and the candidates of both kinds hold all of these; of the nearest hundred, 1% less of
# one bit. A million vectors grown from real ones are easier: 99.9% and 99.7%.
_CODES = {"sq4": _Codes(4, 0, 4, 0.98), "rabitq": _Codes(1, 8, 16, 0.97)}


def layout(codes: str | None) -> str:
    """The name of a layout: `flat`, or `ivf` with the codes in its lists."""
    return f"ivf-{codes}" if codes else "flat"


def parse_size(text: str, option: str = "--max-ram") -> int:
    """The number in the text of an option: "800M", "4G", "1.5G", "2000000000"; K, M and G are powers of 1,000.

    Raises InputError for anything else, and for nothing at all.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match["number"]) * _UNITS[match["unit"].upper()]) if match else 0
    if size < 1:
        raise InputError(f"{option} {text!r}: expected a size such as 800M, 4G or 1.5G")
    return size


def estimate_passages(name: str, size: int) -> int:
    """About how many passages a corpus file of that name and size holds."""
    stem, _, compression = name.lower().rpartition(".")
    compression = f".{compression}" if f".{compression}" in {".gz", ".bz2", ".xz"} else ""
    kind = ".xml" if (stem if compression else name.lower()).endswith(".xml") else ""
    return max(1, round(size / _PASSAGE_BYTES[kind, compression]))


def plan(passages: int, dimensions: int, budget: int | None = None) -> Plan:
    """The best layout that keeps both building and searching within `budget`; without one, the best for its size.

    `dimensions` is 0 for an index without vectors. Raises BudgetError, with the smallest budget that would do, where
    none fits.
    """
    plans = [_planned(passages, dimensions, design) for design in _designs(passages, dimensions)]
    for found in plans:
        if max(found.build_bytes, found.search_bytes) <= (inf if budget is None else budget):
            return found
    least = min(max(found.build_bytes, found.search_bytes) for found in plans)
    vectors = f" with vectors of {dimensions} dimensions" if dimensions else ""
    raise BudgetError(
        f"{shown(budget or 0)} of memory is too little for {passages:,} passages{vectors}: "
        f"it takes --max-ram {shown(least)} or more"
    )


def rows_kept(passages: int, dimensions: int, codes: str | None, budget: int | None) -> int:
    """The bytes of mapped rows that a process that searches may keep in memory: what the budget leaves, all without."""
    rows = passages * dimensions * 2
    if budget is None:
        return rows
    besides = _searching_bytes(passages) + _structure_bytes(passages, dimensions, codes)
    return min(rows, max(FLAT_BYTES, budget - besides))


def is_stale(passages: int, covered: int, removed: int, dimensions: int) -> bool:
    """Whether inverted lists should be made anew: of `passages` they cover the first `covered`, and `removed` of those
    were removed since.

    What lies outside is searched flat, so it must not be more than a flat search may take either.
    """
    outside = passages - covered
    return (
        outside > MOST_OUTSIDE * passages or outside * dimensions * 2 > FLAT_BYTES or removed > MOST_OUTSIDE * covered
    )


def described(found: Plan) -> str:
    """The plan in a few lines."""
    lines = [f"plan       {found.passages:,} passages, {found.layout if found.dimensions else 'no vectors'}"]
    if found.design:
        lines[0] += f" ({found.design.lists:,} lists, {found.design.probes:,} read a search)"
    if found.dimensions:
        lines.append(f"recall     {found.recall:.2f} of the nearest ten")
    lines.append(f"memory     {shown(found.build_bytes)} to build, {shown(found.search_bytes)} to search")
    lines.append(f"disk       {shown(found.disk_bytes)}")
    lines.append(f"time       {_duration(found.seconds)} to build all of it")
    return "\n".join(lines)


def shown(size: int) -> str:
    """Bytes as `--max-ram` takes them, rounded up to three digits."""
    unit = "G" if size >= 10**9 else "M"
    step = max(1, 10 ** (len(str(max(size, 10**6))) - 3))
    return f"{-(-size // step) * step / _UNITS[unit]:g}{unit}"


def _designs(passages: int, dimensions: int) -> list[Design | None]:
    """All layouts for that size, the best first."""
    lists = _lists(passages)
    probes = min(lists, max(_LEAST_PROBES, lists * _SCANNED // max(1, passages)))
    sample = min(passages, _SAMPLE * lists, _MOST_SAMPLE)
    inverted = [Design(name, lists, probes, codes.refine, sample) for name, codes in _CODES.items()]
    return [None, *inverted] if passages * dimensions * 2 <= FLAT_BYTES else [*inverted]


def _planned(passages: int, dimensions: int, design: Design | None) -> Plan:
    rows = passages * dimensions * 2
    structure = _structure_bytes(passages, dimensions, design.codes if design else None)
    filling = 0
    seconds = passages / _INDEXED + (passages / _ENCODED if dimensions else 0)
    if design:
        filling = passages * _FILLING_BYTES + design.sample * dimensions * 4
        work = (CLUSTERING * design.sample + passages) * design.lists * dimensions * 2
        seconds += work / _MULTIPLIED
    lexical = passages * _LEXICAL_BYTES
    kept = min(rows, FLAT_BYTES)
    return Plan(
        passages,
        dimensions,
        design,
        _CODES[design.codes].recall if design else 1.0,
        build_bytes=(_BUILDING if dimensions else _BUILDING_LEXICAL) + structure + filling + (kept if design else 0),
        search_bytes=_searching_bytes(passages) + structure + kept,
        disk_bytes=rows + structure + lexical + passages * _TEXT_BYTES,
        seconds=seconds,
    )


def _searching_bytes(passages: int) -> int:
    """Of a process that asks, without what lies in vectors."""
    texts = min(TEXTS_KEPT, passages * _TEXT_BYTES)
    return _SEARCHING + texts + passages * (_LEXICAL_BYTES + _PLACE_BYTES)


def _lists(passages: int) -> int:
    return max(1, 4 * isqrt(passages))


def _structure_bytes(passages: int, dimensions: int, codes: str | None) -> int:
    """Of the file of inverted lists: codes and numbers, and the centres of the lists in fp32."""
    if codes is None:
        return 0
    kind = _CODES[codes]
    row = -(-dimensions * kind.bits // 8) + kind.more_bytes + _NUMBER_BYTES
    return passages * row + _lists(passages) * dimensions * 4


def _duration(seconds: float) -> str:
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"
