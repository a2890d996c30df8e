import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading, context_of
from bioqa.qa.summary import Sentence
from bioqa.qa.yesno import evidence, features

QUESTION = "Does metformin cause hypoglycemia?"


@pytest.fixture(scope="module")
def terms(engine: Engine) -> QuestionTerms:
    return QuestionTerms(QUESTION, engine.index)


def sentences(*texts: str, relevance: float = 0.5) -> list[Sentence]:
    return [Sentence(Passage(0, Document(id="1", abstract=text), 0, len(text)), text, relevance) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "Metformin does not cause hypoglycemia.",
        "Metformin rarely causes hypoglycemia.",
        "Metformin lacks this effect.",
        "It CANNOT cause it.",
        "It doesn't.",
        "It doesn’t.",
        "No hypoglycemia was seen.",
        "There was NO hypoglycemia.",
        "METFORMIN CAUSES NO HYPOGLYCEMIA.",
        "Neither does metformin.",
        "Metformin failed to cause it.",
    ],
)
def test_a_sentence_that_negates_speaks_against(terms: QuestionTerms, text: str) -> None:
    assert features(QUESTION, sentences(text), terms, [], [])["negated"] == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "Metformin causes hypoglycemia.",
        "Nodules and knots are noted.",
        "The nose is normal.",
        "Nonetheless it does.",
        "It does so through NO.",
        "NO is released.",
    ],
)
def test_a_sentence_without_negation_speaks_for(terms: QuestionTerms, text: str) -> None:
    assert features(QUESTION, sentences(text), terms, [], [])["negated"] == 0.0


def test_a_question_that_negates_turns_it_round(terms: QuestionTerms) -> None:
    asked = "Is metformin not a cause of hypoglycemia?"
    assert features(asked, sentences("Metformin does not cause it."), terms, [], [])["negated"] == 0.0
    assert features(asked, sentences("Metformin causes it."), terms, [], [])["negated"] == 1.0


def test_nitric_oxide_in_a_question_is_no_negation(terms: QuestionTerms) -> None:
    speaks_for = sentences("NO activates guanylate cyclase.")
    assert features("Does NO activate guanylate cyclase?", speaks_for, terms, [], [])["negated"] == 0.0
    assert features("DOES NO DRUG CAUSE IT?", sentences("It does."), terms, [], [])["negated"] == 1.0


def test_sentences_are_weighed_by_their_relevance_and_only_the_first_three_vote(terms: QuestionTerms) -> None:
    voters = sentences("It does.", relevance=0.6) + sentences("It does not.", relevance=0.3)
    voters += sentences("It does.", relevance=0.1) + sentences("It does not.", "It does not.", relevance=0.1)
    assert features(QUESTION, voters, terms, [], [])["negated"] == pytest.approx(0.3)


@pytest.mark.parametrize("voters", [[], sentences("It does not.", relevance=0.0)])
def test_without_weight_on_either_side_it_is_even(terms: QuestionTerms, voters: list[Sentence]) -> None:
    assert features(QUESTION, voters, terms, [], [])["negated"] == 0.5


def test_a_claim_is_covered_by_a_sentence_or_by_its_passage(terms: QuestionTerms) -> None:
    text = "Metformin was studied. It can cause hypoglycemia."
    passage = Passage(0, Document(id="1", abstract=text), 0, len(text))
    found = features(QUESTION, [Sentence(passage, "It can cause hypoglycemia.", 0.5)], terms, [], [])
    whole = terms.coverage("metformin can cause hypoglycemia")
    assert 0 < found["claim"] < found["passage"] == whole


YES, NO, NEITHER = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)
Verdict = tuple[float, float, float]


def read(*verdicts: Verdict | None, relevance: float = 0.9) -> tuple[list[Hit], list[Reading]]:
    """Passages of as many documents, found equally well, and what the reader makes of them."""
    passages = [Passage(i, Document(id=str(i), abstract="It does cause that."), 0, 19) for i, _ in enumerate(verdicts)]
    hits = [Hit(passage, 1.0) for passage in passages]
    readings = [
        Reading(context_of(passage), (), verdict=verdict, relevance=verdict and relevance)
        for passage, verdict in zip(passages, verdicts, strict=True)
    ]
    return hits, readings


def verdict(terms: QuestionTerms, *verdicts: Verdict | None, relevance: float = 0.9) -> float:
    return features(QUESTION, [], terms, *read(*verdicts, relevance=relevance))["verdict"]


def test_passages_are_weighed_against_each_other(terms: QuestionTerms) -> None:
    assert verdict(terms, YES) == pytest.approx(-verdict(terms, NO))
    assert verdict(terms, YES, YES) > verdict(terms, YES) > verdict(terms, YES, NO) == pytest.approx(0.0)
    assert verdict(terms, YES, relevance=0.1) < verdict(terms, YES)
    assert abs(verdict(terms, NEITHER)) < 1e-9


def test_a_reader_that_gives_no_verdict_leans_to_neither_side(terms: QuestionTerms) -> None:
    assert verdict(terms, None) == verdict(terms) == 0.0


def test_evidence_is_the_best_sentence_of_each_document_that_says_so() -> None:
    hits, readings = read(YES, NO, NEITHER, YES, None)
    said = [Sentence(hit.passage, text, 0.5) for text in ("It does cause that.", "It does.") for hit in hits]
    found = evidence(said, hits, readings, "yes")
    assert [(item.passage.document.id, item.sentence) for item in found] == [
        ("0", "It does cause that."),
        ("3", "It does cause that."),
    ]
    assert [item.passage.document.id for item in evidence(said, hits, readings, "no")] == ["1"]


def test_evidence_is_best_first_in_whatever_order_the_sentences_come() -> None:
    hits, readings = read(YES, YES)
    said = [
        Sentence(hits[number].passage, text, relevance)
        for number, text, relevance in ((0, "It may.", 0.2), (1, "It does.", 0.5), (0, "It does cause that.", 0.9))
    ]
    found = evidence(said, hits, readings, "yes")
    assert [(item.passage.document.id, item.score) for item in found] == [("0", 0.9), ("1", 0.5)]


def test_what_was_found_far_behind_the_best_is_not_quoted() -> None:
    hits, readings = read(YES, YES)
    said = [Sentence(hit.passage, "It does cause that.", 0.5) for hit in hits]
    behind = [hits[0], Hit(hits[1].passage, 0.3)]
    assert [item.passage.document.id for item in evidence(said, behind, readings, "yes")] == ["0"]
