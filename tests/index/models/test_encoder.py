import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.models.runtime import Network, load_tokenizer

TEXTS = [
    "Mutations in CFTR cause cystic fibrosis.",
    "Cystic fibrosis is due to a defect of the CFTR gene.",
    "Metformin lowers glucose production in the liver.",
    "gene",
    "",
    "Ångström αβγ 你好 \x00",
]


@pytest.fixture
def card_with(tmp_path: Path) -> Any:
    """Copies the shipped encoder, its card changed."""

    def copy(**changes: Any) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        shipped = model.shipped("encoder")
        for name in ("model.onnx", "tokenizer.json"):
            shutil.copy(shipped / name, folder)
        card = json.loads((shipped / model.CARD).read_text()) | changes
        (folder / model.CARD).write_text(json.dumps({k: v for k, v in card.items() if v is not None}))
        return folder

    return copy


def test_vectors_are_of_length_one_and_of_the_cards_dimensions(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.card.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-4)


def test_a_text_has_the_same_vector_whatever_stands_beside_it(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(encoder.encode([text])[0], vector)
    assert np.array_equal(encoder.encode(TEXTS[::-1]), together[::-1])


def test_texts_that_mean_the_same_are_nearer_than_others(encoder: Encoder) -> None:
    cause, defect, metformin, *_ = encoder.encode(TEXTS)
    assert cause @ defect > 0.6
    assert cause @ defect > cause @ metformin + 0.3


def test_no_text_gives_no_vector(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.card.dimensions)


def test_what_lies_beyond_the_longest_input_does_not_count(encoder: Encoder) -> None:
    begin = "gene " * encoder.card.max_tokens
    one, other = encoder.encode([begin + "cancer " * 50, begin + "liver " * 900])
    assert np.array_equal(one, other)


def test_a_long_text_is_cut_as_the_tokenizer_itself_would(encoder: Encoder) -> None:
    shipped = model.open_model(model.shipped("encoder"), "encoder")
    cutting = type(load_tokenizer(shipped)).from_str(load_tokenizer(shipped).to_str())
    cutting.enable_truncation(shipped.card.max_tokens)
    text = "the gene and its protein " * 100
    expected = Network(shipped).run(cutting.encode(text))[0]
    assert encoder.encode([text])[0] == pytest.approx(expected, abs=1e-6)


def test_progress_counts_texts(encoder: Encoder) -> None:
    seen: list[int] = []
    encoder.encode(TEXTS, seen.append)
    assert seen == list(range(1, len(TEXTS) + 1))


def test_questions_can_have_an_encoder_of_their_own(card_with: Any, encoder: Encoder, tmp_path: Path) -> None:
    folder = card_with()
    assert np.array_equal(Encoder(folder).encode_question("gene"), encoder.encode(["gene"])[0])
    alone = Encoder(folder).identity
    folder.rename(tmp_path / "pair")
    card_with(max_tokens=4).rename(tmp_path / "pair" / model.QUESTION)
    pair = Encoder(tmp_path / "pair")
    assert np.array_equal(pair.encode_question("gene one two three"), encoder.encode(["gene one"])[0])
    assert np.array_equal(pair.encode(["gene one two three"]), encoder.encode(["gene one two three"]))
    assert pair.identity.digests != alone.digests


def test_a_pair_whose_vectors_cannot_be_compared_is_refused(card_with: Any, tmp_path: Path) -> None:
    card_with().rename(tmp_path / "pair")
    card_with(dimensions=100).rename(tmp_path / "pair" / model.QUESTION)
    with pytest.raises(ModelError, match="100 dimensions, those of the passages 384"):
        Encoder(tmp_path / "pair")


def test_a_reader_is_no_encoder() -> None:
    with pytest.raises(ModelError, match="expected 'encoder'"):
        Encoder(model.shipped("reader"))


def test_a_folder_that_is_not_there_is_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model there") as caught:
        Encoder(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in str(caught.value)


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_an_incomplete_folder_is_refused(missing: str, card_with: Any) -> None:
    folder = card_with()
    (folder / missing).unlink()
    with pytest.raises(ModelError, match="incomplete") as caught:
        Encoder(folder)
    assert str(folder / missing) in str(caught.value)


@pytest.mark.parametrize("digests", [{}, {"model.onnx": "0"}])
def test_a_card_without_the_right_digests_is_refused(digests: dict[str, str], card_with: Any) -> None:
    folder = card_with(digests=digests)
    with pytest.raises(ModelError) as caught:
        Encoder(folder)
    assert str(folder) in str(caught.value)


def test_the_card_decides_how_much_of_a_text_is_seen(card_with: Any, encoder: Encoder) -> None:
    short = Encoder(card_with(max_tokens=4))
    assert np.array_equal(short.encode(["gene one two three four five"]), short.encode(["gene one two"]))
    assert not np.array_equal(short.encode(["gene one two"]), encoder.encode(["gene one two"]))


@pytest.mark.parametrize("dimensions", [None, 0, 100, 385, -1])
def test_a_card_with_other_dimensions_than_the_network_is_refused(dimensions: int | None, card_with: Any) -> None:
    folder = card_with(dimensions=dimensions)
    with pytest.raises(ModelError) as caught:
        Encoder(folder).encode(["text"])
    assert str(folder) in str(caught.value)


def test_a_copy_of_the_model_gives_the_same_vectors(encoder: Encoder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model.shipped("encoder"), copy)
    assert np.array_equal(Encoder(copy).encode(TEXTS[:2]), encoder.encode(TEXTS[:2]))


def test_an_encoder_from_a_stranger_is_tried_before_it_is_opened(
    model_folder: Callable[..., Path], network_of: Callable[..., bytes]
) -> None:
    loop = pytest.importorskip("onnx").helper.make_node("Loop", ["nought", "nought"], ["x"])
    with pytest.raises(ModelError, match=r"bioqa cannot load model\.onnx: it has the operation 'Loop'"):
        Encoder(model_folder(files={"model.onnx": network_of(loop, use="x")}))


def test_an_encoder_behind_a_link_has_an_identity(tmp_path: Path, model_folder: Callable[..., Path]) -> None:
    folder = model_folder()
    (tmp_path / "link").symlink_to(folder)
    assert Encoder(tmp_path / "link").identity.folder == str(folder.resolve())
