"""Relations in simple sentences: who does what to whom, in the active or the passive voice."""

import re
from dataclasses import dataclass

_VERBS_TEXT = """
cause encode produce secrete inhibit activate block stimulate suppress induce regulate phosphorylate cleave
degrade metabolize catalyze synthesize treat prevent infect target affect mediate trigger promote reduce
increase decrease control convert recognize neutralize enhance impair modulate release antagonize repress
attenuate upregulate downregulate express transmit carry destroy kill replace digest
raise lower open close bind contain require follow precede recognize inject inactivate
"""
_VERBS = _VERBS_TEXT.split()
_IRREGULAR = {"bind": "bound", "transmit": "transmitted", "control": "controlled", "carry": "carried"}
_AUXILIARY = frozenset(["is", "are", "was", "were"])
_NOT_NOUNS_TEXT = """
is are was were be been has have had do does did can could may might will would should must not no never
also only that which who whom whose where when while whereas if whether because since although but however
thus then than there it this these those they we he she you i its their our our his her such here both
either neither nor by to as though even what how why
"""
_NOT_NOUNS = frozenset(_NOT_NOUNS_TEXT.split())
_ENDS_TEXT = """
in by through via with at on during after before when while whereas which that who and or but thereby thus
because from for to into as under within upon without if although since via via. whose leading resulting
suggesting indicating
"""
_ENDS = frozenset(_ENDS_TEXT.split())
_ADVERBS_TEXT = """
directly strongly potently selectively specifically usually often mainly primarily commonly typically
markedly significantly potently rapidly irreversibly competitively
"""
_ADVERBS = frozenset(_ADVERBS_TEXT.split())
_DETERMINERS = frozenset(["the", "a", "an", "some", "most", "many", "several", "all"])
_MOST_WORDS = 6
_PREPOSITION = re.compile(r" (?:of|in|for|with|from|to)\b")
_PREDICATE = re.compile(
    r" (?:is|are|was|were|can|cannot|will|has|have|do(?:es)? not|do(?:es)?n['’]t) (?!(?:an? )?\S+ (?:for|of)$)"
)
_NO_STATEMENT = re.compile(  # a question, misspelt ones included, a command, several sentences, an unfinished one
    r"\b(?:wh?at|wh?ich|whom?|whose|where|when|why|how)\b|^(?:please|list|name|describe|explain|give|tell|define|discuss)\b"
    r"|[.?!]\s+\w|\b(?:as|of|for|by|in|to|with|called)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """Who does it (`agent`), the lemma of the verb, and to whom it is done (`target`)."""

    agent: str
    verb: str
    target: str


def third_person(verb: str) -> str:
    """The verb as in "it inhibits"."""
    return f"{verb[:-1]}ies" if verb.endswith("ry") else f"{verb}{'es' if verb.endswith(('s', 'sh', 'ch')) else 's'}"


def participle(verb: str) -> str:
    """The verb as in "it is inhibited"."""
    return _IRREGULAR.get(verb) or (f"{verb}d" if verb.endswith("e") else f"{verb}ed")


_THIRD = {third_person(verb): verb for verb in _VERBS}
_PARTICIPLES = {participle(verb): verb for verb in _VERBS}
_BASE = frozenset(_VERBS)


def is_plural(noun_phrase: str) -> bool:
    """Whether a noun phrase reads as plural: by its words before a preposition."""
    words = _PREPOSITION.split(noun_phrase.lower())[0].split()
    if not words:
        return False
    if "and" in words or words[0] in ("most", "many", "several", "all", "these", "both"):
        return True
    last = words[-1]
    return last in ("bacteria", "mitochondria", "children", "men", "women", "people", "mice", "data") or (
        len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is", "itis", "ics", "betes", "abies"))
        and not last.isupper() and last[:-1].isalpha()
    )  # fmt: skip


def stated_relation(sentence: str) -> Relation | None:
    """The relation of the main verb of a sentence with a short subject and object, None where none is seen."""
    words = sentence.rstrip(".!? ").split()
    for place in range(1, min(len(words), _MOST_WORDS + 3)):
        word = words[place].lower()
        if word in _AUXILIARY:
            then = place + 1 + (words[place + 1 : place + 2] != [] and words[place + 1].lower() in _ADVERBS)
            if len(words) > then + 2 and words[then + 1].lower() == "by" and words[then].lower() in _PARTICIPLES:
                target, agent = _noun_phrase(words[:place]), _leading_phrase(words[then + 2 :])
                verb = _PARTICIPLES[words[then].lower()]
                return Relation(agent, verb, target) if agent and target else None
            return None
        if word in _THIRD:
            before = place - (place > 1 and words[place - 1].lower() in _ADVERBS)
            agent, target = _noun_phrase(words[:before]), _leading_phrase(words[place + 1 :])
            return Relation(agent, _THIRD[word], target) if agent and target and not is_plural(agent) else None
    return None


def is_statement(text: str) -> bool:
    """Whether a text states something in one simple sentence, as "X is dominant" and "X causes Y" do."""
    if _NO_STATEMENT.search(text):
        return False
    if predicate := _PREDICATE.search(text.rstrip(".!? ")):
        return _noun_phrase(text[: predicate.start()].split()) is not None
    return stated_relation(text) is not None or _states_in_plural(text.rstrip(".!? ").split())


def _states_in_plural(words: list[str]) -> bool:
    """Whether these words are those of a sentence such as "mutations cause cancer"."""
    verbs = [place for place in range(1, len(words) - 1) if words[place].lower() in _BASE]
    subject = " ".join(words[: verbs[0]]) if verbs else ""
    head = _PREPOSITION.split(subject)[0].split()[-1:]
    return bool(head) and is_plural(head[0]) and _noun_phrase(subject.split()) is not None


def asked_relation(question: str) -> Relation | None:
    """The relation that a yes/no question asks about, as in "is X caused by Y?" and "does Y cause X?"."""
    words = question.rstrip(".!? ").split()
    if len(words) < 4:
        return None
    lead = words[0].lower()
    for place in range(2, len(words) - 1):
        word = words[place].lower()
        if lead in _AUXILIARY and word in _PARTICIPLES and words[place + 1].lower() == "by":
            end = place - (words[place - 1].lower() in _ADVERBS)
            target = _noun_phrase(words[1:end])
            return Relation(" ".join(words[place + 2 :]), _PARTICIPLES[word], target) if target else None
        if lead in ("does", "do", "did", "can", "could", "will") and word in _BASE:
            agent = _noun_phrase(words[1:place])
            return Relation(agent, word, " ".join(words[place + 1 :])) if agent else None
    return None


def _noun_phrase(words: list[str]) -> str | None:
    lowered = [word.lower() for word in words]
    if not 1 <= len(words) <= _MOST_WORDS or _NOT_NOUNS & set(lowered) or lowered[-1] in _DETERMINERS:
        return None
    if any(re.search(r"[,;:()\[\]]", word) for word in words) or lowered[-1] in _ENDS or lowered[0] in _ENDS:
        return None
    return " ".join(words)


def _leading_phrase(words: list[str]) -> str | None:
    """The noun phrase at the beginning of these words."""
    held: list[str] = []
    for word in words:
        if word.lower() in _ENDS:
            break
        bare = word.rstrip(",;:.")
        held.append(bare)
        if bare != word:
            break
    return _noun_phrase(held) if held else None
