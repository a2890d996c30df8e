"""Warnings of commands whose questions a model learned from."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bioqa.index.models.model import shipped
from bioqa.index.terminal import say

if TYPE_CHECKING:
    from bioqa.index.models.encoder import Encoder


def warn_of_learned(questions: Iterable[str], *folders: Path | None) -> None:
    """Say on standard error which of the models in these folders learned from any of these questions."""
    from bioqa.eval.runs import learned

    every = list(questions)
    for folder in filter(None, folders):
        if line := learned.warning(every, folder):
            say(f"warning: {line}", err=True)


def folder_of(encoder: "Encoder | None") -> Path | None:
    """The folder of an encoder."""
    return None if encoder is None else Path(encoder.identity.folder or shipped("encoder"))
