from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bioqa.eval.speed import synthetic
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.text import sentences
from bioqa.qa import starter


def unit(rows: Array) -> Array:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def real() -> Array:
    """Vectors in five groups."""
    random = np.random.default_rng(1)
    centres = random.standard_normal((5, 384))
    return unit(np.repeat(centres, 20, axis=0) + 0.3 * random.standard_normal((100, 384)))


def test_documents_are_made_of_sentences_titles_and_journals_of_real_ones() -> None:
    source = starter.passages_file()
    real = list(synthetic.real_documents(source, 10**6))
    pieces = {document.abstract[start:end] for document in real for start, end in sentences.split(document.abstract)}
    grown = list(synthetic.documents(source, 50))
    assert len({document.id for document in grown}) == 50
    for document in grown:
        assert document.title in {one.title for one in real}
        left = document.abstract
        for piece in sorted(pieces, key=len, reverse=True):
            left = left.replace(piece, "")
        assert left.strip() == ""
    assert len({document.abstract for document in grown}) > 45


def test_the_same_seed_gives_the_same_documents_and_fewer_are_the_first_of_more() -> None:
    source = starter.passages_file()
    many = list(synthetic.documents(source, 30))
    assert list(synthetic.documents(source, 30)) == many
    assert list(synthetic.documents(source, 7)) == many[:7]
    assert list(synthetic.documents(source, 30, seed=2)) != many


def test_documents_are_made_one_at_a_time() -> None:
    assert len(list(islice(synthetic.documents(starter.passages_file(), 10**12), 3))) == 3


def test_a_corpus_without_abstracts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "titles.jsonl"
    path.write_text('{"id": "1", "title": "Only a title"}\n')
    with pytest.raises(InputError, match="no abstracts in the corpus") as caught:
        list(synthetic.documents(path, 1))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("seed", range(5))
def test_grown_vectors_have_length_one_and_lie_near_real_ones(real: Array, seed: int) -> None:
    grown = synthetic.grow_vectors(real, synthetic.nearest_neighbours(real), 500, [seed])
    assert grown.shape == (500, 384)
    assert np.linalg.norm(grown, axis=1) == pytest.approx(np.ones(500), abs=1e-5)
    assert (grown @ real.T).max(axis=1).mean() > 0.85


@pytest.mark.parametrize("block", [7, 1024])
def test_the_nearest_others_are_those_of_the_same_group(real: Array, block: int) -> None:
    found = synthetic.nearest_neighbours(real, block)
    assert found.shape == (100, 32)
    exact = np.argsort(-(real @ real.T) + 9 * np.eye(100), axis=1)[:, :32]
    assert (np.sort(found, axis=1) == np.sort(exact, axis=1)).all()
    assert synthetic.nearest_neighbours(real[:3]).shape == (3, 2)


def test_the_grown_encoder_stands_in_for_the_one_that_ships(real: Array, encoder: Encoder) -> None:
    one, two = synthetic.SyntheticEncoder(real), synthetic.SyntheticEncoder(real)
    done: list[int] = []
    first = one.encode(["a", "b"], done.append)
    assert done == [2]
    assert first.dtype == np.float32
    assert (first == two.encode(["c", "d"])).all(), "the texts do not matter"
    assert not (first == one.encode(["a", "b"])).any(), "no vector comes twice"
    assert one.identity == encoder.identity == Encoder(model.shipped("encoder")).identity
    assert one.encode([]).shape == (0, 384)
