import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bioqa.index.arrays import Array
from bioqa.index.errors import BudgetError, IndexFolderError
from bioqa.index.search import ivf, layout
from bioqa.index.search.dense import VectorIndex
from bioqa.index.store import planner, storage
from bioqa.index.store.manifest import MANIFEST, Manifest, read_manifest
from bioqa.index.store.segments import Store

MakeRows = Callable[[int, int], Array]
AddSegment = Callable[..., Manifest]


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 500 rows of 16 dimensions get inverted lists."""
    monkeypatch.setattr(planner, "FLAT_BYTES", 500 * 16 * 2)


def fit(folder: Path, max_ram: int | None = None) -> Manifest:
    with storage.locked_for_writing(folder):
        return layout.fit_layout(folder, read_manifest(folder), max_ram)


def open_index(folder: Path) -> VectorIndex:
    manifest = read_manifest(folder)
    opened = layout.open_vectors(manifest, Store(folder, manifest), layout.open_inverted_lists(folder, manifest))
    assert opened is not None
    return opened


def found(folder: Path, vector: Array, k: int = 10) -> dict[int, float]:
    return open_index(folder).search(vector.astype(np.float32), k)


def structures(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("vectors-*"))


def test_few_vectors_are_searched_flat(tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows) -> None:
    folder = tmp_path / "index"
    before = add_segment(folder, None, unit_rows(500, 1))
    assert fit(folder) == before
    assert structures(folder) == []


def test_many_get_lists_in_a_commit_of_their_own(tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows) -> None:
    folder, every = tmp_path / "index", unit_rows(800, 1)
    before = add_segment(folder, None, every)
    after = fit(folder)
    assert after.structure is not None
    assert after == read_manifest(folder)
    assert (after.commit, after.segments) == (before.commit + 1, before.segments)
    assert (after.structure.passages, after.structure.removed, after.structure.codes) == (800, 0, "sq4")
    assert structures(folder) == [after.structure.file]
    assert (folder / after.structure.file).stat().st_size == after.structure.bytes
    for number in (0, 400, 799):
        assert next(iter(found(folder, every[number]))) == number


def test_nothing_is_written_where_nothing_changed(tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    assert fit(folder) == fit(folder)


def test_a_small_update_leaves_the_lists_and_is_found_beside_them(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder, more = tmp_path / "index", unit_rows(80, 2)
    add_segment(folder, None, unit_rows(800, 1))
    before = fit(folder)
    add_segment(folder, before, more, removed=[3, 5])
    after = fit(folder)
    assert after.structure == before.structure
    assert after.commit == before.commit + 1
    assert next(iter(found(folder, more[70]))) == 870
    assert not {3, 5} & set(found(folder, unit_rows(800, 1)[3], 900))


@pytest.mark.parametrize(("added", "removed"), [(100, []), (1, range(90))])
def test_lists_are_made_anew_where_much_was_added_or_removed(
    added: int, removed: list[int], tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    before = fit(folder)
    add_segment(folder, before, unit_rows(added, 2), removed=removed)
    after = fit(folder)
    assert after.structure is not None
    assert before.structure is not None
    assert (after.structure.passages, after.structure.removed) == (800 + added, len(removed))
    assert structures(folder) == [after.structure.file] != [before.structure.file]
    assert not np.isin(list(found(folder, unit_rows(1, 3)[0], 900)), removed).any()
    assert fit(folder) == after, "what is already left out does not count again"


def test_lists_made_anew_are_the_same(tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    before = fit(folder)
    assert before.structure is not None
    content = (folder / before.structure.file).read_bytes()
    (folder / before.structure.file).unlink()
    after = fit(folder)
    assert after.structure is not None
    assert (folder / after.structure.file).read_bytes() == content


def test_a_reader_goes_on_with_the_lists_it_opened(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder, vector = tmp_path / "index", unit_rows(1, 3)[0].astype(np.float32)
    add_segment(folder, None, unit_rows(800, 1))
    before = fit(folder)
    reader = open_index(folder)
    add_segment(folder, before, unit_rows(400, 2))
    assert fit(folder).structure != before.structure
    assert not (folder / str(before.structure and before.structure.file)).exists()
    assert max(reader.search(vector, 800)) < 800
    assert len(found(folder, vector, 2000)) == 1200


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_lists_are_refused_to_readers_and_mended_by_writers(
    damage: str, tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    made = fit(folder).structure
    assert made is not None
    if damage == "missing":
        (folder / made.file).unlink()
    else:
        (folder / made.file).write_bytes((folder / made.file).read_bytes()[:-9])
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(IndexFolderError, match="run 'bioqa index build' again"):
        found(folder, unit_rows(1, 3)[0])
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before, "reading does not write"
    fit(folder)
    assert len(found(folder, unit_rows(1, 3)[0])) == 10


def test_all_removed_needs_no_lists(tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1), removed=range(800))
    assert fit(folder).structure is None
    assert found(folder, unit_rows(1, 3)[0]) == {}


def test_fewer_living_rows_than_lists_are_no_obstacle(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1), removed=range(5, 800))
    fit(folder)
    assert sorted(found(folder, unit_rows(1, 3)[0])) == [0, 1, 2, 3, 4]


def test_lists_give_way_to_a_flat_search_where_that_has_become_enough(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    fit(folder)
    monkeypatch.setattr(planner, "FLAT_BYTES", 10**6)
    assert fit(folder).structure is None
    assert structures(folder) == []


def test_the_budget_stays_with_the_index_and_chooses_the_codes(
    tmp_path: Path, add_segment: AddSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "_BUILDING", 0)
    folder, vectors = tmp_path / "index", np.random.default_rng(1).standard_normal((3000, 256)).astype(np.float16)
    add_segment(folder, None, vectors)
    four_bits, one_bit = (planner._plan_for(3000, 256, design).search_bytes for design in planner._designs(3000, 256))
    assert one_bit < four_bits
    for budget, codes in ((four_bits, "sq4"), (four_bits - 1, "rabitq"), (one_bit, "rabitq"), (four_bits, "sq4")):
        made = fit(folder, budget)
        assert made.structure is not None
        assert (made.structure.codes, made.max_ram, read_manifest(folder).max_ram) == (codes, budget, budget)
        assert len(structures(folder)) == 1
    with pytest.raises(BudgetError, match="or more"):
        fit(folder, one_bit // 2)
    assert read_manifest(folder) == made, "what was committed before is still there"


def test_a_manifest_from_before_there_were_lists_is_read(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder = tmp_path / "index"
    before = add_segment(folder, None, unit_rows(5, 1))
    fields = json.loads((folder / MANIFEST).read_text())
    del fields["structure"], fields["max_ram"]
    fields["digest"] = ""
    (folder / MANIFEST).write_text(json.dumps(fields))
    assert read_manifest(folder) == before


@pytest.mark.parametrize("change", [{"lists": "many"}, {"file": 7}, {"passages": None}, {"unheard": 1}], ids=str)
def test_a_manifest_with_nonsense_about_lists_is_refused(
    change: dict[str, object], tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows
) -> None:
    folder = tmp_path / "index"
    add_segment(folder, None, unit_rows(800, 1))
    fit(folder)
    fields = json.loads((folder / MANIFEST).read_text())
    fields["structure"] |= change
    (folder / MANIFEST).write_text(json.dumps(fields))
    with pytest.raises(IndexFolderError, match="damaged"):
        read_manifest(folder)


def test_what_a_killed_writer_left_is_deleted_by_the_next(
    tmp_path: Path, add_segment: AddSegment, unit_rows: MakeRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    before = add_segment(folder, None, unit_rows(800, 1))
    (folder / "vectors-000009.faiss").write_bytes(b"half")
    with monkeypatch.context() as patch:
        patch.setattr(ivf, "_fill", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fit(folder)
    assert read_manifest(folder) == before
    assert structures(folder) == []
