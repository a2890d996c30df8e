"""The alternatives that a question names: options of a choice, and the two sides of a comparison."""

import re
from dataclasses import dataclass

_I = re.IGNORECASE
_COMPARED = (
    re.compile(
        r"\b(?:differences?|distinction|distinguish|contrast|discriminate) (?:between|of) (?P<one>.+?) (?:and|from"
        r"|vs\.?|versus|or) (?P<two>.+)$",
        _I,
    ),
    re.compile(
        r"^how (?:does|do|is|are|did|can) (?P<one>.+?) (?:differ|different|distinguished|differs)(?: in .+?)?"
        r" (?:from|to|than) (?P<two>.+)$",
        _I,
    ),
    re.compile(r"^what (?:distinguishes|differentiates|separates) (?P<one>.+?) (?:from|and) (?P<two>.+)$", _I),
    re.compile(
        r"^(?:please )?(?:compare|contrast) (?P<one>.+?) (?:and|with|to|against|vs\.?|versus) (?P<two>.+)$",
        _I,
    ),
    re.compile(
        r"^(?P<one>(?!(?:what|which|who|how|is|are|does|do)\b).+?) (?:vs\.?|versus|compared (?:with|to)|or rather)"
        r" (?P<two>.+)$",
        _I,
    ),
    re.compile(r"^(?P<one>[\w -]+?) (?:and|&) (?P<two>[\w -]+?) (?:differences?|comparison|compared)$", _I),
)
_ARTICLE = re.compile(r"^(?:the|an?|either) (?=\w)", _I)
_TAIL = re.compile(r"[\s?.!…,;:]+$")
_NO_CHOICE = re.compile(
    r"\b(?:yes or no|true or false|or not|or more|or less|or no\b|one or (?:two|more|several)|more or less|or"
    r" other|or both$|or so\b|and/or)\b",
    _I,
)
_LEADING = re.compile(r"^(?P<options>[^:?]+? or [^:?]+?)\s?(?::|,|\?)\s*(?P<ask>(?:which|what|who)\b.+)$", _I)
_TRAILING = re.compile(
    r"^(?P<ask>(?:(?:in|on|by|for|to|with) )?(?:which|what|who|where|whose)\b.+?)(?:\s?[,:;?]\s*|\s[–—-]\s)"
    r"(?P<options>[^,:;]+"
    r"(?:, [^,:;]+)*?,? or [^,:;]+)$",
    _I,
)
_CLOSED = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|should|will|would|may|must)\b(?P<body>.+\bor\b.+)$", _I
)
_COMPARATIVE = re.compile(
    r"\b(?P<word>better|safer|worse|more (?:\w+)|less (?:\w+)|(?:strong|long|fast|short|cheap|high|low|great|larg"
    r"|small|weak|quick|old|young|deep|mild)er|superior|preferable|preferred)\b",
    _I,
)
_SMALL_WORDS = (
    "a an the in on at by of for from to with before after during is are it be used given taken more less as than "
    "through via into "
)
_SMALL = frozenset(_SMALL_WORDS.split())
_BOUNDARY = re.compile(
    r"^(?:in|on|at|by|for|from|to|of|with|during|as|than|when|if|is|are|was|were|that|which|because|since|while"
    r"|better|safer|more|less|worse|used|given|taken)$",
    _I,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The options of a choice, and the word that ranks them, such as "better", if there is one."""

    options: tuple[str, ...]
    comparative: str = ""


def compared(question: str) -> tuple[str, ...]:
    """The two sides of a comparison; empty for another question."""
    if re.search(r"\b(?:which|who)\b", question, _I):
        return ()
    for pattern in _COMPARED:
        if found := pattern.search(question):
            one, two = (_ARTICLE.sub("", _TAIL.sub("", found[side]).strip()) for side in ("one", "two"))
            if one and two and len(one.split()) <= 10:
                return _same_head(one, two)
    return ()


def chosen_among(question: str) -> Choice | None:
    """The options of a question that names them; None for another question."""
    text = _TAIL.sub("", question)
    if _NO_CHOICE.search(text) or not re.search(r"\bor\b", text, _I):
        return None
    for pattern in (_LEADING, _TRAILING):
        if found := pattern.match(text):
            ranked = _COMPARATIVE.search(found["ask"])
            return _choice(_listed(found["options"]), ranked)
    if found := _CLOSED.match(text):
        options = _neighbours(found["body"].strip(), verbs=text.lower().startswith(("do", "did")))
        return _choice(options, _COMPARATIVE.search(found["body"]))
    return None


def _choice(options: list[str], ranked: re.Match[str] | None) -> Choice | None:
    distinct = tuple(dict.fromkeys(option for option in options if option))
    comparative = ranked["word"].lower() if ranked else ""
    if any(comparative in option.lower() for option in distinct):
        comparative = ""  # "raise or lower"
    return Choice(distinct, comparative) if len(distinct) > 1 else None


def _listed(text: str) -> list[str]:
    """The items of "A, B or C"."""
    items = [_ARTICLE.sub("", item.strip()) for item in re.split(r",? or |, ", text, flags=_I)]
    return list(_same_head(*items)) if len(items) == 2 else items


def _same_head(one: str, two: str) -> tuple[str, str]:
    """Two alternatives with the words that they share: "type 1", "type 2 diabetes"; "Stanford A", "Stanford B"."""
    first, second = one.split(), two.split()
    if len(first) == 1 and len(second) > 1 and len(second) <= 3 and not second[0][0].isdigit():
        return f"{one} {' '.join(second[1:])}", two
    if len(first) == 2 and len(second) == 1 and len(second[0]) <= 2:
        return one, f"{first[0]} {two}"
    return one, two


def _neighbours(body: str, *, verbs: bool) -> list[str]:
    """The alternatives around "or" in a question that starts with a verb: as many words on either side as are parallel.

    After "does", the alternatives may be `verbs`, whose object is part of neither.
    """
    left, right = re.split(r",? \bor\b ", body, maxsplit=1, flags=_I)
    before, after = left.split(), right.split()
    if len(before) > 1 and len(after) > 0 and "," in left:  # A, B or C
        items = [item.strip() for item in left.split(",")]
        firsts = [" ".join(items[0].split()[-len(items[1].split()) :]), *items[1:]]
        return [_ARTICLE.sub("", item) for item in (*firsts, " ".join(_until_boundary(after)))]
    taken = _until_boundary(after)
    anchor = next(
        (place for place in range(len(before) - 1, -1, -1) if before[place].lower() == taken[0].lower()), None
    )
    if anchor is not None and len(before) - anchor <= 5:  # "the mother or the father", "type 1 or type 2"
        first, second = before[anchor:], taken[: max(len(before) - anchor, 1)]
        if len(taken) > len(second) and len(first) > 1:
            second = taken[: len(first)]
    elif (verbs and taken[0].lower() not in _SMALL) or _is_ending(before[-1], taken):
        first, second = before[-1:], taken[:1]
    else:
        first, second = before[-1:], taken
    return [_ARTICLE.sub("", " ".join(words).strip(" ,?")) for words in (first, second)]


def _until_boundary(words: list[str]) -> list[str]:
    """The words up to a preposition or an auxiliary, at least one, and the articles or prepositions that lead."""
    lead = 0
    while lead < len(words) - 1 and words[lead].lower() in _SMALL:
        lead += 1
    end = lead + 1
    while end < len(words) and not _BOUNDARY.match(words[end]):
        end += 1
    return words[:end]


def _is_ending(word: str, others: list[str]) -> bool:
    """Whether the word before "or" is parallel to the first word after it only: two verbs or two adjectives."""
    return len(others) > 1 and len(word) > 3 and word[-2:].lower() == others[0][-2:].lower()
