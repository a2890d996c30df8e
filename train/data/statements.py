"""Simple statements as yes/no questions: "X inhibits Y" as "Does X inhibit Y?", by rules that would rather miss one."""

import re
from collections.abc import Container
from dataclasses import dataclass

from bioqa.qa.claims.relations import is_plural, third_person

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|has been|have been|does not|do not|did not)\b")
_VERBS_TEXT = """
inhibit activate cause encode increase decrease reduce enhance suppress induce promote prevent stimulate
block regulate mediate improve contain require bind affect play occur remain involve produce lead provide
protect impair contribute depend interact appear represent
"""
_VERBS = _VERBS_TEXT.split()
_THIRD = {third_person(verb): verb for verb in _VERBS}
_VERB = re.compile(rf"\b(?:{'|'.join(_THIRD)})\b")
UNCLEAR = re.compile(  # what makes it hard to tell where a subject ends, or what it refers to
    r"[,;:()\[\]\"]|\b(?:that|which|who|whom|whose|whether|if|when|where|while|because|there|it|this|these|those|they|we"
    r"|he|she|our|their|its|his|her|such|here|however|both|either|neither|no|only|not|than|as|by|but|also|ones?"
    r"|another|others?|what|how|each|methods?|results?|conclusions?|objectives?|aims?|findings?|endpoints?|end-points?"
    r"|outcomes?|purpose|background|stud(?:y|ies)|participants|subjects)\b",
    re.IGNORECASE,
)
_NO_START = re.compile(
    r"^(?:in|on|at|for|from|with|by|to|of|during|after|before|among|under|although|since|thus|therefore|and|or|given"
    r"|using|based|overall|\w+ly)\b",
    re.IGNORECASE,
)
_CUT = re.compile(  # what can be left out
    r"(?:,| \() ?(?:which|whereas|while|suggesting|indicating|but|although|because|where|whose"
    r"|respectively|p ?[<=]|n ?=).*$|; .*$| \([^()]*\)|\s?\[[\d,; -]+\]",
    re.IGNORECASE,
)
_SECOND_CLAUSE = re.compile(
    r", (?:and |or )|[\"“”:]|\bbut\b|\band (?:require|need|show|ha|doe|i)s\b|"
    r"\band (?:\w+ ){0,5}(?:is|are|was|were|can|has|have|had)\b|\b(?:of|in|to|with|by|for|and|or|the|an?|than)$",
    re.IGNORECASE,
)
_FEWEST, _MOST = 5, 22  # words of a sentence that becomes a question
_LONGEST_SUBJECT = 7  # words


@dataclass(frozen=True, slots=True)
class Claim:
    """A yes/no question and the statement that it is made from."""

    question: str
    statement: str


def as_question(sentence: str, ordinary: Container[str]) -> Claim | None:
    """A simple statement as a question, None where it is not simple; `ordinary` words need no capital.

    The subject is short and without a clause, so that its auxiliary or verb is that of the sentence.
    """
    statement = _CUT.sub("", sentence).rstrip(". ")
    words = statement.split()
    if not _FEWEST <= len(words) <= _MOST or _NO_START.search(statement) or not statement[0].isalnum():
        return None
    auxiliary, verb = _AUXILIARY.search(statement), _VERB.search(statement)
    if auxiliary and (not verb or auxiliary.start() < verb.start()):
        subject, (lead, _, more) = statement[: auxiliary.start()].strip(), auxiliary[0].partition(" ")
        rest = f"{f' {more}' if more else ''}{statement[auxiliary.end() :]}"
    elif verb:
        subject, lead = statement[: verb.start()].strip(), "does"
        rest = f" {_THIRD[verb[0]]}{statement[verb.end() :]}"
        if subject.lower().endswith(("ly", "ing", "ed")) or is_plural(subject):
            return None
    else:
        return None
    if not 1 <= len(subject.split()) <= _LONGEST_SUBJECT or UNCLEAR.search(subject) or not rest.strip():
        return None
    if _SECOND_CLAUSE.search(rest) or rest.count("(") != rest.count(")"):
        return None
    return Claim(f"{lead.capitalize()} {lowered(subject, ordinary)}{rest}?", f"{statement}.")


def lowered(subject: str, ordinary: Container[str]) -> str:
    """A subject as it stands inside a sentence: without a capital where its first word is an ordinary one."""
    first = subject.split(maxsplit=1)[0]
    plain = not first[1:] or first[1:].islower()
    return subject[0].lower() + subject[1:] if plain and first.lower() in ordinary else subject
