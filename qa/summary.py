"""Choosing sentences: what says most about a question with the least repetition."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bioqa.index.encoder import Encoder
from bioqa.index.records import Hit, Passage
from bioqa.index.runtime import Array
from bioqa.qa.reader import context_of
from bioqa.qa.terms import QuestionTerms

_ENCODED = 16  # sentences that are encoded: the best by words, at about 2 ms each
_REDUNDANCY = 0.4  # weight of likeness to what is chosen: maximal marginal relevance (Carbonell and Goldstein 1998)
_REPEATED = 0.9  # share of its words from which on a sentence only says again what another does, under a heading maybe
_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?…]['\"’”»)\]]*$")
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


def choose(sentences: Sequence[Sentence], words: int) -> list[Sentence]:
    """Sentences of at most `words` words together, though at least one, in the order in which they were chosen.

    Each is chosen for its worth less its likeness to those before it, and not where one of them says it in nearly the
    same words. Worth is in equal parts relevance and mean likeness to all sentences: what many papers say is what an
    answer should (Erkan and Radev 2004).
    """
    alike = [[_likeness(one, other) for other in sentences] for one in sentences]
    worth = [(sentence.relevance + fmean(row)) / 2 for sentence, row in zip(sentences, alike, strict=True)]
    chosen: list[int] = []
    rest = list(range(len(sentences)))
    while rest:
        best = max(rest, key=lambda i: worth[i] - _REDUNDANCY * max((alike[i][j] for j in chosen), default=0.0))
        rest.remove(best)
        length = len(sentences[best].text.split())
        repeats = any(_repeats(sentences[best], sentences[i]) for i in chosen)
        if not chosen or (length <= words and not repeats):
            chosen.append(best)
            words -= length
    return [sentences[i] for i in chosen]


def written(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text; one that ends without a mark of its own, as titles do, with a full stop."""
    texts = (sentence.text for sentence in sentences)
    return " ".join(text if _END.search(text) else f"{text.rstrip(',;:')}." for text in texts)


def _repeats(one: Sentence, other: Sentence) -> bool:
    mine, theirs = (set(_WORD.findall(sentence.text.lower())) for sentence in (one, other))
    return len(mine & theirs) >= _REPEATED * len(mine)


def _likeness(one: Sentence, other: Sentence) -> float:
    """Cosine of two sentences, or the share of the first one's words that the other has too."""
    if one.vector is not None and other.vector is not None:
        return float(one.vector @ other.vector)
    mine, theirs = (set(sentence.text.lower().split()) for sentence in (one, other))
    return len(mine & theirs) / len(mine)
