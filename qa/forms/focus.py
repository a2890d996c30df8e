"""What asks in a long question, such as a case history, and what tells the rest."""

import re
from dataclasses import dataclass
from math import ceil

from bioqa.index.search.search_index import Query
from bioqa.index.text import sentences
from bioqa.qa.question_terms import QuestionTerms

_SHORT = 30  # words; longer questions may not fit into the part of the reader's window that is theirs
_WINDOW = 45  # words of a sentence that fit into it
_SHARE, _GENERAL_SHARE = 0.25, 2.0  # weight of the background in the search, beside that of what asks
_SPECIFIC = 0.6  # what asks is general if its rarest word has less than this share of the weight of the rarest told
_COMMANDS = (
    r"(?:list|name|enumerate|describe|explain|define|discuss|compare|summari[sz]e|state|tell me"
    r"|give (?:me|an?|the|some))"
)
_WH = r"(?:what|which|who|whom|whose|why|how)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|should|will|would)"
_BEFORE = r"(?:(?:in|on|at|by|for|from|to|of|with|under|through|during) )?"
_COMMAND = re.compile(rf"^(?:(?:please|then|also|and|now),? )*{_COMMANDS}\b", re.IGNORECASE)
_ASKS = re.compile(rf"^(?:(?:then|also|and|so|but|now),? )*{_BEFORE}{_WH}\b", re.IGNORECASE)
_BEGINS = re.compile(rf"^(?:{_AUXILIARY}|(?:please )?{_COMMANDS})\b", re.IGNORECASE)
_LABEL = re.compile(r"^(?:question|case|task|q)(?: \d+)?\s*[:.)]\s*", re.IGNORECASE)
_CLAUSE = re.compile(  # the last clause of a sentence that begins with something else
    rf"[,;:—–]\s+(?:(?:and|so|then|but) )?(?={_BEFORE}{_WH}\b|{_AUXILIARY}\b)",
    re.IGNORECASE,
)
_BORDER = re.compile(  # also where all is typed in lower case
    rf"(?<=\?)\s+|(?<=[^\W_][.!])\s+(?={_BEFORE}{_WH}\b|(?:please )?{_COMMANDS}\b|{_AUXILIARY}\b)", re.IGNORECASE
)
_REFERS = re.compile(
    r"\b(?:this|these|his|her|he|she|they|their|it|its|the (?:patient|child|boy|girl|man|woman|infant|diagnosis"
    r"|condition|disease|disorder|syndrome|case|finding|abnormality)s?(?! of))\b",
    re.IGNORECASE,
)
_CLOSING = "\"'”’)] "


@dataclass(frozen=True, slots=True)
class Focus:
    """The sentences or the clause that asks, and the other sentences; `background` is empty if everything asks."""

    question: str
    background: str = ""


def focus_of(text: str) -> Focus:
    """The part of a long question that asks, wherever it stands, and the rest; a short question is taken as it is."""
    if len(text.split()) <= _SHORT:
        return Focus(text)
    pieces = [piece[start:end] for piece in _BORDER.split(text) for start, end in sentences.split(piece)]
    told = [_LABEL.sub("", piece) for piece in pieces]
    marked = [sentence for sentence in told if sentence.rstrip(_CLOSING).endswith("?") or _COMMAND.match(sentence)]
    asking = marked or [sentence for sentence in told if _ASKS.match(sentence)]
    parts = [_clause_of(sentence) if len(sentence.split()) > _WINDOW else Focus(sentence) for sentence in asking]
    rest = [sentence for sentence in told if sentence not in asking] + [part.background for part in parts]
    background = " ".join(filter(None, rest))
    return Focus(" ".join(part.question for part in parts), background) if asking and background else Focus(text)


def _clause_of(sentence: str) -> Focus:
    """The last clause of a long sentence that asks, and what comes before."""
    clauses = [] if _ASKS.match(sentence) or _BEGINS.match(sentence) else list(_CLAUSE.finditer(sentence))
    if not clauses:
        return Focus(sentence)
    return Focus(sentence[clauses[-1].end() :], sentence[: clauses[-1].start()])


def with_background(query: Query, background: Query, asked: QuestionTerms, told: QuestionTerms) -> Query:
    """The query of what asks, with a share of the background: the larger one where what asks is general or refers to
    it, as in "What is the most likely diagnosis?"."""
    rarest, rarest_told = (max((terms.weights[term] for term in terms.known), default=0.0) for terms in (asked, told))
    specific = rarest >= _SPECIFIC * rarest_told and not _REFERS.search(query.text)
    share = _SHARE if specific else _GENERAL_SHARE
    times = ceil(len(background.text.split()) / (share * len(query.text.split())))
    vector = query.vector
    if vector is not None and background.vector is not None:
        mixed = vector + share * background.vector
        vector = mixed / (mixed @ mixed) ** 0.5
    return Query(" ".join([query.text] * times + [background.text]), vector)
