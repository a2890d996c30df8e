"""Choosing sentences: what says most about a question with the least repetition."""

from collections.abc import Sequence
from dataclasses import dataclass

from bioqa.index.encoder import Encoder
from bioqa.index.records import Hit, Passage
from bioqa.index.runtime import Array
from bioqa.qa.reader import context_of
from bioqa.qa.terms import QuestionTerms

_ENCODED = 16  # sentences that are encoded: the best by words, at about 2 ms each
_REDUNDANCY = 0.4  # weight of likeness to what is chosen: maximal marginal relevance (Carbonell and Goldstein 1998)
_FEWEST_WORDS = 5  # below this it is a heading, not a sentence


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence of a passage that was found, and how much it says about the question (0..1)."""

    passage: Passage
    text: str
    relevance: float
    vector: Array | None = None


def relevant_sentences(
    hits: Sequence[Hit], terms: QuestionTerms, question_vector: Array | None, encoder: Encoder | None
) -> list[Sentence]:
    """The sentences of `hits` that matter most to the question, best first, at most 16.

    Relevance is half words (coverage of the question's terms by the sentence, in the light of its passage's score) and
    half meaning (cosine to the question), or words alone without an encoder.
    """
    found: dict[str, Sentence] = {}
    for hit in hits:
        context = context_of(hit.passage)
        titled = bool(hit.passage.start and hit.passage.document.title)
        for start, end in context.sentences[titled:]:
            text = context.text[start:end]
            if len(text.split()) >= _FEWEST_WORDS:
                relevance = 0.7 * terms.coverage(text) + 0.3 * hit.score
                if text not in found or found[text].relevance < relevance:
                    found[text] = Sentence(hit.passage, text, relevance)
    best = sorted(found.values(), key=lambda sentence: (-sentence.relevance, sentence.passage.number))[:_ENCODED]
    if encoder is None or question_vector is None or not best:
        return best
    vectors = encoder.encode([sentence.text for sentence in best])
    cosines = (vectors @ question_vector).tolist()
    judged = [
        Sentence(sentence.passage, sentence.text, (sentence.relevance + max(cosine, 0.0)) / 2, vector)
        for sentence, cosine, vector in zip(best, cosines, vectors, strict=True)
    ]
    return sorted(judged, key=lambda sentence: -sentence.relevance)


def choose(sentences: Sequence[Sentence], count: int) -> list[Sentence]:
    """`count` of the sentences, each chosen for its relevance less its likeness to those before it."""
    chosen: list[Sentence] = []
    rest = list(sentences)
    while rest and len(chosen) < count:
        best = max(rest, key=lambda sentence: sentence.relevance - _REDUNDANCY * _likeness(sentence, chosen))
        chosen.append(best)
        rest.remove(best)
    return chosen


def _likeness(sentence: Sentence, chosen: Sequence[Sentence]) -> float:
    if not chosen:
        return 0.0
    if sentence.vector is not None:
        return max(float(sentence.vector @ other.vector) for other in chosen if other.vector is not None)
    mine = set(sentence.text.lower().split())
    return max(len(mine & set(other.text.lower().split())) / len(mine) for other in chosen)
