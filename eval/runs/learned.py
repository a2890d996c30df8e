"""Digests of the questions that a model learned from, kept beside it for warnings where it is measured on them."""

import hashlib
import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path

from bioqa.eval.datasets.files import read_json
from bioqa.index.errors import InputError
from bioqa.index.models.model import CARD, QUESTIONS, Model, read_card

_BYTES = 5  # of a digest: among 100,000 questions, a new one is taken for one of them once in ten million times
_WORD = re.compile(r"\w+")
Digests = frozenset[bytes]


def digests(questions: Iterable[str]) -> Digests:
    """The digests of questions, alike for those that differ in case, white space and signs only."""
    return frozenset(map(_digest, questions))


def serialize(learned: Digests) -> bytes:
    """The content of the file beside a model, some 7 bytes a question."""
    content = {"questions": len(learned), "digests": b64encode(b"".join(sorted(learned))).decode()}
    return (json.dumps(content, indent=1) + "\n").encode()


def learned_by(folder: Path) -> Digests:
    """The digests of the questions that the model in a folder learned from; none if it does not say.

    The folder is that of a training or of an exported model. Raises ModelError or InputError if its file is damaged.
    """
    if (folder / CARD).is_file():
        model = Model(folder, read_card(folder))
        content = model.read_json(QUESTIONS) if QUESTIONS in model.card.digests else {}
    else:
        path = folder / QUESTIONS
        content = read_json(path, "the questions of a training") if path.is_file() else {}
    try:
        joined = b64decode(content.get("digests", ""), validate=True)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{folder / QUESTIONS}: not the questions of a training ({error})") from None
    return frozenset(joined[place : place + _BYTES] for place in range(0, len(joined), _BYTES))


def warning(questions: Iterable[str], folder: Path) -> str:
    """A line that says how many of these questions the model in a folder learned from; empty if none."""
    learned = learned_by(folder)
    every = list(questions) if learned else []
    known = sum(_digest(question) in learned for question in every)
    if not known:
        return ""
    return (
        f"{folder}: learned from {known:,} of these {len(every):,} questions, which it answers better than new ones; "
        "measure it on others"
    )


def _digest(question: str) -> bytes:
    words = _WORD.findall(unicodedata.normalize("NFKC", question).casefold())
    return hashlib.blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=_BYTES).digest()
