from dataclasses import replace

from bioqa.index.records import Document, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.summary import Sentence
from bioqa.qa.validation.quotations import quoting_sentences, shortened

TITLE = "Cystic fibrosis and CFTR"
TEXT = "The lungs fill with mucus. Cystic fibrosis is caused by CFTR. It is recessive."


def passage(title: str = TITLE, text: str = TEXT) -> Passage:
    document = Document("1", title=title, abstract=text)
    return Passage(0, document, 0, len(document.text))


def evidence(where: Passage, sentence: str, text: str) -> Evidence:
    start = sentence.index(text)
    return Evidence(where, sentence, start, start + len(text), 1.0)


def quoted(engine: Engine, *items: Evidence) -> list[str]:
    terms = QuestionTerms("What causes cystic fibrosis?", engine.index)
    (answer,) = quoting_sentences([Answer("CFTR", 0.5, {}, items)], terms)
    assert all(item.text == "CFTR" for item in answer.evidence)
    return [item.sentence for item in answer.evidence]


def test_a_sentence_that_says_as_much_is_quoted_in_place_of_the_title(engine: Engine) -> None:
    assert quoted(engine, evidence(passage(), TITLE, "CFTR")) == ["Cystic fibrosis is caused by CFTR."]


def test_a_title_that_no_sentence_can_stand_for_is_quoted_last(engine: Engine) -> None:
    alone, said = passage(text="The lungs fill with mucus."), "CFTR is mutated."
    items = evidence(alone, TITLE, "CFTR"), evidence(passage("Genes", said), said, "CFTR")
    assert quoted(engine, *items) == [said, TITLE]


def test_a_summary_has_at_most_as_many_sentences_as_asked_for_in_their_order(engine: Engine) -> None:
    response = replace(
        engine.ask("what gene causes cystic fibrosis?", AskConfig()),
        type=QuestionType.SUMMARY,
        citations=tuple(Sentence(passage(), f"Sentence {number} stands here.", 1.0) for number in range(7)),
    )
    short = shortened(response, 5)
    assert [sentence.text for sentence in short.citations] == [f"Sentence {n} stands here." for n in range(5)]
    assert short.ideal_answer == " ".join(sentence.text for sentence in short.citations)


def test_a_first_sentence_that_refers_back_follows_the_one_it_refers_to(engine: Engine) -> None:
    response = replace(
        engine.ask("what gene causes cystic fibrosis?", AskConfig()),
        type=QuestionType.SUMMARY,
        citations=(Sentence(passage(), "It is recessive.", 1.0),),
    )
    texts = [sentence.text for sentence in shortened(response, 5).citations]
    assert texts == ["Cystic fibrosis is caused by CFTR.", "It is recessive."]
