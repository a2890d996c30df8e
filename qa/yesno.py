"""Yes or no, from the sentences that speak to the question: a first version, by negation and coverage."""

import re
from collections.abc import Sequence

from bioqa.qa.summary import Sentence
from bioqa.qa.terms import QuestionTerms

_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|lacks?|absent|fail(?:s|ed|ure)? to|unlike|rather than"
    r"|instead of|rarely|seldom|ineffective|unlikely|unrelated|contraindicated|unable|independent(?:ly)? of|spares?)\b"
    r"|n't\b",
    re.IGNORECASE,
)
_SENTENCES = 3  # that vote: further ones are mostly about something else


def features(question: str, sentences: Sequence[Sentence], terms: QuestionTerms) -> dict[str, float]:
    """What tells yes from no.

    negated: the share (0..1, weighed by relevance) of the best sentences that negate where the question does not, or
    the other way round; claim and passage: how much of the question a single one of them, or its passage, says.
    """
    asked = bool(_NEGATION.search(question))
    voters = sentences[:_SENTENCES]
    total = sum(sentence.relevance for sentence in voters)
    against = sum(sentence.relevance for sentence in voters if bool(_NEGATION.search(sentence.text)) != asked)
    return {
        "negated": against / total if total else 0.5,
        "claim": max((terms.coverage(sentence.text) for sentence in voters), default=0.0),
        "passage": max((terms.coverage_of(sentence.passage) for sentence in voters), default=0.0),
    }
