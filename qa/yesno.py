"""Yes/no questions: what each sentence says to the claim, the features of both sides, and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.aggregate import Evidence, passage_weight
from bioqa.qa.claims.claim import Claim, Comparison, negates
from bioqa.qa.claims.siblings import DIRECTION, attributes
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading
from bioqa.qa.summary import Sentence

JUDGED = 8  # sentences, the most relevant ones: 18 ms on two cores
_CONTRADICTING = 3  # sentences judged where those say nothing
UNFITTED: Mapping[str, float] = {"sentences": 0.5, "contradicted": -3.5}  # weights of a calibration that has none
_COVERED, _MENTIONED = 0.75, 0.6  # of a claim by a sentence that affirms it, and by one that speaks against it
_WHOLE, _IN_CLAUSE, _MOST_IN_CLAUSE = 0.95, 0.5, 0.8  # of a claim by a sentence, and by one clause of it
_LITERAL = 2.0  # a claim that stands in a sentence word for word, in the log-odds of verdicts
_DENIAL = 0.5  # a negation beside the words of the claim
_VERDICT = 0.3  # weight of the log-odds of a verdict: it doesn't see one swapped word
_LITTLE = 0.5  # strengths below say nothing
_LEAST_LITERAL = -0.5  # strength of the verdict where a claim stands there word for word, without a negation
_PRIOR = 0.03  # added to both sides, so that a weak verdict of a single passage does not decide
_LEAST_WEIGHT = 0.1  # of a passage that is quoted, relative to the best one: passages below are off topic
_BARELY = 0.51  # probability of the side that sentences take where all else speaks for the other
_SENTENCES = 3  # the sentences that vote: further ones are mostly off topic


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a sentence says to a claim: "yes", "no" or None, and how strongly (about 0 to 4).

    contradicts: it says no by what stands there in place of the claim's words; whole: it says yes and has all of them.
    """

    sentence: Sentence
    says: str | None
    strength: float
    contradicts: bool = False
    whole: bool = False


def could_contradict(question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that name a sibling of what is claimed, and not that itself; at most three.

    "Inheritance is dominant" shares no word with "Is chorea recessive?", so relevance passes it over. Verbs such as
    activate and inhibit are said of anything: they make no sentence worth judging.
    """
    excluding = [attribute for attribute in attributes(question) if attribute.excludes and attribute.kind != DIRECTION]
    claimed = {(attribute.kind, attribute.value) for attribute in excluding}
    kinds = {kind for kind, _ in claimed}
    found = []
    for sentence in sentences:
        said = {(other.kind, other.value) for other in attributes(sentence.text) if other.kind in kinds}
        if said and said.isdisjoint(claimed):
            found.append(sentence)
    return found[:_CONTRADICTING]


def as_passages(sentences: Sequence[Sentence]) -> list[Passage]:
    """These sentences, each as a passage of its own for the reader."""
    return [
        Passage(
            sentence.passage.number,
            Document(sentence.passage.document.id, abstract=sentence.text),
            0,
            len(sentence.text),
        )
        for sentence in sentences
    ]


def judge(
    question: str, sentences: Sequence[Sentence], terms: QuestionTerms, readings: Sequence[Reading]
) -> list[Judgement]:
    """What each of these sentences says, by its wording and by the reader's verdict on it alone.

    A sentence affirms the claim if its verdict is yes and it covers the claim's words; it contradicts it if a sibling
    of a word stands in its place, or agent and target are exchanged; what covers too little says nothing.
    """
    claim = Claim(question, terms.weights)
    return [
        _judge(sentence, claim.compare(sentence.passage.document.title, sentence.text, sentence.passage.text), reading)
        for sentence, reading in zip(sentences, readings, strict=True)
    ]


def _judge(sentence: Sentence, compared: Comparison, reading: Reading) -> Judgement:
    coverage = compared.coverage
    if compared.contradicts:
        if (
            compared.denies or coverage < _MENTIONED or compared.within < _IN_CLAUSE
        ):  # the denial of a contradiction is no support for the claim
            return Judgement(sentence, None, 0.0)
        return Judgement(sentence, "no", _LITERAL * coverage * (2 if compared.turned else 1), contradicts=True)
    strength = _strength(reading)
    says_anything = 1.0 if reading.verdict is None else 1 - reading.verdict[2]
    if compared.denies:
        strength -= _DENIAL
    elif coverage >= _WHOLE and compared.within >= _MOST_IN_CLAUSE:
        strength = max(strength, _LEAST_LITERAL) + _LITERAL * says_anything
    elif coverage >= _COVERED:
        strength += _LITERAL / 2 * says_anything
    if strength > _LITTLE and coverage >= _COVERED and compared.within >= _IN_CLAUSE and not compared.lacks:
        return Judgement(sentence, "yes", strength * coverage, whole=coverage >= _WHOLE)
    if strength < -_LITTLE and coverage >= _MENTIONED:
        return Judgement(sentence, "no", -strength * coverage)
    return Judgement(sentence, None, 0.0)


def _strength(reading: Reading) -> float:
    """The log-odds of yes and no in a verdict, weakened by neither; 0 without a verdict."""
    if reading.verdict is None:
        return 0.0
    yes, no, neither = reading.verdict
    return _VERDICT * log((yes + 0.02) / (no + 0.02)) * (1 - neither)


def features(
    question: str,
    sentences: Sequence[Sentence],
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
    judgements: Sequence[Judgement] = (),
) -> dict[str, float]:
    """The features that separate yes from no.

    verdict: log of the passages' total for yes over that for no, weighted by passage weight and relevance; 0 without
    verdicts. negated: the share (0..1, weighted by relevance) of the best sentences whose negation differs from the
    question's. claim and passage: the highest coverage of the question's terms by one of these sentences, and by one of
    their passages. sentences: the strength of the sentence that says yes most strongly less that of the one that says
    no. contradicted: 1 if a sentence that contradicts the claim is stronger than every one that affirms it.
    """
    question_negates = negates(question)
    voters = sentences[:_SENTENCES]
    total = sum(sentence.relevance for sentence in voters)
    against = sum(sentence.relevance for sentence in voters if negates(sentence.text) != question_negates)
    yes, no = (max((each.strength for each in judgements if each.says == side), default=0.0) for side in ("yes", "no"))
    contradicting = max((each.strength for each in judgements if each.contradicts), default=0.0)
    return {
        "verdict": _verdict(hits, readings),
        "negated": against / total if total else 0.5,
        "claim": max((terms.coverage(sentence.text) for sentence in voters), default=0.0),
        "passage": max((terms.coverage_of(sentence.passage) for sentence in voters), default=0.0),
        "sentences": yes - no,
        "contradicted": float(contradicting > yes),
    }


def with_side_of_sentences(yes: float, features: Mapping[str, float]) -> float:
    """The probability of yes, on the side that the judged sentences take if they take one.

    How much of a claim is covered, and what is negated, may lower the confidence but does not overturn a verdict.
    """
    if features["sentences"] > _LITTLE:
        return max(yes, _BARELY)
    return min(yes, 1 - _BARELY) if features["sentences"] < -_LITTLE else yes


def _verdict(hits: Sequence[Hit], readings: Sequence[Reading]) -> float:
    yes = no = _PRIOR
    for hit, reading in zip(hits, readings, strict=True):
        if reading.verdict is not None and reading.relevance is not None:
            weight = passage_weight(hit) * reading.relevance
            yes += weight * reading.verdict[0]
            no += weight * reading.verdict[1]
    return log(yes / no)


def evidence(judgements: Sequence[Judgement], hits: Sequence[Hit], answer: str) -> tuple[Evidence, ...]:
    """The sentence of each document that says this most plainly, best first.

    Where a sentence contradicts the claim or has all its words, sentences that do neither are no evidence for either
    side. Sentences of passages far below the best one in weight are left out.
    """
    least = _LEAST_WEIGHT * max(map(passage_weight, hits), default=0.0)
    close = {hit.passage.number for hit in hits if passage_weight(hit) >= least}
    telling = [each for each in judgements if each.says and each.sentence.passage.number in close]
    plain = [each for each in telling if each.contradicts or each.whole] or telling
    return quote_sentences([each.sentence for each in plain if each.says == answer])


def quote_sentences(sentences: Sequence[Sentence]) -> tuple[Evidence, ...]:
    """The best of these sentences from each document as evidence, best first."""
    best: dict[str, Sentence] = {}
    for sentence in sorted(sentences, key=lambda sentence: -sentence.relevance):
        best.setdefault(sentence.passage.document.id, sentence)
    return tuple(Evidence(each.passage, each.text, 0, len(each.text), each.relevance) for each in best.values())
