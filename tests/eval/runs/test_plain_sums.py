import subprocess
import sys
from math import isfinite, log

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.runs import plain_sums
from bioqa.index.models import model, runtime
from bioqa.index.records import Document, Passage
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Context, Reader, Reading, context_of
from bioqa.qa.spans import Span

Verdict = tuple[float, float, float] | None


def reading(text: str, *spans: tuple[str, float], items: bool = False, verdict: Verdict = None) -> Reading:
    context = context_of(Passage(0, Document("1", abstract=text), 0, len(text)))
    found = tuple(Span(text.index(part), text.index(part) + len(part), log(p / (1 - p))) for part, p in spans)
    return Reading(context, () if items else found, found if items else (), verdict)


def test_factoid_answers_rank_by_the_sum_of_their_probabilities() -> None:
    readings = [reading("CFTR or HTT", ("CFTR", 0.5), ("HTT", 0.6)), reading("It is cftr.", ("cftr", 0.2))]
    assert plain_sums.factoid_answers(readings) == ("CFTR", "HTT")


def test_answers_are_added_up_over_snippets() -> None:
    def both(text: str, *scored: tuple[str, float]) -> Reading:
        found = tuple(Span(text.index(piece), text.index(piece) + len(piece), score) for piece, score in scored)
        return Reading(Context(Passage(0, Document("1"), 0, 0), text, ()), found, found, (0.6, 0.3, 0.1), 0.5)

    readings = [both("CFTR or HTT", ("CFTR", 0.1), ("HTT", 0.5)), both("the CFTR", ("CFTR", 0.2))]
    assert plain_sums.factoid_answers(readings) == ("CFTR", "HTT")
    assert plain_sums.list_answers(readings) == ("CFTR", "HTT")
    assert plain_sums.yes_no_answer(readings) == ("yes",)
    assert isfinite(readings[0].spans[0].probability)


def test_no_more_than_five_factoid_answers_count() -> None:
    letters = "a b c d e f"
    assert len(plain_sums.factoid_answers([reading(letters, *((part, 0.1) for part in letters.split()))])) == 5


def test_list_items_need_a_sum_of_one_half() -> None:
    readings = [
        reading("CFTR, HTT", ("CFTR", 0.3), ("HTT", 0.4), items=True),
        reading("CFTR", ("CFTR", 0.2), items=True),
    ]
    assert plain_sums.list_answers(readings) == ("CFTR",)


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [([(0.6, 0.3, 0.1), (0.1, 0.3, 0.6)], "yes"), ([(0.1, 0.8, 0.1), (0.6, 0.3, 0.1)], "no"), ([None], "yes")],
)
def test_yes_or_no_is_what_the_snippets_say_together(verdicts: list[Verdict], answer: str) -> None:
    assert plain_sums.yes_no_answer([reading("x", verdict=verdict) for verdict in verdicts]) == (answer,)


def test_a_reader_is_scored_from_gold_snippets() -> None:
    text = "Mutations in the CFTR gene cause cystic fibrosis."
    snippets = (Snippet("1", "abstract", "abstract", 0, len(text), text),)
    body = "Which gene causes cystic fibrosis?"
    question = GoldQuestion("1", QuestionType.FACTOID, body, (("CFTR",),), ("1",), snippets=snippets)
    shipped = Reader(model.shipped("reader")).model
    scores = plain_sums.score([question], runtime.Network(shipped), runtime.load_tokenizer(shipped), 256)
    assert {*plain_sums.SELECTION_MEASURES, *plain_sums.FACTOID_MEASURES} <= set(scores)
    assert scores["factoid_lenient_accuracy"] == 1.0


def test_it_needs_no_torch() -> None:
    code = "import sys, bioqa.eval.runs.plain_sums; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
