import json
import math

import pytest

from bioqa.index.records import Document, Passage
from bioqa.index.search import bm25
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.search.lexical_writer import LexicalWriter

LENGTHS = [1, 2, 23, 24, 25, 39, 40, 41, 42, 43, 55, 56, 59, 60, 87, 88, 95, 96, 100, 199, 200, 500, 1000, 4321]


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    """What tantivy says of each of a passage that holds `gene` and as many other words as make up its length."""
    folder = tmp_path_factory.mktemp("lengths")
    writer = LexicalWriter(folder)
    for number, length in enumerate(LENGTHS):
        text = " ".join(["gene"] * (1 + number % 3) + ["liver"] * (length - 1 - number % 3))
        writer.add(Passage(number, Document(str(number), text), 0, len(text)), number)
    writer.commit()
    index = LexicalIndex(folder)
    query = index._term("text", "gene")
    outcome = []
    for score, address in index._searcher.search(query, 100).hits:
        numbers = {"score": score, "passage": index._searcher.fast_field_values("passage", [address])[0]}
        parts = [json.loads(query.explain(index._searcher, address).to_json())]
        for part in parts:
            numbers[part["description"].split()[0].strip(",")] = part["value"]
            parts.extend(part.get("details", ()))
        outcome.append(numbers)
    return outcome


def test_the_constants_lengths_and_idf_are_those_of_tantivy(explained: list[dict[str, float]]) -> None:
    assert len(explained) == len(LENGTHS)
    for numbers in explained:
        assert (numbers["k1"], numbers["b"]) == pytest.approx((bm25.K1, bm25.B))
        assert numbers["dl"] == bm25.stored_length(max(LENGTHS[int(numbers["passage"])], 1 + numbers["passage"] % 3))
        assert numbers["idf"] == pytest.approx(bm25.idf(int(numbers["N"]), int(numbers["n"])), rel=1e-6)


def test_scores_are_those_of_tantivy(explained: list[dict[str, float]]) -> None:
    for numbers in explained:
        count = int(numbers["freq"])
        terms = ["gene"] * count + ["liver"] * (int(numbers["dl"]) - count)
        found = bm25.score({"gene": numbers["idf"], "absent": 9.0}, terms, numbers["avgdl"])
        assert found == pytest.approx(numbers["score"], rel=1e-6)


def test_a_score_worked_out_by_hand() -> None:
    assert bm25.idf(10, 3) == pytest.approx(math.log(1 + 7.5 / 3.5))
    assert bm25.score({"a": 2.0}, ["a", "b", "a"], 3.0) == pytest.approx(2.0 * 2 * 2.2 / (2 + 1.2))


def test_lengths_are_kept_exactly_up_to_forty_and_never_more_than_they_are() -> None:
    assert [bm25.stored_length(length) for length in range(41)] == list(range(41))
    assert all(length * 8 / 9 < bm25.stored_length(length) <= length for length in range(1, 100_000, 7))
