"""Training pairs for a retriever: a query and a passage that answers it, from files of many kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval import beir, collection
from bioqa.eval.gold import GoldQuestion, read_gold
from bioqa.eval.squad import read_squad
from bioqa.index.errors import InputError
from bioqa.index.progress import Silent
from bioqa.index.records import Document
from bioqa.train import examples, table
from bioqa.train.apart import NearDuplicates
from bioqa.train.examples import evenly_spaced, fold_text
from bioqa.train.retriever_recipe import RetrieverConfig

# Columns of a table, by the names they have in those that there are.
_QUERY = ("query", "claim", "question", "question_text", "sentence2")
_PASSAGE = ("passage", "answer", "evidence", "text", "pmtitle", "sentence1")


@dataclass(frozen=True, slots=True)
class CandidatePassage:
    """A text that may be found, and the id of its document; a text that is of none goes by itself."""

    document: str
    text: str


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A query and a passage that is right for it; no passage of the `relevant` documents counts as wrong."""

    query: str
    passage: CandidatePassage
    relevant: frozenset[str]
    negatives: tuple[CandidatePassage, ...] = ()


def is_negative(candidate: CandidatePassage, pair: TrainingPair) -> bool:
    """Whether a candidate may count as a wrong passage for the query of a pair: it is of no relevant document, and not
    the right passage under another id, or with its title, or a part of it."""
    right, other = pair.passage.text, candidate.text
    return candidate.document not in pair.relevant and right not in other and other not in right


def read_pairs(config: RetrieverConfig, dev: Sequence[GoldQuestion], talk: Callable[[str], None]) -> list[TrainingPair]:
    """All pairs, each once, and none with a question that decides on the weights, nor with a query or a passage that
    nearly repeats one kept for testing.

    `talk` hears how many of each kind there are, and how many were left out: also where a side is empty, or both are
    the same. Raises InputError where nothing is left, and what the readers of the files raise.
    """
    kept: dict[tuple[str, str], TrainingPair] = {}
    held_out = {fold_text(question.body) for question in dev}
    tests = [_tests(Path(path)) for path in config.apart_from]
    queries = NearDuplicates(query for asked, _ in tests for query in asked)
    passages = NearDuplicates((pair.passage.text for _, found in tests for pair in found), parts=True)

    def add(kind: str, found: Sequence[TrainingPair]) -> None:
        usable = [pair for pair in found if _is_usable(pair)]
        left_out = {"held out": 0, "nearly in a test": 0, "there before": 0, "unusable": len(found) - len(usable)}
        before = len(kept)
        for pair in evenly_spaced(usable, config.limit):
            query, passage = fold_text(pair.query), fold_text(pair.passage.text)
            if query in held_out:
                left_out["held out"] += 1
            elif query in queries or passage in passages:
                left_out["nearly in a test"] += 1
            elif (query, passage) in kept:
                left_out["there before"] += 1
            else:
                kept[query, passage] = pair
        told = "".join(f", {count:,} {why}" for why, count in left_out.items() if count)
        talk(f"{kind}: {len(kept) - before:,} pairs{told}")

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
    """Every question with each of its snippets."""
    relevant = {question.id: frozenset(question.relevant_documents) for question in questions}
    return [
        TrainingPair(question.body, CandidatePassage(snippet.document, snippet.text.strip()), relevant[question.id])
        for question in questions
        for snippet in question.snippets
    ]


def _tests(path: Path) -> tuple[list[str], list[TrainingPair]]:
    """The queries that are kept for testing, and what is known to answer them: all of a gold file, or of a folder in
    the form of BEIR all splits but `train`.

    Raises InputError for a folder without such a split, and what the readers of the files raise.
    """
    if not path.is_dir():
        questions = read_gold(path)
        return [question.body for question in questions], from_bioasq(questions)
    splits = [split for split in beir.splits_of(path) if split != "train"]
    if not splits:
        raise InputError(f"{path}: there is nothing to stay apart from: no judgments in qrels/ but those of 'train'")
    queries = [text for split in splits for text in beir.read_queries(path, beir.read_qrels(path, split)).values()]
    return queries, [pair for split in splits for pair in from_beir(path, split)]


def from_beir(folder: Path, split: str = "train") -> list[TrainingPair]:
    """Every query of a split with each document that is relevant to it. Raises InputError."""
    qrels = beir.read_qrels(folder, split)
    queries = beir.read_queries(folder, qrels)
    documents = read_papers([beir.read_corpus(folder).path])
    found = []
    for query, grades in qrels.items():
        relevant = frozenset(document for document, grade in grades.items() if grade > 0)
        found += [
            TrainingPair(queries[query], CandidatePassage(name, documents[name].text), relevant)
            for name in grades
            if name in relevant and name in documents
        ]
    return found


def from_corpus(path: Path) -> list[TrainingPair]:
    """The title of every paper that has one with its abstract. Raises InputError where a file breaks off."""
    return [
        TrainingPair(paper.title, CandidatePassage(name, paper.abstract), frozenset([name]))
        for name, paper in read_papers([path]).items()
        if paper.title and paper.abstract
    ]


def from_squad(path: Path) -> list[TrainingPair]:
    """Every question that can be answered with the text that does. Raises InputError."""
    return [
        TrainingPair(
            question.question, CandidatePassage(question.context, question.context), frozenset([question.context])
        )
        for question in read_squad(path).questions
        if question.answers
    ]


def from_table(path: Path) -> list[TrainingPair]:
    """Every query of a table with the passage in its row, and with no other of its passages as a wrong one.

    Columns go by several names: query, claim, question, question_text or sentence2; passage, answer, evidence, text,
    pmtitle or sentence1. Where there are labels, rows that say neither yes nor no are left out. Raises InputError.
    """
    found = table.read_table(path)
    query, passage = found.column("query", _QUERY), found.column("passage", _PASSAGE)
    label = next((name for name in examples.LABEL_COLUMNS if name in found.columns), None)
    rows = [
        (row.get(query, ""), row.get(passage, "").strip())
        for name, row in found.rows
        if label is None or examples.parse_verdict(row.get(label), name) != "neither"
    ]
    relevant: dict[str, set[str]] = {}
    for asked, text in rows:
        relevant.setdefault(fold_text(asked), set()).add(text)
    right = {asked: frozenset(texts) for asked, texts in relevant.items()}
    return [TrainingPair(asked, CandidatePassage(text, text), right[fold_text(asked)]) for asked, text in rows]


def read_papers(paths: Sequence[Path]) -> Mapping[str, Document]:
    """The papers in files of any known format, by their ids. Raises InputError where a file breaks off."""
    return collection.read_corpus(paths, Silent()).documents
