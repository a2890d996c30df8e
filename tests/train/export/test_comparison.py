import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.bioasq import read_gold
from bioqa.eval.runs import plain_sums
from bioqa.eval.tables import text
from bioqa.index.progress import NoProgress
from bioqa.qa.question_types import QuestionType

torch = pytest.importorskip("torch")
comparison = pytest.importorskip("bioqa.train.export.comparison")
export = pytest.importorskip("bioqa.train.export.onnx")
network = pytest.importorskip("bioqa.train.networks.reader")
source = pytest.importorskip("bioqa.train.pretrained.source")

SNIPPETS = {"CFTR": "CFTR causes cystic fibrosis.", "HTT": "HTT causes chorea."}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Two factoid questions with a snippet each, and one of every other type without any."""
    questions: list[dict[str, Any]] = [
        {
            "id": gene, "type": "factoid", "body": "What gene?", "exact_answer": [[gene]], "documents": ["1"],
            "snippets": [{"document": "1", "text": snippet, "offsetInBeginSection": 0,
                          "offsetInEndSection": len(snippet), "beginSection": "abstract", "endSection": "abstract"}],
        }
        for gene, snippet in SNIPPETS.items()
    ]  # fmt: skip
    questions += [
        {"id": "3", "type": "yesno", "body": "Is it?", "exact_answer": "no", "documents": []},
        {"id": "4", "type": "list", "body": "Which?", "exact_answer": [["a"]], "documents": []},
        {"id": "5", "type": "summary", "body": "What is it?", "ideal_answer": ["x"], "documents": []},
    ]
    (tmp_path / "gold.json").write_text(json.dumps({"questions": questions}))
    return tmp_path / "gold.json"


@pytest.fixture
def trained(tiny_bert: Callable[[str], Path], tmp_path: Path) -> Path:
    """A reader with all heads, as training saves it."""
    base = str(tiny_bert("encoder"))
    network.load_reader(source.resolve(base)).save(tmp_path / "trained")
    source.tokenizer(source.resolve(base)).save_pretrained(tmp_path / "trained")
    return tmp_path / "trained"


def compared(folder: Path, gold: Path | None, *precisions: str) -> Any:
    targets = {precision: folder.parent / precision for precision in precisions}
    original = export.export(str(folder), targets, "reader", name="tiny", max_tokens=96)
    return comparison.compare_variants(original, targets, read_gold(gold) if gold else [], NoProgress())


def test_the_original_comes_first_and_is_what_others_are_measured_by(trained: Path) -> None:
    original, int8, fp32 = compared(trained, None, "int8", "fp32")
    assert [row.weights for row in (original, int8, fp32)] == ["PyTorch fp32", "int8", "fp32"]
    assert (original.parity.largest_difference, original.parity.cosine, original.times_original) == (0, 1, 1)
    assert original.megabytes == pytest.approx(fp32.megabytes, rel=0.1)
    assert int8.times_original == pytest.approx(int8.passages_per_s / original.passages_per_s)
    assert {row.tokens for row in (original, int8, fp32)} == {96}


def test_exact_weights_have_the_scores_of_the_original(trained: Path, gold: Path) -> None:
    original, fp32 = compared(trained, gold, "fp32")
    assert list(original.scores) == [*plain_sums.FACTOID_MEASURES, "yesno_macro_f1", "list_f_measure"]
    assert fp32.scores == original.scores


def test_a_span_head_is_scored_on_factoid_questions_alone(tiny_bert: Callable[[str], Path], gold: Path) -> None:
    original, int8 = compared(tiny_bert("reader"), gold, "int8")
    assert list(original.scores) == list(int8.scores) == list(plain_sums.FACTOID_MEASURES)


def test_scores_are_those_of_the_answers(trained: Path, gold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([("CFTR",), ("chorea", "HTT")] * 2)  # right at the first and at the second place: (1 + 1/2) / 2
    monkeypatch.setitem(plain_sums.ANSWERS, QuestionType.FACTOID, lambda _: next(answers))
    original, int8 = compared(trained, gold, "int8")
    assert original.scores["factoid_mrr"] == int8.scores["factoid_mrr"] == 0.75


def test_the_table_has_a_column_for_every_score(trained: Path, gold: Path) -> None:
    header = text(comparison.table("tiny", compared(trained, gold, "int8"))).splitlines()[1]
    for name in ("weights", "MB", "least cosine", "times PyTorch fp32", "factoid mrr", "list f measure"):
        assert name in header
