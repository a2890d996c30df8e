"""Several questions in one, taken apart so that each can be asked alone."""

import re

_I = re.IGNORECASE
_WH = r"(?:(?:in|on|at|by|for|from|to|of|with|under) )?(?:what|which|who|whom|whose|where|when|why|how)"
_SENTENCES = re.compile(r"(?<=\?)\s+(?=\w)")
_JOINED = re.compile(rf"(?:,? (?:and|but|or)(?: also)?|,) (?={_WH}\b)", _I)
_QUESTION = re.compile(
    rf"^(?:{_WH}|is|are|was|were|do|does|did|can|could|has|have|will|would|should|may|must)\b.*\w", _I
)
_AND = re.compile(r"^(?:and|but|so|also) ", _I)
_END = re.compile(r"[\s?.!…]+$")
_WH_ONLY = re.compile(rf"^{_WH}$", _I)
_TWO_WH = re.compile(r"^(?P<one>who|when|where|how|why) and (?P<two>who|when|where|how|why) (?P<rest>.+)$", _I)
_PRONOUN = re.compile(r"\b(?:it|they|them|its|their)\b", _I)
_OWNED = re.compile(r"\b(?:its|their) (?P<what>[\w -]+)$", _I)
_ONES = re.compile(r"\b(?P<wh>which|what) ones?\b", _I)
_HEAD = re.compile(r"^(?:(?:in|on|at|by|for|from|to|of|with) )?(?P<wh>which|what) (?P<noun>[\w-]+)\b", _I)
_PREDICATE = re.compile(
    r"^(?:which|what|who)(?: [\w-]+){1,2}? (?P<rest>(?:is|are|was|were|[\w-]+(?:s|es|ed))\b.+)$", _I
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|has|have|will|would|should|may|must|causes?|treats?|gets?|makes?|infects?"
    r"|helps?|works?|produces?|carries|affects?|inhibits?|prevents?|binds?|interacts?|needs?)\b",
    _I,
)
_ASPECT_WORD = (
    r"(?:symptoms?|signs?|causes?|treatments?|therapy|management|diagnosis|prevention|risk factors?|complications?"
    r"|transmission|side effects?|prognosis|inheritance|mechanism|function|uses?|pathogenesis|adverse effects?"
    r"|contraindications?)"
)
_TWO_ASPECTS = re.compile(
    rf"^(?P<lead>(?:what are |what is |list |describe )?(?:the )?)(?P<one>{_ASPECT_WORD})(?: and | & |, ?)(?:the )?"
    rf"(?P<two>{_ASPECT_WORD}) (?P<of>of|for|in) (?P<topic>.+)$",
    _I,
)
_TOPIC = (  # what a pronoun in a later question may stand for: the name after the verb, or before it
    re.compile(r"^what (?:is|are) (?:an? |the )?(?P<topic>[^?]+)$", _I),
    re.compile(r"\b(?:mutated|deficient|affected|defective|involved|missing) in (?P<topic>[^?]+)$", _I),
    re.compile(
        r"^how (?:is|are|does|do) (?P<topic>.+?) (?:treated|diagnosed|transmitted|inherited|spread|work|act)\b", _I
    ),
    re.compile(r"\b(?:causes?|of|for|treats?|infects?|has|discovered|invented) (?:the )?(?P<topic>[^?]+)$", _I),
    re.compile(r"^(?:is|are|was|were|does|do|can) (?P<topic>[\w'’-]+(?: [\w'’-]+)?)\b", _I),
)
_INCOMPLETE = re.compile(r"\bthe\b|\w{3}(?:ed|en)$", _I)  # "how is the iron removed", "which gene is mutated": of what?
_MOST = 4  # questions in one that are answered


def split(question: str) -> tuple[str, ...]:
    """The questions that one question holds, each understandable alone; empty for a single question.

    A pronoun and an incomplete later question are completed from the first one.
    """
    text = " ".join(question.split())
    whole = _END.sub("", text)
    if two := _TWO_WH.match(whole):
        return (f"{two['one']} {two['rest']}?", f"{two['two']} {two['rest']}?")
    if two := _TWO_ASPECTS.match(whole):
        return tuple(
            f"{two['lead']}{two[place]} {two['of']} {two['topic']}" + ("?" if two["lead"].strip() else "")
            for place in ("one", "two")
        )
    pieces = [_AND.sub("", _END.sub("", piece)) for sentence in _SENTENCES.split(text) for piece in _pieces(sentence)]
    pieces = [piece for piece in pieces if piece][:_MOST]
    if len(pieces) < 2 or not _QUESTION.match(pieces[0]):
        return ()
    if not all(_QUESTION.match(piece) or _WH_ONLY.match(piece) for piece in pieces):
        return ()
    first = pieces[0]
    return (f"{first}?", *(f"{_completed(piece, first)}?" for piece in pieces[1:]))


def _pieces(sentence: str) -> list[str]:
    pieces = _JOINED.split(sentence)
    return pieces if _QUESTION.match(pieces[0]) else [sentence]


def _completed(piece: str, first: str) -> str:
    """A later question with what it leaves out."""
    topic = next((found["topic"] for pattern in _TOPIC if (found := pattern.search(first))), "")
    if topic and (owned := _OWNED.search(piece)):
        return f"{piece[: owned.start()]}the {owned['what']} of {topic}"
    if topic and _PRONOUN.search(piece):
        return _PRONOUN.sub(lambda found: f"{topic}'s" if found[0].lower() in ("its", "their") else topic, piece)
    head = _HEAD.match(first)
    elliptical = bool(_ONES.search(piece))
    if elliptical and head:
        piece = _ONES.sub(lambda found: f"{found['wh']} {head['noun']}", piece)
    if _WH_ONLY.match(piece):
        return _HEAD.sub(piece, first) if head else re.sub(rf"^{_WH}", piece, first, flags=_I)
    if not _VERB.search(piece) and (elliptical or len(piece.split()) <= 2):
        return _with_predicate(piece, first)
    if topic and _INCOMPLETE.search(piece) and not set(_long_words(topic)) & set(_long_words(piece)):
        return f"{piece} in {topic}"
    return piece


def _with_predicate(piece: str, first: str) -> str:
    """A question without a verb, such as "which cells", with the predicate of the first."""
    words = piece.split()
    auxiliary = re.match(r"^(?:which|what) [\w-]+ (?P<rest>(?:does|do|is|are|can) .+)$", first, _I)
    if auxiliary and len(words) > 2:
        kept = auxiliary["rest"].split()[: -len(words) + 2]
        return " ".join([*words[:2], *kept, *words[2:]])
    predicate = _PREDICATE.match(first)
    rest = predicate["rest"] if predicate else first.split(maxsplit=2)[-1]
    if words[-1].endswith("s") and not words[-1].endswith("ss"):
        rest = re.sub(r"^(\w{3,}[^s])s\b", r"\1", rest)  # which cells produce
    return f"{piece} {rest}"


def _long_words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"\w{4,}", text)]
