"""Building and updating an index folder from corpus files, with commits from which an interrupted build resumes."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, starmap
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.corpus import files as corpus
from bioqa.index.download import listing
from bioqa.index.errors import IndexFolderError, InputError, StorageError
from bioqa.index.ingest.budget import Budget
from bioqa.index.ingest.changeset import ChangeCounts, Changeset
from bioqa.index.ingest.parallel import ReaderPool, Workers
from bioqa.index.ingest.removals import Removals, text_digest
from bioqa.index.models.encoder import Encoder
from bioqa.index.progress import NoProgress, Progress
from bioqa.index.records import BadRecord, Deletion, Document, Passage, UnrecognizedFile, search_texts
from bioqa.index.search import layout
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.search.lexical_writer import LexicalWriter, disk_errors
from bioqa.index.store import merging
from bioqa.index.store.manifest import MANIFEST, Manifest, Source
from bioqa.index.store.segments import Store
from bioqa.index.store.storage import (
    commit,
    discard_uncommitted,
    fork_lexical,
    locked_for_writing,
    read_for_writing,
    write_removed,
    write_segment,
)
from bioqa.index.text import analyzer, passages
from bioqa.index.text.prepared import PreparedDocument, PreparedRecord

# Records between two commits, which an interruption can lose. Encoding 5,000 abstracts takes 80 s on two cores.
COMMIT_EVERY = {"encoded": 5_000, "lexical": 50_000}
COMMIT_SIZE = 256 << 20  # bytes of records between two commits; 50,000 abstracts take 200 MB
_FIRST = 5  # unusable records and unrecognized files that the report lists
_MOST_UNUSABLE = 100_000  # unusable records after which a file is given up if they are nine in ten
_MOST_WITHDRAWN = 200_000  # documents, all kept in the manifest; PubMed withdraws some thousands a year


@dataclass(slots=True)
class BuildReport(ChangeCounts):
    """The counts and problems of one build."""

    records: int = 0
    kept_vectors: int = 0  # of passages whose text a revision did not change
    skipped_files: int = 0
    unusable: int = 0  # records
    bad_records: list[BadRecord] = field(default_factory=list)  # the first of them
    unrecognized: int = 0  # files in archives
    first_unrecognized: list[UnrecognizedFile] = field(default_factory=list)
    bad_files: list[InputError] = field(default_factory=list)


def build(
    inputs: Sequence[Path],
    folder: Path,
    encoder: Encoder | None,
    *,
    format_name: str = "auto",
    max_ram: int | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
    talk: Callable[[str], None] = lambda _: None,
) -> BuildReport:
    """Index all documents of `inputs` (files and folders) into `folder`; an interrupted build resumes when repeated.

    A document replaces an earlier one with the same id, unless its version is lower. Of two documents from numbered
    PubMed files, the one from the later file is kept, in any order of reading; the same holds for deletions. Files that
    are already indexed are skipped. If a file breaks off, it is reported, its records so far are kept, and the other
    files are read. Building and searching use at most `max_ram` bytes, by default the limit of an earlier build. `talk`
    receives the memory plan. `workers` read the files; processes of this machine by default.

    Raises InputError if there is nothing to read, BudgetError if the memory limit is too low, IndexFolderError if
    `folder` is not an index or was built with another encoder, and StorageError if writing fails.
    """
    home = folder.resolve()
    files = [file for file in corpus.input_files(inputs) if not file.resolve().is_relative_to(home)]
    with locked_for_writing(folder):
        manifest = _open_or_create(folder, encoder)
        discard_uncommitted(folder, manifest)
        limit = max_ram or manifest.max_ram
        budget = Budget(limit, encoder.identity.dimensions if encoder else 0, talk)
        job = _Build(folder, manifest, encoder, progress or NoProgress(), budget, sum(map(_size, files)))
        budget.begin(manifest.passages, [(file.name, _size(file)) for file in files if not job.has(file)])
        job.report.bad_files += corpus.unreadable_folders(inputs)
        with nullcontext(workers) if workers else ReaderPool(budget.readers()) as reading:
            for file in files:
                job.take_in(file, format_name, reading)
        layout.fit_layout(folder, job.flush(), limit, talk)
    return job.report


def _open_or_create(folder: Path, encoder: Encoder | None) -> Manifest:
    identity = encoder.identity if encoder else None
    if not (folder / MANIFEST).exists():
        return Manifest(analyzer=analyzer.NAME, passage_words=passages.MAX_WORDS, encoder=identity)
    manifest = read_for_writing(folder)
    if (manifest.encoder and manifest.encoder.digests) != (identity and identity.digests):
        was, now = (made.name if made else "no encoder" for made in (manifest.encoder, identity))
        raise IndexFolderError(
            f"{folder}: was built with {was}, not {now}; build into another folder or pass the same --encoder"
        )
    if manifest.analyzer not in analyzer.NAMES or manifest.passage_words != passages.MAX_WORDS:
        raise IndexFolderError(
            f"{folder}: was built with another text analysis ({manifest.analyzer}); build into another folder"
        )
    if manifest.encoder != identity:  # the same encoder in another place
        manifest = commit(folder, manifest, replace(manifest, encoder=identity))
    return manifest


class _Build:
    """The state of one build, with the records since the last commit."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        encoder: Encoder | None,
        progress: Progress,
        budget: Budget,
        total_bytes: int,
    ):
        self._folder, self._manifest, self._encoder = folder, manifest, encoder
        self._progress, self._budget, self._total_bytes = progress, budget, max(total_bytes, 1)
        self._commit_every = COMMIT_EVERY["encoded" if encoder else "lexical"]
        self._sources = {source.path: source for source in manifest.sources}
        self._bytes_before_file = 0
        self._bytes_committed = 0
        self._bytes_read = 0
        self.report = BuildReport()
        self._pending = Changeset(manifest.withdrawn, self.report)

    def has(self, path: Path) -> bool:
        """Whether the whole file is already indexed."""
        known = self._known(path, path.stat())
        return known is not None and known.finished

    def _known(self, path: Path, state: os.stat_result) -> Source | None:
        """The committed source of the file, None if the file is new or has changed."""
        known = self._sources.get(str(path.resolve()))
        return known if known and (known.bytes, known.modified) == (state.st_size, state.st_mtime_ns) else None

    def take_in(self, path: Path, format_name: str, workers: Workers) -> None:
        """Read one file with commits on the way. A file deleted since the build began is reported as bad."""
        try:
            state = path.stat()
        except OSError as error:
            self.report.bad_files.append(InputError(f"{path}: {error.strerror or error}"))
            return
        name, size, modified = str(path.resolve()), state.st_size, state.st_mtime_ns
        known = self._known(path, state)
        if known and known.finished:
            self.report.skipped_files += 1
        else:
            taken = known.records if known else 0
            number = listing.file_number(path.name)
            file = corpus.CorpusFile(path, format_name)
            unusable = self.report.unusable
            try:
                for entry in islice(workers.entries(file), taken, None):
                    taken += 1
                    self._take(entry, number)
                    self._bytes_read = self._bytes_before_file + file.bytes_read
                    self._refuse_endless(path, taken, self.report.unusable - unusable)
                    if len(self._pending) >= self._commit_every or self._pending.size >= COMMIT_SIZE:
                        self._sources[name] = Source(name, size, modified, taken, finished=False)
                        self.flush()
                self._sources[name] = Source(name, size, modified, taken, finished=True)
            except InputError as error:
                self._sources[name] = Source(name, size, modified, taken, finished=False)
                self.report.bad_files.append(InputError(str(error)))  # a copy, whose traceback holds no records
        self._bytes_before_file += size
        self._bytes_read = self._bytes_before_file

    def _refuse_endless(self, path: Path, taken: int, unusable: int) -> None:
        """Raise InputError if most of a file is unusable or it withdraws too many documents."""
        if unusable > _MOST_UNUSABLE and unusable * 10 > taken * 9:
            raise InputError(
                f"{path}: {unusable:,} of {taken:,} records cannot be used, so the rest is not read; the file is "
                "damaged or of another format"
            )
        if len(self._pending.withdrawn) > _MOST_WITHDRAWN:
            raise InputError(f"{path}: withdraws more than {_MOST_WITHDRAWN:,} documents, as no file of PubMed does")

    def _take(self, entry: PreparedRecord, file_number: int) -> None:
        match entry:
            case BadRecord():
                self.report.unusable += 1
                if len(self.report.bad_records) < _FIRST:
                    self.report.bad_records.append(entry)
                return
            case UnrecognizedFile():
                self.report.unrecognized += 1
                if len(self.report.first_unrecognized) < _FIRST:
                    self.report.first_unrecognized.append(entry)
                return
            case Deletion():
                self._pending.delete(entry.id, file_number)
            case PreparedDocument():
                self._pending.add(entry, file_number)
        self.report.records += 1
        if not self._encoder and self.report.records % 1000 == 0:
            self._progress.update(self._bytes_read / self._total_bytes, self.report.records)

    def flush(self) -> Manifest:
        """Commit the records read so far; returns the new manifest."""
        sources = tuple(self._sources.values())
        if not self._pending:
            if sources != self._manifest.sources and self._manifest.segments:
                self._manifest = commit(self._folder, self._manifest, replace(self._manifest, sources=sources))
            return self._manifest
        store = Store(self._folder, self._manifest, most_whole=sys.maxsize)
        committed = ((row, store.document(row)) for row in self._committed_rows(self._pending.ids))
        outdated = np.array(self._pending.outdated(committed), dtype=np.int64)
        removals = Removals(store, outdated, self._manifest.analyzer)
        entries = list(self._pending.entries.values())
        documents = [entry.document for entry in entries]
        name = f"{self._manifest.commit + 1:06}"
        ranges = [entry.ranges for entry in entries]
        fresh = list(_numbered_passages(documents, ranges, store.next_passage))
        vectors = self._vectors(fresh, removals, store)

        lexical_folder = fork_lexical(self._folder, self._manifest.lexical, name)
        with disk_errors(lexical_folder), LexicalWriter(lexical_folder) as writer:
            for row in outdated.tolist():
                writer.remove(row)
            rows = (store.next_document + row for row, spans in enumerate(ranges) for _ in spans)
            as_before = partial(analyzer.analyzed_by, self._manifest.analyzer)
            terms = (as_before(written) for entry in entries for written in entry.passage_terms)
            added = sum(starmap(writer.add, zip(fresh, rows, terms, strict=True)))
            writer.commit()
        passages = self._manifest.passages + len(fresh) - removals.count
        _refuse_incomplete(lexical_folder, passages)

        removed = np.concatenate([store.removed, outdated])
        segment = write_segment(self._folder, name, documents, ranges, vectors)
        self._manifest = commit(
            self._folder,
            self._manifest,
            replace(
                self._manifest,
                documents=self._manifest.documents + len(documents) - len(outdated),
                several_sources=self._manifest.several_sources
                + sum(bool(document.parts) for document in documents)
                - self._pending.parted,
                passages=passages,
                tokens=self._manifest.tokens + added - removals.tokens,
                segments=(*self._manifest.segments, segment),
                sources=sources,
                lexical=name,
                removed=write_removed(self._folder, name, removed),
                withdrawn=dict(self._pending.withdrawn),
            ),
        )
        self._manifest = merging.merge(self._folder, self._manifest)
        self._pending.clear()
        self._bytes_committed = self._bytes_read
        self._progress.update(self._bytes_committed / self._total_bytes, self.report.records)
        self._budget.correct(self._manifest.passages, self._bytes_committed, self._total_bytes)
        return self._manifest

    def _committed_rows(self, ids: Sequence[str]) -> Iterable[int]:
        if not self._manifest.lexical:
            return []
        return LexicalIndex(self._folder / "lexical" / self._manifest.lexical).document_rows(ids)

    def _vectors(self, fresh: Sequence[Passage], removals: Removals, store: Store) -> Array | None:
        """The vectors of fresh passages. A passage with the same text as one that it replaces keeps the vector."""
        if not self._encoder:
            return None
        unchanged = {
            row: removals.numbers[digest]
            for row, digest in enumerate(map(text_digest, search_texts(fresh)) if removals.numbers else ())
            if digest in removals.numbers
        }
        changed = [row for row in range(len(fresh)) if row not in unchanged]
        vectors = np.empty((len(fresh), self._encoder.identity.dimensions), dtype=np.float16)
        vectors[changed] = self._encoded([fresh[row] for row in changed], self._encoder)
        if unchanged:
            numbers = np.array(list(unchanged.values()), dtype=np.int64)
            vectors[list(unchanged)] = layout.vector_rows(store, vectors.shape[1]).read(numbers)
        self.report.kept_vectors += len(unchanged)
        return vectors

    def _encoded(self, fresh: Sequence[Passage], encoder: Encoder) -> Array:
        start, span = self._bytes_committed, self._bytes_read - self._bytes_committed
        counted = self.report.records - len(self._pending.entries)

        def on_done(done: int) -> None:
            share = done / len(fresh)
            self._progress.update(
                (start + share * span) / self._total_bytes, counted + round(share * len(self._pending.entries))
            )

        return encoder.encode(list(search_texts(fresh)), on_done)


def _refuse_incomplete(lexical_folder: Path, passages: int) -> None:
    """Raise StorageError if the number of searchable passages is wrong: tantivy hides failures of its merge threads."""
    found = LexicalIndex(lexical_folder).passages
    if found != passages:
        raise StorageError(
            f"{lexical_folder}: writing the lexical index failed: {found:,} of {passages:,} passages can be found"
        )


def _size(file: Path) -> int:
    return file.stat().st_size


def _numbered_passages(
    documents: Sequence[Document], ranges: Sequence[Sequence[tuple[int, int]]], first: int
) -> Iterator[Passage]:
    number = first
    for document, spans in zip(documents, ranges, strict=True):
        for start, end in spans:
            yield Passage(number, document, start, end)
            number += 1
