import pytest

apart = pytest.importorskip("bioqa.train.data.near_duplicates")

TEXTS = [
    "Which gene is mutated in cystic fibrosis?",
    "Cystic fibrosis is caused by mutations of CFTR, a gene on chromosome 7, and it is recessive.",
    "p53",
    "Is CFTR a gene?",
]
WHOLE, PARTS = apart.NearDuplicates(TEXTS), apart.NearDuplicates(TEXTS, parts=True)


@pytest.mark.parametrize(
    "text",
    [
        "Which gene is mutated in cystic fibrosis?",
        "which  GENE is mutated in cystic fibrosis",
        "(Cystic fibrosis is caused by mutations of CFTR; a gene on chromosome 7, and it is recessive in humans.",
        "P53",
        '( " Is CFTR a gene ? " )',
    ],
)
def test_what_nearly_repeats_a_text_is_told(text: str) -> None:
    assert text in WHOLE
    assert text in PARTS


def test_a_part_repeats_where_parts_count() -> None:
    part = "Cystic fibrosis is caused by mutations of CFTR"
    assert part in PARTS
    assert part not in WHOLE
    assert part + " and much else is said of other things in this text, which nobody kept" not in PARTS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "p53 p53",
        "Which gene is mutated in gout?",
        "In cystic fibrosis the gene that is mutated is which?",  # the same words in another order
    ],
)
def test_what_only_shares_words_is_not(text: str) -> None:
    assert text not in WHOLE
    assert text not in PARTS


def test_nothing_repeats_nothing() -> None:
    assert "a gene on chromosome 7" not in apart.NearDuplicates([])
    assert "" not in apart.NearDuplicates([""])
