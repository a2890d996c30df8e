"""Retrieval collections in BEIR format: a folder of documents, queries and judgments, plain or compressed.

    corpus.jsonl          {"_id", "title", "text"}
    queries.jsonl         {"_id", "text"}
    qrels/SPLIT.tsv       query<tab>document<tab>grade, after the header query-id corpus-id score

Thakur et al., "BEIR: a heterogeneous benchmark for zero-shot evaluation of information retrieval models" (2021).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval.datasets import trec
from bioqa.eval.datasets.trec import Qrels
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document

_FIRST = 5  # unusable records that are kept
_QUERY = "expected an object with '_id' and 'text' on every line"


@dataclass(frozen=True, slots=True)
class BeirCorpus:
    """The document ids of a collection, in the order of the file, and its unusable records: the first, and how many."""

    path: Path
    ids: tuple[str, ...]
    unusable: tuple[BadRecord, ...]
    all_unusable: int = 0


def read_qrels(folder: Path, split: str, warn: Callable[[str], None] = lambda _: None) -> Qrels:
    """The judgments of a split, repeated ones once, about which `warn` receives a line.

    Raises InputError that names the known splits or the wrong line.
    """
    name = f"{split}.tsv"
    if folder.is_dir() and split not in splits_of(folder):
        known = ", ".join(splits_of(folder)) or "none"
        raise InputError(f"{folder / 'qrels' / name}: no such split; known splits: {known}")
    return trec.read_qrels(_file(folder, f"qrels/{name}"), warn)


def splits_of(folder: Path) -> list[str]:
    """The names of the splits that have judgments."""
    return sorted({path.name.removesuffix(".gz").removesuffix(".tsv") for path in (folder / "qrels").glob("*.tsv*")})


def pooled_qrels(folder: Path, splits: Sequence[str], warn: Callable[[str], None] = lambda _: None) -> Qrels:
    """The judgments of several splits together, as `read_qrels` reads them.

    Raises InputError also for a query in more than one split.
    """
    pooled: dict[str, Mapping[str, int]] = {}
    for split in splits:
        qrels = read_qrels(folder, split, warn)
        twice = next((query for query in qrels if query in pooled), None)
        if twice is not None:
            raise InputError(
                f"{folder}: query {twice} is in {split} and in another split; give splits that share no query"
            )
        pooled |= qrels
    return pooled


def read_queries(folder: Path, qrels: Qrels) -> dict[str, str]:
    """The texts of the judged queries, in the order of the judgments.

    Raises InputError that names the line or query and what was expected.
    """
    path = _file(folder, "queries.jsonl")
    queries: dict[str, str] = {}
    for record in _records(path):
        if isinstance(record, BadRecord):
            raise InputError(f"{record}; {_QUERY}")
        if record.id in queries:
            raise InputError(f"{path}: query {record.id} occurs twice; every id must be unique")
        queries[record.id] = record.text
    if not queries:
        raise InputError(f"{path}: the file has no queries; expected at least one")
    missing = [query for query in qrels if query not in queries]
    if missing:
        raise InputError(
            f"{path}: lacks {len(missing):,} of the {len(qrels):,} judged queries, the first is {missing[0]}"
        )
    return {query: queries[query] for query in qrels}


def read_corpus(folder: Path) -> BeirCorpus:
    """The documents of the corpus, each read and checked once.

    Raises InputError for a file that is missing, truncated or without documents, and for a repeated id.
    """
    path = _file(folder, "corpus.jsonl")
    ids: dict[str, None] = {}
    unusable: list[BadRecord] = []
    all_unusable = 0
    for record in _records(path):
        if isinstance(record, BadRecord):
            all_unusable += 1
            if len(unusable) < _FIRST:
                unusable.append(record)
        elif record.id in ids:
            raise InputError(f"{path}: document {record.id} occurs twice; every id must be unique")
        else:
            ids[record.id] = None
    if not ids:
        raise InputError(
            f"{unusable[0]}; the file has no usable document" if unusable else f"{path}: the file has no documents"
        )
    return BeirCorpus(path, tuple(ids), tuple(unusable), all_unusable)


def missing_documents(corpus: BeirCorpus, qrels: Qrels) -> list[str]:
    """The distinct documents that are judged relevant and missing from the corpus."""
    relevant = dict.fromkeys(document for row in qrels.values() for document, grade in row.items() if grade > 0)
    known = set(corpus.ids)
    return [document for document in relevant if document not in known]


def _file(folder: Path, name: str) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one with corpus.jsonl, queries.jsonl and qrels/")
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}: no such file, plain or with .gz; a folder in BEIR format has one")


def _records(path: Path) -> Iterator[Document | BadRecord]:
    for record in CorpusFile(path, "jsonl").records():
        if isinstance(record, Document | BadRecord):  # JSON lines hold no deletions
            yield record
