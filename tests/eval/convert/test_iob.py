import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.convert import alignments, iob
from bioqa.eval.convert.alignments import Alignment
from bioqa.eval.convert.contexts import Contexts
from bioqa.eval.convert.iob import TagCounts, TaggedSentence
from bioqa.eval.datasets.alignment import Match
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.qa.question_types import QuestionType

GENES = GoldQuestion("genes", QuestionType.LIST, "which genes?", (("BRCA1",), ("TNF-alpha", "TNF")), ())


def finding(*sentences: str) -> Alignment:
    return alignments.align(GENES, Contexts(sentences))


def written(sentence: TaggedSentence) -> str:
    return " ".join(f"{token}/{tag}" for token, tag in zip(sentence.tokens, sentence.tags, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TNF-α, BRCA1.", "TNF/B -/I α/I ,/O BRCA1/B ./O"),
        ("BRCA1 BRCA1", "BRCA1/B BRCA1/B"),
        ("Nothing (here).", "Nothing/O (/O here/O )/O ./O"),
    ],
)
def test_tokens_are_words_and_single_punctuation_marks(text: str, expected: str) -> None:
    (sentence,) = (iob.tag_sentence(GENES, text, matches) for matches in finding(text).matches)
    assert (written(sentence), sentence.widened) == (expected, 0)


@pytest.mark.parametrize(
    ("matches", "expected", "widened"),
    [
        ([Match(4, 9, "exact")], "mut_BRCA1/B ,/O x/O", 1),
        ([Match(0, 3, "exact"), Match(4, 9, "exact")], "mut_BRCA1/B ,/O x/O", 2),
        ([Match(0, 3, "exact"), Match(4, 12, "exact")], "mut_BRCA1/B ,/B x/I", 2),
        ([Match(0, 9, "exact")], "mut_BRCA1/B ,/O x/O", 0),
    ],
)
def test_a_token_that_an_answer_ends_inside_of_is_tagged_whole(
    matches: list[Match], expected: str, widened: int
) -> None:
    sentence = iob.tag_sentence(GENES, "mut_BRCA1, x", matches)
    assert (written(sentence), sentence.widened) == (expected, widened)


def test_sentences_without_an_answer_are_kept_unless_the_question_has_none_at_all() -> None:
    assert [written(sentence) for sentence in iob.tag_sentences([finding("BRCA1", "no."), finding("no.")])] == [
        "BRCA1/B",
        "no/O ./O",
    ]


def test_the_file_has_a_token_a_line_and_a_blank_line_behind_every_sentence() -> None:
    made = iob.tag_sentences([finding("TNF-α is.", "No.")])
    assert iob.as_iob(made) == "TNF\tB\n-\tI\nα\tI\nis\tO\n.\tO\n\nNo\tO\n.\tO\n\n"
    assert iob.counts(made) == TagCounts(sentences=2, tags_b=1, tags_i=2, tags_o=4, answers_widened_to_tokens=0)


def test_the_question_of_every_sentence_is_kept() -> None:
    made = iob.tag_sentences([finding("BRCA1", "no.")])
    assert iob.question_entries(made) == [
        {"sentence": 1, "id": "genes", "body": "which genes?"},
        {"sentence": 2, "id": "genes", "body": "which genes?"},
    ]


@given(st.text(alphabet="aBRCA1 _-\t\n\x85\u2028\x1c.TNFα", max_size=40))
def test_a_file_has_two_columns_whatever_the_text(text: str) -> None:
    sentence = iob.tag_sentence(GENES, text, finding(text).matches[0])
    rows = [line.split("\t") for line in iob.as_iob([sentence]).removesuffix("\n").splitlines()]
    assert [token for token, _ in rows] == list(sentence.tokens)
    assert "".join(sentence.tokens) == "".join(text.split())
    assert {tag for _, tag in rows} <= set("BIO")
