"""BM25 search over passages with tantivy."""

import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError
from bioqa.index.plain_files import read_plain
from bioqa.index.records import RETRACTED, Passage
from bioqa.index.search import bm25, tantivy_errors, ties
from bioqa.index.search.filters import Filter
from bioqa.index.store import digests
from bioqa.index.store.manifest import Manifest
from bioqa.index.text import analyzer
from bioqa.index.text.prepared import passage_terms

_WHOLE = 64_000_000  # largest index verified before the first search, in bytes: some 50 ms on one processor
_AT_ONCE = 1_000_000  # largest index verified when opened, in bytes: less than a millisecond
_MOST_META = 1 << 24  # bytes of meta.json, which usually has some 3,000
_SAME = 1e-6  # relative difference of two mean lengths that rounding to float32 explains


def _link_mirror(folder: Path) -> "tempfile.TemporaryDirectory[str]":
    """A temporary folder of links to these files, because tantivy needs to write a lock file even for reading."""
    mirror = tempfile.TemporaryDirectory(prefix="bioqa-")
    for file in folder.iterdir():
        if file.suffix != ".lock":
            (Path(mirror.name) / file.name).symlink_to(file.resolve())
    return mirror


def _current_state(path: Path, state: os.stat_result) -> os.stat_result | None:
    """The current state of the file, None if it was deleted or replaced."""
    try:
        now = os.stat(path)  # noqa: PTH116 (half the time, before every search)
    except OSError:
        return None
    return now if os.path.samestat(now, state) else None


def _stored_passages(folder: Path) -> int:
    """The number of passages in tantivy's segments, including deleted passages that are not yet dropped."""
    try:
        segments = json.loads(read_plain(folder / "meta.json", _MOST_META))["segments"]
        return sum(int(segment["max_doc"]) for segment in segments)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"meta.json: {type(error).__name__} {error}") from None


@dataclass(frozen=True, slots=True)
class LivePassages:
    """The passages that were not removed: their total number of terms, and access to each passage by number."""

    tokens: int
    passage: Callable[[int], Passage]


def open_lexical(folder: Path, manifest: Manifest, living: LivePassages | None = None) -> "LexicalIndex":
    """The lexical index of a commit. Its files are verified by their digests before use.

    An index of more than 64 MB (some 200,000 abstracts) is not verified, which would take longer than a question.
    Raises IndexFolderError if it cannot be opened.
    """
    written = digests.lexical_digests(folder, manifest)
    return LexicalIndex(folder / "lexical" / manifest.lexical, living, written, manifest.analyzer)


class LexicalIndex:
    """A committed tantivy index, read-only.

    tantivy's statistics include removed passages until a merge drops them, and passage lengths are estimates after a
    merge. With `living`, scores are those of an index that never held the removed passages; without, the mean length is
    tantivy's.
    """

    def __init__(
        self,
        folder: Path,
        living: LivePassages | None = None,
        written: Mapping[Path, str] | None = None,
        analyzer_name: str = analyzer.NAME,
    ):
        """`written` maps files to digests, which are verified at the first search, or now for a small index."""
        self._folder, self._analyzer = folder, analyzer_name
        with self._reading("cannot be opened"):
            self._files = {path: path.stat() for path in written or {}}
        size = sum(state.st_size for state in self._files.values())
        self._unchecked = dict(written or {}) if size <= _WHOLE else {}
        if size <= _AT_ONCE:
            self._check("cannot be opened")
        with self._reading("cannot be opened"):
            self._mirror = None if os.access(folder, os.W_OK) else _link_mirror(folder)
            self._index = tantivy.Index.open(self._mirror.name if self._mirror else str(folder))
            self._stored = _stored_passages(folder)
            self._index.register_tokenizer(analyzer.TOKENIZER, analyzer.tokenizer())
            self._index.config_reader("manual")
            self._searcher = self._index.searcher()
        self._living = living
        self._frequencies: dict[str, int] = {}
        self._field_values: dict[str, dict[str, int]] = {}
        self._keys: dict[str, dict[tuple[str, ...], list[str]]] = {}
        self._tantivy_mean: float | None = None

    @property
    def passages(self) -> int:
        """The number of passages that a search can find."""
        return int(self._searcher.num_docs)

    @property
    def deleted_passages(self) -> int:
        """The number of removed passages that no merge has dropped yet."""
        return self._stored - self.passages

    def search(self, query: str, k: int, filters: Filter) -> dict[int, float]:
        """The `k` best passages by BM25 and all ties with the last: {passage number: score}, best first.

        Empty if the index has none of the terms.
        """
        return self.search_terms(self.weights(query), k, filters)

    def weights(self, query: str) -> dict[str, float]:
        """The weights of the query terms, including unknown terms: frequency in the query times idf.

        Raises IndexFolderError if a file was truncated since the index was opened: reading beyond its end kills the
        process.
        """
        for path, state in self._files.items():
            now = _current_state(path, state)
            if now and now.st_size < state.st_size:
                raise self._damaged(f"{path.name} was truncated while it was read")
        counts = Counter(analyzer.query_terms(query, self.document_frequency))
        return {term: count * self.idf(term) for term, count in counts.items()}

    def idf(self, term: str) -> float:
        """The inverse document frequency of an analyzed term."""
        return bm25.idf(self.passages, self.document_frequency(term))

    def search_terms(self, weights: Mapping[str, float], k: int, filters: Filter) -> dict[int, float]:
        """The same as `search`, for weighted terms."""
        known = {term: weight for term, weight in weights.items() if self.document_frequency(term)}
        if not known or k < 1:
            return {}
        with self._reading():
            scored = self._scoring_query(known)
            filtered = self._filtered_query(scored, filters)
            length_ratio = self._length_ratio(scored)
            if self._living and abs(length_ratio - 1) > _SAME:
                return ties.top_k_with_ties(self._rescore(filtered, k, known, length_ratio, self._living), k)
            # BM25 ties are frequent, and one larger search is faster than two
            return ties.search_with_ties(lambda size: self._top_passages(filtered, size), k, spare=k // 2)

    @staticmethod
    def normalized(weights: Mapping[str, float], scores: Mapping[int, float]) -> dict[int, float]:
        """BM25 scores divided by the upper bound for these term weights, unknown terms included: 0..1."""
        most = (bm25.K1 + 1) * sum(weights.values())
        return {number: score / most for number, score in scores.items()}

    def _rescore(
        self, filtered: Any, k: int, weights: Mapping[str, float], length_ratio: float, living: LivePassages
    ) -> dict[int, float]:
        """Exact scores of passages that include the `k` best and all ties with the last.

        tantivy uses the right term weights but its own mean length. With the exact mean, `length_ratio` times as long,
        a score is at most max(1, length_ratio) times tantivy's, because f / (f + c + d / mean) grows by less than the
        mean. So passages are rescored from their text, in tantivy's order, until this bound falls below the k-th best.
        """
        most = max(1.0, length_ratio) * (1 + 2 * ties.TOLERANCE)  # and a little for the rounding of float32
        mean = living.tokens / self.passages
        scores: dict[int, float] = {}
        best: list[float] = []
        size = 2 * k
        while True:
            found = self._top_passages(filtered, size)
            for number, counted in found.items():
                if len(best) == k and counted * most < best[0] - ties.TOLERANCE:
                    return scores
                if number not in scores:
                    written = next(passage_terms([living.passage(number)], self._analyzer))
                    scores[number] = bm25.score(weights, written.split(), mean)
                    heappush(best, scores[number])
                    if len(best) > k:
                        heappop(best)
            if len(found) < size:
                return scores
            size *= 2

    def _length_ratio(self, scored: Any) -> float:
        """The exact mean passage length divided by tantivy's. `scored` is a query with at least one hit."""
        if self._living is None:
            return 1.0
        if self._tantivy_mean is None:
            self._tantivy_mean = self._mean_from_explanation(scored)
        return self._living.tokens / self.passages / self._tantivy_mean

    def _mean_from_explanation(self, scored: Any) -> float:
        ((_, address),) = self._hits(scored, 1)
        parts = [json.loads(scored.explain(self._searcher, address).to_json())]
        for part in parts:
            if part["description"].startswith("avgdl"):
                return float(part["value"])
            parts.extend(part.get("details", ()))
        raise ValueError("tantivy does not tell the mean length of its passages")

    def filtered_passages(self, filters: Filter) -> Array:
        """The numbers of all passages that pass the filter: int64, shape (n,)."""
        with self._reading():
            return self._all_values(self._filter_query(filters), "passage")

    def any_passes(self, filters: Filter) -> bool:
        """Whether any passage passes the filter."""
        with self._reading():
            return bool(self._hits(self._filter_query(filters), 1))

    def meant_values(self, name: str, value: str) -> list[str]:
        """The values of a field of filters that `value` means, in lower case; the value itself if it is one."""
        with self._reading():
            if name != "language" and self._searcher.doc_freq(name, value.casefold()):
                return [value.casefold()]
        from bioqa.index.search import filter_values  # which most searches do not need

        values = self.field_values(name)
        if name not in self._keys:
            self._keys[name] = filter_values.by_key(values)
        return filter_values.meant(name, value, values, self._keys[name])

    def field_values(self, name: str) -> Mapping[str, int]:
        """The values of a field of filters, in lower case, with the number of their passages."""
        if name not in self._field_values:
            with self._reading():
                living = tantivy.Query.all_query() if self.deleted_passages else None
                counted = self._searcher.terms_with_prefix(name, "", living)
                self._field_values[name] = {value: count for value, count in counted if count}
        return self._field_values[name]

    def passages_with(self, name: str, value: str, most: int) -> list[int]:
        """Up to `most` passages with a value, in lower case, of a field of filters."""
        with self._reading():
            return list(self._top_passages(self._term(name, value), most))

    def years(self) -> tuple[int, int] | None:
        """The first and the last year of its documents; None if no document has a year."""
        with self._reading():
            dated = self._filter_query(Filter(first_year=1))
            first, last = (
                self._searcher.search(dated, 1, count=False, order_by_field="year", order=order).hits
                for order in (tantivy.Order.Asc, tantivy.Order.Desc)
            )
            return (int(first[0][0]), int(last[0][0])) if first and last else None

    def document_rows(self, ids: Sequence[str]) -> dict[int, None]:
        """The rows of the documents with these ids, ascending."""
        with self._reading():
            query = tantivy.Query.term_set_query(self._index.schema, "id", list(ids))
            return dict.fromkeys(np.unique(self._all_values(query, "document")).tolist())

    def document_frequency(self, term: str) -> int:
        """The number of passages with an analyzed term."""
        if not self.deleted_passages:
            return self._stored_frequency(term)
        if term not in self._frequencies:
            with self._reading():
                self._frequencies[term] = int(self._searcher.search(self._term("text", term), 1, count=True).count)
        return self._frequencies[term]

    def passages_like(self, term: str, distance: int, most: int) -> list[int]:
        """Up to `most` passages with terms that differ from an analyzed term by at most `distance` edits."""
        with self._reading():
            fuzzy = tantivy.Query.fuzzy_term_query(self._index.schema, "text", term, distance=distance)
            return list(self._top_passages(fuzzy, most))

    def _stored_frequency(self, term: str) -> int:
        with self._reading():
            return int(self._searcher.doc_freq("text", term))

    def _scoring_query(self, weights: Mapping[str, float]) -> Any:
        clauses = []
        for term, weight in weights.items():
            boost = weight / bm25.idf(self._stored, self._stored_frequency(term))
            clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(self._term("text", term), boost)))
        return tantivy.Query.boolean_query(clauses)

    def _filtered_query(self, scored: Any, filters: Filter) -> Any:
        if filters.is_empty:
            return scored
        unscored = tantivy.Query.const_score_query(self._filter_query(filters), 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, scored), (tantivy.Occur.Must, unscored)])

    @contextlib.contextmanager
    def _reading(self, what: str = "") -> Iterator[None]:
        """Around every use of the engine, which opens some files only when a query needs them."""
        if not what and self._unchecked:
            self._check()
        with tantivy_errors.translate_errors(lambda reason: self._damaged(reason, what)):
            yield

    def _check(self, what: str = "") -> None:
        """Verify all files that still exist; those that a later commit deleted are open but cannot be verified."""
        there = {path: made for path, made in self._unchecked.items() if _current_state(path, self._files[path])}
        try:
            digests.refuse_changed(there)
        except IndexFolderError as error:
            if all(_current_state(path, self._files[path]) for path in there):
                raise self._damaged(str(error).removeprefix(f"{self._folder}/").partition(";")[0], what) from None
        self._unchecked = {}

    def _damaged(self, reason: str, what: str = "") -> IndexFolderError:
        if what:
            return IndexFolderError(f"{self._folder}: the lexical index {what} ({reason}); build the index again")
        return IndexFolderError(f"{self._folder}: damaged ({reason}); build the index again")

    def _hits(self, query: Any, k: int) -> list[tuple[float, Any]]:
        hits: list[tuple[float, Any]] = self._searcher.search(query, k, count=False).hits
        return hits

    def _top_passages(self, query: Any, k: int) -> dict[int, float]:
        hits = self._hits(query, k)
        numbers = self._searcher.fast_field_values("passage", [address for _, address in hits])
        return dict(zip(numbers, (score for score, _ in hits), strict=True))

    def _all_values(self, query: Any, field: str) -> Array:
        hits = self._hits(query, max(1, self.passages))
        return np.array(self._searcher.fast_field_values(field, [address for _, address in hits]), dtype=np.int64)

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._index.schema, field, value, "freq" if field == "text" else "basic")

    def _filter_query(self, filters: Filter) -> Any:
        must = []
        if filters.first_year is not None or filters.last_year is not None:
            must.append(
                tantivy.Query.range_query(
                    self._index.schema,
                    "year",
                    tantivy.FieldType.Unsigned,
                    filters.first_year or 0,
                    9999 if filters.last_year is None else filters.last_year,
                )
            )
        for name, value in filters.values:
            meant = self.meant_values(name, value)
            must.append(tantivy.Query.term_set_query(self._index.schema, name, meant))
        clauses = [(tantivy.Occur.Must, query) for query in must or [tantivy.Query.all_query()]]
        if filters.not_retracted:
            clauses.append((tantivy.Occur.MustNot, self._term("status", RETRACTED)))
        return tantivy.Query.boolean_query(clauses)
