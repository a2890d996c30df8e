"""The teacher of a reader: a trained reader whose logits for the same texts are the targets of distillation."""

from collections.abc import Sequence

import torch

from bioqa.index.errors import ModelError
from bioqa.train.data import batches
from bioqa.train.data.batches import LabelledWindow, WindowBatch
from bioqa.train.data.examples import ReaderExample
from bioqa.train.networks import reader
from bioqa.train.networks.reader import ReaderOutput
from bioqa.train.pretrained import loading, source
from bioqa.train.pretrained.source import PretrainedModel


class Teacher:
    """A trained reader over the training examples, tokenized with its own vocabulary."""

    def __init__(
        self,
        model: PretrainedModel,
        rows: Sequence[ReaderExample],
        student_windows: Sequence[LabelledWindow],
        room: int,
        device: str,
    ):
        """`student_windows` are the student's windows of the same examples; `room` is the number of tokens that they
        have for question and text.

        Raises ModelError for a model with too few positions, and for one whose tokenizer splits texts differently.
        """
        tokenizer = source.backend_tokenizer(model)
        max_tokens = room + tokenizer.num_special_tokens_to_add(is_pair=True)
        source.check_room(model, max_tokens)
        self._model = loading.to_device(reader.load_reader(model, dropout=0.0), device).eval()
        self._device = device
        self._rows = list(batches.label_windows(rows, tokenizer, max_tokens))
        if [_text_tokens(window) for window in self._rows] != [_text_tokens(window) for window in student_windows]:
            raise ModelError(f"{model.source}: splits texts into other tokens than the base; choose another teacher")

    def logits(self, numbers: Sequence[int], batch: WindowBatch) -> ReaderOutput:
        """The teacher's logits for the windows with these numbers, aligned with the tokens of the student's batch.

        Values at tokens that are not readable are arbitrary.
        """
        own = batches.collate([self._rows[number] for number in numbers]).to(self._device)
        with torch.no_grad():
            output = self._model(own.ids, own.mask, own.types)
        positions = torch.zeros_like(batch.ids)
        positions[batch.readable] = own.readable.nonzero()[:, 1]
        return ReaderOutput(
            output.start.gather(1, positions),
            output.end.gather(1, positions),
            output.tags.gather(1, positions[..., None].expand(-1, -1, output.tags.shape[-1])),
            output.verdict,
            output.relevance,
        )


def _text_tokens(window: LabelledWindow) -> int:
    return len(window.ids) - window.text_start
