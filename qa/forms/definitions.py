"""Definitions: the sentence that says what a topic is."""

import re
from collections.abc import Sequence

from bioqa.index.records import Hit
from bioqa.qa.forms.statements import coverage, statements, term_list, with_title
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.summary import Sentence

DEFINES, NAMES, ABOUT, MENTIONS = 4, 3, 2, 1  # how well a sentence defines a topic
_GAP = r"[\s-]+"
_QUALIFIED = r"(?:\s*\([^()]{1,60}\)|\s+(?:gene|protein|disease|syndrome|virus|infection|cells?))*"
_IS = (
    r"(?:,? (?:also|formerly|previously|once) (?:called|known as|named) [^,]{1,60},?|,[^,]{1,80},)?"
    r" (?:is|are|was|were|means|refers? to|describes?|consists? of|denotes|belongs? to|(?:is|are) defined)\b"
)
_CALLED = r"(?:called|known as|termed|named|referred to as|, or|abbreviated)\s+(?:an? |the )?"


def best_statements(topic: str, hits: Sequence[Hit], terms: QuestionTerms) -> list[tuple[int, Sentence]]:
    """The sentences that mention a topic with how well they define it, best first."""
    wanted = term_list(topic)
    ranked = []
    for sentence in statements(hits):
        about = coverage(sentence.passage.document.title, wanted, terms) > 0.99
        if about or coverage(with_title(sentence), wanted, terms) > 0.99:
            ranked.append((_level(topic, sentence, about=about, wanted=wanted, terms=terms), sentence))
    return sorted(ranked, key=lambda pair: (-pair[0], -pair[1].relevance, pair[1].passage.number))


def _level(topic: str, sentence: Sentence, *, about: bool, wanted: Sequence[str], terms: QuestionTerms) -> int:
    name = _GAP.join(re.escape(word) for word in re.split(r"[\s-]+", re.sub(r"['’]s\b", "", topic)) if word)
    name = rf"(?:{name})(?:['’]s?)?(?:e?s)?"
    if re.search(rf"^(?:the |an? )?{name}{_QUALIFIED}{_IS}", sentence.text, re.IGNORECASE):
        return DEFINES
    if re.search(rf"^(?:the |an? )?[^.;]{{0,80}}\({name}\){_IS}", sentence.text, re.IGNORECASE):
        return DEFINES
    appositive = rf"\b{name}{_QUALIFIED}, (?:an?|the|one of) \w"
    if re.search(rf"(?<!\w){_CALLED}{name}\b|{appositive}|\({name}\)", sentence.text, re.IGNORECASE):
        return NAMES
    here = coverage(sentence.text, wanted, terms) > 0.99
    first = sentence.passage.text.startswith(sentence.text)
    if (about and (here or first)) or re.match(rf"(?:the |an? )?{name}\b", sentence.text, re.IGNORECASE):
        return ABOUT
    return MENTIONS
