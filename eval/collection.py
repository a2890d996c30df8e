"""A retrieval collection made of BioASQ's gold files: their questions, the documents they quote, and a corpus around.

PubMed itself is not needed. A document is the gold snippets of its PMID, over all questions, unless the corpus holds it
whole; the rest of the corpus are distractors. What is quoted is what was found relevant, and shorter than an abstract:
figures on such a collection compare systems, and flatter all of them.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bioqa.eval import convert, trec
from bioqa.eval.gold import GoldQuestion, Snippet
from bioqa.eval.ranking import Qrels
from bioqa.eval.scores import Batch
from bioqa.index import atomic, corpus
from bioqa.index.errors import InputError, StorageError
from bioqa.index.progress import Progress
from bioqa.index.records import BadRecord, Deletion, Document

_OF_A_YEAR = re.compile(r"(\d+B)\d+")


_FIRST = 5  # of unusable records, which are kept


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of corpus files by their ids, and what of the files cannot be used."""

    documents: Mapping[str, Document]
    unusable: Sequence[BadRecord] = ()  # the first of them
    all_unusable: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How large a collection is; a document is quoted, whole where the corpus holds a gold document, or a distractor.

    `judgments_without_text` are left out: of a document that is neither quoted nor in the corpus nothing can be found.
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
class Collection:
    """Documents, the texts of queries by their ids, and the judgments of every split."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Mapping[str, Qrels]
    counts: Counts


def read_corpus(inputs: Sequence[Path], progress: Progress) -> Corpus:
    """All documents of files and folders, held in memory; a later one replaces an earlier one, unless it is older.

    Raises InputError where there is nothing to read and where a file breaks off.
    """
    documents: dict[str, Document] = {}
    unusable: list[BadRecord] = []
    all_unusable = 0
    paths = corpus.files(inputs) if inputs else []
    for place, path in enumerate(paths, start=1):
        for record in corpus.CorpusFile(path).records():
            match record:
                case BadRecord():
                    all_unusable += 1
                    if len(unusable) < _FIRST:
                        unusable.append(record)
                case Deletion():
                    documents.pop(record.id, None)
                case Document():
                    if record.id not in documents or record.version >= documents[record.id].version:
                        documents[record.id] = record
        progress.update(place / len(paths), len(documents))
    return Corpus(documents, tuple(unusable), all_unusable)


def collection(batches: Sequence[Batch], around: Corpus) -> Collection:
    """The collection of these gold files, no question of which is in two of them.

    Relevant, with a grade of 1, are the gold documents of a question and those that it quotes. There is a split for
    every file, and one for every year where the files are named as BioASQ names them: 11B1 and 11B of 11B1_golden.

    Raises InputError for two files of one name, and for one of whose gold documents there is no text.
    """
    questions = [question for batch in batches for question in batch.questions]
    quoted = _quoted(chain.from_iterable(question.snippets for question in questions))
    relevant = {question.id: _relevant(question) for question in questions}
    gold = dict.fromkeys(chain.from_iterable(relevant.values()))
    replacing = {name: document for name, document in quoted.items() if not _is_whole(around.documents.get(name))}
    texts = {**around.documents, **replacing}
    judged = {query: [name for name in names if name in texts] for query, names in relevant.items()}
    qrels = {
        split: {query: dict.fromkeys(judged[query], 1) for query in queries if judged[query]}
        for split, queries in _splits(batches).items()
    }
    bare = [split for split, judgments in qrels.items() if not judgments]
    if bare:
        raise InputError(f"{bare[0]}: no question in it has a gold document with a text; leave that file out")
    judgments = sum(map(len, judged.values()))
    counts = Counts(
        documents=len(texts),
        documents_quoted=len(replacing),
        documents_whole=len((texts.keys() & gold.keys()) - replacing.keys()),
        distractors=len(texts.keys() - gold.keys()),
        snippets=sum(len(question.snippets) for question in questions),
        questions=len(questions),
        judgments=judgments,
        judgments_without_text=sum(map(len, relevant.values())) - judgments,
    )
    return Collection(list(texts.values()), {question.id: question.body for question in questions}, qrels, counts)


def write(target: Path, made: Collection) -> None:
    """Write a collection in the form of BEIR into a folder that is new or empty: all of it or nothing.

    Raises InputError for an id that the form cannot hold, StorageError where the disk refuses.
    """
    fresh = atomic.unfinished(target)
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "qrels").mkdir(parents=True)
        for split, qrels in made.qrels.items():
            trec.write_qrels(fresh / "qrels" / f"{split}.tsv", qrels)
        queries = ({"_id": name, "text": text} for name, text in made.queries.items())
        atomic.write_text(fresh / "queries.jsonl", convert.lines(queries))
        atomic.write_text(fresh / "corpus.jsonl", convert.lines(map(_entry, made.documents)))
        fresh.replace(target)
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror or error}; the collection was not written") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _relevant(question: GoldQuestion) -> list[str]:
    return list(dict.fromkeys([*question.documents, *(snippet.document for snippet in question.snippets)]))


def _is_whole(document: Document | None) -> bool:
    return document is not None and bool(document.title and document.abstract)


def _quoted(snippets: Iterable[Snippet]) -> dict[str, Document]:
    """The documents that are quoted: what is quoted of the title, and the rest in the order of the document."""
    by_document: dict[str, list[Snippet]] = {}
    for snippet in snippets:
        if snippet.text.strip():
            by_document.setdefault(snippet.document, []).append(snippet)
    return {
        name: Document(
            name,
            title=_joined(snippet for snippet in found if snippet.begin_section == "title"),
            abstract=_joined(snippet for snippet in found if snippet.begin_section != "title"),
        )
        for name, found in by_document.items()
    }


def _joined(snippets: Iterable[Snippet]) -> str:
    """The snippets of one document in their order, each sentence once: one that stands in another is left out."""
    kept: list[Snippet] = []
    for snippet in sorted(snippets, key=lambda snippet: -len(snippet.text)):
        if not any(snippet.text.strip() in longer.text for longer in kept):
            kept.append(snippet)
    return " ".join(" ".join(snippet.text.split()) for snippet in sorted(kept, key=lambda snippet: snippet.begin))


def _splits(batches: Sequence[Batch]) -> dict[str, list[str]]:
    splits: dict[str, list[str]] = {}
    years: dict[str, list[str]] = {}
    for batch in batches:
        name = batch.name.removesuffix("_golden")
        queries = [question.id for question in batch.questions]
        if name in splits:
            raise InputError(f"{name}: two gold files have this name, which names their judgments; rename one")
        splits[name] = queries
        year = _OF_A_YEAR.fullmatch(name)
        if year:
            years.setdefault(year[1], []).extend(queries)
    return {**years, **splits}


def _entry(document: Document) -> Mapping[str, str | int]:
    year = {"year": document.year} if document.year else {}
    text = document.text[document.abstract_start :].strip()
    return {"_id": document.id, "title": document.title, "text": text, **year}
