"""Training pairs of a retriever, a query and a relevant passage, from files of several formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval.convert import beir as collection
from bioqa.eval.datasets import beir
from bioqa.eval.datasets.bioasq import GoldQuestion, read_gold
from bioqa.eval.datasets.squad import read_squad
from bioqa.index.errors import InputError
from bioqa.index.progress import NoProgress
from bioqa.index.records import Document
from bioqa.train.data import examples, tables
from bioqa.train.data.examples import evenly_spaced, fold_text
from bioqa.train.data.near_duplicates import NearDuplicates
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

# The names that columns have in published tables:
_QUERY = ("query", "claim", "question", "question_text", "sentence2")
_PASSAGE = ("passage", "answer", "evidence", "text", "pmtitle", "sentence1")


@dataclass(frozen=True, slots=True)
class CandidatePassage:
    """A passage with the id of its document; a text without a document has its own text as id."""

    document: str
    text: str


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A query with a relevant passage; passages of the `relevant` documents are never negatives."""

    query: str
    passage: CandidatePassage
    relevant: frozenset[str]
    negatives: tuple[CandidatePassage, ...] = ()


def is_negative(candidate: CandidatePassage, pair: TrainingPair) -> bool:
    """Whether a candidate can serve as a negative for a pair.

    It must not belong to a relevant document, nor contain the pair's passage or be a part of it.
    """
    positive, other = pair.passage.text, candidate.text
    return candidate.document not in pair.relevant and positive not in other and other not in positive


def read_pairs(config: RetrieverConfig, dev: Sequence[GoldQuestion], talk: Callable[[str], None]) -> list[TrainingPair]:
    """All distinct pairs, without the questions of `dev` and near duplicates of the test data in `config.apart_from`.

    `talk` receives the counts of each source, kept and left out; a pair is unusable if a side is empty or both are
    equal. Raises InputError where nothing is left, and the errors of the readers.
    """
    kept: dict[tuple[str, str], TrainingPair] = {}
    held_out = {fold_text(question.body) for question in dev}
    tests = [_tests(Path(path)) for path in config.apart_from]
    queries = NearDuplicates(query for test_queries, _ in tests for query in test_queries)
    passages = NearDuplicates((pair.passage.text for _, test_pairs in tests for pair in test_pairs), parts=True)

    def add(source: str, more: Sequence[TrainingPair]) -> None:
        usable = [pair for pair in more if _is_usable(pair)]
        left_out = {"held out": 0, "near a test": 0, "duplicates": 0, "unusable": len(more) - len(usable)}
        before = len(kept)
        for pair in evenly_spaced(usable, config.limit):
            query, passage = fold_text(pair.query), fold_text(pair.passage.text)
            if query in held_out:
                left_out["held out"] += 1
            elif query in queries or passage in passages:
                left_out["near a test"] += 1
            elif (query, passage) in kept:
                left_out["duplicates"] += 1
            else:
                kept[query, passage] = pair
        counts = "".join(f", {count:,} {why}" for why, count in left_out.items() if count)
        talk(f"{source}: {len(kept) - before:,} pairs{counts}")

    if config.bioasq:
        add("BioASQ snippets", from_bioasq([question for path in config.bioasq for question in read_gold(Path(path))]))
    for paths, of_file in (
        (config.beir, from_beir),
        (config.corpora, from_corpus),
        (config.squad, from_squad),
        (config.tables, from_table),
    ):
        for path in paths:
            add(path, of_file(Path(path)))
    if not kept:
        raise InputError("nothing to train on: name files under bioasq, beir, corpora, squad or tables")
    return list(kept.values())


def _is_usable(pair: TrainingPair) -> bool:
    query, passage = fold_text(pair.query), fold_text(pair.passage.text)
    return bool(query) and bool(passage) and query != passage


def from_bioasq(questions: Sequence[GoldQuestion]) -> list[TrainingPair]:
    """Each question with each of its snippets."""
    relevant = {question.id: frozenset(question.relevant_documents) for question in questions}
    return [
        TrainingPair(question.body, CandidatePassage(snippet.document, snippet.text.strip()), relevant[question.id])
        for question in questions
        for snippet in question.snippets
    ]


def _tests(path: Path) -> tuple[list[str], list[TrainingPair]]:
    """The test queries and their relevant passages: of a gold file all, of a BEIR folder those of all splits but
    `train`.

    Raises InputError for a folder without such a split, and the errors of the readers.
    """
    if not path.is_dir():
        questions = read_gold(path)
        return [question.body for question in questions], from_bioasq(questions)
    splits = [split for split in beir.splits_of(path) if split != "train"]
    if not splits:
        raise InputError(f"{path}: no test data there: qrels/ has only 'train'; name a folder with a test split")
    queries = [text for split in splits for text in beir.read_queries(path, beir.read_qrels(path, split)).values()]
    return queries, [pair for split in splits for pair in from_beir(path, split)]


def from_beir(folder: Path, split: str = "train") -> list[TrainingPair]:
    """Each query of a split with each of its relevant documents. Raises InputError."""
    qrels = beir.read_qrels(folder, split)
    queries = beir.read_queries(folder, qrels)
    documents = read_papers([beir.read_corpus(folder).path])
    pairs = []
    for query, grades in qrels.items():
        relevant = frozenset(document for document, grade in grades.items() if grade > 0)
        pairs += [
            TrainingPair(queries[query], CandidatePassage(name, documents[name].text), relevant)
            for name in grades
            if name in relevant and name in documents
        ]
    return pairs


def from_corpus(path: Path) -> list[TrainingPair]:
    """The title of each paper with its abstract, where it has both. Raises InputError for a truncated file."""
    return [
        TrainingPair(paper.title, CandidatePassage(name, paper.abstract), frozenset([name]))
        for name, paper in read_papers([path]).items()
        if paper.title and paper.abstract
    ]


def from_squad(path: Path) -> list[TrainingPair]:
    """Each answerable question with its context. Raises InputError."""
    return [
        TrainingPair(
            question.question, CandidatePassage(question.context, question.context), frozenset([question.context])
        )
        for question in read_squad(path).questions
        if question.answers
    ]


def from_table(path: Path) -> list[TrainingPair]:
    """Each query of a table with the passage in its row; the query's other passages are never negatives.

    Accepted columns: query, claim, question, question_text or sentence2; passage, answer, evidence, text, pmtitle or
    sentence1. If there are labels, rows labelled neither yes nor no are left out. Raises InputError.
    """
    content = tables.read_table(path)
    query, passage = content.column("query", _QUERY), content.column("passage", _PASSAGE)
    label = next((name for name in examples.LABEL_COLUMNS if name in content.columns), None)
    rows = [
        (row.get(query, ""), row.get(passage, "").strip())
        for name, row in content.rows
        if label is None or examples.parse_verdict(row.get(label), name) != "neither"
    ]
    relevant: dict[str, set[str]] = {}
    for question, text in rows:
        relevant.setdefault(fold_text(question), set()).add(text)
    positives = {question: frozenset(texts) for question, texts in relevant.items()}
    return [
        TrainingPair(question, CandidatePassage(text, text), positives[fold_text(question)]) for question, text in rows
    ]


def read_papers(paths: Sequence[Path]) -> Mapping[str, Document]:
    """The papers in files of any known format, by their ids. Raises InputError for a truncated file."""
    return collection.read_corpus(paths, NoProgress()).documents
