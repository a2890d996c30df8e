"""Asking an index the questions of a gold file, and scoring what comes back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from bioqa.eval.bioasq import GoldQuestion, factoid_scores, list_scores
from bioqa.index.progress import Progress, Silent
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Answer, Engine, Response
from bioqa.qa.questions import QuestionType, classify


@dataclass(frozen=True, slots=True)
class Trip:
    """A gold question and what bioqa made of it."""

    gold: GoldQuestion
    response: Response

    @property
    def best(self) -> tuple[Answer, ...]:
        """The answers, or the guesses where bioqa abstained: what the measures that force an answer look at."""
        return self.response.answers or self.response.guesses

    @property
    def found_gold(self) -> bool:
        """Whether a gold document is among those retrieved."""
        return any(hit.passage.document.id in self.gold.documents for hit in self.response.hits)


def run(
    gold: Sequence[GoldQuestion], engine: Engine, config: AskConfig, progress: Progress | None = None
) -> list[Trip]:
    """Ask every question, with the type that the gold file gives, as BioASQ does."""
    trips = []
    for question in gold:
        trips.append(Trip(question, engine.ask(question.body, config, question.type)))
        (progress or Silent()).update(len(trips) / len(gold), len(trips))
    return trips


def scores(trips: Sequence[Trip]) -> dict[str, Any]:
    """All figures of a run. Answers are scored as if bioqa had to answer; abstention is counted beside them."""
    answerable = [trip for trip in trips if trip.gold.answerable]
    by_type = {kind: [trip for trip in answerable if trip.gold.type is kind] for kind in QuestionType}
    factoids, lists = by_type[QuestionType.FACTOID], by_type[QuestionType.LIST]
    yesno = [trip for trip in by_type[QuestionType.YESNO] if trip.gold.exact]
    unanswerable = [trip for trip in trips if not trip.gold.answerable]
    return {
        "questions": len(trips),
        "gold_document_in_passages_read": _mean([trip.found_gold for trip in answerable if trip.gold.documents]),
        "type_right": _mean([classify(trip.gold.body) is trip.gold.type for trip in trips]),
        "factoid": asdict(factoid_scores(*_columns(factoids))),
        "list": asdict(list_scores([trip.gold for trip in lists], [[a.text for a in trip.best] for trip in lists])),
        "yesno": {
            "accuracy": _mean([trip.best[:1] != () and trip.best[0].text == trip.gold.exact[0][0] for trip in yesno]),
            "questions": len(yesno),
        },
        "abstained": {
            "answerable": sum(trip.response.abstained for trip in answerable),
            "of_answerable": len(answerable),
            "unanswerable": sum(trip.response.abstained for trip in unanswerable),
            "of_unanswerable": len(unanswerable),
        },
        "median_ms": median(trip.response.timings_ms["total"] for trip in trips) if trips else 0.0,
    }


def _columns(trips: Sequence[Trip]) -> tuple[list[GoldQuestion], list[list[str]]]:
    return [trip.gold for trip in trips], [[answer.text for answer in trip.best] for trip in trips]


def _mean(values: Sequence[bool]) -> float:
    return fmean(values) if values else 0.0
