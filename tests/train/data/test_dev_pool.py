import numpy as np
import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.index.records import Document
from bioqa.qa.question_types import QuestionType

pool = pytest.importorskip("bioqa.train.data.dev_pool")


def question(identity: str, document: str, *texts: str) -> GoldQuestion:
    snippets = tuple(Snippet(document, "abstract", "abstract", 0, len(text), text) for text in texts)
    return GoldQuestion(identity, QuestionType.SUMMARY, f"Question {identity}?", (), (document,), snippets=snippets)


def test_a_document_scores_as_its_best_text_does() -> None:
    judged = pool.build_pool(
        [question("1", "a", "far", "near"), question("2", "b", "other")], [Document("c", abstract="around")]
    )
    assert [text.text for text in judged.texts] == ["far", "near", "other", "around"]
    texts = np.array([[0, 1], [1, 0], [0.6, 0.8], [0.8, 0.6]], dtype=np.float32)
    questions = np.array([[1, 0], [1, 0]], dtype=np.float32)
    found = pool.retrieval_measures(judged, questions, texts)
    assert found["mrr@10"] == pytest.approx((1 + 1 / 3) / 2)
    assert found["ndcg@10"] == pytest.approx((1 + 1 / 2) / 2)
    assert next(iter(found)) == "ndcg@10"


def test_papers_that_a_question_is_about_are_no_distractors() -> None:
    judged = pool.build_pool(
        [question("1", "a", "text")], [Document("a", abstract="whole"), Document("c", title="title")]
    )
    assert [text.document for text in judged.texts] == ["a", "c"]


def test_questions_without_snippets_are_left_out() -> None:
    judged = pool.build_pool([question("1", "a", "text"), question("2", "b", " ")], [])
    assert list(judged.questions) == ["1"]
