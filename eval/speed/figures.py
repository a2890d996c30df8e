"""The results of `bioqa eval speed`: figures, ratios to other libraries, and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bioqa.eval.speed.machine import Machine
from bioqa.eval.speed.process import Figures
from bioqa.eval.tables import Cell, Table

OURS = "bioqa"
_COMPARED = {  # figure: whether higher is better
    "passages_per_s": True,
    "p50_ms": False,
    "peak_bytes": False,
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of bioqa and of another library. `ratio` says how many times faster or smaller bioqa is."""

    what: str
    figure: str
    library: str
    ours: float
    theirs: float
    ratio: float


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """Figures by step and library, ratios, and skipped steps with the reasons."""

    machine: Machine
    figures: Mapping[str, Mapping[str, Figures]]
    ratios: Sequence[Ratio]
    skipped: Sequence[str]


def ratios(figures: Mapping[str, Mapping[str, Figures]]) -> list[Ratio]:
    """The ratio of every figure that bioqa and another library share."""
    return [
        Ratio(what, figure, library, ours, theirs, ours / theirs if higher_is_better else theirs / ours)
        for what, by_library in figures.items()
        for library, measured in by_library.items()
        for figure, higher_is_better in _COMPARED.items()
        if library != OURS and (ours := by_library.get(OURS, {}).get(figure)) and (theirs := measured.get(figure))
    ]


def tables(report: SpeedReport) -> list[Table]:
    """The non-empty tables of latency, throughput, memory, index size, ratios to other libraries, and agreement with
    them."""
    rows = [
        (step.replace("_", " "), library, figures)
        for step, by_library in report.figures.items()
        for library, figures in by_library.items()
    ]
    disk = report.figures["index_on_disk"][OURS]
    every = [
        Table(
            "Latency, ms",
            ["step", "library", "samples", "p50", "p95", "max"],
            [
                (step, library, *(_rounded(figures[key]) for key in ("samples", "p50_ms", "p95_ms", "max_ms")))
                for step, library, figures in rows
                if "p50_ms" in figures
            ],
        ),
        Table(
            "Throughput",
            ["step", "library", "unit", "per second"],
            [
                (step, library, key.removesuffix("_per_s"), _rounded(value))
                for step, library, figures in rows
                for key, value in figures.items()
                if key.endswith("_per_s")
            ],
        ),
        Table(
            "Peak memory of the process for each step, MB",
            ["step", "library", "MB"],
            [
                (step, library, _rounded(figures["peak_bytes"] / 1e6))
                for step, library, figures in rows
                if "peak_bytes" in figures
            ],
        ),
        Table(
            f"Index on disk: {disk['documents']:,} documents, {disk['passages']:,} passages",
            ["part", "bytes", "per document"],
            [
                (key.removesuffix("_bytes"), value, _rounded(value / max(1, disk["documents"])))
                for key, value in disk.items()
                if key.endswith("_bytes")
            ],
        ),
        Table(
            "Comparison with other libraries",
            ["step", "figure", OURS, "other", "ratio"],
            [
                (
                    ratio.what.replace("_", " "),
                    ratio.figure,
                    _rounded(ratio.ours),
                    _rounded(ratio.theirs),
                    f"{OURS} {ratio.ratio:.1f}x {ratio.library}",
                )
                for ratio in report.ratios
            ],
        ),
        Table(
            "Agreement with other libraries: shared passages of the top ten, mean cosine of the vectors",
            ["step", "library", "figure", "value"],
            [
                (step, library, key, figures[key])
                for step, library, figures in rows
                for key in ("same_top_10", "cosine")
                if key in figures
            ],
        ),
    ]
    return [table for table in every if table.rows]


def _rounded(value: float) -> Cell:
    return value if isinstance(value, int) or value < 100 else round(value)
