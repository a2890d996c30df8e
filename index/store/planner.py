"""The vector layout for a corpus size and a memory limit, with estimates of memory, disk space and time.

The constants were measured on two cores of a server processor with the bundled encoder (384 dimensions) and one million
passages, unless stated otherwise. All sizes are in bytes.
"""

import re
from dataclasses import dataclass
from math import inf, isqrt

from bioqa.index.errors import BudgetError, InputError

# A flat search scores 256 MB of rows in some 20 ms. Beyond, inverted lists are faster but miss 3% of the nearest ten.
FLAT_BYTES = 256_000_000

# Largest share of passages outside the inverted lists, or removed from them, before the lists are rebuilt.
MOST_OUTSIDE = 0.1

_SEARCHING = 260_000_000  # a searching process: Python, libraries, encoder, reader
_BUILDING = 760_000_000  # a building process: encoder, tantivy's writer, records between two commits
_BUILDING_LEXICAL = 440_000_000  # over 120,000 citations with two readers, whose own memory is READING
READING = 110_000_000  # each of several processes that read for it
_LEXICAL_BYTES = 130  # per passage, in tantivy's files
_PLACE_BYTES = 16  # per passage, in the files of passage ranges and document offsets
TEXTS_KEPT = 100_000_000  # resident pages of document texts
_TEXT_BYTES = 900  # per passage, of document text
_NUMBER_BYTES = 8  # per passage number in the lists
_FILLING_BYTES = (
    21  # per row while lists are filled: its list, whether it is included, and its number twice for sampling
)
_SCANNED = 150_000  # codes that a search reads: 13 ms on one core with four bits a component
_LEAST_PROBES = 256  # recall depends on the number of lists read more than on their share
_SAMPLE = 32  # training rows per list; more did not raise the recall
_MOST_SAMPLE = 262_144
_ENCODED = 126.0  # passages a second
_INDEXED = 7_600.0  # passages a second, for the lexical index and the segments
_MULTIPLIED = 20e9  # operations a second in clustering and assignment, beside other work
CLUSTERING = 8  # k-means iterations; more did not raise the recall

# Bytes per passage in a corpus file, by format and compression: JSON lines of 29,916 abstracts, PubMed XML of 292
# articles. Other formats are estimated as JSON lines.
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
class IvfDesign:
    """Parameters of inverted lists.

    `codes` names the quantizer. There are `lists` lists, of which a search reads `probes`; it rescores `refine`
    candidates per requested passage. `sample` is the number of training rows.
    """

    codes: str
    lists: int
    probes: int
    refine: int
    sample: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The layout of an index and its estimated costs.

    `design` is None for flat search. `recall` is the share of the nearest ten passages that a search finds. `seconds`
    is the time of the whole build.
    """

    passages: int
    dimensions: int
    design: IvfDesign | None
    recall: float
    build_bytes: int
    search_bytes: int
    disk_bytes: int
    seconds: float

    @property
    def layout(self) -> str:
        """The name of the layout."""
        return layout_name(self.design.codes if self.design else None)


@dataclass(frozen=True, slots=True)
class _Quantizer:
    """A quantizer: bits per component, additional bytes per row, candidates to rescore, and recall."""

    bits: int
    more_bytes: int
    refine: int
    recall: float


# Best first. On 61,706 real vectors with 3,900 lists, of which a search reads 15%, the lists contain 98.5% of the ten
# passages nearest to a BioASQ question, and the candidates of both quantizers contain all of these; of the nearest
# hundred, one bit finds 1% less. A million vectors synthesised from real ones are easier: 99.9% and 99.7%.
_CODES = {"sq4": _Quantizer(4, 0, 4, 0.98), "rabitq": _Quantizer(1, 8, 16, 0.97)}


def layout_name(codes: str | None) -> str:
    """The name of a layout: `flat`, or `ivf` with the quantizer."""
    return f"ivf-{codes}" if codes else "flat"


def parse_size(text: str, option: str = "--max-ram") -> int:
    """The number of bytes in an option such as "800M", "4G", "1.5G" or "2000000000"; K, M and G are powers of 1,000.

    Raises InputError for anything else, including zero.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match["number"]) * _UNITS[match["unit"].upper()]) if match else 0
    if size < 1:
        raise InputError(f"{option} {text!r}: expected a size such as 800M, 4G or 1.5G")
    return size


def estimate_passages(name: str, size: int) -> int:
    """The estimated number of passages in a corpus file of this name and size."""
    stem, _, compression = name.lower().rpartition(".")
    compression = f".{compression}" if f".{compression}" in {".gz", ".bz2", ".xz"} else ""
    kind = ".xml" if (stem if compression else name.lower()).endswith(".xml") else ""
    return max(1, round(size / _PASSAGE_BYTES[kind, compression]))


def plan_memory(passages: int, dimensions: int, budget: int | None = None) -> MemoryPlan:
    """The best layout that keeps both building and searching within `budget` bytes; None means no limit.

    `dimensions` is 0 for an index without vectors. If no layout fits, raises BudgetError with the smallest sufficient
    budget.
    """
    plans = [_plan_for(passages, dimensions, design) for design in _designs(passages, dimensions)]
    for plan in plans:
        if max(plan.build_bytes, plan.search_bytes) <= (inf if budget is None else budget):
            return plan
    least = min(max(plan.build_bytes, plan.search_bytes) for plan in plans)
    vectors = f" with vectors of {dimensions} dimensions" if dimensions else ""
    raise BudgetError(
        f"{format_size(budget or 0)} of memory is too little for {passages:,} passages{vectors}: "
        f"use --max-ram {format_size(least)} or more"
    )


def resident_row_bytes(passages: int, dimensions: int, codes: str | None, budget: int | None) -> int:
    """The bytes of vector rows that a searching process may keep in memory: what the budget leaves, else all."""
    rows = passages * dimensions * 2
    if budget is None:
        return rows
    besides = _searching_bytes(passages) + _structure_bytes(passages, dimensions, codes)
    return min(rows, max(FLAT_BYTES, budget - besides))


def is_stale(passages: int, covered: int, removed: int, dimensions: int) -> bool:
    """Whether inverted lists should be rebuilt: they cover the first `covered` of all `passages`, and `removed` of the
    covered passages were removed since.

    Passages outside the lists are searched flat, so they must not exceed the limit of a flat search either.
    """
    outside = passages - covered
    return (
        outside > MOST_OUTSIDE * passages or outside * dimensions * 2 > FLAT_BYTES or removed > MOST_OUTSIDE * covered
    )


def format_plan(plan: MemoryPlan) -> str:
    """The plan as a few lines of text."""
    lines = [f"plan       {plan.passages:,} passages, {plan.layout if plan.dimensions else 'no vectors'}"]
    if plan.design:
        lines[0] += f" ({plan.design.lists:,} lists, {plan.design.probes:,} read per search)"
    if plan.dimensions:
        lines.append(f"recall     {plan.recall:.2f} of the nearest ten")
    lines.append(f"memory     {format_size(plan.build_bytes)} to build, {format_size(plan.search_bytes)} to search")
    lines.append(f"disk       {format_size(plan.disk_bytes)}")
    lines.append(f"time       {_duration(plan.seconds)} to build all of it")
    return "\n".join(lines)


def format_size(size: int) -> str:
    """A size in the format of `--max-ram`, rounded up to three digits."""
    unit = "G" if size >= 10**9 else "M"
    step = max(1, 10 ** (len(str(max(size, 10**6))) - 3))
    return f"{-(-size // step) * step / _UNITS[unit]:g}{unit}"


def _designs(passages: int, dimensions: int) -> list[IvfDesign | None]:
    """All layouts for this size, best first."""
    lists = _lists(passages)
    probes = min(lists, max(_LEAST_PROBES, lists * _SCANNED // max(1, passages)))
    sample = min(passages, _SAMPLE * lists, _MOST_SAMPLE)
    inverted = [IvfDesign(name, lists, probes, codes.refine, sample) for name, codes in _CODES.items()]
    return [None, *inverted] if passages * dimensions * 2 <= FLAT_BYTES else [*inverted]


def _plan_for(passages: int, dimensions: int, design: IvfDesign | None) -> MemoryPlan:
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
    return MemoryPlan(
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
    """The memory of a searching process, without vectors."""
    texts = min(TEXTS_KEPT, passages * _TEXT_BYTES)
    return _SEARCHING + texts + passages * (_LEXICAL_BYTES + _PLACE_BYTES)


def _lists(passages: int) -> int:
    return max(1, 4 * isqrt(passages))


def _structure_bytes(passages: int, dimensions: int, codes: str | None) -> int:
    """The size of the file of inverted lists: codes, passage numbers, and centroids in fp32."""
    if codes is None:
        return 0
    kind = _CODES[codes]
    row = -(-dimensions * kind.bits // 8) + kind.more_bytes + _NUMBER_BYTES
    return passages * row + _lists(passages) * dimensions * 4


def _duration(seconds: float) -> str:
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"
