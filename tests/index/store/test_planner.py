from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.errors import BudgetError, InputError
from bioqa.index.store import planner

ORDER = ["flat", "ivf-sq4", "ivf-rabitq"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4G", 4 * 10**9),
        ("4g", 4 * 10**9),
        ("4GB", 4 * 10**9),
        (" 800M ", 8 * 10**8),
        ("1.5G", 15 * 10**8),
        ("64K", 64_000),
        ("123", 123),
        ("2000000000", 2 * 10**9),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert planner.parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["4X", "-1", "0", "0G", "1e99G", "", " ", "G", "4 G", "4,5G", "nan", "inf", "1.G", "٤G", "9" * 400 + "G"]
)
def test_what_is_no_size_is_named_with_examples(text: str) -> None:
    with pytest.raises(InputError, match=r"--max-ram .*: expected a size such as 800M"):
        planner.parse_size(text)


@given(size=st.integers(1, 10**14))
def test_a_size_is_shown_as_it_can_be_handed_in_and_is_not_less(size: int) -> None:
    shown = planner.parse_size(planner.format_size(size))
    assert size <= shown <= max(size * 1.011, 10**6)


@pytest.mark.parametrize(
    ("name", "size", "passages"),
    [
        ("abstracts-30k.jsonl.xz", 11_240_512, 62_017),
        ("abstracts.JSONL", 53_588_000, 62_017),
        ("pubmed_result.xml", 2_856_323, 465),
        ("notes.txt.gz", 17_185_000, 62_017),
        ("archive.gz", 17_185_000, 62_017),
        ("empty.jsonl", 0, 1),
    ],
)
def test_passages_are_estimated_from_bytes(name: str, size: int, passages: int) -> None:
    assert planner.estimate_passages(name, size) == pytest.approx(passages, rel=0.02, abs=1)


def test_without_a_budget_the_size_decides() -> None:
    assert planner.plan_memory(300_000, 384).layout == "flat"
    assert planner.plan_memory(1_000_000, 384).layout == "ivf-sq4"
    assert planner.plan_memory(10**9, 384).layout == "ivf-sq4"


def test_a_million_passages_fit_two_gigabytes() -> None:
    found = planner.plan_memory(1_000_000, 384, 2 * 10**9)
    assert found.layout == "ivf-sq4"
    assert found.recall >= 0.97
    assert max(found.build_bytes, found.search_bytes) < 2 * 10**9


@given(
    passages=st.integers(0, 10**8),
    dimensions=st.sampled_from([0, 1, 128, 384, 768, 1024]),
    budgets=st.tuples(st.integers(1, 10**12), st.integers(1, 10**12)),
)
def test_more_budget_never_makes_a_worse_layout(passages: int, dimensions: int, budgets: tuple[int, int]) -> None:
    worth = []
    for budget in sorted(budgets):
        try:
            found = planner.plan_memory(passages, dimensions, budget)
        except BudgetError:
            worth.append((len(ORDER), 0.0))
            continue
        assert max(found.build_bytes, found.search_bytes) <= budget
        worth.append((ORDER.index(found.layout), -found.recall))
    assert worth[1] <= worth[0]


@given(
    passages=st.tuples(st.integers(0, 10**8), st.integers(0, 10**8)),
    dimensions=st.sampled_from([0, 128, 384]),
    codes=st.sampled_from([1, 2]),
)
def test_more_passages_never_take_less(passages: tuple[int, int], dimensions: int, codes: int) -> None:
    small, large = (planner._plan_for(n, dimensions, planner._designs(n, dimensions)[-1]) for n in sorted(passages))
    if small.layout == large.layout:
        assert small.disk_bytes <= large.disk_bytes
        assert small.build_bytes <= large.build_bytes
        assert small.search_bytes <= large.search_bytes


@given(passages=st.integers(1, 10**8), dimensions=st.sampled_from([0, 128, 384]))
def test_the_refusal_names_the_smallest_budget_that_would_do(passages: int, dimensions: int) -> None:
    with pytest.raises(BudgetError) as caught:
        planner.plan_memory(passages, dimensions, 1000)
    least = planner.parse_size(str(caught.value).split("--max-ram ")[1].split(" or more")[0])
    planner.plan_memory(passages, dimensions, least)
    with pytest.raises(BudgetError):
        planner.plan_memory(passages, dimensions, int(least * 0.98))
    assert f"{passages:,} passages" in str(caught.value)


@given(passages=st.integers(1, 10**8))
def test_designs_can_be_trained(passages: int) -> None:
    for design in planner._designs(passages, 384):
        if design:
            assert 1 <= design.lists <= design.sample or passages < design.lists
            assert 1 <= design.probes <= design.lists


def test_rows_stay_in_memory_as_far_as_the_budget_goes() -> None:
    million = 10**6 * 384 * 2
    assert planner.resident_row_bytes(10**6, 384, "sq4", None) == million
    assert planner.resident_row_bytes(10**6, 384, "sq4", 2 * 10**9) == million
    least = planner.plan_memory(10**6, 384, 2 * 10**9).search_bytes
    assert planner.resident_row_bytes(10**6, 384, "sq4", least) == planner.FLAT_BYTES
    assert planner.resident_row_bytes(10**6, 384, "sq4", least + 10**6) == planner.FLAT_BYTES + 10**6
    assert planner.resident_row_bytes(10**6, 384, "sq4", 1) == planner.FLAT_BYTES, (
        "an index that outgrew its budget can be read"
    )
    assert planner.resident_row_bytes(100, 384, None, 10**9) == 100 * 384 * 2


@pytest.mark.parametrize(
    ("passages", "covered", "removed", "stale"),
    [
        (1_000_000, 1_000_000, 0, False),
        (1_000_000, 900_000, 0, False),
        (1_000_000, 899_999, 0, True),
        (1_000_000, 1_000_000, 100_000, False),
        (1_000_000, 1_000_000, 100_001, True),
        (10_000_000, 9_700_000, 0, False),
        (10_000_000, 9_600_000, 0, True),  # under a tenth, but more than a flat search should take
    ],
)
def test_lists_are_stale_where_too_much_is_outside_or_gone(
    passages: int, covered: int, removed: int, stale: bool
) -> None:
    assert planner.is_stale(passages, covered, removed, 384) == stale


def test_a_plan_is_described() -> None:
    lines = planner.format_plan(planner.plan_memory(1_000_000, 384, 2 * 10**9)).splitlines()
    assert [line.split()[0] for line in lines] == ["plan", "recall", "memory", "disk", "time"]
    assert "1,000,000 passages, ivf-sq4 (4,000 lists, 600 read per search)" in lines[0]
    assert "recall" not in planner.format_plan(planner.plan_memory(1000, 0))
    assert "about 2 h" in lines[4]
    assert planner.format_plan(planner.plan_memory(1000, 384)).splitlines()[0] == "plan       1,000 passages, flat"


def test_the_planner_reads_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert planner.estimate_passages("not-there.jsonl", 860_000) == 1000
