"""The passages that an index loses when documents are replaced or deleted."""

import hashlib

from bioqa.index.arrays import Array
from bioqa.index.records import search_texts
from bioqa.index.search.lexical_writer import count_terms
from bioqa.index.store.segments import Store
from bioqa.index.text import analyzer


class Removals:
    """The passages of replaced and deleted documents: their number, their terms, and their numbers by text digest."""

    def __init__(self, store: Store, rows: Array):
        """Read the documents in these rows, one at a time."""
        self.count = self.tokens = 0
        self.numbers: dict[bytes, int] = {}
        every = store.passages_of(rows).tolist()
        for number, text in zip(every, search_texts(store.passages(every)), strict=True):
            self.count += 1
            self.tokens += count_terms(analyzer.analyze(text))
            self.numbers[text_digest(text)] = number


def text_digest(text: str) -> bytes:
    """A digest of the text of a passage."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
