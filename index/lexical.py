"""BM25 over passages, in tantivy."""

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from bioqa.index import analyzer
from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.filters import Filter
from bioqa.index.records import RETRACTED, Passage
from bioqa.index.runtime import Array

_EXACT = ("journal", "mesh", "publication_type", "language", "status")  # fields of whole terms, for filters
_WRITER_MEMORY = 128_000_000  # bytes; tantivy flushes a segment whenever this is full


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=analyzer.NAME, index_option="freq")
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in _EXACT:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("passage", fast=True)
    builder.add_unsigned_field("document", indexed=True, fast=True)
    return builder.build()


class LexicalWriter:
    """Adds passages to, and removes documents from, the tantivy index in a folder; nothing shows before `commit`."""

    def __init__(self, folder: Path):
        self._index = tantivy.Index(_schema(), path=str(folder))
        self._index.config_reader("manual")  # no thread that watches the folder, which the next commit deletes
        self._index.register_tokenizer(analyzer.NAME, analyzer.analyzer())
        # One thread: several would number equal passages differently every time, and Python feeds no more than one.
        self._writer = self._index.writer(_WRITER_MEMORY, 1)

    def add(self, passage: Passage, document_row: int) -> None:
        """Index a passage under its number; title and heading count as parts of every passage they stand above."""
        document = passage.document
        entry = tantivy.Document()
        entry.add_text("text", passage.titled)
        entry.add_text("id", document.id)
        entry.add_unsigned("passage", passage.number)
        entry.add_unsigned("document", document_row)
        if document.year:
            entry.add_unsigned("year", document.year)
        terms = (
            (document.journal,),
            document.mesh,
            document.publication_types,
            (document.language,),
            (document.status,),
        )
        for name, values in zip(_EXACT, terms, strict=True):
            for value in filter(None, values):
                entry.add_text(name, value.casefold())
        self._writer.add_document(entry)

    def remove(self, document_row: int) -> None:
        """Drop all passages of a document."""
        # By query: delete_documents_by_term takes an int for a signed one, which matches nothing in an unsigned field.
        self._writer.delete_documents_by_query(tantivy.Query.term_query(_schema(), "document", document_row))

    def commit(self) -> None:
        """Make the changes permanent and end the writer."""
        self._writer.commit()
        self._writer.wait_merging_threads()


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """tantivy reports every failure as ValueError or OSError text: make it a StorageError that names the folder."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise StorageError(f"{folder}: writing the lexical index failed: {error}") from error


def _mirrored(folder: Path) -> "tempfile.TemporaryDirectory[str]":
    """A folder of links to these files: tantivy writes a lock file even to read, which a read-only disk refuses."""
    mirror = tempfile.TemporaryDirectory(prefix="bioqa-")
    for file in folder.iterdir():
        if file.suffix != ".lock":
            (Path(mirror.name) / file.name).symlink_to(file.resolve())
    return mirror


class LexicalIndex:
    """A committed tantivy index, read-only."""

    def __init__(self, folder: Path):
        try:
            self._mirror = None if os.access(folder, os.W_OK) else _mirrored(folder)
            self._index = tantivy.Index.open(self._mirror.name if self._mirror else str(folder))
        except (ValueError, OSError) as error:
            raise IndexFolderError(
                f"{folder}: the lexical index cannot be opened ({error}); build the index again"
            ) from None
        self._index.register_tokenizer(analyzer.NAME, analyzer.analyzer())
        self._index.config_reader("manual")
        self._searcher = self._index.searcher()
        self._folder = folder

    def search(self, query: str, k: int, narrow: Filter) -> dict[int, float]:
        """The `k` best passages by BM25: {passage number: score}, best first; empty where no term is known."""
        counts = Counter(analyzer.query_terms(query))
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term("text", term), float(count)))
            for term, count in counts.items()
        ]
        if not clauses or k < 1:
            return {}
        scored = tantivy.Query.boolean_query(clauses)
        if not narrow.is_empty:
            unscored = tantivy.Query.const_score_query(self._filter_query(narrow), 0.0)
            scored = tantivy.Query.boolean_query([(tantivy.Occur.Must, scored), (tantivy.Occur.Must, unscored)])
        try:
            hits = self._searcher.search(scored, k, count=False).hits
        except ValueError as error:  # a file that is opened only when a query needs it
            raise IndexFolderError(f"{self._folder}: damaged ({error}); build the index again") from None
        numbers = self._searcher.fast_field_values("passage", [address for _, address in hits])
        best_first = sorted(zip(numbers, (score for score, _ in hits), strict=True), key=lambda hit: (-hit[1], hit[0]))
        return dict(best_first)

    def matching(self, narrow: Filter) -> Array:
        """The numbers of all passages that pass the filter: int64, shape (n,)."""
        return self._all_values(self._filter_query(narrow), "passage")

    def document_rows(self, ids: Sequence[str]) -> dict[int, None]:
        """The rows of the documents that have one of these ids, ascending."""
        query = tantivy.Query.term_set_query(self._index.schema, "id", list(ids))
        return dict.fromkeys(np.unique(self._all_values(query, "document")).tolist())

    def document_frequency(self, term: str) -> int:
        """The number of passages that hold a term as the analyzer writes it."""
        return int(self._searcher.doc_freq("text", term))

    def _all_values(self, query: Any, field: str) -> Array:
        hits = self._searcher.search(query, max(1, self._searcher.num_docs), count=False).hits
        return np.array(self._searcher.fast_field_values(field, [address for _, address in hits]), dtype=np.int64)

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._index.schema, field, value, "freq" if field == "text" else "basic")

    def _filter_query(self, narrow: Filter) -> Any:
        must = []
        if narrow.first_year is not None or narrow.last_year is not None:
            must.append(
                tantivy.Query.range_query(
                    self._index.schema,
                    "year",
                    tantivy.FieldType.Unsigned,
                    narrow.first_year or 0,
                    narrow.last_year or 9999,
                )
            )
        terms = [("mesh", term) for term in narrow.mesh]
        terms += [(name, getattr(narrow, name)) for name in ("journal", "publication_type", "language")]
        must += [self._term(name, term.casefold()) for name, term in terms if term is not None]
        clauses = [(tantivy.Occur.Must, query) for query in must or [tantivy.Query.all_query()]]
        if narrow.not_retracted:
            clauses.append((tantivy.Occur.MustNot, self._term("status", RETRACTED)))
        return tantivy.Query.boolean_query(clauses)
