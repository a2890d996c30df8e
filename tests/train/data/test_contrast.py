from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.qa.question_types import QuestionType
from bioqa.train.data.contrast import Pair, contrast_pairs

RECESSIVE = "Tay-Sachs disease is an autosomal recessive disorder."


def gold(body: str, answer: str, text: str) -> GoldQuestion:
    snippet = Snippet("1", "abstract", "abstract", 0, len(text), text)
    return GoldQuestion("q", QuestionType.YESNO, body, ((answer,),), (), snippets=(snippet,))


def shown(pairs: list[Pair]) -> set[tuple[str, str, str]]:
    return {(each.question, each.text, str(each.verdict)) for pair in pairs for each in pair}


def test_a_statement_gives_a_true_and_a_false_question() -> None:
    found = shown([pair for seed in range(20) for pair in contrast_pairs([RECESSIVE], [], 9, seed)])
    assert ("Is Tay-Sachs disease an autosomal recessive disorder?", RECESSIVE, "yes") in found
    assert ("Is Tay-Sachs disease an autosomal dominant disorder?", RECESSIVE, "no") in found
    assert ("Is Tay-Sachs disease an X-linked recessive disorder?", RECESSIVE, "no") in found


def test_without_the_word_a_text_says_neither() -> None:
    text = "Celiac disease is a chronic disorder of the gut."
    found = shown([pair for seed in range(20) for pair in contrast_pairs([text], [], 9, seed)])
    question = "Is Celiac disease a chronic disorder of the gut?"
    assert (question, "Celiac disease is a disorder of the gut.", "neither") in found


def test_an_agent_and_its_target_are_exchanged_in_both_voices() -> None:
    text = "Aspirin irreversibly inhibits cyclooxygenase."
    found = shown([pair for seed in range(20) for pair in contrast_pairs([text], [], 9, seed)])
    for question, verdict in (
        ("Does Aspirin inhibit cyclooxygenase?", "yes"),
        ("Is cyclooxygenase inhibited by Aspirin?", "yes"),
        ("Does cyclooxygenase inhibit Aspirin?", "no"),
        ("Is Aspirin inhibited by cyclooxygenase?", "no"),
        ("Is cyclooxygenase activated by Aspirin?", "no"),
    ):
        assert (question, text, verdict) in found


def test_an_agent_of_another_sentence_is_neither() -> None:
    texts = ["Aspirin inhibits cyclooxygenase.", "Digoxin blocks the sodium pump."]
    found = shown([pair for seed in range(20) for pair in contrast_pairs(texts, [], 9, seed)])
    assert ("Does Digoxin inhibit cyclooxygenase?", texts[0], "neither") in found


def test_a_denial_gives_the_question_without_it() -> None:
    text = "The vaccine is not associated with autism in children."
    question = "Is The vaccine associated with autism in children?"  # "the" is no ordinary word of this one text
    assert shown(contrast_pairs([text], [], 9)) == {
        (question, text, "no"),
        (question, "The vaccine is associated with autism in children.", "yes"),
    }


def test_yes_questions_of_bioasq_are_swapped_where_the_snippet_has_the_word() -> None:
    body = "Is Tay-Sachs disease recessive?"
    found = shown(contrast_pairs([], [gold(body, "yes", RECESSIVE)], 9))
    assert found == {(body, RECESSIVE, "yes"), ("Is Tay-Sachs disease dominant?", RECESSIVE, "no")}
    assert contrast_pairs([], [gold(body, "no", RECESSIVE)], 9) == []
    assert contrast_pairs([], [gold(body, "yes", "Recessive or dominant disorders are many.")], 9) == []


def test_what_may_hold_of_a_sibling_too_is_neither() -> None:
    body, text = "Is EZH2 associated with cancer?", "EZH2 is associated with cancer."
    assert ("Is EZH1 associated with cancer?", text, "neither") in {
        each for seed in range(9) for each in shown(contrast_pairs([], [gold(body, "yes", text)], 1, seed))
    }


def test_the_same_seed_makes_the_same_pairs_and_no_more_than_asked_for() -> None:
    texts = [RECESSIVE, "Heparin is an acute remedy of early thrombosis.", "Aspirin inhibits cyclooxygenase.", "", "?"]
    assert contrast_pairs(texts, [], 3, 1) == contrast_pairs(texts, [], 3, 1)
    assert len(contrast_pairs(texts, [], 3, 1)) == 3
    questions = [(each.question, each.text) for pair in contrast_pairs(texts, [], 99) for each in pair]
    assert len(questions) == len(set(questions))
