"""Windows: a question with each stretch of a text that a network can see at once; the same in training and in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

_QUESTION_TOKENS = 64  # what is beyond this of a question is not read, nor what would leave a text less than a quarter
_OVERLAP = 64  # tokens that two windows of a long text share


@dataclass(frozen=True, slots=True)
class Window:
    """A sequence for the network; its tokens from `first` to the last but one, which closes it, are of the text."""

    sequence: Encoding
    first: int

    @property
    def offsets(self) -> Sequence[tuple[int, int]]:
        """Characters of the text that each of its tokens covers."""
        offsets: Sequence[tuple[int, int]] = self.sequence.offsets[self.first : -1]
        return offsets


def windows(tokenizer: Tokenizer, question: str, text: str, max_tokens: int) -> list[Window]:
    """The windows of a text, in order, each of at most `max_tokens` tokens with those of the question."""
    room = max_tokens - tokenizer.num_special_tokens_to_add(is_pair=True)
    asked = tokenizer.encode(question, add_special_tokens=False)
    asked.truncate(min(_QUESTION_TOKENS, room - room // 4))
    pieces = tokenizer.encode(text, add_special_tokens=False)
    room -= len(asked.ids)
    pieces.truncate(room, stride=min(_OVERLAP, room // 2))
    sequences = [tokenizer.post_process(asked, piece) for piece in (pieces, *pieces.overflowing)]
    return [Window(sequence, _first_of_text(sequence)) for sequence in sequences]


def _first_of_text(sequence: Encoding) -> int:
    sides = sequence.sequence_ids  # 1 for the tokens of the text; an empty text has none
    return sides.index(1) if 1 in sides else len(sides) - 1
