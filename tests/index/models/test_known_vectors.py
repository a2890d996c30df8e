from pathlib import Path

import numpy as np
import pytest

from bioqa.index.models import known_vectors
from bioqa.index.models.encoder import Encoder
from bioqa.index.models.known_vectors import RememberingEncoder
from bioqa.index.models.model import shipped

TEXTS = ["CFTR causes cystic fibrosis.", "Warfarin inhibits vitamin K epoxide reductase."]


@pytest.fixture
def known(tmp_path: Path, encoder: Encoder) -> Path:
    known_vectors.write(TEXTS, encoder, tmp_path / "vectors.npz")
    return tmp_path / "vectors.npz"


def refuse(*_: object) -> None:
    raise AssertionError("encoded again")


def test_known_texts_are_not_encoded_again(known: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    remembering = RememberingEncoder(shipped("encoder"), known)
    monkeypatch.setattr(Encoder, "encode", refuse)
    found = remembering.encode(TEXTS[::-1])
    monkeypatch.undo()
    np.testing.assert_array_equal(found.astype(np.float16), encoder.encode(TEXTS[::-1]).astype(np.float16))


def test_a_text_that_is_not_known_is_encoded_among_the_others(known: Path, encoder: Encoder) -> None:
    texts = [TEXTS[0], "Imatinib inhibits BCR-ABL.", TEXTS[1]]
    wanted = encoder.encode(texts).astype(np.float16)
    np.testing.assert_array_equal(
        RememberingEncoder(shipped("encoder"), known).encode(texts).astype(np.float16), wanted
    )


@pytest.mark.parametrize("content", [None, b"", b"not an archive", b"PK\x03\x04"])
def test_without_a_usable_file_all_texts_are_encoded(tmp_path: Path, encoder: Encoder, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "vectors.npz").write_bytes(content)
    np.testing.assert_array_equal(
        RememberingEncoder(shipped("encoder"), tmp_path / "vectors.npz").encode(TEXTS), encoder.encode(TEXTS)
    )


def test_vectors_of_another_encoder_do_not_count(known: Path, encoder: Encoder) -> None:
    assert len(known_vectors._read(known, encoder.card.digest)) == 2
    assert known_vectors._read(known, "0" * 64) == {}
