import pytest

from bioqa.train.data.statements import as_question, lowered

ORDINARY = frozenset(["the", "mutations", "heparin"])


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Tay-Sachs is an autosomal recessive disorder.", "Is Tay-Sachs an autosomal recessive disorder?"),
        ("Mutations in CFTR are found in all.", "Are mutations in CFTR found in all?"),
        ("Heparin inhibits thrombin and factor Xa.", "Does heparin inhibit thrombin and factor Xa?"),
        ("The drug does not lower pressure (p < 0.05).", "Does the drug not lower pressure?"),
        ("Clozapine has been shown to help, which is good.", "Has Clozapine been shown to help?"),
    ],
)  # fmt: skip
def test_a_simple_statement_becomes_a_question(sentence: str, question: str) -> None:
    claim = as_question(sentence, ORDINARY)
    assert claim is not None
    assert claim.question == question


@pytest.mark.parametrize(
    "sentence",
    [
        "It is short.",
        "These results are of some importance to all.",
        "Patients who smoke are at a higher risk of stroke.",
        "In mice, the drug is active against many tumors.",
        "Control is difficult and requires an integrated approach.",
        "Model results show that copper migrates more easily.",
        "",
        "(.",
    ],
)
def test_what_is_not_simple_is_left_out(sentence: str) -> None:
    assert as_question(sentence, ORDINARY) is None


def test_names_keep_their_capital() -> None:
    assert lowered("The drug", ORDINARY) == "the drug"
    assert lowered("DNA repair", ORDINARY) == "DNA repair"
    assert lowered("Parkinson disease", ORDINARY) == "Parkinson disease"
