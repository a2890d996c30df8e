"""A retrieval collection built from BioASQ's gold files: their questions, the quoted documents, and distractors.

It does not need PubMed. A document consists of the gold snippets of its PMID over all questions, unless the corpus
holds its complete record; other documents of the corpus are distractors. Snippets were selected as relevant and are
shorter than abstracts: figures on such a collection compare systems, but are too high for all of them.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bioqa.eval.convert import selection
from bioqa.eval.datasets import trec
from bioqa.eval.datasets.bioasq import Snippet
from bioqa.eval.datasets.trec import Qrels
from bioqa.eval.runs.scores import GoldBatch
from bioqa.index import atomic
from bioqa.index.corpus import files
from bioqa.index.errors import InputError, StorageError
from bioqa.index.progress import Progress
from bioqa.index.records import BadRecord, Deletion, Document

_OF_A_YEAR = re.compile(r"(\d+B)\d+")


_FIRST = 5  # of unusable records, which are kept


@dataclass(frozen=True, slots=True)
class LoadedCorpus:
    """The documents of corpus files by id, and the unusable records."""

    documents: Mapping[str, Document]
    unusable: Sequence[BadRecord] = ()  # the first of them
    all_unusable: int = 0


@dataclass(frozen=True, slots=True)
class CollectionCounts:
    """The size of a collection. A document is quoted, whole (a gold document in the corpus), or a distractor.

    `judgments_without_text` are left out: their documents are neither quoted nor in the corpus.
    """

    documents: int
    documents_quoted: int
    documents_whole: int
    distractors: int
    snippets: int
    questions: int
    judgments: int
    judgments_without_text: int


@dataclass(frozen=True, slots=True)
class RetrievalCollection:
    """Documents, the texts of queries by id, and the judgments of every split."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Mapping[str, Qrels]
    counts: CollectionCounts


def read_corpus(inputs: Sequence[Path], progress: Progress) -> LoadedCorpus:
    """All documents of files and folders, in memory. A later record replaces an earlier one unless it is older.

    Raises InputError if there is nothing to read, and for a truncated file.
    """
    documents: dict[str, Document] = {}
    unusable: list[BadRecord] = []
    all_unusable = 0
    paths = files.input_files(inputs) if inputs else []
    for place, path in enumerate(paths, start=1):
        for record in files.CorpusFile(path).records():
            match record:
                case BadRecord():
                    all_unusable += 1
                    if len(unusable) < _FIRST:
                        unusable.append(record)
                case Deletion():
                    documents.pop(record.id, None)
                case Document():
                    if record.id not in documents or not record.is_older_than(documents[record.id]):
                        documents[record.id] = record
        progress.update(place / len(paths), len(documents))
    return LoadedCorpus(documents, tuple(unusable), all_unusable)


def build_collection(batches: Sequence[GoldBatch], loaded: LoadedCorpus) -> RetrievalCollection:
    """The collection of gold files that share no question.

    The documents that a question names or quotes are relevant, with grade 1. Every file is a split, and so is every
    year of files with BioASQ's names: 11B1_golden makes 11B1 and 11B.

    Raises InputError for two files of one name, and for a file whose gold documents have no text.
    """
    questions = [question for batch in batches for question in batch.questions]
    quoted = _quoted(chain.from_iterable(question.snippets for question in questions))
    relevant = {question.id: question.relevant_documents for question in questions}
    gold = dict.fromkeys(chain.from_iterable(relevant.values()))
    replacing = {name: document for name, document in quoted.items() if not _is_whole(loaded.documents.get(name))}
    texts = {**loaded.documents, **replacing}
    judged = {query: [name for name in names if name in texts] for query, names in relevant.items()}
    qrels = {
        split: {query: dict.fromkeys(judged[query], 1) for query in queries if judged[query]}
        for split, queries in _splits(batches).items()
    }
    empty = [split for split, judgments in qrels.items() if not judgments]
    if empty:
        raise InputError(f"{empty[0]}: no question has a gold document with a text; leave out this file")
    judgments = sum(map(len, judged.values()))
    counts = CollectionCounts(
        documents=len(texts),
        documents_quoted=len(replacing),
        documents_whole=len((texts.keys() & gold.keys()) - replacing.keys()),
        distractors=len(texts.keys() - gold.keys()),
        snippets=sum(len(question.snippets) for question in questions),
        questions=len(questions),
        judgments=judgments,
        judgments_without_text=sum(map(len, relevant.values())) - judgments,
    )
    queries = {question.id: question.body for question in questions}
    return RetrievalCollection(list(texts.values()), queries, qrels, counts)


def write(target: Path, collection: RetrievalCollection) -> None:
    """Write a collection in BEIR format into a new or empty folder: all of it or nothing.

    Raises InputError for an id that the format cannot hold, StorageError if a file cannot be written.
    """
    fresh = atomic.temporary_path(target)
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "qrels").mkdir(parents=True)
        for split, qrels in collection.qrels.items():
            trec.write_qrels(fresh / "qrels" / f"{split}.tsv", qrels)
        queries = ({"_id": name, "text": text} for name, text in collection.queries.items())
        atomic.write_text(fresh / "queries.jsonl", selection.json_lines(queries))
        atomic.write_text(fresh / "corpus.jsonl", selection.json_lines(map(_entry, collection.documents)))
        fresh.replace(target)
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror or error}; the collection was not written") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _is_whole(document: Document | None) -> bool:
    return document is not None and bool(document.title and document.abstract)


def _quoted(snippets: Iterable[Snippet]) -> dict[str, Document]:
    """The quoted documents: title snippets as the title, and the rest as the abstract, in the order of the document."""
    by_document: dict[str, list[Snippet]] = {}
    for snippet in snippets:
        if snippet.text.strip():
            by_document.setdefault(snippet.document, []).append(snippet)
    return {
        name: Document(
            name,
            title=_joined(snippet for snippet in excerpts if snippet.begin_section == "title"),
            abstract=_joined(snippet for snippet in excerpts if snippet.begin_section != "title"),
        )
        for name, excerpts in by_document.items()
    }


def _joined(snippets: Iterable[Snippet]) -> str:
    """The snippets of one document in their order, without those that are part of another."""
    kept: list[Snippet] = []
    for snippet in sorted(snippets, key=lambda snippet: -len(snippet.text)):
        if not any(snippet.text.strip() in longer.text for longer in kept):
            kept.append(snippet)
    return " ".join(" ".join(snippet.text.split()) for snippet in sorted(kept, key=lambda snippet: snippet.begin))


def _splits(batches: Sequence[GoldBatch]) -> dict[str, list[str]]:
    splits: dict[str, list[str]] = {}
    years: dict[str, list[str]] = {}
    for batch in batches:
        name = batch.name.removesuffix("_golden")
        queries = [question.id for question in batch.questions]
        if name in splits:
            raise InputError(f"{name}: two gold files have this name, and it names their judgments; rename one")
        splits[name] = queries
        year = _OF_A_YEAR.fullmatch(name)
        if year:
            years.setdefault(year[1], []).extend(queries)
    return {**years, **splits}


def _entry(document: Document) -> Mapping[str, str | int]:
    year = {"year": document.year} if document.year else {}
    text = document.text[document.abstract_start :].strip()
    return {"_id": document.id, "title": document.title, "text": text, **year}
