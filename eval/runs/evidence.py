"""The passages that a question is answered from: search results, gold documents, or gold snippets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.index.records import Document, Hit, Passage
from bioqa.index.search.hybrid import DEPTH
from bioqa.qa.engine import AnalyzedQuestion, Engine


def from_search(question: GoldQuestion, parsed: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """The search results of the index, more than are read: ten documents are submitted, and passages can share one."""
    return engine.index.search(parsed.query, DEPTH)


def from_documents(question: GoldQuestion, parsed: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """All passages of the gold documents in the index, best first."""
    return _ranked(engine.index.passages_of(question.documents), parsed, engine)


def from_snippets(question: GoldQuestion, parsed: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """The distinct gold snippets, each as a passage with the same weight, as in BioBERT's published figures."""
    distinct = dict.fromkeys((snippet.document, snippet.text.strip()) for snippet in question.snippets)
    passages = [
        Passage(number, Document(document, abstract=text), 0, len(text))
        for number, (document, text) in enumerate(pair for pair in distinct if pair[1])
    ]
    return [replace(hit, score=1.0) for hit in _ranked(passages, parsed, engine)]


PassageSource = Callable[[GoldQuestion, AnalyzedQuestion, Engine], list[Hit]]
PASSAGE_SOURCES: Mapping[str, PassageSource] = {
    "nothing": from_search,
    "documents": from_documents,
    "snippets": from_snippets,
}


def _ranked(passages: Sequence[Passage], parsed: AnalyzedQuestion, engine: Engine) -> list[Hit]:
    """Passages without a search score, ranked by term coverage and cosine similarity in equal parts, best first."""
    coverages = [parsed.terms.coverage_of(passage) for passage in passages]
    cosines: list[float | None] = [None] * len(passages)
    if engine.encoder is not None and parsed.query.vector is not None and passages:
        vectors = engine.encoder.encode([passage.search_text for passage in passages])
        cosines = (vectors @ parsed.query.vector).tolist()
    hits = [
        Hit(passage, (coverage + max(cosine, 0.0)) / 2 if cosine is not None else coverage, dense_score=cosine)
        for passage, coverage, cosine in zip(passages, coverages, cosines, strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.number))
