"""Coverage of a question by a text: the share of its search terms, weighted by inverse document frequency."""

from collections.abc import Sequence
from math import log

from bioqa.index.records import Passage
from bioqa.index.search.search_index import SearchIndex
from bioqa.index.text import analyzer


class QuestionTerms:
    """The distinct search terms of a question with their inverse document frequencies.

    `known` are the terms that occur in the index. `aliases` are the terms of other names and spellings, each
    with the question's terms for the same.
    """

    def __init__(
        self, question: str, index: SearchIndex, aliases: Sequence[tuple[frozenset[str], frozenset[str]]] = ()
    ):
        self._aliases = aliases
        total = max(1, index.passages)
        terms = analyzer.query_terms(question, index.document_frequency)
        frequencies = {term: index.document_frequency(term) for term in terms if not analyzer.is_pair(term)}
        self.weights = {term: log(1 + total / (0.5 + frequency)) for term, frequency in frequencies.items()}
        self.known = [term for term, frequency in frequencies.items() if frequency]
        self._sum = sum(self.weights.values())
        self._coverages: dict[str, float] = {}

    def coverage(self, text: str) -> float:
        """The weighted share (0..1) of the question's terms in `text`; 0 for a question of stop words only."""
        if text not in self._coverages:
            present = self.present(text)
            held = sum(weight for term, weight in self.weights.items() if term in present)
            self._coverages[text] = held / self._sum if self._sum else 0.0
        return self._coverages[text]

    def present(self, text: str) -> set[str]:
        """The search terms of a text, with those of the question for other names and spellings."""
        present = set(analyzer.terms(text))
        for other, meant in self._aliases:
            if other <= present:
                present |= meant
        return present

    def coverage_of(self, passage: Passage) -> float:
        """The coverage by a passage together with its document's title and section heading."""
        return self.coverage(f"{passage.document.title} {passage.heading} {passage.text}")
