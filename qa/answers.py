"""Answers: candidates with calibrated confidence, and the selection of those that are given."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bioqa.index.records import Hit
from bioqa.qa import calibration
from bioqa.qa.aggregate import AnswerCandidate, Evidence, overlap
from bioqa.qa.calibration import Logistic
from bioqa.qa.config import AskConfig
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading

_SCORED = 20  # candidates that get a confidence
_CONSIDERABLE = 0.5  # share of the evidence for yes or no that its opposite needs to conflict with it
_AS_MUCH = 0.75  # the same for other answers, of which more are possible
_STARTER = "starter:"  # what the ids of the passages that ship with bioqa begin with
GUESS = 0.1  # confidence below which a short answer is not even shown as a guess: 2 of 21 were right


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its confidence.

    `confidence` is the probability (0..1) that the answer is right, computed from `features`. `evidence` is one
    sentence per document, best first.
    """

    text: str
    confidence: float
    features: Mapping[str, float]
    evidence: tuple[Evidence, ...]

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the supporting documents."""
        return tuple(dict.fromkeys(item.passage.document.id for item in self.evidence))


def score_candidates(
    candidates: Sequence[AnswerCandidate],
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
    fitted: Logistic,
) -> list[Answer]:
    """The first candidates with their confidence by the model fitted for the question type, most confident first."""
    similarities = {hit.passage.number: calibration.similarity(hit) for hit in hits}
    relevant = calibration.relevances(readings)
    answers = []
    for place, candidate in enumerate(candidates[:_SCORED]):
        features = calibration.answer_features(candidates, place, terms, similarities, relevant)
        answers.append(Answer(candidate.text, fitted.probability(features), features, candidate.evidence))
    return sorted(answers, key=lambda answer: -answer.confidence)


def select_answers(
    answers: Sequence[Answer],
    question_type: QuestionType,
    relevance: float,
    config: AskConfig,
    least: float,
    share: float = 0.0,
) -> tuple[Answer, ...]:
    """The answers to give if the best is at least as probable as the threshold `least`: the top ones, and for a list
    all distinct items with at least `share` of the probability of the best, or with `least` where `share` is 0.

    Without `min_confidence`, yes or no is given where the passages are relevant (`relevance` is at least `least`) and
    some say so: half of the answers without such evidence were wrong on years 9 and 10.
    """
    if question_type is QuestionType.LIST:
        if answers and answers[0].confidence >= least:
            least = share * answers[0].confidence or least
        return tuple(without_overlaps([answer for answer in answers if answer.confidence >= least]))
    if question_type is QuestionType.YESNO and config.min_confidence is None:
        sure = bool(answers) and bool(answers[0].evidence) and relevance >= least
    else:
        sure = bool(answers) and answers[0].confidence >= least
    return top_answers(answers, question_type, config) if sure else ()


def top_answers(answers: Sequence[Answer], question_type: QuestionType, config: AskConfig) -> tuple[Answer, ...]:
    """The best answers, as many as the question type and `config.top` allow: one for yes/no."""
    return tuple(answers[: 1 if question_type is QuestionType.YESNO else config.top])


def conflicting_answers(answers: Sequence[Answer], question_type: QuestionType, least: float) -> tuple[Answer, ...]:
    """The answers of documents that do not support the best one, each with about its weight of evidence.

    Answers that share a word, as "30%" and "about 30%" do, are no conflict.
    """
    if question_type is QuestionType.LIST or not answers:
        return ()
    best, *others = answers
    yes_or_no = question_type is QuestionType.YESNO
    enough = (_CONSIDERABLE if yes_or_no else _AS_MUCH) * _weight(best)
    mine = _words(best)
    likely = [other for other in others if yes_or_no or other.confidence >= least]
    from_others = [other for other in likely if other.evidence and not set(other.documents) & set(best.documents)]
    unlike = [other for other in from_others if not mine & _words(other)]
    return tuple(without_overlaps([other for other in unlike if _weight(other) >= enough]))


def _words(answer: Answer) -> set[str]:
    return set(re.findall(r"\w+", answer.text.lower()))


def _weight(answer: Answer) -> float:
    return sum(item.score for item in answer.evidence)


def sources(documents: Sequence[str]) -> str:
    """How many papers these are, as in "4 papers"; the passages that ship with bioqa are no papers."""
    starter = are_starter(documents)
    count = f"{len(documents)} {'passage' if starter else 'paper'}{'' if len(documents) == 1 else 's'}"
    return f"{count} of the starter set" if starter else count


def are_starter(documents: Sequence[str]) -> bool:
    """Whether all of these documents are passages that ship with bioqa."""
    return bool(documents) and all(document.startswith(_STARTER) for document in documents)


def without_overlaps(best_first: Sequence[Answer]) -> list[Answer]:
    """The answers without those that rest on the same words as a better one."""
    kept: list[Answer] = []
    for answer in best_first:
        if not any(overlap(answer.evidence, better.evidence) for better in kept):
            kept.append(answer)
    return kept
