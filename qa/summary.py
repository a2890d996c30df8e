"""Extractive summarisation: relevant sentences, chosen with little redundancy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bioqa.index.arrays import Array
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Hit, Passage
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import context_of

_ENCODED = 16  # the sentences with the best term coverage are encoded, at about 2 ms each
_REDUNDANCY = 0.4  # weight of similarity to chosen sentences in maximal marginal relevance (Carbonell, Goldstein 1998)
_REPEATED = 0.9  # a sentence that shares this part of its words with another repeats it
_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?…]['\"’”»)\]]*$")
_FEWEST_WORDS = 5  # shorter ones are headings


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence of a retrieved passage with its relevance to the question (0..1)."""

    passage: Passage
    text: str
    relevance: float
    vector: Array | None = None


def relevant_sentences(
    hits: Sequence[Hit], terms: QuestionTerms, question_vector: Array | None, encoder: Encoder | None
) -> list[Sentence]:
    """The sentences of `hits` that are most relevant to the question, best first, at most 16.

    Relevance is half lexical and half semantic (cosine with the question); only lexical without an encoder.
    """
    best = sentences_of(hits, terms)[:_ENCODED]
    if encoder is None or question_vector is None or not best:
        return best
    vectors = encoder.encode([sentence.text for sentence in best])
    cosines = (vectors @ question_vector).tolist()
    rescored = [
        Sentence(sentence.passage, sentence.text, (sentence.relevance + max(cosine, 0.0)) / 2, vector)
        for sentence, cosine, vector in zip(best, cosines, vectors, strict=True)
    ]
    return sorted(rescored, key=lambda sentence: -sentence.relevance)


def sentences_of(hits: Sequence[Hit], terms: QuestionTerms) -> list[Sentence]:
    """All sentences of `hits` by their lexical relevance: coverage of the question's terms and the passage's score."""
    best_by_text: dict[str, Sentence] = {}
    for hit in hits:
        context = context_of(hit.passage)
        titled = bool(hit.passage.start and hit.passage.document.title)
        for start, end in context.sentences[titled:]:
            text = context.text[start:end]
            if len(text.split()) >= _FEWEST_WORDS:
                relevance = 0.7 * terms.coverage(text) + 0.3 * hit.score
                if text not in best_by_text or best_by_text[text].relevance < relevance:
                    best_by_text[text] = Sentence(hit.passage, text, relevance)
    return sorted(best_by_text.values(), key=lambda sentence: (-sentence.relevance, sentence.passage.number))


def choose_sentences(sentences: Sequence[Sentence], words: int) -> list[Sentence]:
    """Sentences of at most `words` words in total, but at least one, in the order of their choice.

    Each maximises its worth less its similarity to the chosen ones, and near repetitions are skipped. Worth is the mean
    of relevance and average similarity to all sentences: the statements of many papers matter most (Erkan and Radev
    2004).
    """
    similarities = [[_similarity(one, other) for other in sentences] for one in sentences]
    worth = [(sentence.relevance + fmean(row)) / 2 for sentence, row in zip(sentences, similarities, strict=True)]
    chosen: list[int] = []
    rest = list(range(len(sentences)))
    while rest:
        best = max(rest, key=lambda i: worth[i] - _REDUNDANCY * max((similarities[i][j] for j in chosen), default=0.0))
        rest.remove(best)
        length = len(sentences[best].text.split())
        repeats = any(_repeats(sentences[best], sentences[i]) for i in chosen)
        if not chosen or (length <= words and not repeats):
            chosen.append(best)
            words -= length
    return [sentences[i] for i in chosen]


def join_sentences(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text, with a full stop after those without a final punctuation mark, such as titles."""
    texts = (sentence.text for sentence in sentences)
    return " ".join(text if _END.search(text) else f"{text.rstrip(',;:')}." for text in texts)


def _repeats(one: Sentence, other: Sentence) -> bool:
    mine, theirs = (set(_WORD.findall(sentence.text.lower())) for sentence in (one, other))
    return len(mine & theirs) >= _REPEATED * len(mine)


def _similarity(one: Sentence, other: Sentence) -> float:
    """Cosine similarity of two sentences, or the share of the first one's words that the other contains."""
    if one.vector is not None and other.vector is not None:
        return float(one.vector @ other.vector)
    mine, theirs = (set(sentence.text.lower().split()) for sentence in (one, other))
    return len(mine & theirs) / len(mine)
