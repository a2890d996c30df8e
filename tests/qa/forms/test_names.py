from dataclasses import replace

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.forms import names
from bioqa.qa.normalize import normalize_answer


def index_with(**counts: int):
    return lambda term: counts.get(term, 0)


def test_a_brand_name_that_the_index_lacks_becomes_the_drug_and_is_explained() -> None:
    worded = names.in_words_of("Herceptin target", index_with(trastuzumab=3, target=9))
    assert worded.text == "trastuzumab target"
    assert worded.notice == "Herceptin is a brand name of trastuzumab."


def test_a_brand_name_that_the_index_uses_stays_and_the_drug_is_searched_too() -> None:
    worded = names.in_words_of("Herceptin target", index_with(herceptin=3, trastuzumab=3))
    assert worded.text == "Herceptin target"
    assert worded.query == "Herceptin target trastuzumab"
    assert worded.notice == ""


def test_the_spelling_of_the_index_is_used_and_the_other_one_searched() -> None:
    assert names.in_words_of("oesophageal cancer", index_with(esophag=5)).text == "esophageal cancer"
    both = names.in_words_of("tumour growth", index_with(tumour=5, tumor=6))
    assert (both.text, both.others) == ("tumour growth", ("tumor",))
    assert both.replaced == ()
    assert both.aliases == ((frozenset({"tumor"}), frozenset({"tumour"})),)


def test_a_name_that_the_index_knows_in_no_form_stays() -> None:
    assert names.in_words_of("Herceptin target", index_with()).text == "Herceptin target"


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("oesophageal", "esophageal"),
        ("anaemia", "anemia"),
        ("haemophilia", "hemophilia"),
        ("tumour", "tumor"),
        ("paediatric", "pediatric"),
        ("oestrogen", "estrogen"),
        ("leukaemia", "leukemia"),
        ("diarrhoea", "diarrhea"),
        ("sulphonamide", "sulfonamide"),
        ("crystallisation", "crystallization"),
        ("ischaemic", "ischemic"),
    ],
)
def test_british_and_american_spellings_are_forms_of_each_other_and_one_answer(british: str, american: str) -> None:
    assert american in names.spellings(british)
    assert british in names.spellings(american)
    assert normalize_answer(british) == normalize_answer(american)


@pytest.mark.parametrize("word", ["hemisphere", "disease", "chemical", "cell", "disulfide"])
def test_other_words_keep_their_spelling(word: str) -> None:
    assert names.american(word) == word


def test_a_question_is_read_in_the_words_of_the_passages(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = engine.analyze("Which receptor does Herceptin bind?", AskConfig(), None)
    asked = replace(asked, plain="Which receptor does trastuzumab bind?", replaced=("Herceptin",))
    read = engine.reader.read
    seen: list[str] = []
    monkeypatch.setattr(
        engine.reader, "read", lambda question, *a, **k: seen.append(question) or read(question, *a, **k)
    )
    for text in ("Herceptin binds the receptor HER2.", "Trastuzumab binds the receptor HER2."):
        engine.answer(asked, [Hit(Passage(0, Document(id="1", abstract=text), 0, len(text)), 1.0)], AskConfig())
    assert seen == ["Which receptor does Herceptin bind?", "Which receptor does trastuzumab bind?"]
