from bioqa.index.ingest.changeset import ChangeCounts, Changeset
from bioqa.index.records import Document
from bioqa.index.text.prepared import PreparedDocument


def entry(identity: str, version: int = 1) -> PreparedDocument:
    return PreparedDocument(Document(identity, version=version), (), ())


def committed(identity: str, *, version: int = 1, file_number: int = 0) -> Document:
    return Document(identity, version=version, file_number=file_number)


def test_documents_and_deletions_wait_under_their_ids_until_they_are_committed() -> None:
    pending = Changeset({}, ChangeCounts())
    pending.add(entry("1"), 0)
    pending.add(entry("2"), 0)
    pending.delete("2", 0)
    pending.delete("3", 0)
    assert pending.ids == ["1", "2", "3"]
    assert len(pending) == 3
    assert list(pending.entries) == ["1"]
    pending.clear()
    assert not pending


def test_rows_are_outdated_by_what_is_newer_and_what_is_older_is_dropped() -> None:
    changes = ChangeCounts()
    pending = Changeset({}, changes)
    for identity, version in (("1", 2), ("2", 1), ("4", 1)):
        pending.add(entry(identity, version), 0)
    pending.delete("3", 0)
    pending.delete("9", 0)
    rows = [(10, committed("1")), (20, committed("2", version=2)), (30, committed("3"))]
    assert pending.outdated(rows) == [10, 30]
    assert list(pending.entries) == ["1", "4"]
    assert changes == ChangeCounts(replaced=1, deleted=1, absent=1)


def test_a_withdrawn_document_comes_back_only_with_a_later_numbered_file_or_with_one_of_ones_own() -> None:
    pending = Changeset({"1": 7}, ChangeCounts())
    pending.add(entry("1"), 6)
    assert not pending
    pending.add(entry("1"), 8)
    assert pending.entries["1"].document.file_number == 8
    pending.delete("1", 7)
    assert list(pending.entries) == ["1"]
    pending.delete("1", 9)
    assert (list(pending.entries), pending.withdrawn) == ([], {"1": 9})
    pending.add(entry("1"), 0)
    assert list(pending.entries) == ["1"]


def test_the_size_is_that_of_what_waits() -> None:
    pending = Changeset({}, ChangeCounts())
    for identity, version, size in (("1", 1, 10), ("2", 1, 20), ("1", 2, 40), ("2", 0, 99)):
        pending.add(PreparedDocument(Document(identity, version=version), (), (), size=size), 0)
    assert pending.size == 60
    pending.outdated([(0, committed("2", version=5))])
    assert pending.size == 40
    pending.delete("1", 0)
    assert pending.size == 1, "of the id"
    pending.clear()
    assert pending.size == 0
