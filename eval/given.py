"""What a question is answered from: what the index finds, the gold documents, or the gold snippets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bioqa.eval.gold import GoldQuestion
from bioqa.index.hybrid import DEPTH
from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.engine import AnalyzedQuestion, Engine


def nothing(question: GoldQuestion, asked: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """What the index finds, deeper than is read: ten documents are wanted, and several passages can be of one."""
    return engine.index.search(asked.query, DEPTH)


def documents(question: GoldQuestion, asked: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """All passages of the gold documents that the index holds, best first."""
    return _judged(engine.index.passages_of(question.documents), asked, engine)


def snippets(question: GoldQuestion, asked: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """The gold snippets, each a passage of its own, as in BioBERT's published figures; all count the same.

    A snippet that is there twice is read once.
    """
    distinct = dict.fromkeys((snippet.document, snippet.text.strip()) for snippet in question.snippets)
    passages = [
        Passage(number, Document(document, abstract=text), 0, len(text))
        for number, (document, text) in enumerate(pair for pair in distinct if pair[1])
    ]
    return [replace(hit, score=1.0) for hit in _judged(passages, asked, engine)]


Given = Callable[[GoldQuestion, AnalyzedQuestion, Engine], list[Hit]]
GIVEN: Mapping[str, Given] = {"nothing": nothing, "documents": documents, "snippets": snippets}


def _judged(passages: Sequence[Passage], asked: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """Passages that no search has scored, by words and meaning in equal parts, best first."""
    coverages = [asked.terms.coverage_of(passage) for passage in passages]
    cosines: list[float | None] = [None] * len(passages)
    if engine.encoder is not None and asked.query.vector is not None and passages:
        vectors = engine.encoder.encode([passage.titled for passage in passages])
        cosines = (vectors @ asked.query.vector).tolist()
    hits = [
        Hit(passage, (coverage + max(cosine, 0.0)) / 2 if cosine is not None else coverage, dense_score=cosine)
        for passage, coverage, cosine in zip(passages, coverages, cosines, strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.number))
