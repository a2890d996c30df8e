"""Writing the lexical index with tantivy."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import tantivy

from bioqa.index.corpus.values import journals
from bioqa.index.errors import StorageError
from bioqa.index.records import Passage
from bioqa.index.search import tantivy_errors
from bioqa.index.text import analyzer
from bioqa.index.text.prepared import passage_terms

_EXACT = ("journal", "mesh", "publication_type", "language", "status")  # untokenized fields for filters
_WRITER_MEMORY = 128_000_000  # bytes; tantivy flushes a segment whenever this is full


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=analyzer.TOKENIZER, index_option="freq")
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in _EXACT:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("passage", fast=True)
    builder.add_unsigned_field("document", indexed=True, fast=True)
    return builder.build()


class LexicalWriter:
    """Adds passages to and removes documents from a tantivy index. Changes become visible with `commit`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._index = tantivy.Index(_schema(), path=str(folder))
        self._index.config_reader("manual")  # no thread watches the folder, which the next commit deletes
        self._index.register_tokenizer(analyzer.TOKENIZER, analyzer.tokenizer())
        # One thread: several would make the order of equal passages random, and Python keeps only one busy.
        self._writer = self._index.writer(_WRITER_MEMORY, 1)

    def add(self, passage: Passage, document_row: int, terms: str | None = None) -> int:
        """Index a passage under its number, with its `terms` if already analyzed; returns the number of terms."""
        document = passage.document
        written = next(passage_terms([passage])) if terms is None else terms
        entry = tantivy.Document()
        entry.add_text("text", written)  # tantivy only splits it at blanks
        entry.add_text("id", document.id)
        entry.add_unsigned("passage", passage.number)
        entry.add_unsigned("document", document_row)
        if document.year:
            entry.add_unsigned("year", document.year)
        exact = (
            (document.journal, *journals.names_of(document.extra)),
            document.mesh,
            document.publication_types,
            map(str.strip, document.language.split(";")),  # an article can have several
            (document.status,),
        )
        for name, values in zip(_EXACT, exact, strict=True):
            for value in filter(None, values):
                entry.add_text(name, value.casefold())
        self._writer.add_document(entry)
        return count_terms(written)

    def remove(self, document_row: int) -> None:
        """Remove all passages of a document."""
        # By query: delete_documents_by_term treats an int as signed, which matches nothing in an unsigned field.
        self._writer.delete_documents_by_query(tantivy.Query.term_query(_schema(), "document", document_row))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the writer's threads, so that none writes into a folder that is deleted after an error."""
        self._writer = None

    def commit(self) -> None:
        """Commit the changes and end the writer."""
        self._writer.commit()
        self._writer.wait_merging_threads()
        for path in self._folder.glob("*.json"):  # tantivy makes these two readable by the owner only
            path.chmod(self._folder.stat().st_mode & 0o666)


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn every failure of tantivy into a StorageError that names the folder."""
    with tantivy_errors.translate_errors(
        lambda reason: StorageError(f"{folder}: writing the lexical index failed: {reason}")
    ):
        yield


def passage_length(passage: Passage) -> int:
    """The number of indexed terms of a passage."""
    return count_terms(next(passage_terms([passage])))


def count_terms(terms: str) -> int:
    """The number of terms in a text of terms separated by blanks."""
    return terms.count(" ") + 1 if terms else 0
