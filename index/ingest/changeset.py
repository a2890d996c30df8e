"""Uncommitted changes: the documents to write and to delete, independent of the order of versions and files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bioqa.index.ingest.complement import complement, source_of
from bioqa.index.records import Document
from bioqa.index.text.prepared import PreparedDocument, prepare


@dataclass(slots=True)
class ChangeCounts:
    """Counts of replaced documents, deleted documents, and deletions of absent documents."""

    replaced: int = 0
    deleted: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class _Deletion:
    """The number of the file that deletes a document, and whether it cancelled an uncommitted document."""

    file_number: int
    taken_back: bool


class Changeset:
    """The documents to write and to delete, by id. File numbers are those of PubMed files, 0 for other files."""

    def __init__(self, withdrawn: Mapping[str, int], changes: ChangeCounts):
        """`withdrawn` maps ids deleted by numbered files to the number of the last such file.

        The counts in `changes` are incremented.
        """
        self.entries: dict[str, PreparedDocument] = {}
        self.size = 0  # bytes of the entries in memory
        self.withdrawn = dict(withdrawn)
        self.parted = 0  # outdated documents from several sources
        self._deletions: dict[str, _Deletion] = {}
        self._changes = changes

    def __len__(self) -> int:
        return len(self.entries) + len(self._deletions)

    @property
    def ids(self) -> list[str]:
        """The ids of all documents to write or delete."""
        return [*self.entries, *self._deletions]

    def add(self, entry: PreparedDocument, file_number: int) -> None:
        """Add a document, unless a higher version or a later file was read before."""
        if file_number:
            if self.withdrawn.get(entry.document.id, 0) > file_number:
                return
            entry = replace(entry, document=replace(entry.document, file_number=file_number))
        before = self.entries.get(entry.document.id)
        self._changes.replaced += before is not None
        if before is not None:
            entry = _complemented(before.document, entry) or before
        self.entries[entry.document.id] = entry
        self.size += entry.size - (before.size if before else 0)

    def delete(self, identity: str, file_number: int) -> None:
        """Add a deletion, unless a later file contains the document again."""
        before, deleted = self.entries.get(identity), self._deletions.get(identity)
        if file_number:
            self.withdrawn[identity] = max(file_number, self.withdrawn.get(identity, 0))
            if before and before.document.file_number > file_number:
                return
        self._drop(identity)
        self.size += len(identity)
        taken_back = before is not None or (deleted is not None and deleted.taken_back)
        numbers = [file_number, *([deleted.file_number] if deleted else [])]  # 0: of no numbered file, for good
        self._deletions[identity] = _Deletion(max(numbers) if all(numbers) else 0, taken_back)

    def outdated(self, committed: Iterable[tuple[int, Document]]) -> list[int]:
        """The rows of committed documents that are replaced or deleted.

        `committed` are the documents with pending ids. Changeset changes older than the committed document are dropped.
        """
        outdated, known = [], set()
        for row, document in committed:
            newer, deleted = self.entries.get(document.id), self._deletions.get(document.id)
            if deleted and 0 < deleted.file_number < document.file_number:
                del self._deletions[document.id]
                deleted = None
            if newer and not deleted:
                whole = _complemented(document, newer)
                if whole is None:
                    self._drop(document.id)
                else:
                    self.entries[document.id] = whole
                    self.size += whole.size - newer.size
                newer = whole
            if not newer and not deleted:
                continue
            known.add(document.id)
            self.parted += bool(document.parts)
            self._changes.replaced += newer is not None
            self._changes.deleted += newer is None
            outdated.append(row)
        for name, deletion in self._deletions.items():
            if name not in known:
                self._changes.deleted += deletion.taken_back and name not in self.entries
                self._changes.absent += not deletion.taken_back
        return outdated

    def _drop(self, identity: str) -> None:
        entry = self.entries.pop(identity, None)
        self.size -= entry.size if entry else 0

    def clear(self) -> None:
        """Forget all changes, after they were committed."""
        self.entries.clear()
        self.size = self.parted = 0
        self._deletions.clear()


def _complemented(document: Document, entry: PreparedDocument) -> PreparedDocument | None:
    """What `document` becomes with a further record of its id; None if it stays as it is, or would be too large."""
    if not document.parts and source_of(document) == source_of(entry.document):  # the usual case
        return None if entry.document.is_older_than(document) else entry
    whole = complement(document, entry.document)
    if whole is document or whole is entry.document:
        return None if whole is document else entry
    prepared = prepare(whole)
    if not isinstance(prepared, PreparedDocument):
        return None
    kept = sum(len(part.title) + len(part.abstract) for part in whole.parts)
    kept += sum(len(section.text) for part in whole.parts for section in part.sections)
    return replace(prepared, size=prepared.size + kept)
