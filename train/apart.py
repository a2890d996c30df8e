"""Texts that nearly repeat what is kept for testing, so that nothing of it is learned from (shingles: Broder 1997)."""

from collections.abc import Iterable

import numpy as np

from bioqa.index.runtime import Array
from bioqa.train.examples import fold_text

_RUN = 3  # words whose order counts
_SHARE = 0.8  # of runs of words in common, from which on one text repeats another


class NearDuplicates:
    """Tells whether a text nearly repeats one of these, or where `parts` count, a part of it."""

    def __init__(self, texts: Iterable[str], *, parts: bool = False):
        runs = [_runs(text) for text in dict.fromkeys(texts)]
        owners = np.repeat(np.arange(len(runs), dtype=np.int32), [len(each) for each in runs])
        every = np.concatenate([*runs, np.zeros(0, dtype=np.int64)])
        order = np.argsort(every, kind="stable")
        self._runs, self._owners = every[order], owners[order]
        self._sizes = np.array([len(each) for each in runs])
        self._parts = parts

    def __contains__(self, text: str) -> bool:
        wanted = _runs(text)
        first, last = (np.searchsorted(self._runs, wanted, side=side) for side in ("left", "right"))
        owners = np.concatenate([*map(self._owners.__getitem__, map(slice, first, last)), np.zeros(0, dtype=np.int32)])
        if not len(owners):
            return False
        shared = np.bincount(owners, minlength=len(self._sizes))
        together = len(wanted) if self._parts else len(wanted) + self._sizes - shared
        return bool((shared / together).max() >= _SHARE)


def _runs(text: str) -> Array:
    """The distinct runs of words of a text, as numbers: int64. A shorter text is one run."""
    stripped = (word.strip(".,;:?!()[]\"'") for word in fold_text(text).split())
    words = [word for word in stripped if word]
    count = max(len(words) - _RUN + 1, 1 if words else 0)
    return np.array(sorted({hash(tuple(words[start : start + _RUN])) for start in range(count)}), dtype=np.int64)
