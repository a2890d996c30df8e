import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from math import exp, isfinite, log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.errors import ModelError
from bioqa.index.models import model
from bioqa.index.records import Document, Hit, Passage
from bioqa.qa import yesno
from bioqa.qa.aggregate import AnswerCandidate, Evidence
from bioqa.qa.calibration import FILE, Calibration, Logistic, answer_features, found_features, load
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading, context_of


@pytest.fixture
def calibrated(tmp_path: Path) -> Callable[[bytes], model.Model]:
    """The shipped reader with other bytes for its calibration, entered in its card as if they belonged there."""

    def write(content: bytes) -> model.Model:
        card = json.loads((model.shipped("reader") / model.CARD).read_text(encoding="utf-8"))
        card["digests"][FILE] = sha256(content).hexdigest()
        (tmp_path / model.CARD).write_text(json.dumps(card), encoding="utf-8")
        (tmp_path / FILE).write_bytes(content)
        return model.open_model(tmp_path, "reader")

    return write


def candidate(text: str, support: float, sentence: str, number: int = 0, documents: int = 1) -> AnswerCandidate:
    start = sentence.index(text)
    evidence = tuple(
        Evidence(
            Passage(number + i, Document(id=str(number + i), abstract=sentence), 0, len(sentence)),
            sentence,
            start,
            start + len(text),
            support / documents,
        )
        for i in range(documents)
    )
    return AnswerCandidate(text, support, evidence)


def test_the_probability_is_the_logistic_of_the_weighted_sum() -> None:
    fitted = Logistic({"a": 2.0, "b": -1.0}, bias=0.5, threshold=0.0)
    assert fitted.probability({"a": 1.0, "b": 3.0, "unused": 99.0}) == pytest.approx(1 / (1 + exp(0.5)))


@settings(deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_probability_stays_between_0_and_1_and_grows_with_its_logit(one: float, other: float) -> None:
    fitted = Logistic({"x": 1.0}, bias=0.0, threshold=0.0)
    low, high = (fitted.probability({"x": x}) for x in sorted((one, other)))
    assert 0 <= low <= high <= 1


def test_the_calibration_that_ships_is_complete_and_sane() -> None:
    shipped = load(model.open_model(model.shipped("reader"), "reader")).searched
    for name in Calibration.__slots__:
        fitted = getattr(shipped, name)
        assert 0 < fitted.threshold < 1, name
        assert all(isfinite(number) for number in [fitted.bias, *fitted.weights.values()]), name
    assert set(shipped.factoid.weights) == {*shipped.list.weights, "enumerates", "words"}
    assert shipped.found.weights.keys() >= {"coverage", "similarity"}
    assert all(shipped.found.weights[name] > 0 for name in ("coverage", "similarity"))
    assert shipped.yesno.weights["negated"] < 0


def test_the_shipped_weights_are_for_features_that_are_worked_out(engine: Engine) -> None:
    terms = QuestionTerms("gene", engine.index)
    features = answer_features([candidate("CFTR", 1.0, "CFTR gene")], 0, terms, {}, {})
    assert engine.calibrations.searched.factoid.weights.keys() <= features.keys()
    assert engine.calibrations.searched.found.weights.keys() <= found_features([], terms, []).keys()


def test_a_missing_calibration_is_named(tmp_path: Path) -> None:
    shutil.copy(model.shipped("reader") / model.CARD, tmp_path)
    with pytest.raises(ModelError, match=r"calibration\.json"):
        load(model.open_model(tmp_path, "reader"))


def test_a_calibration_that_is_not_the_one_on_the_card_is_refused(tmp_path: Path) -> None:
    for name in (model.CARD, FILE):
        shutil.copy(model.shipped("reader") / name, tmp_path)
    content = bytearray((tmp_path / FILE).read_bytes())
    content[10] ^= 1
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ModelError, match=r"calibration\.json.*SHA-256"):
        load(model.open_model(tmp_path, "reader"))


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"factoid": {"weights": {}, "bias": 0, "threshold": 0}}',
        b'{"factoid": 1, "list": 1, "yesno": 1, "found": 1}',
        b'{"factoid": {"wheights": {}}, "list": {}, "yesno": {}, "found": {}}',
        pytest.param(
            b"not json",
        ),
        pytest.param(b"[1]"),
        pytest.param(
            json.dumps(
                {name: {"weights": 3, "bias": "x", "threshold": None} for name in Calibration.__slots__}
            ).encode(),
        ),
    ],
)
def test_an_incomplete_calibration_is_refused(calibrated: Callable[[bytes], model.Model], content: bytes) -> None:
    with pytest.raises(ModelError, match=r"calibration\.json: not a calibration"):
        load(calibrated(content))


@pytest.mark.parametrize("weights", [[], "", [["support", 1.0]]])
@pytest.mark.parametrize("name", Calibration.__slots__)
def test_weights_that_are_not_an_object_are_refused(
    calibrated: Callable[[bytes], model.Model], name: str, weights: object
) -> None:
    content = json.loads((model.shipped("reader") / FILE).read_text(encoding="utf-8"))
    content[name]["weights"] = weights
    with pytest.raises(ModelError, match=rf"calibration\.json: not a calibration \(the weights of {name} is"):
        load(calibrated(json.dumps(content).encode()))


def test_features_of_an_answer_tell_how_it_is_supported_and_by_what(
    engine: Engine,
) -> None:
    terms = QuestionTerms("cystic fibrosis", engine.index)
    candidates = [
        candidate("CFTR", 0.8, "CFTR is mutated in cystic fibrosis.", number=0, documents=3),
        candidate("HTT", 0.1, "HTT is another one.", number=9),
    ]
    first, second = (answer_features(candidates, place, terms, {0: 0.7}, {0: 0.9}) for place in (0, 1))
    assert first["documents"] > second["documents"] == 0
    assert first["support"] > second["support"]
    assert first["margin"] > 0 > second["margin"]
    assert first["coverage"] == pytest.approx(1.0)
    assert second["coverage"] == 0.0
    assert (first["similarity"], second["similarity"]) == (0.7, 0.0)
    assert first["relevance"] > second["relevance"] == 0.0
    assert first["place"] == 0 < second["place"]


def test_features_of_an_answer_tell_how_long_it_is_and_whether_it_enumerates(engine: Engine) -> None:
    terms = QuestionTerms("cystic fibrosis", engine.index)
    texts = ("CFTR", "CFTR and HTT", "CFTR, or HTT", "mutated gene of man")
    one, two, with_comma, long = (
        answer_features([candidate(text, 0.8, f"{text}: known.")], 0, terms, {}, {}) for text in texts
    )
    assert [found["enumerates"] for found in (one, two, with_comma, long)] == [0, 1, 1, 0]
    assert one["words"] < two["words"] == with_comma["words"] < long["words"]


def test_a_variant_on_the_same_words_is_no_rival(engine: Engine) -> None:
    terms = QuestionTerms("cystic fibrosis", engine.index)
    sentence = "The CFTR gene on chromosome 7 is mutated; HTT is not."
    best = candidate("CFTR", 0.8, sentence)
    variant, rival = candidate("CFTR gene on chromosome 7", 0.7, sentence), candidate("HTT", 0.7, sentence)
    alone = answer_features([best], 0, terms, {}, {})["margin"]
    assert answer_features([best, variant], 0, terms, {}, {})["margin"] == alone
    assert answer_features([best, rival], 0, terms, {}, {})["margin"] < alone
    assert answer_features([best, variant, rival], 0, terms, {}, {}) == answer_features([best, rival], 0, terms, {}, {})


def test_an_answer_of_no_support_still_has_finite_features(engine: Engine) -> None:
    features = answer_features([candidate("A", 0.0, "A is.")], 0, QuestionTerms("gene", engine.index), {}, {})
    assert all(isfinite(value) for value in features.values())


def test_features_of_what_was_found_are_the_best_of_each(engine: Engine) -> None:
    terms = QuestionTerms("cystic fibrosis", engine.index)
    texts = ["cystic fibrosis", "cystic", "nothing"]
    hits = [
        Hit(Passage(i, Document(id=str(i), abstract=text), 0, len(text)), 1.0, dense_score=cosine)
        for i, (text, cosine) in enumerate(zip(texts, [0.1, 0.6, None], strict=True))
    ]
    readings = [
        Reading(context_of(hit.passage), (), relevance=relevance)
        for hit, relevance in zip(hits, [0.2, 0.8, None], strict=True)
    ]
    found = found_features(hits, terms, readings)
    assert found["coverage"] == pytest.approx(1.0)
    assert found["similarity"] == 0.6
    assert found["relevance"] == pytest.approx(log(4), abs=0.01)
    assert set(found_features([], terms, []).values()) == {0.0}


NUMBERS = ["x", float("nan"), float("inf"), 1e308, True, None, [1], 10**400]


@pytest.mark.parametrize("number", NUMBERS, ids=[str(number)[:8] for number in NUMBERS])
@pytest.mark.parametrize("field", ["weights", "bias", "threshold"])
def test_a_calibration_of_no_numbers_is_refused(
    calibrated: Callable[[bytes], model.Model], field: str, number: object
) -> None:
    content = json.loads((model.shipped("reader") / FILE).read_text())
    content["factoid"][field] = {"support": number} if field == "weights" else number
    with pytest.raises(ModelError, match=r"calibration\.json: not a calibration"):
        load(calibrated(json.dumps(content).encode()))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("factoid", {"weights": {"evil": 1.0}}),
        ("found", {"weights": {"negated": 1.0}}),
        ("yesno", {"weights": {"support": 1.0}}),
        ("list", {"threshold": 1.5}),
        ("list", {"threshold": -0.1}),
        ("list", {"share": 1.5}),
        ("list", {"share": "half"}),
        ("list", {"weights": "ab"}),
    ],
)
def test_a_calibration_weighs_what_is_worked_out(
    calibrated: Callable[[bytes], model.Model], name: str, change: dict[str, object]
) -> None:
    content = json.loads((model.shipped("reader") / FILE).read_text())
    content[name] |= change
    with pytest.raises(ModelError, match=r"calibration\.json: not a calibration"):
        load(calibrated(json.dumps(content).encode()))


def test_given_passages_have_models_of_their_own_where_these_were_fitted(
    calibrated: Callable[[bytes], model.Model],
) -> None:
    content = json.loads((model.shipped("reader") / FILE).read_text())
    content["given"] = {"list": content["list"] | {"bias": 7.0}}
    loaded = load(calibrated(json.dumps(content).encode()))
    assert loaded.given.list.bias == 7.0 != loaded.searched.list.bias
    assert loaded.given.factoid == loaded.searched.factoid


@pytest.mark.parametrize("given", [3, [], [1], {"list": 3}, {"evil": {"weights": {}, "bias": 0, "threshold": 0}}])
def test_malformed_models_for_given_passages_are_refused(
    calibrated: Callable[[bytes], model.Model], given: object
) -> None:
    content = json.loads((model.shipped("reader") / FILE).read_text()) | {"given": given}
    with pytest.raises(ModelError, match=r"calibration\.json: not a calibration"):
        load(calibrated(json.dumps(content).encode()))


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"null", b'{"found": 1, "found": 1}'])
def test_what_is_no_object_is_no_calibration(calibrated: Callable[[bytes], model.Model], content: bytes) -> None:
    with pytest.raises(ModelError, match=r"calibration\.json: not a calibration"):
        load(calibrated(content))


def test_all_features_that_are_worked_out_can_be_weighed(
    calibrated: Callable[[bytes], model.Model], engine: Engine
) -> None:
    terms = QuestionTerms("gene", engine.index)
    answers = answer_features([candidate("CFTR", 1.0, "CFTR gene")], 0, terms, {}, {})
    worked_out = {
        **{"factoid": answers, "list": answers, "found": found_features([], terms, [])},
        "yesno": yesno.features("gene?", [], terms, [], []),
    }
    content = {
        name: {"weights": dict.fromkeys(features, 1.0), "bias": 0, "threshold": 0.5}
        for name, features in worked_out.items()
    }
    fitted = load(calibrated(json.dumps(content).encode())).searched
    for name, features in worked_out.items():
        assert 0 <= getattr(fitted, name).probability(features) <= 1
