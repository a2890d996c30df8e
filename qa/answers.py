"""What is answered: candidates with their confidence, and which of them are sure enough to be given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bioqa.index.records import Hit
from bioqa.qa import calibration
from bioqa.qa.aggregate import Candidate, Evidence, overlap
from bioqa.qa.calibration import Logistic
from bioqa.qa.config import AskConfig
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.terms import QuestionTerms

_JUDGED = 20  # candidates whose confidence is worked out
_CONSIDERABLE = 0.5  # share of the weight behind the best answer that makes another view worth telling


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its text, the probability (0..1) that it is right and the features behind it, and a sentence of each
    document that says so, best first."""

    text: str
    confidence: float
    features: Mapping[str, float]
    evidence: tuple[Evidence, ...]

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that say so."""
        return tuple(dict.fromkeys(item.passage.document.id for item in self.evidence))


def judged(
    candidates: Sequence[Candidate],
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
    fitted: Logistic,
) -> list[Answer]:
    """The first candidates with the confidence that is fitted for their type, surest first."""
    similarities = {hit.passage.number: calibration.similarity(hit) for hit in hits}
    relevant = calibration.relevances(readings)
    answers = []
    for place, candidate in enumerate(candidates[:_JUDGED]):
        features = calibration.answer_features(candidates, place, terms, similarities, relevant)
        answers.append(Answer(candidate.text, fitted.probability(features), features, candidate.evidence))
    return sorted(answers, key=lambda answer: -answer.confidence)


def given(
    answers: Sequence[Answer], question_type: QuestionType, found: float, config: AskConfig, least: float
) -> tuple[Answer, ...]:
    """What is sure enough to give: every such distinct item of a list, else the first answers if the best one is.

    Unless another least confidence is asked for, yes or no is given where what was found is to the point and some of it
    says so: of those that nothing says, half were wrong in years 9 and 10.
    """
    if question_type is QuestionType.LIST:
        return tuple(distinct([answer for answer in answers if answer.confidence >= least]))
    if question_type is QuestionType.YESNO and config.min_confidence is None:
        sure = bool(answers) and bool(answers[0].evidence) and found >= least
    else:
        sure = bool(answers) and answers[0].confidence >= least
    return foremost(answers, question_type, config) if sure else ()


def foremost(answers: Sequence[Answer], question_type: QuestionType, config: AskConfig) -> tuple[Answer, ...]:
    """As many answers as are given at most: of yes and no the one that is more likely."""
    return tuple(answers[: 1 if question_type is QuestionType.YESNO else config.top])


def disagreeing(answers: Sequence[Answer], question_type: QuestionType, least: float) -> tuple[Answer, ...]:
    """What other documents than those of the best answer say instead, with at least half of its weight."""
    if question_type is QuestionType.LIST or not answers:
        return ()
    best, *others = answers
    enough = _CONSIDERABLE * _weight(best)
    likely = [other for other in others if question_type is QuestionType.YESNO or other.confidence >= least]
    elsewhere = [other for other in likely if other.evidence and not set(other.documents) & set(best.documents)]
    return tuple(distinct([other for other in elsewhere if _weight(other) >= enough]))


def _weight(answer: Answer) -> float:
    return sum(item.score for item in answer.evidence)


def distinct(best_first: Sequence[Answer]) -> list[Answer]:
    """Without the answers that stand on the same words as a better one."""
    kept: list[Answer] = []
    for answer in best_first:
        if not any(overlap(answer.evidence, better.evidence) for better in kept):
            kept.append(answer)
    return kept
