"""An evaluation on BioASQ questions, from files to figures: of a submission, or of an index and its models."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from bioqa.eval import confidence, ledger, scores
from bioqa.eval.bioasq import same
from bioqa.eval.confidence import Confidence
from bioqa.eval.gold import GoldQuestion, read_gold
from bioqa.eval.ledger import Cause, Row
from bioqa.eval.scores import Batch, Scores
from bioqa.eval.submission import Submitted, read_submission
from bioqa.eval.tables import Table

if TYPE_CHECKING:
    from bioqa.eval.outcome import Outcome

_ENDING = re.compile(r"(\.json)?(\.gz|\.xz)?$")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores, pooled and by batch, and what they are of; of a run also what came of every question, in order."""

    questions: Sequence[GoldQuestion]
    pooled: Scores
    parts: Sequence[Scores]
    against: Scores | None = None
    outcomes: Sequence["Outcome"] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """The lines of the ledger."""
        return [outcome.row for outcome in self.outcomes if outcome.row]


def read_batches(paths: Sequence[Path]) -> list[Batch]:
    """The gold files as batches, named as their files, or by their paths where two files have one name."""
    names = [_ENDING.sub("", path.name) for path in paths]
    if len(set(names)) < len(set(paths)):
        names = [str(path) for path in paths]
    return [Batch(name, read_gold(path)) for name, path in zip(names, paths, strict=True)]


def of_submission(batches: Sequence[Batch], path: Path, against: Path | None = None) -> Evaluation:
    """The scores of a submission file, with a paired test against another one."""
    whole = scores.pooled(batches)
    answers = _by_id(read_submission(path, whole.questions))
    return _evaluation(batches, whole, answers, against, path.name, True, facts={"submission": path.name})


def of_run(
    batches: Sequence[Batch],
    outcomes: Sequence["Outcome"],
    facts: Mapping[str, str],
    *,
    retrieved: bool,
    against: Path | None = None,
) -> Evaluation:
    """The scores of outcomes in the order of the batches' questions.

    Answers are scored as if bioqa had to answer; abstention is counted beside them.
    """
    whole = scores.pooled(batches)
    answers = _by_id([outcome.submitted for outcome in outcomes])
    return _evaluation(batches, whole, answers, against, "this run", retrieved, outcomes, facts)


def _evaluation(
    batches: Sequence[Batch],
    whole: Batch,
    answers: Mapping[str, Submitted],
    against: Path | None,
    name: str,
    retrieved: bool,
    outcomes: Sequence["Outcome"] = (),
    facts: Mapping[str, str] | None = None,
) -> Evaluation:
    other = None
    if against:
        theirs = _by_id(read_submission(against, whole.questions))
        other = scores.score(Batch(against.name, whole.questions), theirs, retrieved=retrieved)
    return Evaluation(
        questions=whole.questions,
        pooled=scores.score(Batch(name if other else whole.name, whole.questions), answers, retrieved=retrieved),
        parts=[scores.score(batch, answers, retrieved=retrieved) for batch in batches] if len(batches) > 1 else (),
        against=other,
        outcomes=outcomes,
        facts={"gold": ", ".join(batch.name for batch in batches), **(facts or {})},
    )


def _by_id(answers: Sequence[Submitted]) -> dict[str, Submitted]:
    return {answer.id: answer for answer in answers}


def confidences(evaluation: Evaluation) -> dict[str, Confidence]:
    """How well the confidence of the first answer to factoid and to yes/no questions tells whether it is right."""
    rows: dict[str, list[tuple[float, bool]]] = {"factoid": [], "yesno": []}
    for question, outcome in zip(evaluation.questions, evaluation.outcomes, strict=True):
        if question.type.value in rows and question.exact:
            answers = outcome.submitted.exact
            sure = outcome.confidences[0] if answers else 0.0
            rows[question.type.value].append((sure, bool(answers) and same(answers[0], question.exact[0])))
    return {
        kind: confidence.measure([sure for sure, _ in found], [right for _, right in found])
        for kind, found in rows.items()
        if found
    }


def run_facts(evaluation: Evaluation) -> dict[str, float | int]:
    """What a run shows besides its scores; times in milliseconds."""
    rows = list(zip(evaluation.questions, evaluation.outcomes, strict=True))
    answerable = [(question, outcome) for question, outcome in rows if question.answerable]
    without = [outcome for question, outcome in rows if not question.answerable]
    with_documents = [outcome.gold_found for question, outcome in answerable if question.documents]
    return {
        "gold_document_among_passages_read": fmean(with_documents) if with_documents else 0.0,
        "question_type_right": fmean(outcome.type_told == question.type for question, outcome in rows),
        "answerable_questions": len(answerable),
        "abstained_where_answerable": sum(outcome.abstained for _, outcome in answerable),
        "unanswerable_questions": len(without),
        "abstained_where_unanswerable": sum(outcome.abstained for outcome in without),
        "median_ms": median(outcome.milliseconds for _, outcome in rows),
    }


def tables(evaluation: Evaluation) -> list[Table]:
    """All that an evaluation has to show, as tables."""
    found = score_tables(evaluation)
    if evaluation.outcomes:
        found.append(ledger.table(evaluation.rows))
        found += [confidence.table(kind, measured) for kind, measured in confidences(evaluation).items()]
    return found


def score_tables(evaluation: Evaluation) -> list[Table]:
    """The tables that need no look at single questions."""
    found = [scores.measures_table(evaluation.pooled)]
    if evaluation.parts:
        found.append(scores.batches_table(evaluation.parts))
    if evaluation.against:
        found.append(scores.comparison_table(evaluation.pooled, evaluation.against))
    if evaluation.outcomes:
        facts = [(name.replace("_", " "), value) for name, value in run_facts(evaluation).items()]
        found.append(Table("The run", ("what", "figure"), facts))
    return found


def as_object(evaluation: Evaluation) -> dict[str, Any]:
    """What `bioqa eval bioasq --json` prints."""
    found: dict[str, Any] = scores.as_object(evaluation.pooled)
    found["intervals_95"] = scores.intervals(evaluation.pooled)
    if evaluation.parts:
        found["batches"] = {part.name: scores.as_object(part) for part in evaluation.parts}
    if evaluation.against:
        compared = scores.comparison(evaluation.pooled, evaluation.against)
        found["against"] = {name: asdict(pair) for name, pair in compared.items()}
    if evaluation.outcomes:
        found["run"] = {**evaluation.facts, **run_facts(evaluation)}
        counts = Counter(row.cause.value for row in evaluation.rows)
        found["ledger"] = {cause.value: counts[cause.value] for cause in Cause}
        found["confidence"] = {kind: asdict(measured) for kind, measured in confidences(evaluation).items()}
    return found
