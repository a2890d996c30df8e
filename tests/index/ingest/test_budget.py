import pytest

from bioqa.index.errors import BudgetError
from bioqa.index.ingest.budget import Budget
from bioqa.index.store import planner


def test_the_plan_is_told_once_and_again_where_the_layout_changes() -> None:
    told: list[str] = []
    budget = Budget(4 * 10**9, 384, told.append)
    budget.begin(0, [("a.jsonl", 86_000_000)])
    assert [line.splitlines()[0] for line in told] == ["plan       100,000 passages, flat"]
    budget.correct(10_000, 10_000_000, 100_000_000)
    assert len(told) == 1
    budget.correct(110_000, 20_000_000, 100_000_000)
    assert len(told) == 2
    assert "910,000 passages, ivf-sq4" in told[1]


def test_what_the_index_holds_counts() -> None:
    told: list[str] = []
    Budget(4 * 10**9, 384, told.append).begin(900_000, [("a.jsonl", 86_000_000)])
    assert "1,000,000 passages" in told[0]


def test_a_corpus_that_turns_out_too_large_is_refused_with_what_would_do() -> None:
    budget = Budget(10**9, 384, lambda _: None)
    budget.begin(0, [("a.jsonl", 1_000_000)])
    with pytest.raises(BudgetError, match=r"--max-ram [\d.]+G or more; the records read so far are indexed") as caught:
        budget.correct(5_000, 1_000, 2_000_000)
    least = str(caught.value).split("--max-ram ")[1].split(" or more")[0]
    again = Budget(planner.parse_size(least), 384, lambda _: None)
    again.correct(5_000, 1_000, 2_000_000)


def test_without_a_limit_nothing_is_told_or_refused() -> None:
    told: list[str] = []
    budget = Budget(None, 384, told.append)
    budget.begin(0, [("a.jsonl", 10**15)])
    budget.correct(10**12, 1, 10**15)
    assert told == []


def test_as_many_processes_read_as_there_are_processors_and_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioqa.index.ingest.budget.processors", lambda: 4)

    def readers(limit: int | None) -> int:
        found = Budget(limit, 0, lambda _: None)
        found.begin(0, [("corpus.jsonl", 1000)])
        return found.readers()

    assert [readers(limit) for limit in (None, 2 * 10**9, 710 * 10**6, 450 * 10**6)] == [4, 4, 2, 1]
