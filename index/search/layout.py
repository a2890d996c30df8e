"""The layout of an index's vectors: opened for searches, and made to fit the size and the memory budget by writers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError
from bioqa.index.search import ivf
from bioqa.index.search.dense import VectorIndex
from bioqa.index.search.flat import Rows
from bioqa.index.search.ivf import Structure
from bioqa.index.store import digests, planner
from bioqa.index.store.array_files import damaged
from bioqa.index.store.manifest import Manifest, StructureInfo
from bioqa.index.store.segments import Store
from bioqa.index.store.storage import commit


def open_structure(folder: Path, manifest: Manifest) -> Structure | None:
    """The inverted lists of a commit, None where it has none; a later commit may delete their file once it is open.

    Raises IndexFolderError where they are missing or damaged; reading never writes them.
    """
    made, encoder = manifest.structure, manifest.encoder
    if made is None or encoder is None:
        return None
    return Structure(folder, made, encoder.dimensions, manifest.digests.get(made.file, ""))


def open_vectors(manifest: Manifest, store: Store, lists: Structure | None) -> VectorIndex | None:
    """Dense search over a commit, None where it has no vectors.

    Raises IndexFolderError where what was removed, or what the lists cover, does not fit the passages.
    """
    if manifest.encoder is None:
        return None
    made, dimensions = manifest.structure, manifest.encoder.dimensions
    if made and made.passages > store.next_passage:
        raise damaged(store.folder, f"{made.file} covers {made.passages:,} passages of {store.next_passage:,}")
    kept = planner.rows_kept(store.next_passage, dimensions, made.codes if made else None, manifest.max_ram)
    return VectorIndex(rows(store, dimensions, kept), _removed(store), lists)


def fit(
    folder: Path, manifest: Manifest, max_ram: int | None, talk: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write the inverted lists, make them anew or drop them, as size and budget ask; returns the manifest of then.

    They are made anew where too much lies outside them, too much in them was removed, or their file is not as it was
    written. What changes is a commit of its own; the folder's writer lock must be held. Raises BudgetError where
    nothing fits the memory, StorageError where the disk refuses.
    """
    if not manifest.segments:
        return manifest
    changed = replace(manifest, max_ram=max_ram)
    if manifest.encoder is not None:
        changed = replace(changed, structure=_structure(folder, changed, manifest.encoder.dimensions, talk))
    return commit(folder, manifest, changed) if changed != manifest else manifest


def _structure(folder: Path, manifest: Manifest, dimensions: int, talk: Callable[[str], None]) -> StructureInfo | None:
    store, current = Store(folder, manifest), manifest.structure
    design = planner.plan(store.next_passage, dimensions, manifest.max_ram).design
    removed = _removed(store)
    living = store.next_passage - len(removed)
    if design is None or not living:
        return None
    design = replace(design, lists=min(design.lists, living))
    if current and current.codes == design.codes and _is_as_written(folder, manifest, current):
        gone = int(np.count_nonzero(removed < current.passages)) - current.removed
        if not planner.is_stale(store.next_passage, current.passages, gone, dimensions):
            return current
    talk(f"writing {design.lists:,} inverted lists over {store.next_passage:,} passages")
    file = f"vectors-{manifest.commit + 1:06}.faiss"
    size = ivf.write(folder / file, rows(store, dimensions), design, removed)
    return StructureInfo(
        file, size, design.codes, design.lists, design.probes, design.refine, store.next_passage, len(removed)
    )


def _is_as_written(folder: Path, manifest: Manifest, made: StructureInfo) -> bool:
    try:
        open_structure(folder, manifest)
        digests.refuse_changed({folder / made.file: manifest.digests.get(made.file, "")})
    except IndexFolderError:
        return False
    return True


def rows(store: Store, dimensions: int, kept: int = planner.FLAT_BYTES) -> Rows:
    """All vectors of a commit, of which so many bytes stay in memory."""
    segments = store.segments
    return Rows(
        [segment.info.passages for segment in segments],
        lambda number: segments[number].vectors_of(dimensions),
        dimensions,
        kept,
        lambda number, places, count: segments[number].use_vectors(places, count),
    )


def _removed(store: Store) -> Array:
    return store.passages_of(store.removed) if len(store.removed) else np.empty(0, dtype=np.int64)
