"""The texts that a gold question comes with: its snippets, their sentences, or its documents in an index."""

from dataclasses import dataclass

from bioqa.eval.gold import GoldQuestion
from bioqa.index import sentences
from bioqa.index.hybrid import Index


@dataclass(frozen=True, slots=True)
class Contexts:
    """Distinct texts in the order of the gold file, and how many gold documents the index does not hold."""

    texts: tuple[str, ...]
    documents_lacking: int = 0


def of_snippets(question: GoldQuestion) -> Contexts:
    """The gold snippets without the white space around them."""
    return Contexts(question.snippet_texts)


def of_sentences(question: GoldQuestion) -> Contexts:
    """The sentences of the gold snippets; one that is in several snippets comes once."""
    found = (text[start:end] for text in question.snippet_texts for start, end in sentences.split(text))
    return Contexts(tuple(dict.fromkeys(found)))


def of_documents(question: GoldQuestion, index: Index) -> Contexts:
    """Title and abstract of the gold documents that the index holds."""
    wanted = dict.fromkeys(question.documents)
    held = {passage.document.id: passage.document.text for passage in index.passages_of(list(wanted))}
    texts = dict.fromkeys(held[document] for document in wanted if document in held)
    return Contexts(tuple(texts), len(wanted) - len(held))
