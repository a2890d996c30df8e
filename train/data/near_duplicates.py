"""Near duplicates of test data, found by word shingles (Broder 1997), to keep them out of training."""

from collections.abc import Iterable

import numpy as np

from bioqa.index.arrays import Array
from bioqa.train.data.examples import fold_text

_WORDS = 3  # per shingle
_SHARE = 0.8  # of shingles in common, from which on two texts are near duplicates


class NearDuplicates:
    """A collection of texts, for testing whether another text nearly repeats one of them, or with `parts`, a part of
    one."""

    def __init__(self, texts: Iterable[str], *, parts: bool = False):
        shingles = [_shingles(text) for text in dict.fromkeys(texts)]
        owners = np.repeat(np.arange(len(shingles), dtype=np.int32), [len(each) for each in shingles])
        joined = np.concatenate([*shingles, np.zeros(0, dtype=np.int64)])
        order = np.argsort(joined, kind="stable")
        self._shingles, self._owners = joined[order], owners[order]
        self._sizes = np.array([len(each) for each in shingles])
        self._parts = parts

    def __contains__(self, text: str) -> bool:
        shingles = _shingles(text)
        first, last = (np.searchsorted(self._shingles, shingles, side=side) for side in ("left", "right"))
        owners = np.concatenate([*map(self._owners.__getitem__, map(slice, first, last)), np.zeros(0, dtype=np.int32)])
        if not len(owners):
            return False
        shared = np.bincount(owners, minlength=len(self._sizes))
        union = len(shingles) if self._parts else len(shingles) + self._sizes - shared
        return bool((shared / union).max() >= _SHARE)


def _shingles(text: str) -> Array:
    """The hashes of the distinct shingles of a text: int64. A text shorter than a shingle is one shingle."""
    stripped = (word.strip(".,;:?!()[]\"'") for word in fold_text(text).split())
    words = [word for word in stripped if word]
    count = max(len(words) - _WORDS + 1, 1 if words else 0)
    return np.array(sorted({hash(tuple(words[start : start + _WORDS])) for start in range(count)}), dtype=np.int64)
