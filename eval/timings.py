"""The figures of a run of `bioqa eval speed`: all of them, the ratios to other libraries, and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bioqa.eval.machine import Machine
from bioqa.eval.process import Figures
from bioqa.eval.tables import Cell, Table

OURS = "bioqa"
_COMPARED = {  # figure: whether more of it is better
    "passages_per_s": True,
    "p50_ms": False,
    "peak_bytes": False,
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure of bioqa beside that of another library; `ratio` is how many times better bioqa's is: faster, or
    smaller."""

    what: str
    figure: str
    library: str
    ours: float
    theirs: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured: figures by what was timed and by library, ratios, and what was left out and why."""

    machine: Machine
    figures: Mapping[str, Mapping[str, Figures]]
    ratios: Sequence[Ratio]
    skipped: Sequence[str]


def ratios(figures: Mapping[str, Mapping[str, Figures]]) -> list[Ratio]:
    """Each figure of bioqa that another library has too."""
    return [
        Ratio(what, figure, library, ours, theirs, ours / theirs if more_is_better else theirs / ours)
        for what, by_library in figures.items()
        for library, found in by_library.items()
        for figure, more_is_better in _COMPARED.items()
        if library != OURS and (ours := by_library.get(OURS, {}).get(figure)) and (theirs := found.get(figure))
    ]


def tables(report: Report) -> list[Table]:
    """The figures as tables, without those that would be empty: latency, throughput, memory, the index on disk,
    ratios to other libraries, and whether those do the same work."""
    rows = [
        (what.replace("_", " "), library, found) for what, by in report.figures.items() for library, found in by.items()
    ]
    disk = report.figures["index_on_disk"][OURS]
    every = [
        Table(
            "Latency, ms",
            ["what", "library", "times", "p50", "p95", "max"],
            [
                (what, library, *(_short(found[key]) for key in ("samples", "p50_ms", "p95_ms", "max_ms")))
                for what, library, found in rows
                if "p50_ms" in found
            ],
        ),
        Table(
            "Throughput",
            ["what", "library", "of", "a second"],
            [
                (what, library, key.removesuffix("_per_s"), _short(value))
                for what, library, found in rows
                for key, value in found.items()
                if key.endswith("_per_s")
            ],
        ),
        Table(
            "Peak memory of a process that does this alone, MB",
            ["what", "library", "MB"],
            [
                (what, library, _short(found["peak_bytes"] / 1e6))
                for what, library, found in rows
                if "peak_bytes" in found
            ],
        ),
        Table(
            f"Index on disk: {disk['documents']:,} documents, {disk['passages']:,} passages",
            ["part", "bytes", "a document"],
            [
                (key.removesuffix("_bytes"), value, _short(value / max(1, disk["documents"])))
                for key, value in disk.items()
                if key.endswith("_bytes")
            ],
        ),
        Table(
            "Beside other libraries",
            ["what", "figure", OURS, "theirs", "so"],
            [
                (
                    r.what.replace("_", " "),
                    r.figure,
                    _short(r.ours),
                    _short(r.theirs),
                    f"{OURS} {r.ratio:.1f}x {r.library}",
                )
                for r in report.ratios
            ],
        ),
        Table(
            "Whether they do the same: shared passages of the top ten, mean cosine of the vectors",
            ["what", "library", "figure", "value"],
            [
                (what, library, key, found[key])
                for what, library, found in rows
                for key in ("same_top_10", "cosine")
                if key in found
            ],
        ),
    ]
    return [table for table in every if table.rows]


def _short(value: float) -> Cell:
    return value if isinstance(value, int) or value < 100 else round(value)
