import pytest

from bioqa.eval import tables
from bioqa.eval.speed import figures
from bioqa.eval.speed.figures import OURS, Ratio, SpeedReport
from bioqa.eval.speed.machine import Machine

MACHINE = Machine("Z80", 1, 1, "CP/M", "3.11", {}, None)
FIGURES = {
    "index_on_disk": {
        OURS: {"documents": 4, "passages": 8, "text_bytes": 100, "total_bytes": 1200, "bytes_per_document": 300.0}
    },
    "cold_help": {OURS: {"samples": 5, "p50_ms": 50.0, "p95_ms": 60.0, "max_ms": 61.0}},
    "lexical_indexing": {
        OURS: {"passages_per_s": 3000.0, "peak_bytes": 50_000_000},
        "bm25s": {"passages_per_s": 1000.0, "peak_bytes": 200_000_000},
    },
    "lexical_search": {
        OURS: {"samples": 9, "p50_ms": 4.0, "p95_ms": 5.0, "max_ms": 6.0},
        "bm25s": {"samples": 9, "p50_ms": 1.0, "p95_ms": 2.0, "max_ms": 3.0, "same_top_10": 0.9},
    },
}


def test_a_ratio_says_how_many_times_better_bioqa_is() -> None:
    assert figures.ratios(FIGURES) == [
        Ratio("lexical_indexing", "passages_per_s", "bm25s", 3000.0, 1000.0, 3.0),
        Ratio("lexical_indexing", "peak_bytes", "bm25s", 50_000_000, 200_000_000, 4.0),
        Ratio("lexical_search", "p50_ms", "bm25s", 4.0, 1.0, 0.25),
    ]


def test_what_one_side_lacks_has_no_ratio() -> None:
    assert figures.ratios({"reading": {OURS: {"passages_per_s": 1.0}, "other": {"seconds": 1.0}}}) == []


def test_every_figure_is_in_a_table() -> None:
    report = SpeedReport(MACHINE, FIGURES, figures.ratios(FIGURES), ())
    text = "\n".join(tables.text(table) for table in figures.tables(report))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "cold help bioqa 5 50.000 60.000 61.000",
        "lexical indexing bioqa passages 3,000",
        "lexical indexing bm25s 200",
        "Index on disk: 4 documents, 8 passages",
        "text 100 25.000",
        "total 1,200 300",
        "lexical indexing passages_per_s 3,000 1,000 bioqa 3.0x bm25s",
        "lexical search p50_ms 4.000 1.000 bioqa 0.2x bm25s",
        "lexical search bm25s same_top_10 0.900",
    ):
        assert line in lines


@pytest.mark.parametrize("title", ["Beside other libraries", "Whether they do the same"])
def test_without_other_libraries_there_are_no_tables_of_them(title: str) -> None:
    alone = {what: {OURS: by[OURS]} for what, by in FIGURES.items()}
    titles = [table.title for table in figures.tables(SpeedReport(MACHINE, alone, (), ()))]
    assert not any(title in found for found in titles)
    assert "Throughput" in titles
