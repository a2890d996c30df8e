"""Members of a drug class, where a question asks for nothing but them."""

import re
from collections.abc import Sequence

from bioqa.index.records import Hit
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.forms.statements import statements
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.validation.drug_classes import members_asked_for

_BY_NAME = 0.9  # confidence of a drug whose name shows its class; chosen by hand
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_MOST = 10


def answers(question: str, hits: Sequence[Hit]) -> tuple[Answer, ...]:
    """The drugs in these passages whose names show the class that is asked for, those in most papers first.

    Empty if the question asks for more than the members of a class.
    """
    member = members_asked_for(question)
    if member is None:
        return ()
    found: dict[str, dict[str, Evidence]] = {}
    for sentence in statements(hits):
        for name in member.finditer(sentence.text):
            item = Evidence(sentence.passage, sentence.text, name.start(), name.end(), min(1.0, sentence.relevance))
            found.setdefault(normalize_answer(name[0]), {}).setdefault(sentence.passage.document.id, item)
    ranked = sorted(found.values(), key=lambda papers: (-len(papers), -max(item.score for item in papers.values())))
    asked = re.search(rf"\b(?:{'|'.join(_COUNTS)})\b", question, re.IGNORECASE)
    most = _COUNTS[asked[0].lower()] if asked else _MOST
    evidence = [sorted(papers.values(), key=lambda item: -item.score) for papers in ranked[:most]]
    return tuple(Answer(items[0].text, _BY_NAME, {}, tuple(items)) for items in evidence)
