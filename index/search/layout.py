"""The vector layout of an index: opening it for searches, and adapting it to index size and memory limit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError
from bioqa.index.search import ivf
from bioqa.index.search.dense import VectorIndex
from bioqa.index.search.flat import VectorRows
from bioqa.index.search.ivf import InvertedLists
from bioqa.index.store import digests, planner
from bioqa.index.store.array_files import damaged_error
from bioqa.index.store.manifest import InvertedListsInfo, Manifest
from bioqa.index.store.segments import Store
from bioqa.index.store.storage import commit


def open_inverted_lists(folder: Path, manifest: Manifest) -> InvertedLists | None:
    """The inverted lists of a commit, None if it has none. A later commit may delete the open file.

    Raises IndexFolderError if they are missing or damaged; readers never rebuild them.
    """
    made, encoder = manifest.structure, manifest.encoder
    if made is None or encoder is None:
        return None
    return InvertedLists(folder, made, encoder.dimensions, manifest.digests.get(made.file, ""))


def open_vectors(manifest: Manifest, store: Store, lists: InvertedLists | None) -> VectorIndex | None:
    """Dense search over a commit, None if it has no vectors.

    Raises IndexFolderError if the removed documents or the inverted lists do not match the passages.
    """
    if manifest.encoder is None:
        return None
    made, dimensions = manifest.structure, manifest.encoder.dimensions
    if made and made.passages > store.next_passage:
        raise damaged_error(store.folder, f"{made.file} covers {made.passages:,} passages of {store.next_passage:,}")
    kept = planner.resident_row_bytes(store.next_passage, dimensions, made.codes if made else None, manifest.max_ram)
    return VectorIndex(vector_rows(store, dimensions, kept), _removed(store), lists)


def fit_layout(
    folder: Path, manifest: Manifest, max_ram: int | None, talk: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write, rebuild or delete the inverted lists to fit index size and memory limit; returns the new manifest.

    They are rebuilt if too many passages lie outside them, too many of their passages were removed, or their file is
    damaged. A change is a commit of its own. The caller must hold the writer lock. Raises BudgetError if no layout fits
    the memory limit, StorageError if writing fails.
    """
    if not manifest.segments:
        return manifest
    changed = replace(manifest, max_ram=max_ram)
    if manifest.encoder is not None:
        changed = replace(changed, structure=_fit_inverted_lists(folder, changed, manifest.encoder.dimensions, talk))
    return commit(folder, manifest, changed) if changed != manifest else manifest


def _fit_inverted_lists(
    folder: Path, manifest: Manifest, dimensions: int, talk: Callable[[str], None]
) -> InvertedListsInfo | None:
    store, current = Store(folder, manifest), manifest.structure
    design = planner.plan_memory(store.next_passage, dimensions, manifest.max_ram).design
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
    size = ivf.write(folder / file, vector_rows(store, dimensions), design, removed)
    return InvertedListsInfo(
        file, size, design.codes, design.lists, design.probes, design.refine, store.next_passage, len(removed)
    )


def _is_as_written(folder: Path, manifest: Manifest, made: InvertedListsInfo) -> bool:
    try:
        open_inverted_lists(folder, manifest)
        digests.refuse_changed({folder / made.file: manifest.digests.get(made.file, "")})
    except IndexFolderError:
        return False
    return True


def vector_rows(store: Store, dimensions: int, kept: int = planner.FLAT_BYTES) -> VectorRows:
    """All vectors of a commit, of which at most `kept` bytes stay resident."""
    segments = store.segments
    return VectorRows(
        [segment.info.passages for segment in segments],
        lambda number: segments[number].vectors_of(dimensions),
        dimensions,
        kept,
        lambda number, places, count: segments[number].verify_vectors(places, count),
    )


def _removed(store: Store) -> Array:
    return store.passages_of(store.removed) if len(store.removed) else np.empty(0, dtype=np.int64)
