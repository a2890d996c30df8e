import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.measures.porter import stem
from bioqa.eval.measures.rouge import RougeScores, rouge_scores, words

# Each with what ROUGE-1.5.5.pl -n 2 -2 4 -u -f A -p 0.5 -t 0 printed with -m, and without: ROUGE-2 recall and F, SU4.
PRINTED = [
    pytest.param(
        "Mutations of the CFTR gene cause cystic fibrosis.",
        ["Cystic fibrosis is caused by mutations in the CFTR gene."],
        (0.33333, 0.375, 0.27273, 0.31579),
        (0.33333, 0.375, 0.25, 0.28947),
        id="one reference",
    ),
    pytest.param(
        "IL-6 and TNF-α are released; TGF-β1 isn't.",
        ["TNF-alpha and IL-6 (interleukin-6) are released by macrophages.", "Released: IL-6, TNF-α."],
        (0.23077, 0.19355, 0.32203, 0.2585),
        (0.23077, 0.19355, 0.32203, 0.2585),
        id="Greek letters and hyphens, two references",
    ),
    pytest.param(
        "The patients were treated twice daily with 2.5 mg of the inhibitor, "
        "and the patients were followed for a year.",
        [
            "Patients were treated with the inhibitor twice daily.",
            "Treatment was 2.5 mg twice daily for one year; patients were followed.",
            "A year of treatment.",
        ],
        (0.45455, 0.24391, 0.38835, 0.18476),
        (0.45455, 0.24391, 0.38835, 0.18476),
        id="three references",
    ),
    pytest.param(
        "<p>Agreement &amp; improvement: <b>CD4<sup>+</sup></b> cells\nare\r\nincreased (p < 0.05)</p>",
        ["Agreements improve.\n\nCD4+ cells increase, p<0.05, conditionally."],
        (0.375, 0.26087, 0.57895, 0.37288),
        (0.25, 0.17391, 0.31579, 0.20339),
        id="markup and line ends",
    ),
    pytest.param("yes", ["yes"], (0, 0, 0, 0), (0, 0, 0, 0), id="one word has no pair"),
    pytest.param(
        "yes it is", ["yes", "yes it is"], (1, 0.66667, 1, 0.66667), (1, 0.66667, 1, 0.66667), id="a short one"
    ),
    pytest.param("yes it is", ["yes it is", ""], (1, 0.66667, 1, 0.66667), (1, 0.66667, 1, 0.66667), id="an empty one"),
    pytest.param("", ["Some reference answer."], (0, 0, 0, 0), (0, 0, 0, 0), id="no answer"),
    pytest.param("Some answer given.", [""], (0, 0, 0, 0), (0, 0, 0, 0), id="no reference text"),
    pytest.param("βγδ αααα", ["βγδ αααα"], (0, 0, 0, 0), (0, 0, 0, 0), id="no ASCII letter"),
    pytest.param(
        "the the the the",
        ["the the", "the the the the the the"],
        (0.66667, 0.66667, 0.5, 0.55),
        (0.66667, 0.66667, 0.5, 0.55),
        id="repetition counts as often as it is in both",
    ),
    pytest.param(
        "K\u212a \u0130stanbul naïve A\u00a0B",
        ["kk istanbul naive a b", "K stanbul na ve A B"],
        (0.66667, 0.63158, 0.64706, 0.5946),
        (0.66667, 0.63158, 0.64706, 0.5946),
        id="letters that lower-case would turn into ASCII",
    ),
]


def as_tuple(scores: RougeScores) -> tuple[float, float, float, float]:
    return scores.rouge_2_recall, scores.rouge_2_f1, scores.rouge_su4_recall, scores.rouge_su4_f1


@pytest.mark.parametrize(("answer", "references", "stemmed", "plain"), PRINTED)
def test_the_scores_are_those_that_rouge_prints(
    answer: str, references: list[str], stemmed: tuple[float, ...], plain: tuple[float, ...]
) -> None:
    assert as_tuple(rouge_scores(answer, references)) == pytest.approx(stemmed, abs=1.5e-5)
    assert as_tuple(rouge_scores(answer, references, stemming=False)) == pytest.approx(plain, abs=1.5e-5)


def test_without_a_reference_all_is_zero() -> None:
    assert as_tuple(rouge_scores("an answer", [])) == (0, 0, 0, 0)


def test_only_words_of_more_than_three_characters_are_stemmed() -> None:
    assert words("Its UTRs, mRNAs: uses IL-1β/TNF_α") == ["its", "utr", "mrna", "us", "il", "1", "tnf"]
    assert words("Its UTRs uses", stemming=False) == ["its", "utrs", "uses"]


def slow_units(text: str, name: str) -> list[tuple[str, ...]]:
    """The units of a text, found by walking over every pair of places in it."""
    cleaned = "".join(c if c.isascii() and c.isalnum() else " " for c in text)
    tokens = [stem(token.lower()) if len(token) > 3 else token.lower() for token in cleaned.split()]
    reach = 1 if name == "2" else 5
    units = [(a, b) for i, a in enumerate(tokens) for j, b in enumerate(tokens) if 0 < j - i <= reach]
    singles = [(token,) for i, token in enumerate(tokens) if i + 1 < len(tokens)]
    return units if name == "2" else units + singles


def slow_recall_and_f1(answer: str, references: list[str], name: str) -> tuple[float, float]:
    """Units are struck off one by one; recall, precision and their harmonic mean are worked out one after the other."""
    matched = wanted = given = 0
    for reference in references:
        left = slow_units(answer, name)
        given += len(left)
        for unit in slow_units(reference, name):
            wanted += 1
            if unit in left:
                left.remove(unit)
                matched += 1
    recall = matched / wanted if wanted else 0.0
    precision = matched / given if given else 0.0
    return recall, 2 * precision * recall / (precision + recall) if matched else 0.0


TEXTS = st.lists(
    st.sampled_from(
        ["gene", "genes", "IL-6", "the", "of", "α", "agreement", "Agreements.", "(a)", "<i>p</i>", "µM", "\n"]
    ),
    max_size=14,
).map(" ".join)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_the_scores_are_those_of_the_definition(answer: str, references: list[str]) -> None:
    expected = slow_recall_and_f1(answer, references, "2") + slow_recall_and_f1(answer, references, "SU4")
    assert as_tuple(rouge_scores(answer, references)) == pytest.approx(expected)


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_any_text_has_scores_between_0_and_1(answer: str, references: list[str]) -> None:
    assert all(0 <= score <= 1 for score in as_tuple(rouge_scores(answer, references)))


@given(TEXTS.filter(lambda text: len(words(text)) > 1))
def test_an_answer_that_is_the_reference_is_perfect(text: str) -> None:
    assert as_tuple(rouge_scores(text, [text])) == (1, 1, 1, 1)
