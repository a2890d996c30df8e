"""What goes from an index when documents are replaced or deleted."""

import hashlib

from bioqa.index.arrays import Array
from bioqa.index.records import titled
from bioqa.index.search.lexical_writer import counted
from bioqa.index.store.segments import Store
from bioqa.index.text import analyzer


class Gone:
    """What goes with documents that are replaced or deleted: how many passages and terms, and which passages say
    what."""

    def __init__(self, store: Store, rows: Array):
        """Reads the documents in these rows, of which one is in memory at a time."""
        self.count = self.tokens = 0
        self.numbers: dict[bytes, int] = {}
        every = store.passages_of(rows).tolist()
        for number, text in zip(every, titled(store.passages(every)), strict=True):
            self.count += 1
            self.tokens += counted(analyzer.written(text))
            self.numbers[digest(text)] = number


def digest(text: str) -> bytes:
    """What stands for the text of a passage."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
