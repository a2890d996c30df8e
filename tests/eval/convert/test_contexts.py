from pathlib import Path

from bioqa.eval.convert.contexts import Contexts, of_documents, of_sentences, of_snippets
from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.index.search.hybrid import Index
from bioqa.qa.question_types import QuestionType


def question(*texts: str, documents: tuple[str, ...] = ()) -> GoldQuestion:
    snippets = tuple(Snippet("7", "abstract", "abstract", 0, len(text), text) for text in texts)
    return GoldQuestion("q", QuestionType.FACTOID, "what?", (("CFTR",),), documents, snippets=snippets)


def test_snippets_are_taken_once_in_order_without_the_space_around_them() -> None:
    assert of_snippets(question("b. ", " a.", "b.", " ", "")).texts == ("b.", "a.")


def test_sentences_of_overlapping_snippets_are_taken_once() -> None:
    assert of_sentences(question("One is. Two is.", "Two is. Three is.")).texts == ("One is.", "Two is.", "Three is.")


def test_documents_are_title_and_abstract_and_those_lacking_are_counted(small_index: Path) -> None:
    found = of_documents(question(documents=("103", "none", "101", "103")), Index(small_index))
    assert [text.partition("\n")[0] for text in found.texts] == ["Huntingtin repeats", "CFTR in cystic fibrosis"]
    assert found.texts[1].startswith("CFTR in cystic fibrosis\nCystic fibrosis is caused by")
    assert found.missing_documents == 1


def test_a_question_with_nothing_has_no_texts(small_index: Path) -> None:
    assert of_snippets(question()) == of_sentences(question()) == Contexts(())
    assert of_documents(question(), Index(small_index)) == Contexts(())
