import pytest

from bioqa.qa.claims.relations import Relation, asked_relation, is_plural, stated_relation


@pytest.mark.parametrize(
    "sentence",
    ["Vitamin C deficiency causes scurvy.", "Scurvy is usually caused by vitamin C deficiency in adults."],
)
def test_both_voices_state_one_relation(sentence: str) -> None:
    found = stated_relation(sentence)
    assert found is not None
    assert (found.agent.lower(), found.verb, found.target.lower()) == ("vitamin c deficiency", "cause", "scurvy")


@pytest.mark.parametrize(
    "question", ["Is scurvy caused by vitamin C deficiency?", "Does vitamin C deficiency cause scurvy?"]
)
def test_both_voices_ask_about_one_relation(question: str) -> None:
    assert asked_relation(question) == Relation("vitamin C deficiency", "cause", "scurvy")


@pytest.mark.parametrize(
    "text",
    ["", "causes", "It is caused by them.", "Mutations that harm it are carried.", "Is it?", "What causes scurvy?"],
)
def test_no_relation_is_seen_where_none_is_plain(text: str) -> None:
    assert stated_relation(text) is None
    assert asked_relation(text) is None


def test_number() -> None:
    assert all(map(is_plural, ("mutations", "mutations in the gene", "men and women", "bacteria")))
    assert not any(map(is_plural, ("diabetes", "virus", "aspirin", "TGF-beta", "sepsis", "")))
