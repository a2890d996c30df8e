"""Yes or no: what the passages say, by the reader's verdict on each, and by the words of their best sentences."""

import re
from collections.abc import Sequence
from math import log

from bioqa.index.records import Hit
from bioqa.qa.aggregate import Evidence, promise
from bioqa.qa.reader import Reading
from bioqa.qa.summary import Sentence
from bioqa.qa.terms import QuestionTerms

_NEGATION = re.compile(
    r"\b(?:(?-i:[Nn]o)|not|never|neither|nor|none|without|cannot|lacks?|absent|fail(?:s|ed|ure)? to|unlike|rather than"
    r"|instead of|rarely|seldom|ineffective|unlikely|unrelated|contraindicated|unable|independent(?:ly)? of|spares?)\b"
    r"|n['’]t\b|\b(?:there (?:is|are|was|were)|(?:is|are|was|were) there) no\b",  # elsewhere NO is nitric oxide
    re.IGNORECASE,
)
_PRIOR = 0.03  # on either side: what little one passage says is not yet all that is said
_LEAST_PROMISE = 0.1  # of a passage to be quoted, as a share of that of the best: the rest is off the point
_SENTENCES = 3  # that vote: further ones are mostly about something else


def features(
    question: str,
    sentences: Sequence[Sentence],
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
) -> dict[str, float]:
    """What tells yes from no.

    verdict: log of how much the passages say yes over how much they say no, each weighed by how well it was found and
    how much it is to the point; 0 where the reader does not tell.
    negated: the share (0..1, weighed by relevance) of the best sentences that negate where the question does not, or
    the other way round; claim and passage: how much of the question a single one of them, or its passage, says.
    """
    asked = _negates(question)
    voters = sentences[:_SENTENCES]
    total = sum(sentence.relevance for sentence in voters)
    against = sum(sentence.relevance for sentence in voters if _negates(sentence.text) != asked)
    return {
        "verdict": _verdict(hits, readings),
        "negated": against / total if total else 0.5,
        "claim": max((terms.coverage(sentence.text) for sentence in voters), default=0.0),
        "passage": max((terms.coverage_of(sentence.passage) for sentence in voters), default=0.0),
    }


def _negates(text: str) -> bool:
    """Whether a text says no to something; where all is in capitals, "NO" is the word and not nitric oxide."""
    return bool(_NEGATION.search(text.lower() if text.isupper() else text))


def _verdict(hits: Sequence[Hit], readings: Sequence[Reading]) -> float:
    yes = no = _PRIOR
    for hit, reading in zip(hits, readings, strict=True):
        if reading.verdict is not None and reading.relevance is not None:
            weight = promise(hit) * reading.relevance
            yes += weight * reading.verdict[0]
            no += weight * reading.verdict[1]
    return log(yes / no)


def evidence(
    sentences: Sequence[Sentence], hits: Sequence[Hit], readings: Sequence[Reading], answer: str
) -> tuple[Evidence, ...]:
    """The best sentence of every document that says so to the reader, best first, but of none that was found far behind
    the best; none where the reader does not tell."""
    least = _LEAST_PROMISE * max(map(promise, hits), default=0.0)
    saying = {
        hit.passage.number
        for hit, reading in zip(hits, readings, strict=True)
        if promise(hit) >= least and _leaning(reading) == answer
    }
    return quoted([sentence for sentence in sentences if sentence.passage.number in saying])


def quoted(sentences: Sequence[Sentence]) -> tuple[Evidence, ...]:
    """The best of these sentences of every document, each as a whole, best first."""
    best: dict[str, Sentence] = {}
    for sentence in sorted(sentences, key=lambda sentence: -sentence.relevance):
        best.setdefault(sentence.passage.document.id, sentence)
    return tuple(Evidence(each.passage, each.text, 0, len(each.text), each.relevance) for each in best.values())


def _leaning(reading: Reading) -> str | None:
    if reading.verdict is None:
        return None
    return max(zip(reading.verdict, ("yes", "no", None), strict=True), key=lambda pair: pair[0])[1]
