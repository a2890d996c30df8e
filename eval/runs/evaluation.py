"""The evaluation of a submission or a run on BioASQ questions: scores, confidence and ledger, as data and tables."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from bioqa.eval.datasets.bioasq import GoldQuestion, read_gold
from bioqa.eval.datasets.submission import SubmittedAnswer, read_submission
from bioqa.eval.measures import confidence
from bioqa.eval.measures.bioasq import is_correct
from bioqa.eval.measures.confidence import ConfidenceMeasures
from bioqa.eval.runs import ledger, scores
from bioqa.eval.runs.ledger import Cause, LedgerEntry
from bioqa.eval.runs.scores import GoldBatch, Scores
from bioqa.eval.tables import Table

if TYPE_CHECKING:
    from bioqa.eval.runs.outcome import Outcome

_ENDING = re.compile(r"(\.json)?(\.gz|\.xz)?$")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores, pooled and by batch, and the questions; for a run also the outcome of every question, in order.

    `batches` is empty for a single batch. `baseline` holds the scores of another submission. `facts` describe the run.
    """

    questions: Sequence[GoldQuestion]
    pooled: Scores
    batches: Sequence[Scores]
    baseline: Scores | None = None
    outcomes: Sequence["Outcome"] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> list[LedgerEntry]:
        """The entries of the ledger."""
        return [outcome.ledger_entry for outcome in self.outcomes if outcome.ledger_entry]


def read_batches(paths: Sequence[Path]) -> list[GoldBatch]:
    """The gold files as batches, named after their files, or after their paths if two files share a name."""
    names = [_ENDING.sub("", path.name) for path in paths]
    if len(set(names)) < len(set(paths)):
        names = [str(path) for path in paths]
    return [GoldBatch(name, read_gold(path)) for name, path in zip(names, paths, strict=True)]


def evaluate_submission(batches: Sequence[GoldBatch], path: Path, baseline: Path | None = None) -> Evaluation:
    """The evaluation of a submission file, with a paired test against the submission `baseline`."""
    whole = scores.pooled(batches)
    answers = _by_id(read_submission(path, whole.questions))
    return _evaluation(batches, whole, answers, baseline, path.name, True, facts={"submission": path.name})


def evaluate_run(
    batches: Sequence[GoldBatch],
    outcomes: Sequence["Outcome"],
    facts: Mapping[str, str],
    *,
    retrieved: bool,
    baseline: Path | None = None,
) -> Evaluation:
    """The evaluation of outcomes, which are in the order of the batches' questions.

    Answers are scored even where bioqa abstained; abstentions are counted separately. `retrieved` False omits phase A.
    """
    whole = scores.pooled(batches)
    answers = _by_id([outcome.submitted for outcome in outcomes])
    return _evaluation(batches, whole, answers, baseline, "this run", retrieved, outcomes, facts)


def _evaluation(
    batches: Sequence[GoldBatch],
    whole: GoldBatch,
    answers: Mapping[str, SubmittedAnswer],
    baseline: Path | None,
    name: str,
    retrieved: bool,
    outcomes: Sequence["Outcome"] = (),
    facts: Mapping[str, str] | None = None,
) -> Evaluation:
    other = None
    if baseline:
        theirs = _by_id(read_submission(baseline, whole.questions))
        other = scores.score(GoldBatch(baseline.name, whole.questions), theirs, retrieved=retrieved)
    return Evaluation(
        questions=whole.questions,
        pooled=scores.score(GoldBatch(name if other else whole.name, whole.questions), answers, retrieved=retrieved),
        batches=[scores.score(batch, answers, retrieved=retrieved) for batch in batches] if len(batches) > 1 else (),
        baseline=other,
        outcomes=outcomes,
        facts={"gold": ", ".join(batch.name for batch in batches), **(facts or {})},
    )


def _by_id(answers: Sequence[SubmittedAnswer]) -> dict[str, SubmittedAnswer]:
    return {answer.id: answer for answer in answers}


def confidence_measures(evaluation: Evaluation) -> dict[str, ConfidenceMeasures]:
    """The measures of confidence in the first answer, for factoid and for yes/no questions."""
    pairs: dict[str, list[tuple[float, bool]]] = {"factoid": [], "yesno": []}
    for question, outcome in zip(evaluation.questions, evaluation.outcomes, strict=True):
        if question.type.value in pairs and question.exact:
            answers = outcome.submitted.exact
            sure = outcome.confidences[0] if answers else 0.0
            correct = bool(answers) and is_correct(answers[0], question.exact[0])
            pairs[question.type.value].append((sure, correct))
    return {
        kind: confidence.measure([sure for sure, _ in answered], [correct for _, correct in answered])
        for kind, answered in pairs.items()
        if answered
    }


def run_figures(evaluation: Evaluation) -> dict[str, float | int]:
    """The figures of a run besides its scores; times in milliseconds."""
    pairs = list(zip(evaluation.questions, evaluation.outcomes, strict=True))
    answerable = [(question, outcome) for question, outcome in pairs if question.answerable]
    unanswerable = [outcome for question, outcome in pairs if not question.answerable]
    read = [outcome.gold_document_read for question, outcome in answerable if question.documents]
    return {
        "gold_document_among_passages_read": fmean(read) if read else 0.0,
        "question_type_right": fmean(outcome.predicted_type == question.type for question, outcome in pairs),
        "answerable_questions": len(answerable),
        "abstained_where_answerable": sum(outcome.abstained for _, outcome in answerable),
        "unanswerable_questions": len(unanswerable),
        "abstained_where_unanswerable": sum(outcome.abstained for outcome in unanswerable),
        "median_ms": median(outcome.milliseconds for _, outcome in pairs),
    }


def all_tables(evaluation: Evaluation) -> list[Table]:
    """All tables of an evaluation."""
    shown = score_tables(evaluation)
    if evaluation.outcomes:
        shown.append(ledger.table(evaluation.ledger))
        shown += [confidence.table(kind, measured) for kind, measured in confidence_measures(evaluation).items()]
    return shown


def score_tables(evaluation: Evaluation) -> list[Table]:
    """The tables of scores and of the run."""
    shown = [scores.measures_table(evaluation.pooled)]
    if evaluation.batches:
        shown.append(scores.batches_table(evaluation.batches))
    if evaluation.baseline:
        shown.append(scores.comparison_table(evaluation.pooled, evaluation.baseline))
    if evaluation.outcomes:
        figures = [(name.replace("_", " "), value) for name, value in run_figures(evaluation).items()]
        shown.append(Table("The run", ("quantity", "value"), figures))
    return shown


def as_object(evaluation: Evaluation) -> dict[str, Any]:
    """The output of `bioqa eval bioasq --json`."""
    fields: dict[str, Any] = scores.as_object(evaluation.pooled)
    fields["intervals_95"] = scores.intervals(evaluation.pooled)
    if evaluation.batches:
        fields["batches"] = {batch.name: scores.as_object(batch) for batch in evaluation.batches}
    if evaluation.baseline:
        compared = scores.comparison(evaluation.pooled, evaluation.baseline)
        fields["against"] = {name: asdict(pair) for name, pair in compared.items()}
    if evaluation.outcomes:
        fields["run"] = {**evaluation.facts, **run_figures(evaluation)}
        counts = Counter(entry.cause.value for entry in evaluation.ledger)
        fields["ledger"] = {cause.value: counts[cause.value] for cause in Cause}
        fields["confidence"] = {kind: asdict(measured) for kind, measured in confidence_measures(evaluation).items()}
    return fields
