import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.measures.confidence import expected_calibration_error
from bioqa.index.errors import InputError
from bioqa.index.models import model
from bioqa.qa import calibration
from bioqa.qa.calibration import Logistic
from bioqa.qa.question_types import QuestionType
from bioqa.train.calibration import fitting
from bioqa.train.calibration.fitting import fit, probabilities
from bioqa.train.calibration.observations import Observations, SearchSetting

TRUE = {"a": 1.5, "b": -2.0, "c": 0.0}
BIAS = 0.4


def drawn(count: int, seed: int, scales: dict[str, float] | None = None) -> Observations:
    """Rows whose outcome is drawn with the probability that the true weights give."""
    random = np.random.default_rng(seed)
    sample = Observations()
    for place in range(count):
        features = {name: float(random.normal(0.3, (scales or {}).get(name, 1.0))) for name in TRUE}
        chance = Logistic(TRUE, BIAS, 0.0).probability(features)
        sample.add(features, bool(random.random() < chance), place, SearchSetting.WHOLE)
    return sample


def gold(kind: QuestionType, body: str, *items: str, documents: tuple[str, ...] = ()) -> GoldQuestion:
    return GoldQuestion("q", kind, body, tuple((item,) for item in items), documents, True)


def test_the_fit_recovers_the_weights_that_the_data_was_drawn_with() -> None:
    fitted = fit(drawn(20_000, seed=1))
    assert fitted.bias == pytest.approx(BIAS, abs=0.15)
    assert {name: pytest.approx(weight, abs=0.15) for name, weight in TRUE.items()} == fitted.weights


def test_the_fit_does_not_depend_on_the_units_of_a_feature() -> None:
    sample = drawn(2_000, seed=2)
    fitted = fit(sample)
    scaled = Observations()
    for features, right in zip(sample.features, sample.correct, strict=True):
        scaled.add(features | {"a": 1000 * features["a"] - 7}, right, 0, SearchSetting.WHOLE)
    again = fit(scaled)
    assert again.weights["a"] * 1000 == pytest.approx(fitted.weights["a"], rel=1e-6)
    assert probabilities(again, scaled) == pytest.approx(probabilities(fitted, sample), abs=1e-9)


def test_a_feature_that_is_left_out_has_no_weight_and_no_effect() -> None:
    sample = drawn(2_000, seed=2)
    fitted = fit(sample, without=("a",))
    assert set(fitted.weights) == {"b", "c"}
    features = sample.features[0]
    assert fitted.probability(features) == fitted.probability(features | {"a": 9.0})


def test_a_fit_is_well_calibrated_on_data_that_it_has_not_seen() -> None:
    unseen = drawn(10_000, seed=4)
    error = expected_calibration_error(probabilities(fit(drawn(10_000, seed=3)), unseen), np.array(unseen.correct))
    assert error < 0.03


def test_a_wrong_model_is_not_well_calibrated() -> None:
    unseen = drawn(5_000, seed=5)
    overconfident = Logistic({name: 4 * weight for name, weight in TRUE.items()}, 4 * BIAS, 0.0)
    assert expected_calibration_error(probabilities(overconfident, unseen), np.array(unseen.correct)) > 0.08


def test_a_fit_stays_finite_where_a_feature_separates_the_classes_or_never_changes() -> None:
    sample = Observations()
    for i in range(40):
        sample.add({"tells": float(i), "constant": 3.0}, i >= 20, i, SearchSetting.WHOLE)
    fitted = fit(sample)
    assert fitted.weights["tells"] > 0
    assert fitted.weights["constant"] == pytest.approx(0, abs=1e-6)
    predicted = probabilities(fitted, sample)
    assert np.isfinite(predicted).all()
    assert (predicted[:15] < 0.2).all()
    assert (predicted[25:] > 0.8).all()


def test_the_calibration_error_is_that_worked_out_by_hand() -> None:
    predicted = np.array([0.05, 0.05, 0.95, 0.95, 1.0])
    right = np.array([False, True, True, True, True])
    assert expected_calibration_error(predicted, right) == pytest.approx(2 / 5 * 0.45 + 3 / 5 * (1 - 2.9 / 3))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_the_calibration_error_lies_between_0_and_1(rows: list[tuple[float, bool]]) -> None:
    predicted, right = (np.array(column) for column in zip(*rows, strict=True))
    assert 0 <= expected_calibration_error(predicted, right) <= 1
    assert expected_calibration_error(right.astype(float), right) == 0


def test_a_threshold_holds_back_at_most_three_in_a_hundred_of_what_is_right() -> None:
    sample = Observations()
    for i in range(1000):
        sample.add({"x": i / 1000}, i % 3 > 0, i, SearchSetting.WHOLE)
    fitted = Logistic({"x": 1.0}, 0.0, 0.0)
    threshold = fitting.answer_threshold(fitted, sample)
    predicted = probabilities(fitted, sample)[np.array(sample.correct)]
    assert (predicted < threshold).sum() <= 0.03 * len(predicted) + 1
    assert (predicted < threshold + 0.01).sum() > 0.03 * len(predicted) + 1


def test_the_share_that_items_of_a_list_need_is_the_best_of_all_that_were_tried() -> None:
    random = np.random.default_rng(6)
    sample, questions = Observations(), []
    for number in range(12):
        items = [f"item{i}" for i in range(random.integers(1, 5))]
        questions.append(gold(QuestionType.LIST, "?", *items))
        for _ in range(10):
            confidence = float(random.random())
            sample.add(
                {"x": confidence},
                bool(random.random() < confidence),
                number,
                SearchSetting.WHOLE if number % 4 else SearchSetting.NO_GOLD,
            )
    fitted = Logistic({"x": 6.0}, -4.0, 0.0)
    predicted = probabilities(fitted, sample)

    def mean_f(share: float) -> float:
        scores = []
        for number, question in enumerate(questions):
            rows = [
                i
                for i, place in enumerate(sample.question)
                if place == number and sample.setting[i] is SearchSetting.WHOLE
            ]
            if rows:
                least = share * max(predicted[i] for i in rows)
                given = [i for i in rows if predicted[i] >= least]
                right = sum(sample.correct[i] for i in given)
                precision, recall = right / max(1, len(given)), right / len(question.exact)
                scores.append(2 * precision * recall / (precision + recall) if right else 0.0)
        return float(np.mean(scores))

    chosen = fitting.item_share(fitted, sample, questions)
    assert mean_f(chosen) == pytest.approx(max(mean_f(share) for share in np.arange(0.05, 1.0, 0.05)))


def test_confidence_is_scaled_to_what_is_accepted_and_the_order_stays() -> None:
    random, sample = np.random.default_rng(8), Observations()
    for number in range(4_000):
        x = float(random.normal())
        correct = bool(random.random() < Logistic({"x": 1.0}, -2.0, 0.0).probability({"x": x}))
        accepted = correct or bool(random.random() < 0.4)
        sample.add({"x": x}, correct, number, SearchSetting.WHOLE, accepted)
    strict = fit(sample)
    scaled = fitting.scaled(strict, sample)
    assert scaled.weights["x"] > 0
    assert probabilities(scaled, sample).mean() == pytest.approx(np.mean(sample.accepted), abs=0.01)
    assert probabilities(strict, sample).mean() < 0.3 < np.mean(sample.accepted)


def test_rows_of_other_views_count_less_than_those_of_the_whole_index() -> None:
    sample = Observations()
    for place in range(50):
        sample.add({"x": 1.0}, True, place, SearchSetting.WHOLE)
        sample.add({"x": 1.0}, False, place, SearchSetting.NO_GOLD)
    assert 0.6 < fit(sample).probability({"x": 1.0}) < 1


def test_all_models_are_fitted_saved_and_read_back(
    samples: dict[str, Observations], questions: list[GoldQuestion], tmp_path: Path
) -> None:
    folder = shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    models = fitting.fit_all(samples, questions)
    assert models.keys() == {"factoid", "list", "yesno", "found"}
    assert all(0 <= fitted.threshold <= 1 for fitted in models.values())
    given = {"list": replace(models["list"], bias=7.0, share=0.5)}
    fitting.save(models, given, folder)
    loaded = calibration.load(model.open_model(folder, "reader"))
    assert {name: getattr(loaded.searched, name) for name in models} == models
    assert {name: getattr(loaded.given, name) for name in models} == models | given
    assert fitting.calibration_errors(models, samples).keys() == models.keys()


def test_saving_leaves_the_rest_of_the_card_as_it_was(
    samples: dict[str, Observations], questions: list[GoldQuestion], tmp_path: Path
) -> None:
    folder = shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    before = asdict(model.read_card(folder))
    fitting.save(fitting.fit_all(samples, questions), {}, folder)
    after = asdict(model.read_card(folder))
    assert after["digests"].pop("calibration.json") != before["digests"].pop("calibration.json")
    assert after == before


def test_the_surest_row_of_each_question_in_each_view() -> None:
    model, sample = Logistic({"x": 1.0}, 0.0, 0.0), Observations()
    for x, right, question, view in [
        (1.0, False, 0, SearchSetting.WHOLE),
        (2.0, True, 0, SearchSetting.WHOLE),
        (0.5, True, 0, SearchSetting.NO_GOLD),
        (-1.0, True, 1, SearchSetting.WHOLE),
    ]:
        sample.add({"x": x}, right, question, view)
    first = fitting.most_probable(model, sample)
    assert [row["x"] for row in first.features] == [2.0, 0.5, -1.0]


def test_a_threshold_needs_something_that_is_right() -> None:
    sample = Observations()
    sample.add({"x": 1.0}, False, 0, SearchSetting.WHOLE)
    sample.add({"x": 0.5}, True, 0, SearchSetting.NO_GOLD)
    with pytest.raises(InputError, match="no answerable one is answered correctly"):
        fitting.answer_threshold(Logistic({"x": 1.0}, 0.0, 0.0), sample)


def test_what_a_least_confidence_bought_is_counted() -> None:
    model, sample = Logistic({"x": 1.0}, 0.0, 0.0), Observations()
    for question, (x, right) in enumerate([(2.0, True), (1.0, True), (0.5, False), (-1.0, False), (-2.0, True)]):
        sample.add({"x": x}, right, question, SearchSetting.WHOLE)
        sample.add({"x": 9.0}, False, question, SearchSetting.UNKNOWN)
    assert fitting.selective_accuracy(model, sample, 0.5) == {
        "least": 0.5,
        "questions": 5,
        "answered": 0.6,
        "accuracy": 0.667,
        "accuracy_of_all": 0.6,
    }
    assert fitting.selective_accuracy(model, sample, 0.99)["answered"] == 0.0


def test_of_kinds_that_were_not_asked_nothing_is_told(
    samples: dict[str, Observations], questions: list[GoldQuestion]
) -> None:
    models = fitting.fit_all(samples, questions)
    asked = {name: sample if name == "yesno" else Observations() for name, sample in samples.items()}
    assert fitting.calibration_errors(models, asked).keys() == {"yesno"}
    assert fitting.selective_accuracy(models["factoid"], asked["factoid"], 0.5) == {}
