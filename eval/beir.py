"""Retrieval collections in the form of BEIR: a folder with documents, queries and judgments, plain or compressed.

    corpus.jsonl          {"_id", "title", "text"}
    queries.jsonl         {"_id", "text"}
    qrels/SPLIT.tsv       query<tab>document<tab>grade, under the header query-id corpus-id score

Thakur et al., "BEIR: a heterogeneous benchmark for zero-shot evaluation of information retrieval models" (2021).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval import trec
from bioqa.eval.ranking import Qrels
from bioqa.index.corpus import CorpusFile
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document

_FIRST = 5  # of what cannot be searched for, which are kept
_QUERY = "expected a line to be an object with a query's '_id' and 'text'"


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a collection by their ids, in the order of the file, and what cannot be searched for: how much,
    and the first of it."""

    path: Path
    ids: tuple[str, ...]
    unusable: tuple[BadRecord, ...]
    all_unusable: int = 0


def read_qrels(folder: Path, split: str) -> Qrels:
    """The judgments of a split. Raises InputError: which splits there are, or which line is wrong."""
    name = f"{split}.tsv"
    if folder.is_dir() and split not in splits_of(folder):
        known = ", ".join(splits_of(folder)) or "none"
        raise InputError(f"{folder / 'qrels' / name}: no such split; there are: {known}")
    return trec.read_qrels(_file(folder, f"qrels/{name}"))


def splits_of(folder: Path) -> list[str]:
    """The names of the splits that there are judgments for."""
    return sorted({path.name.removesuffix(".gz").removesuffix(".tsv") for path in (folder / "qrels").glob("*.tsv*")})


def pooled_qrels(folder: Path, splits: Sequence[str]) -> Qrels:
    """The judgments of several splits together. Raises InputError, also for a query that two of them judge."""
    pooled: dict[str, Mapping[str, int]] = {}
    for split in splits:
        qrels = read_qrels(folder, split)
        twice = next((query for query in qrels if query in pooled), None)
        if twice is not None:
            raise InputError(f"{folder}: query {twice} is in {split} and in another split given; give every query once")
        pooled |= qrels
    return pooled


def read_queries(folder: Path, qrels: Qrels) -> dict[str, str]:
    """The texts of the queries that have judgments, in the order of these.

    Raises InputError: which line or which query, what was expected.
    """
    path = _file(folder, "queries.jsonl")
    queries: dict[str, str] = {}
    for record in _records(path):
        if isinstance(record, BadRecord):
            raise InputError(f"{record}; {_QUERY}")
        if record.id in queries:
            raise InputError(f"{path}: query {record.id} is there twice; every id may come once")
        queries[record.id] = record.text
    if not queries:
        raise InputError(f"{path}: there is no query in it")
    missing = [query for query in qrels if query not in queries]
    if missing:
        raise InputError(
            f"{path}: {len(missing):,} of {len(qrels):,} queries that have judgments are not in it, "
            f"the first is {missing[0]}"
        )
    return {query: queries[query] for query in qrels}


def read_corpus(folder: Path) -> Corpus:
    """What documents there are, each read and checked once.

    Raises InputError for a file that is missing, breaks off or has no documents, and for an id that comes twice.
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
            raise InputError(f"{path}: document {record.id} is there twice; every id may come once")
        else:
            ids[record.id] = None
    if not ids:
        raise InputError(
            f"{unusable[0]}; there is no document in it" if unusable else f"{path}: there is no document in it"
        )
    return Corpus(path, tuple(ids), tuple(unusable), all_unusable)


def lacking(corpus: Corpus, qrels: Qrels) -> list[str]:
    """The documents that are judged relevant and that the corpus does not have, each once."""
    relevant = dict.fromkeys(document for row in qrels.values() for document, grade in row.items() if grade > 0)
    held = set(corpus.ids)
    return [document for document in relevant if document not in held]


def _file(folder: Path, name: str) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one with corpus.jsonl, queries.jsonl and qrels/")
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}: no such file, and none with .gz; a folder in the form of BEIR has one")


def _records(path: Path) -> Iterator[Document | BadRecord]:
    for record in CorpusFile(path, "jsonl").records():
        if isinstance(record, Document | BadRecord):  # JSON lines hold no deletions
            yield record
