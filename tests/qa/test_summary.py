import numpy as np
import pytest

from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Document, Hit, Passage
from bioqa.index.text import passages
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.summary import Sentence, choose_sentences, join_sentences, relevant_sentences

QUESTION = "How does metformin lower blood glucose?"


@pytest.fixture(scope="module")
def terms(engine: Engine) -> QuestionTerms:
    return QuestionTerms(QUESTION, engine.index)


def hits_of(document: Document, max_words: int = passages.MAX_WORDS, score: float = 0.5) -> list[Hit]:
    return [
        Hit(Passage(number, document, start, end), score)
        for number, (start, end) in enumerate(passages.windows(document, max_words))
    ]


def texts(sentences: list[Sentence]) -> list[str]:
    return [sentence.text for sentence in sentences]


def plain(text: str, relevance: float, vector: list[float] | None = None) -> Sentence:
    passage = Passage(0, Document(id="1", abstract=text), 0, len(text))
    return Sentence(passage, text, relevance, None if vector is None else np.array(vector))


def test_the_sentence_that_speaks_of_the_question_comes_first(terms: QuestionTerms) -> None:
    document = Document(
        id="1",
        title="On metformin and blood glucose in general",
        abstract="It was raining all day in Paris. Metformin lowers blood glucose by acting on the liver. Short one.",
    )
    found = relevant_sentences(hits_of(document), terms, None, None)
    assert texts(found) == [
        "Metformin lowers blood glucose by acting on the liver.",
        "It was raining all day in Paris.",
    ]
    assert found[0].passage.document.id == "1"


def test_with_an_encoder_meaning_counts_beside_words(terms: QuestionTerms, encoder: Encoder) -> None:
    document = Document(
        id="1",
        abstract="The weather in Paris is mild in spring. The biguanide drug reduces sugar levels in diabetics.",
    )
    without = relevant_sentences(hits_of(document), terms, None, None)
    vector = encoder.encode([QUESTION])[0]
    judged = relevant_sentences(hits_of(document), terms, vector, encoder)
    assert without[0].relevance == without[1].relevance
    assert judged[0].text.startswith("The biguanide")
    assert all(0 <= sentence.relevance <= 1 for sentence in judged)


def test_nothing_found_gives_no_sentences(terms: QuestionTerms, encoder: Encoder) -> None:
    assert relevant_sentences([], terms, None, None) == []
    assert relevant_sentences([], terms, encoder.encode([QUESTION])[0], encoder) == []


def test_no_more_than_sixteen_sentences_are_weighed(terms: QuestionTerms) -> None:
    abstract = " ".join(f"This is sentence number {i} about metformin." for i in range(40))
    assert len(relevant_sentences(hits_of(Document(id="1", abstract=abstract)), terms, None, None)) == 16


def test_a_sentence_that_two_papers_share_is_taken_once_from_the_better_found(terms: QuestionTerms) -> None:
    text = "Metformin lowers blood glucose in most patients."
    (one,) = hits_of(Document(id="1", abstract=text), score=0.2)
    (other,) = hits_of(Document(id="2", abstract=text), score=0.9)
    (found,) = relevant_sentences([one, other], terms, None, None)
    assert found.passage.document.id == "2"


@pytest.mark.parametrize(
    "title",
    [
        "A title",
        pytest.param(
            "",
        ),
    ],
)
def test_every_sentence_of_every_passage_is_considered(terms: QuestionTerms, title: str) -> None:
    sentences = [f"This is sentence {letter} about metformin." for letter in "ABCDEF"]
    hits = hits_of(Document(id="1", title=title, abstract=" ".join(sentences)), max_words=12)
    assert len(hits) == 3
    assert sorted(texts(relevant_sentences(hits, terms, None, None))) == sentences


def test_a_title_is_no_sentence_of_a_summary_unless_it_is_all_there_is(terms: QuestionTerms) -> None:
    title = "Metformin lowers the blood glucose of patients"
    with_abstract = Document(id="1", title=title, abstract="It acts on the liver as all know.")
    assert texts(relevant_sentences(hits_of(with_abstract), terms, None, None)) == ["It acts on the liver as all know."]
    assert texts(relevant_sentences(hits_of(Document(id="1", title=title)), terms, None, None)) == [title]


def test_the_most_relevant_sentence_is_chosen_first_and_no_sentence_twice() -> None:
    sentences = [plain("a b c", 0.2), plain("d e f", 0.9), plain("g h i", 0.5)]
    assert texts(choose_sentences(sentences, 6)) == ["d e f", "g h i"]
    assert texts(choose_sentences(sentences, 99)) == ["d e f", "g h i", "a b c"]
    assert choose_sentences([], 99) == []


def test_what_has_no_room_is_passed_over_but_something_is_always_said() -> None:
    sentences = [plain("one two three", 0.9), plain("four five six", 0.8), plain("seven", 0.1)]
    assert texts(choose_sentences(sentences, 4)) == ["one two three", "seven"]
    assert texts(choose_sentences(sentences, 0)) == ["one two three"]


@pytest.mark.parametrize("vectors", [None, [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]]])
def test_repetition_counts_against_a_sentence(vectors: list[list[float]] | None) -> None:
    same, again, other = "metformin acts on liver", "metformin acts on liver too", "it may upset the stomach"
    a, b, c = vectors or [None] * 3
    assert texts(choose_sentences([plain(same, 0.9, a), plain(again, 0.7, b), plain(other, 0.7, c)], 9)) == [
        same,
        other,
    ]


def test_what_is_said_is_not_said_again_under_a_heading_or_in_part() -> None:
    said = "In patients with active ulcerative colitis, tofacitinib was more effective than placebo."
    again = [f"CONCLUSIONS: {said}", said.replace(", ", " , "), "tofacitinib was more effective than placebo"]
    other = "It was safe."
    sentences = [plain(said, 0.9), *(plain(text, 0.8) for text in again), plain(other, 0.1)]
    assert texts(choose_sentences(sentences, 99)) == [said, other]


def test_of_two_as_relevant_the_one_that_others_bear_out_is_chosen() -> None:
    lonely, common, again = (
        plain("x y z", 0.5),
        plain("metformin lowers glucose", 0.5),
        plain("metformin lowers it", 0.3),
    )
    assert texts(choose_sentences([lonely, common, again], 3)) == ["metformin lowers glucose"]


@pytest.mark.parametrize(
    ("sentence", "closed"),
    [
        ("Cystic fibrosis and the CFTR gene", "Cystic fibrosis and the CFTR gene."),
        ("Is it the CFTR gene?", "Is it the CFTR gene?"),
        ("It is (so they say.)", "It is (so they say.)"),
        ('It is "the gene."', 'It is "the gene."'),
        ("It is the gene (CFTR)", "It is the gene (CFTR)."),
        ("These are the genes:", "These are the genes."),
    ],
)
def test_in_prose_a_sentence_without_a_mark_at_its_end_is_closed_with_a_full_stop(sentence: str, closed: str) -> None:
    assert (
        join_sentences([plain(sentence, 1.0), plain("Loss of it does harm.", 0.5)]) == f"{closed} Loss of it does harm."
    )
    assert join_sentences([]) == ""
