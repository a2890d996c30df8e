"""Windows: the question with consecutive parts of a text, each within the network's length; the same in training and
use."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

_QUESTION_TOKENS = 64  # a longer question is cut, so is one that leaves less than a quarter of a window to the text
_OVERLAP = 64  # tokens shared by consecutive windows


@dataclass(frozen=True, slots=True)
class Window:
    """An input sequence; its tokens from `first` to the last but one, which precedes the final [SEP], belong to the
    text."""

    sequence: Encoding
    first: int

    @property
    def offsets(self) -> Sequence[tuple[int, int]]:
        """The characters of the text that each of its tokens covers."""
        offsets: Sequence[tuple[int, int]] = self.sequence.offsets[self.first : -1]
        return offsets


def split_windows(tokenizer: Tokenizer, question: str, text: str, max_tokens: int) -> list[Window]:
    """The windows of a text in order, each of at most `max_tokens` tokens, question included."""
    room = max_tokens - tokenizer.num_special_tokens_to_add(is_pair=True)
    encoded = tokenizer.encode(question, add_special_tokens=False)
    encoded.truncate(min(_QUESTION_TOKENS, room - room // 4))
    pieces = tokenizer.encode(text, add_special_tokens=False)
    room -= len(encoded.ids)
    pieces.truncate(room, stride=min(_OVERLAP, room // 2))
    sequences = [tokenizer.post_process(encoded, piece) for piece in (pieces, *pieces.overflowing)]
    return [Window(sequence, _first_of_text(sequence)) for sequence in sequences]


def _first_of_text(sequence: Encoding) -> int:
    sides = sequence.sequence_ids  # 1 for the tokens of the text; an empty text has none
    return sides.index(1) if 1 in sides else len(sides) - 1
