import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FACTS = ["section", "status", "year", "journal", "authors", "doi", "pmc", "publication_types"]
HIT_KEYS = ["rank", "pmid", "title", "passage", "score", "lexical_rank", "dense_rank", *FACTS]

Run = Callable[..., Any]


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_the_json_of_a_search_keeps_its_contract(run: Run, small_index: Path, mode: str) -> None:
    outcome = run("search", "cystic fibrosis gene", "--index", small_index, "--mode", mode, "--json", "--top", "3")
    assert (outcome.status, outcome.err) == (0, "")
    hits = json.loads(outcome.out)
    assert len(hits) == 3
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    for hit in hits:
        assert list(hit) == HIT_KEYS
        assert isinstance(hit["pmid"], str)
        assert hit["passage"]
        assert (hit["lexical_rank"] is None) <= (mode != "lexical")
        assert (hit["dense_rank"] is None) <= (mode != "dense")
        assert (hit["lexical_rank"], hit["dense_rank"]) != (None, None)
    assert hits[0] | {"score": 0} == {
        "rank": 1,
        "pmid": "101",
        "title": "CFTR in cystic fibrosis",
        "passage": "Cystic fibrosis is caused by mutations in the CFTR gene. The gene lies on chromosome 7.",
        "score": 0,
        "lexical_rank": None if mode == "dense" else 1,
        "dense_rank": None if mode == "lexical" else 1,
        "section": None,
        "status": None,
        "year": hits[0]["year"],
        "journal": "Journal of Genes",
        "authors": [],
        "doi": None,
        "pmc": None,
        "publication_types": [],
    }


def test_a_search_can_fuse_in_another_way(run: Run, small_index: Path) -> None:
    call = ["search", "cystic fibrosis gene", "--index", small_index, "--json", "--fusion"]
    found = {name: json.loads(run(*call, name).out) for name in ("minmax", "rrf", "adaptive")}
    assert found["rrf"][0]["score"] == pytest.approx(2 / 61, abs=1e-6)  # first in both searches
    assert found["adaptive"][1]["score"] != found["minmax"][1]["score"]
    refused = run(*call, "sum")
    assert refused.status == 2
    assert "'sum' is not one of 'mean', 'minmax', 'rrf', 'adaptive'" in refused.err


def test_a_search_without_feedback_is_that_of_the_question_alone(run: Run, small_index: Path) -> None:
    call = ["search", "huntington", "--index", small_index, "--json"]
    alone = json.loads(run(*call, "--feedback", "0").out)
    fed = json.loads(run(*call).out)
    assert fed == json.loads(run(*call, "--feedback", "3").out)
    assert [hit["score"] for hit in fed] != [hit["score"] for hit in alone]
    lexical = json.loads(run(*call, "--mode", "lexical").out)
    assert lexical == json.loads(run(*call, "--mode", "lexical", "--feedback", "0").out)
    assert run(*call, "--feedback", "-1").status == 2


def test_a_search_in_text_numbers_its_hits(run: Run, small_index: Path) -> None:
    outcome = run("search", "warfarin", "--index", small_index, "--top", "2")
    assert outcome.status == 0
    assert outcome.out.startswith("1. Warfarin and vitamin K\n   107  Drug Notes, 1999  score ")
    assert "\n2. " in outcome.out
    assert "\n3. " not in outcome.out


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_a_search_finds_nothing_outside_its_filters(run: Run, small_index: Path, mode: str) -> None:
    options = ["--mode", mode, "--journal", "drug notes", "--year", "2000:", "--json"]
    outcome = run("search", "gene and glucose and headache and uric acid", "--index", small_index, *options)
    assert {hit["pmid"] for hit in json.loads(outcome.out)} <= {"104", "105", "108"}
    assert outcome.out != "[]\n"


def test_a_query_that_matches_nothing_finds_nothing(run: Run, small_index: Path, lexical_index: Path) -> None:
    for index, options in (
        (lexical_index, []),
        (small_index, ["--mode", "lexical"]),
        (small_index, ["--year", "1800"]),
    ):
        text, data = (run("search", "zzzz qqqq", "--index", index, *options, *more) for more in ([], ["--json"]))
        assert (text.status, text.out) == (0, "Nothing found.\n")
        assert (data.status, data.out) == (0, "[]\n")


@pytest.mark.parametrize("query", ["the", "zzzz qqqq", "Ω-zzzz", "zzzz " * 5000])
def test_a_query_that_no_term_of_matches_is_answered_by_meaning(run: Run, small_index: Path, query: str) -> None:
    options = ("--index", small_index, "--json", "--mode")
    lexical, hybrid, dense = (run("search", query, *options, mode) for mode in ("lexical", "hybrid", "dense"))
    assert (lexical.status, lexical.out) == (0, "[]\n")
    assert hybrid.status == 0
    found = [[hit["pmid"] for hit in json.loads(outcome.out)] for outcome in (hybrid, dense)]
    assert found[0] == found[1] != []
    assert all(hit["lexical_rank"] is None for hit in json.loads(hybrid.out))


@pytest.mark.parametrize("mode", ["lexical", "hybrid"])
def test_five_thousand_words_find_what_the_few_known_among_them_do(run: Run, small_index: Path, mode: str) -> None:
    words = " ".join(f"w{number}" for number in range(4999))
    outcome = run("search", f"{words} CFTR", "--index", small_index, "--mode", mode, "--json")
    assert outcome.status == 0
    assert "101" in {hit["pmid"] for hit in json.loads(outcome.out)}


@pytest.mark.parametrize("query", ["😀", "🧬🧪 🎉", "\u200b"])
@pytest.mark.parametrize("mode", ["lexical", "hybrid"])
def test_a_query_without_letter_or_digit_is_refused(run: Run, small_index: Path, query: str, mode: str) -> None:
    outcome = run("search", query, "--index", small_index, "--mode", mode)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)


def test_a_dense_search_over_an_index_without_vectors_says_what_to_do(run: Run, lexical_index: Path) -> None:
    outcome = run("search", "gene", "--index", lexical_index, "--mode", "dense")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{lexical_index}: lexical only" in outcome.err
    assert "--mode lexical" in outcome.err


def test_a_hybrid_search_over_an_index_without_vectors_goes_by_words(run: Run, lexical_index: Path) -> None:
    hybrid, lexical = (
        json.loads(run("search", "gene", "--index", lexical_index, "--mode", mode, "--json").out)
        for mode in ("hybrid", "lexical")
    )
    assert hybrid == lexical
    assert {hit["pmid"] for hit in hybrid} == {"101", "103"}


@pytest.mark.parametrize("mode", ["bm25", "HYBRID", ""])
def test_an_unknown_mode_lists_the_known_ones(run: Run, small_index: Path, mode: str) -> None:
    outcome = run("search", "gene", "--index", small_index, "--mode", mode)
    assert outcome.status == 2
    assert all(known in outcome.err for known in ("hybrid", "lexical", "dense"))


def test_one_hit_is_given_of_each_paper_unless_all_passages_are_asked_for(
    run: Run, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    records = [{"id": "long", "text": f"{'gene ' * 150}. " * 10}]
    records += [{"id": f"short{number}", "text": f"gene {'filler ' * 50}."} for number in range(3)]
    run("index", "build", write_jsonl("papers.jsonl", records), "--to", tmp_path / "index", "--encoder", "none")
    call = ["search", "gene", "--index", tmp_path / "index", "--json", "--top", "3"]
    found = json.loads(run(*call).out)
    assert [(hit["rank"], hit["pmid"]) for hit in found] == [(1, "long"), (2, "short0"), (3, "short1")]
    assert found[0]["lexical_rank"] == 1
    every = json.loads(run(*call, "--all-passages").out)
    assert [hit["pmid"] for hit in every] == ["long"] * 3
