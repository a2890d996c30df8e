import pytest

from bioqa.index.text import analyzer
from bioqa.qa.claims.claim import Claim, Comparison, negates


def compare(question: str, sentence: str, title: str = "", passage: str = "") -> Comparison:
    weights = dict.fromkeys(analyzer.query_terms(question), 1.0)
    return Claim(question, weights).compare(title, sentence, passage)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does TSC2 encode hamartin?", "TSC1 encodes hamartin."),
        ("Do type I alveolar cells secrete surfactant?", "Type II alveolar cells secrete surfactant."),
        ("Is CFTR on chromosome 17?", "CFTR lies on chromosome 7."),
        ("Does AMP inhibit phosphofructokinase?", "AMP activates phosphofructokinase."),
        ("Does Gs inhibit adenylyl cyclase?", "Gs stimulates adenylyl cyclase, Gi inhibits it."),
        ("Does U2 recognize the splice site?", "U1 recognizes the splice site; U2 pairs with the branch point."),
        ("Does hepcidin degrade ferritin?", "Hepcidin is degraded by ferritin."),
        ("Does thrombin bind it more tightly than idarucizumab?", "Idarucizumab binds it more tightly than thrombin."),
    ],
)
def test_a_sibling_in_the_place_of_a_word_contradicts(question: str, sentence: str) -> None:
    assert compare(question, sentence).contradicts


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does TSC1 encode hamartin?", "TSC1 encodes hamartin, and TSC2 encodes tuberin."),
        ("Does hemoglobin have alpha chains?", "Hemoglobin has alpha and beta chains."),
        ("Does insulin lower glucose?", "Insulin reduces glucose."),
        ("Do 45 repeats cause chorea?", "More than 40 repeats cause chorea."),
        ("Does most T3 come from T4?", "Most T3 comes from T4."),
        ("Is Wilson disease dominant?", "Recessive disorders are common in some islands."),
        ("Is trisomy related to age?", "Age is related to trisomy."),
        ("Does smoking cause lung cancer?", "Smoke hastens lung destruction by oxidizing the inhibitor."),
    ],
)
def test_a_sibling_beside_the_word_or_of_another_thing_does_not(question: str, sentence: str) -> None:
    assert not compare(question, sentence).contradicts


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does aspirin inhibit cyclooxygenase?", "Aspirin is an inhibitor of cyclooxygenase."),
        ("Is anaemia caused by haemolysis?", "Anemia is caused by hemolysis."),
        ("Does metformin lower glucose?", "Metformin reduces glucose."),
    ],
)
def test_inflections_families_and_spellings_are_covered(question: str, sentence: str) -> None:
    assert compare(question, sentence).coverage == pytest.approx(1.0)


def test_abbreviations_that_the_passage_defines_are_covered() -> None:
    passage = "Human papillomavirus (HPV) is common. It is known that HPV causes warts."
    asked = "Does human papillomavirus cause warts?"
    assert compare(asked, "It is known that HPV causes warts.", passage=passage).coverage == pytest.approx(1.0)
    assert compare(asked, "HPV causes warts.").coverage < 1


def test_a_sentence_that_begins_with_it_means_what_stands_before() -> None:
    passage = "Chorea is due to a repeat. It is inherited as a dominant trait."
    assert compare("Is chorea dominant?", "It is inherited as a dominant trait.", passage=passage).coverage == 1.0
    assert compare("Is chorea dominant?", "It is inherited as a dominant trait.").coverage < 1


def test_a_claim_may_be_covered_by_a_sentence_but_by_no_clause_of_it() -> None:
    found = compare("Do cones serve dim vision?", "Rods serve dim vision, and cones serve color perception.")
    assert found.within < found.coverage == 1.0


def test_a_relative_clause_has_what_it_refers_to() -> None:
    found = compare("Is scurvy due to hunger?", "Sailors died of scurvy, which is due to hunger.")
    assert found.within == pytest.approx(1.0)
    found = compare("Does Gs inhibit cyclase?", "A toxin binds Gs, which blocks its activity and opens the cyclase.")
    assert found.within < 1  # what is said of Gs is another sentence


def test_a_claim_is_covered_without_the_verb_that_says_where_it_is() -> None:
    assert compare("Is CFTR located on chromosome 7?", "CFTR is on chromosome 7.").coverage == pytest.approx(1.0)


@pytest.mark.parametrize(("sentence", "lacks"), [("Insulin meets glucose.", True), ("Insulin reduces glucose.", False)])
def test_a_sentence_may_lack_what_tells_a_claim_from_its_opposite(sentence: str, lacks: bool) -> None:
    assert compare("Does insulin lower glucose?", sentence).lacks is lacks


@pytest.mark.parametrize(
    ("sentence", "denies"),
    [
        ("Digoxin does not reduce mortality.", True),
        ("Digoxin reduces mortality without toxicity.", False),
        ("Digoxin reduces mortality, not by the kidney.", False),
        ("Digoxin reduces mortality; surgery is never needed.", False),
    ],
)
def test_a_negation_counts_in_the_clause_of_the_claim(sentence: str, denies: bool) -> None:
    assert compare("Does digoxin reduce mortality?", sentence).denies is denies
    assert compare("Does digoxin not reduce mortality?", sentence).denies is not denies


def test_lack_of_something_is_no_negation() -> None:
    assert not negates("Lack of thiamine causes beriberi.")
    assert negates("It lacks thiamine.")


@pytest.mark.parametrize("question", ["Is it?", "Does?", "?", "is", "Is " + "very " * 300 + "long?"])
def test_a_question_without_a_claim_is_compared_too(question: str) -> None:
    found = compare(question, "Aspirin inhibits it.")
    assert 0 <= found.coverage <= 1
    assert not found.contradicts
    assert not compare("Is it recessive?", "").contradicts
