"""A reader that another one learns from: its logits for the same texts, token by token."""

from collections.abc import Sequence

import torch

from bioqa.index.errors import ModelError
from bioqa.train import batches, model_loading, network, source
from bioqa.train.batches import LabelledWindow, WindowBatch
from bioqa.train.examples import ReaderExample
from bioqa.train.network import ReaderOutput


class Teacher:
    """A finished reader over the examples that a student learns from, which it sees in its own vocabulary."""

    def __init__(
        self, model: str, rows: Sequence[ReaderExample], theirs: Sequence[LabelledWindow], room: int, device: str
    ):
        """`theirs` are the windows of a student over the same examples, whose texts have room for `room` tokens.

        Raises ModelError for a model without positions for so many, and where it cuts words in other places.
        """
        tokenizer = source.backend_tokenizer(model)
        max_tokens = room + tokenizer.num_special_tokens_to_add(is_pair=True)
        source.check_room(model, max_tokens)
        self._model = model_loading.to_device(network.load_reader(model, dropout=0.0), device).eval()
        self._device = device
        self._rows = list(batches.label_windows(rows, tokenizer, max_tokens))
        if [_of_text(row) for row in self._rows] != [_of_text(row) for row in theirs]:
            raise ModelError(f"{model}: cuts texts into other tokens than the base, and so cannot be its teacher")

    def logits(self, numbers: Sequence[int], batch: WindowBatch) -> ReaderOutput:
        """What it says of the windows with these numbers, at the places that their tokens have in the student's batch.

        Only what is said of readable tokens has a meaning.
        """
        own = batches.collate([self._rows[number] for number in numbers]).to(self._device)
        with torch.no_grad():
            said = self._model(own.ids, own.mask, own.types)
        places = torch.zeros_like(batch.ids)
        places[batch.readable] = own.readable.nonzero()[:, 1]
        return ReaderOutput(
            said.start.gather(1, places),
            said.end.gather(1, places),
            said.tags.gather(1, places[..., None].expand(-1, -1, said.tags.shape[-1])),
            said.verdict,
            said.relevance,
        )


def _of_text(row: LabelledWindow) -> int:
    return len(row.ids) - row.text_from
