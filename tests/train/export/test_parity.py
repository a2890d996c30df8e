from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index.errors import ModelError

torch = pytest.importorskip("torch")
export = pytest.importorskip("bioqa.train.export.onnx")
parity = pytest.importorskip("bioqa.train.export.parity")


@pytest.mark.parametrize("task", ["encoder", "reader"])
def test_an_exported_network_is_near_its_original(tiny_bert: Callable[[str], Path], tmp_path: Path, task: str) -> None:
    targets = {"int8": tmp_path / "int8", "fp32": tmp_path / "fp32"}
    original = export.export(str(tiny_bert(task)), targets, task, name="tiny", max_tokens=128)
    exact, rounded = (parity.measure_parity(original, targets[precision]) for precision in ("fp32", "int8"))
    assert exact.outputs == {"encoder": "embedding", "reader": "start_logits, end_logits"}[task]
    assert exact.largest_difference < 1e-5
    assert exact.cosine == pytest.approx(1, abs=1e-6)
    assert 1e-5 < rounded.largest_difference < 0.1
    assert rounded.cosine > 0.98


def test_another_model_is_far_from_it(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    source = tiny_bert("reader")
    original = export.export(str(source), {"fp32": tmp_path / "fp32"}, "reader", name="tiny", max_tokens=128)
    torch.nn.init.normal_(original.module.reader.qa_outputs.weight)
    assert parity.measure_parity(original, tmp_path / "fp32").largest_difference > 0.5


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_found(tiny_bert: Callable[[str], Path], tmp_path: Path, value: float) -> None:
    from safetensors.torch import load_file, save_file

    weights = tiny_bert("reader") / "model.safetensors"
    tensors = load_file(weights)
    tensors["bert.embeddings.LayerNorm.weight"][3] = value
    save_file(tensors, weights)
    original = export.export(str(weights.parent), {"fp32": tmp_path / "x"}, "reader", name="tiny", max_tokens=128)
    with pytest.raises(ModelError, match="not finite"):
        parity.measure_parity(original, tmp_path / "x")


def test_no_more_is_compared_than_the_model_sees(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    export.export(str(tiny_bert("reader")), {"fp32": tmp_path / "x"}, "reader", name="tiny", max_tokens=96)
    model = parity.Model(tmp_path / "x", parity.read_card(tmp_path / "x"))
    assert len(parity.encode_pair(model, "gene?", "gene " * 500).ids) == 96
    assert parity.encode_pair(model, "gene?", "gene").tokens == ["[CLS]", "gene", "?", "[SEP]", "gene", "[SEP]"]
