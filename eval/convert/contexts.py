"""The texts of a gold question: its snippets, their sentences, or its documents in an index."""

from dataclasses import dataclass

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.index.search.hybrid import Index
from bioqa.index.text import sentences


@dataclass(frozen=True, slots=True)
class Contexts:
    """Distinct texts in the order of the gold file, and the number of gold documents missing from the index."""

    texts: tuple[str, ...]
    missing_documents: int = 0


def of_snippets(question: GoldQuestion) -> Contexts:
    """The gold snippets without surrounding white space."""
    return Contexts(question.snippet_texts)


def of_sentences(question: GoldQuestion) -> Contexts:
    """The distinct sentences of the gold snippets."""
    texts = (text[start:end] for text in question.snippet_texts for start, end in sentences.split(text))
    return Contexts(tuple(dict.fromkeys(texts)))


def of_documents(question: GoldQuestion, index: Index) -> Contexts:
    """Title and abstract of the gold documents in the index."""
    gold = dict.fromkeys(question.documents)
    texts_by_id = {passage.document.id: passage.document.text for passage in index.passages_of(list(gold))}
    texts = dict.fromkeys(texts_by_id[document] for document in gold if document in texts_by_id)
    return Contexts(tuple(texts), len(gold) - len(texts_by_id))
