"""Wording of questions: validation, and removal of polite and redundant phrases."""

import re

from bioqa.index.errors import InputError
from bioqa.qa.claims.relations import is_statement

AUXILIARY = r"is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must"  # without "n't"
LEAD = r"(?:(?:and|so|but) |(?:in|as|for|among|during|after|within|at|on)\b[^?]*, )?"  # of a yes/no question
_THINGS = r"(?:the|an?|some|any|all|several|two|three|four|five|six|\d+|(?:list|examples?|names?) of) "
_ASKING_WORDS = (
    r"(?:(?:in|on|at|by|for|from|to|of|with|under|during|through) )?"
    r"(?:which|what|who|whom|whose|where|when|why|how)(?:['’]s)?\b"
)
_REQUEST = r"(?:can|could|would|will) (?:you|(?:any|some)(?:one|body)) (?:please |kindly |possibly )?"
_POLITE = (
    rf"(?:please,? )?(?:(?:{_REQUEST})?(?:please )?(?:(?:tell|show|give|inform|remind) (?:me|us)|let (?:me|us) know)"
    r"|(?:do|would) you (?:happen to )?know(?: of)?|does (?:any|some)(?:one|body) know(?: of)?"
    r"|i(?: would|['’]d) (?:like|love)(?: to (?:know|find out|see|have|get))?"
    r"|i (?:want|need)(?: to (?:know|find out|see|have|get))?|i (?:wonder|am wondering|was wondering)|i['’]m wondering"
    r")(?:,? please)?[,:]? "
)
_PREAMBLE = re.compile(
    rf"^(?:{_POLITE}(?:(?:if|whether) |(?={_ASKING_WORDS}|{_THINGS}|(?:{AUXILIARY})\b))"
    rf"|please,? (?={_ASKING_WORDS})"
    rf"|(?:please,? )?{_REQUEST}(?=list|name|enumerate|mention|give|provide|describe|explain|summari[sz]e"
    r"|define|discuss|compare|elaborate|tell|show))",
    re.IGNORECASE,
)
_WHETHER = re.compile(rf"^{_POLITE}(?:if|whether) ")
_EITHER = r"(?:yes *(?:or|/) *no|true *(?:or|/) *false)"
_CONFIRM = (  # at the end of a statement that is put as a question
    r"(?:, ?(?:right|correct|true|yes|no)|, ?(?:is|are|was|were|do|does|did|can|has|have|will)(?:n['’]t)?"
    r" (?:it|they|he|she)|[,.;?–—-]+ ?(?:is (?:this|that|it) (?:right|correct|true|so)|right or wrong))(?= *\?)"
)
_YES_OR_NO = re.compile(rf"^{_EITHER}\b|\b{_EITHER}\W*$|{_CONFIRM}\W*$")
_YES_OR_NO_FIRST = re.compile(rf"^{_EITHER}\b\W+(?=\w)", re.IGNORECASE)
_YES_OR_NO_LAST = re.compile(rf"(?:(?<=[\w)\]])[ ,;:.?!(–—-]+{_EITHER}|{_CONFIRM})\W*$", re.IGNORECASE)
_WORD_IS = re.compile(r"^((?i:what|how|where|when|why)|[Ww]ho)['’]s\b")  # but the WHO's
_NEGATED = re.compile(
    rf"^(?P<lead>{LEAD})(?:(?P<auxiliary>is|are|was|were|do|does|did|could|has|have|had|would|should|might|must)n"
    r"|(?P<can>can)|(?P<will>w)on)['’]?t\b",
    re.IGNORECASE,
)
_NITRIC_OXIDE = re.compile(r"(?i:(?<!there is )(?<!there are )(?<!is there )(?<!are there ))\bNO\b(?!\. ?\d)")
_BARE_THINGS = re.compile(rf"^{_THINGS}")

_CONTROL = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f-\x9f]"
)  # terminal sequences and control characters

LONGEST_QUERY = 50_000  # characters of a search query, which may be a whole abstract


def validate_question(question: str, most: int) -> str:
    """The question as it is read everywhere. Raises InputError where it is empty or longer than `most` characters."""
    text = clean(question)
    if not any(character.isalnum() for character in text):
        raise InputError('the question is empty; try: bioqa ask "what gene causes cystic fibrosis?"')
    if len(text) > most:
        raise InputError(f"the question has {len(text):,} characters; the limit is {most:,}")
    return text


def clean(question: str) -> str:
    """A question as papers are read: without markup, entities and invisible characters, with composed accents, and
    with its white space collapsed."""
    text = question.replace("\0", " ").encode("utf-8", "ignore").decode()
    if not text.isascii() or "&" in text or "<" in text:
        from bioqa.index.corpus.values import characters  # which needs lxml, and most questions do not

        text = characters.clean(text)
    return " ".join(text.split())


def plain_wording(question: str) -> str:
    """The question as search and reader use it.

    Control characters, polite phrases and requests for yes or no are removed; "what's" and the like are written
    out; a leading "isn't" becomes "is"; NO becomes nitric oxide, unless the whole question is in capitals.
    """
    visible = " ".join(_CONTROL.sub(" ", question).split())
    text = _YES_OR_NO_LAST.sub("?", _YES_OR_NO_FIRST.sub("", visible))
    text = _WORD_IS.sub(r"\1 is", _PREAMBLE.sub("", text))
    text = _NEGATED.sub(_affirmed, text)
    text = text if text.isupper() else _NITRIC_OXIDE.sub("nitric oxide", text)
    return text if any(character.isalnum() for character in text) else question


def _affirmed(negated: re.Match[str]) -> str:
    """The auxiliary without "n't", after the words before it."""
    return negated["lead"] + (negated["auxiliary"] or negated["can"] or f"{negated['will']}ill")


def asks_for_yes_or_no(question: str) -> bool:
    """Whether a lower-case question asks whether something is so, requests yes or no, or states something."""
    return bool(_WHETHER.search(question) or _YES_OR_NO.search(question)) or is_statement(question)


def asks_for_things(question: str) -> bool:
    """Whether a lower-case question is a request for things, such as "tell me some drugs for gout"."""
    return bool(_PREAMBLE.match(question) and _BARE_THINGS.match(plain_wording(question)))
