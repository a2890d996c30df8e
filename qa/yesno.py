"""Yes/no questions: features and evidence from the reader's verdicts and the most relevant sentences."""

import re
from collections.abc import Sequence
from math import log

from bioqa.index.records import Hit
from bioqa.index.text import analyzer
from bioqa.qa import siblings
from bioqa.qa.aggregate import Evidence, passage_weight
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading
from bioqa.qa.siblings import Attribute
from bioqa.qa.summary import Sentence

_NEGATION = re.compile(
    r"\b(?:(?-i:[Nn]o)|not|never|neither|nor|none|without|cannot|lacks?|absent|fail(?:s|ed|ure)? to|unlike|rather than"
    r"|instead of|rarely|seldom|ineffective|unlikely|unrelated|contraindicated|unable|independent(?:ly)? of|spares?)\b"
    r"|n['’]t\b|\b(?:there (?:is|are|was|were)|(?:is|are|was|were) there) no\b",  # elsewhere NO is nitric oxide
    re.IGNORECASE,
)
_PRIOR = 0.03  # added to both sides, so that a weak verdict of a single passage does not decide
_LEAST_WEIGHT = 0.1  # of a passage that is quoted, relative to the best one: passages below are off topic
_COVERED = 0.6  # of the rest of a claim by a sentence, with its title, that speaks of the same
_SENTENCES = 3  # the sentences that vote: further ones are mostly off topic


def features(
    question: str,
    sentences: Sequence[Sentence],
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
) -> dict[str, float]:
    """The features that separate yes from no.

    verdict: log of the passages' total for yes over that for no, weighted by passage weight and relevance; 0 without
    verdicts. negated: the share (0..1, weighted by relevance) of the best sentences whose negation differs from the
    question's. claim and passage: the highest coverage of the question's terms by one of these sentences, and by one of
    their passages.
    """
    question_negates = _negates(question)
    voters = sentences[:_SENTENCES]
    total = sum(sentence.relevance for sentence in voters)
    against = sum(sentence.relevance for sentence in voters if _negates(sentence.text) != question_negates)
    return {
        "verdict": _verdict(hits, readings),
        "negated": against / total if total else 0.5,
        "claim": max((terms.coverage(sentence.text) for sentence in voters), default=0.0),
        "passage": max((terms.coverage_of(sentence.passage) for sentence in voters), default=0.0),
    }


def _negates(text: str) -> bool:
    """Whether a text negates something; in a text all in capitals, "NO" is the word and not nitric oxide."""
    return bool(_NEGATION.search(text.lower() if text.isupper() else text))


def _verdict(hits: Sequence[Hit], readings: Sequence[Reading]) -> float:
    yes = no = _PRIOR
    for hit, reading in zip(hits, readings, strict=True):
        if reading.verdict is not None and reading.relevance is not None:
            weight = passage_weight(hit) * reading.relevance
            yes += weight * reading.verdict[0]
            no += weight * reading.verdict[1]
    return log(yes / no)


def contradicting_sentences(
    question: str, sentences: Sequence[Sentence], terms: QuestionTerms
) -> tuple[Sentence, ...]:
    """The sentences that say a sibling of a word of the claim and otherwise the same, best first.

    None where a sentence that is to the point has the word itself, or where one of them negates and the other does not.
    """
    for attribute in siblings.attributes(question):
        own = set(analyzer.terms(question[attribute.start : attribute.end]))
        rest = {term: weight for term, weight in terms.weights.items() if term not in own}
        found: list[tuple[float, Sentence]] = []
        for sentence in sentences:
            stands, stands_for_sibling = _stands(attribute, question, sentence.text)
            if not stands and not stands_for_sibling:
                continue
            present = set(analyzer.terms(f"{sentence.passage.document.title} {sentence.text}"))
            covered = sum(weight for term, weight in rest.items() if term in present)
            if not rest or covered < _COVERED * sum(rest.values()):
                continue
            if stands or _negates(sentence.text) or _negates(question):
                found = []
                break
            found.append((covered, sentence))
        if found:
            return tuple(sentence for _, sentence in sorted(found, key=lambda pair: -pair[0]))
    return ()


def _stands(attribute: Attribute, question: str, text: str) -> tuple[bool, bool]:
    """Whether an attribute of the question stands in a text, and whether a sibling of it does, of the same thing."""
    alike = [
        other
        for other in siblings.attributes(text)
        if other.kind == attribute.kind and (not attribute.of or attribute.of & other.of)
    ]
    stands = any(other.value == attribute.value for other in alike)
    word = question[attribute.start : attribute.end].lower()
    return stands or (len(word) > 3 and word in text.lower()), bool(alike)


def evidence(
    sentences: Sequence[Sentence], hits: Sequence[Hit], readings: Sequence[Reading], answer: str
) -> tuple[Evidence, ...]:
    """The best sentence of each document whose passages give this answer, best first.

    Passages far below the best one in weight are left out. Empty for a reader without verdicts.
    """
    least = _LEAST_WEIGHT * max(map(passage_weight, hits), default=0.0)
    supporting = {
        hit.passage.number
        for hit, reading in zip(hits, readings, strict=True)
        if passage_weight(hit) >= least and _likeliest(reading) == answer
    }
    return quote_sentences([sentence for sentence in sentences if sentence.passage.number in supporting])


def quote_sentences(sentences: Sequence[Sentence]) -> tuple[Evidence, ...]:
    """The best of these sentences from each document as evidence, best first."""
    best: dict[str, Sentence] = {}
    for sentence in sorted(sentences, key=lambda sentence: -sentence.relevance):
        best.setdefault(sentence.passage.document.id, sentence)
    return tuple(Evidence(each.passage, each.text, 0, len(each.text), each.relevance) for each in best.values())


def _likeliest(reading: Reading) -> str | None:
    if reading.verdict is None:
        return None
    return max(zip(reading.verdict, ("yes", "no", None), strict=True), key=lambda pair: pair[0])[1]
