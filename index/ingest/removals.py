"""The passages that an index loses when documents are replaced or deleted."""

import hashlib
from itertools import tee

from bioqa.index.arrays import Array
from bioqa.index.records import search_texts
from bioqa.index.search.lexical_writer import count_terms
from bioqa.index.store.segments import Store
from bioqa.index.text.prepared import passage_terms


class Removals:
    """The passages of replaced and deleted documents: their number, their terms, and their numbers by text digest."""

    def __init__(self, store: Store, rows: Array, analyzer_name: str):
        """Read the documents in these rows, one at a time; the terms are those of this analyzer."""
        self.count = self.tokens = 0
        self.numbers: dict[bytes, int] = {}
        every = store.passages_of(rows).tolist()
        once, again = tee(store.passages(every))
        analyzed = passage_terms(again, analyzer_name)
        for number, text, terms in zip(every, search_texts(once), analyzed, strict=True):
            self.count += 1
            self.tokens += count_terms(terms)
            self.numbers[text_digest(text)] = number


def text_digest(text: str) -> bytes:
    """A digest of the text of a passage."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
