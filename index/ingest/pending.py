"""What was read since the last commit: of each document what counts, in whichever order versions and files came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bioqa.index.records import Document
from bioqa.index.text.prepared import Prepared


@dataclass(slots=True)
class Changes:
    """How many documents were replaced and deleted, and how many deletions were of what was not there."""

    replaced: int = 0
    deleted: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class _Deletion:
    """The number of the file that deletes a document, and whether it took back something read since the last commit."""

    file_number: int
    taken_back: bool


class Pending:
    """The documents to write and those to delete, by their ids; numbers are those of PubMed's files, 0 for others."""

    def __init__(self, withdrawn: Mapping[str, int], changes: Changes):
        """`withdrawn` are the ids that numbered files deleted, each with the number of the last one; `changes` are
        counted up."""
        self.entries: dict[str, Prepared] = {}
        self.size = 0  # bytes that they take
        self.withdrawn = dict(withdrawn)
        self._deletions: dict[str, _Deletion] = {}
        self._changes = changes

    def __len__(self) -> int:
        return len(self.entries) + len(self._deletions)

    @property
    def ids(self) -> list[str]:
        """Of all documents that are written or deleted."""
        return [*self.entries, *self._deletions]

    def add(self, entry: Prepared, file_number: int) -> None:
        """Note a document that was read, unless a version above it or a later file was read before."""
        if file_number:
            if self.withdrawn.get(entry.document.id, 0) > file_number:
                return
            entry = replace(entry, document=replace(entry.document, file_number=file_number))
        before = self.entries.get(entry.document.id)
        self._changes.replaced += before is not None
        if before is None or not entry.document.is_older_than(before.document):
            self.entries[entry.document.id] = entry
            self.size += entry.size - (before.size if before else 0)

    def delete(self, identity: str, file_number: int) -> None:
        """Note a deletion that was read, unless a later file has the document again."""
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
        """The rows, of those committed under the same ids, that are replaced or deleted; what is older than what is
        committed is dropped from what is pending."""
        outdated, known = [], set()
        for row, document in committed:
            newer, deleted = self.entries.get(document.id), self._deletions.get(document.id)
            if deleted and 0 < deleted.file_number < document.file_number:
                del self._deletions[document.id]
                deleted = None
            if newer and not deleted and newer.document.is_older_than(document):
                self._drop(document.id)
                newer = None
            if not newer and not deleted:
                continue
            known.add(document.id)
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
        """All of it is committed."""
        self.entries.clear()
        self.size = 0
        self._deletions.clear()
