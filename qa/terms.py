"""How much of a question a text covers, weighing its search terms by how rare they are in the index."""

from math import log

from bioqa.index import analyzer
from bioqa.index.hybrid import Index
from bioqa.index.records import Passage


class QuestionTerms:
    """The distinct search terms of what a question is about, each with its inverse document frequency.

    `known` are those that occur in the index.
    """

    def __init__(self, question: str, index: Index):
        total = max(1, index.manifest.passages)
        frequencies = {term: index.lexical.document_frequency(term) for term in analyzer.query_terms(question)}
        self.weights = {term: log(1 + total / (0.5 + frequency)) for term, frequency in frequencies.items()}
        self.known = [term for term, frequency in frequencies.items() if frequency]
        self._sum = sum(self.weights.values())
        self._coverages: dict[str, float] = {}

    def coverage(self, text: str) -> float:
        """The weighted share (0..1) of the question's terms that `text` holds; 0 for a question of stop words alone."""
        if text not in self._coverages:
            present = set(analyzer.terms(text))
            held = sum(weight for term, weight in self.weights.items() if term in present)
            self._coverages[text] = held / self._sum if self._sum else 0.0
        return self._coverages[text]

    def coverage_of(self, passage: Passage) -> float:
        """The coverage by a passage, its document's title and its section's heading."""
        return self.coverage(f"{passage.document.title} {passage.heading} {passage.text}")
