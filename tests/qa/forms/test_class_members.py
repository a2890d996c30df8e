from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.forms import class_members

TEXTS = (
    "Atenolol and metoprolol slow the heart. Phenoxybenzamine blocks alpha receptors.",
    "Propranolol prevents attacks of migraine. Atenolol does not enter the brain.",
)
HITS = [Hit(Passage(n, Document(str(n), abstract=text), 0, len(text)), 1.0) for n, text in enumerate(TEXTS)]


def test_the_members_of_a_class_are_named_most_mentioned_first() -> None:
    answers = class_members.answers("List the beta blockers", HITS)
    assert answers[0].text == "Atenolol"
    assert {answer.text for answer in answers} == {"Atenolol", "metoprolol", "Propranolol"}
    assert all(item.text.lower() == answer.text.lower() for answer in answers for item in answer.evidence)


def test_as_many_are_named_as_asked_for() -> None:
    assert len(class_members.answers("Name two beta blockers", HITS)) == 2


def test_where_more_is_asked_than_the_class_the_reader_answers() -> None:
    assert class_members.answers("Which beta blockers prevent migraine?", HITS) == ()
