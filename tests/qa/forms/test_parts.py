import pytest

from bioqa.qa.forms import parts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what causes malaria and how is it transmitted?", ("what causes malaria?", "how is malaria transmitted?")),
        (
            "Which organ produces insulin and which cells?",
            ("Which organ produces insulin?", "which cells produce insulin?"),
        ),
        (
            "Which gene is affected in beta-thalassemia? And how is the iron removed?",
            ("Which gene is affected in beta-thalassemia?", "how is the iron removed in beta-thalassemia?"),
        ),
        (
            "what gene causes cystic fibrosis and which drug lowers uric acid?",
            ("what gene causes cystic fibrosis?", "which drug lowers uric acid?"),
        ),
        (
            "Which virus causes measles and what are its symptoms?",
            ("Which virus causes measles?", "what are the symptoms of measles?"),
        ),
        ("symptoms and treatment of measles", ("symptoms of measles", "treatment of measles")),
        ("When and where was insulin discovered?", ("When was insulin discovered?", "where was insulin discovered?")),
        (
            "Which cancers does diabetes make more likely and which one less likely?",
            ("Which cancers does diabetes make more likely?", "which cancers does diabetes make less likely?"),
        ),
    ],
)
def test_each_question_stands_alone(question: str, expected: tuple[str, ...]) -> None:
    assert parts.split(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between mitosis and meiosis?",
        "GRAPEFRUIT JUICE AND WHICH STATINS INTERACT",
        "Which drugs treat malaria and tuberculosis?",
        "what gene causes cystic fibrosis?",
        "",
    ],
)
def test_one_question_is_not_split(question: str) -> None:
    assert parts.split(question) == ()
