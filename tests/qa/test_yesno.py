from dataclasses import replace

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading, context_of
from bioqa.qa.summary import Sentence
from bioqa.qa.yesno import Judgement, could_contradict, evidence, features, judge, with_side_of_sentences

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


def said(*rows: tuple[int, str, float, str | None]) -> list[Judgement]:
    """Judgements of sentences: the number of a document, a text, its relevance and what it says."""
    passages = {number: Passage(number, Document(id=str(number)), 0, 0) for number, *_ in rows}
    return [Judgement(Sentence(passages[number], text, relevance), says, 1.0) for number, text, relevance, says in rows]


def test_evidence_is_the_best_sentence_of_each_document_that_says_so() -> None:
    hits, _ = read(YES, YES, YES)
    judged = said(
        (0, "It may.", 0.2, "yes"), (1, "It does.", 0.5, "yes"), (0, "It does so.", 0.9, "yes"), (2, "No.", 1, "no")
    )
    judged += said((2, "It is old.", 1.0, None))
    found = evidence(judged, hits, "yes")
    assert [(item.passage.document.id, item.sentence) for item in found] == [("0", "It does so."), ("1", "It does.")]
    assert [item.sentence for item in evidence(judged, hits, "no")] == ["No."]


def test_what_contradicts_is_better_evidence_than_a_verdict() -> None:
    hits, _ = read(NO, NO)
    judged = said((0, "It is not.", 0.9, "no"), (1, "It is recessive.", 0.2, "no"))
    judged[1] = replace(judged[1], contradicts=True)
    assert [item.sentence for item in evidence(judged, hits, "no")] == ["It is recessive."]


def test_beside_a_contradiction_or_the_whole_claim_a_verdict_is_no_evidence_for_the_other_side() -> None:
    hits, _ = read(YES, NO)
    judged = said((0, "It is inherited.", 0.9, "yes"), (1, "It is recessive.", 0.2, "no"))
    assert evidence(judged, hits, "yes")
    judged[1] = replace(judged[1], contradicts=True)
    assert not evidence(judged, hits, "yes")
    judged = [replace(judged[0], whole=True), replace(judged[1], contradicts=False)]
    assert evidence(judged, hits, "yes")
    assert not evidence(judged, hits, "no")


def test_what_was_found_far_behind_the_best_is_not_quoted() -> None:
    hits, _ = read(YES, YES)
    judged = said((0, "It does.", 0.5, "yes"), (1, "It does.", 0.5, "yes"))
    behind = [hits[0], Hit(hits[1].passage, 0.3)]
    assert [item.passage.document.id for item in evidence(judged, behind, "yes")] == ["0"]


def says(engine: Engine, question: str, sentence: str, verdict: Verdict | None) -> str | None:
    """What a sentence says to a question by its wording and a verdict."""
    _, readings = read(verdict)
    (judged,) = judge(question, sentences(sentence), QuestionTerms(question, engine.index), readings)
    return judged.says


@pytest.mark.parametrize(
    ("question", "sentence", "verdict", "expected"),
    [
        ("Is Wilson disease recessive?", "Wilson disease is an autosomal recessive disorder.", YES, "yes"),
        ("Is Wilson disease dominant?", "Wilson disease is an autosomal recessive disorder.", YES, "no"),
        ("Is Wilson disease dominant?", "Wilson disease affects the liver and the brain.", YES, None),
        ("Is Wilson disease recessive?", "Wilson disease is not a recessive disorder.", NO, "no"),
        ("Is scurvy caused by vitamin C deficiency?", "Vitamin C deficiency causes scurvy.", YES, "yes"),
        ("Is scurvy caused by vitamin D deficiency?", "Vitamin C deficiency causes scurvy.", YES, "no"),
        ("Does warfarin inhibit the reductase?", "Warfarin inhibits the reductase.", None, "yes"),
        ("Does the reductase inhibit warfarin?", "Warfarin inhibits the reductase.", YES, "no"),
        ("Is quinine preferred to artesunate?", "Artesunate is preferred to quinine.", YES, "no"),
        ("Does warfarin quickly raise the ratio?", "Warfarin quickly and always prolongs the ratio.", YES, None),
        ("Do rods serve color vision?", "Unrelated words are all that stands here.", YES, None),
    ],
)
def test_a_sentence_says_what_its_words_and_verdict_say(
    engine: Engine, question: str, sentence: str, verdict: Verdict | None, expected: str | None
) -> None:
    assert says(engine, question, sentence, verdict) == expected


def test_the_features_of_sentences_weigh_both_sides(terms: QuestionTerms) -> None:
    yes, no, contradiction = (Judgement(sentences("It does.")[0], side, 2.0) for side in ("yes", "no", "no"))
    contradiction = replace(contradiction, strength=3.0, contradicts=True)

    def found(*judged: Judgement) -> tuple[float, float]:
        worked_out = features(QUESTION, [], terms, [], [], judged)
        return worked_out["sentences"], worked_out["contradicted"]

    assert found() == (0.0, 0.0)
    assert found(yes) == (2.0, 0.0)
    assert found(yes, no) == (0.0, 0.0)
    assert found(yes, contradiction) == (-1.0, 1.0)
    assert found(replace(yes, strength=4.0), contradiction) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("balance", "fitted", "expected"),
    [(1.0, 0.3, 0.51), (1.0, 0.8, 0.8), (-1.0, 0.7, 0.49), (-1.0, 0.2, 0.2), (0.2, 0.3, 0.3)],
)
def test_the_sentences_decide_the_side(balance: float, fitted: float, expected: float) -> None:
    assert with_side_of_sentences(fitted, {"sentences": balance}) == pytest.approx(expected)


def test_sentences_that_could_contradict_are_found_though_they_are_far_from_the_question() -> None:
    said = sentences(
        "Inheritance is dominant.", "A trait is recessive.", "Traits are dominant or recessive.", "It kills."
    )
    assert could_contradict("Is chorea recessive?", said) == said[:1]
    assert could_contradict("Does chorea kill?", said) == []
    assert could_contradict("Does chorea raise glucose?", sentences("It lowers glucose.")) == []
