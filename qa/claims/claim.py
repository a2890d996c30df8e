"""Claims of yes/no questions held against sentences: how much of a claim a sentence covers, and what it denies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bioqa.index.text import analyzer, sentences
from bioqa.qa.claims.coverage import is_among, stems, weight_covered, weight_without, written_out
from bioqa.qa.claims.relations import Relation, asked_relation, participle, third_person
from bioqa.qa.claims.siblings import DIRECTION, Attribute, attributes

_NEGATION = re.compile(
    r"\b(?:(?-i:[Nn]o)|not|never|neither|nor|none|without|cannot|lacks?(?! of)|absent|fail(?:s|ed|ure)? to|unlike"
    r"|rather than|instead of|rarely|seldom|ineffective|unlikely|unrelated|contraindicated|unable"
    r"|independent(?:ly)? of|spares?)\b"
    r"|n['’]t\b|\b(?:there (?:is|are|was|were)|(?:is|are|was|were) there) no\b",  # elsewhere NO is nitric oxide
    re.IGNORECASE,
)
_CLAUSE = re.compile(  # where a clause ends
    r"[;:] |, (?=(?:and|but|or|so|whereas|while|although|though|\w+ (?:\w+s|\w+ed|is|are|was|were)\b))"
    r"|,? (?:whereas|while|although|though|but|in contrast to|rather than|instead of|unlike) "
)
_CONTRAST = re.compile(  # what a thing is not, beside what it is
    r"(?:, not|,? but not|,? without|,? rather than|,? instead of|,? in place of)\b[^,;]*"
    r"|^[Uu]nlike [^,]*,",
)
_REFERS = re.compile(
    r"(?:It|They|Its|Their|This|These|Such|Inheritance|Transmission|The (?:disease|disorder|drug|syndrome))\b"
)
_RELATIVE = re.compile(r"(?:which|who) (?:is|are|was|were)\b")  # what follows is said of what stands before
_ANTECEDENT = 4  # words before such a clause that it may refer to
_BOUND = re.compile(r"\b(?:than|least|most|above|below|over|under|up to|to|more|or)\b|[<>≥≤–]")  # of a range
_CONJUNCTIONS = frozenset(("and", "or", "but", "whereas", "while", "which", "although"))
_CONNECTORS = frozenset(("than", "from", "into"))
_ORDERED = re.compile(r"\b(?:preferred|superior|inferior|convert\w*\b.*|turn\w*\b.*|chang\w+\b.*) to$")
_BE = frozenset(("is", "are", "was", "were", "be", "been"))
_BREAK = 3  # words
_AS_NEAR = 0.97  # of the nearest: "alpha and beta"
_LIGHT_TEXT = """
often usual mostli most common typic ever realli also nearli regular normal alway general come go make get give take
work help need mean true fals right about veri main call more less caus known made such than yes no larg least
locat situat found lie name belong
"""
_LIGHT = frozenset(_LIGHT_TEXT.split())  # stems that say little: a claim is covered without them
_SHARE_OF_CLAIM = 0.6  # of the rest of a claim in a sentence, with its title, that speaks of the same
_SHARE_BESIDE_DIRECTION = 0.8  # the same where verbs such as activate differ, which a sentence can say of anything


def negates(text: str) -> bool:
    """Whether a text negates something; in a text all in capitals, "NO" is the word and not nitric oxide."""
    return bool(_NEGATION.search(text.lower() if text.isupper() else text))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sentence held against a claim.

    coverage: the share (0..1) of the claim's words in the sentence and its title, weighted by rarity, without those in
    whose place a sibling stands; within: the same for one clause of the sentence; contradicts: a sibling of a word of
    the claim stands in its place, or it is turned: agent and target are exchanged; denies: it negates where the claim
    does not, or the other way round; lacks: neither a word of the claim that has siblings nor one of these is in it.
    """

    coverage: float
    within: float
    contradicts: bool
    turned: bool
    denies: bool
    lacks: bool


@dataclass(frozen=True)
class Claim:
    """What a yes/no question claims; `weights` are its search terms with their weights."""

    question: str
    weights: Mapping[str, float]

    @cached_property
    def _attributes(self) -> list[Attribute]:
        return list(_attributes(self.question))

    @cached_property
    def _relation(self) -> Relation | None:
        return asked_relation(self.question)

    @cached_property
    def _content(self) -> dict[str, float]:
        """The terms that say something, with their weights."""
        content = {term: weight for term, weight in self.weights.items() if term not in _LIGHT}
        return content or dict(self.weights)

    def compare(self, title: str, sentence: str, passage: str = "") -> Comparison:
        """Hold a sentence of a passage against the claim."""
        title = f"{title} {_referred_to(sentence, passage)}"
        present = stems(f"{title} {sentence}") | written_out(self.question, sentence, passage)
        held = {term: weight for term, weight in self._content.items() if is_among(term, present)}
        turned = self._is_turned(sentence) or self._is_exchanged(sentence)
        contradicts, lacks = turned, False
        total = dict(self._content)
        for attribute in self._attributes:
            own = frozenset(analyzer.terms(_word_at(self.question, attribute)))
            stands = self._stands(attribute, own, title, sentence)
            share = _SHARE_BESIDE_DIRECTION if attribute.kind == DIRECTION else _SHARE_OF_CLAIM
            lacks |= stands is None and not own <= _LIGHT
            speaks_of_it = weight_without(held, own) >= share * weight_without(self._content, own)
            contradicts |= stands is False and speaks_of_it
            for term in own & total.keys():
                if stands:
                    held[term] = self._content[term]
                else:
                    held.pop(term, None)
                    if stands is False:
                        total.pop(term)
        clauses = _clauses(sentence)
        outside = stems(title) - stems(sentence)
        within = max(weight_covered(total, stems(clause) | outside) for clause in clauses) / (sum(total.values()) or 1)
        subject = next(iter(self._content), None)
        spoken = {term: weight * (2 if term == subject else 1) for term, weight in self._content.items()}
        by_clause = [(weight_covered(spoken, stems(clause)), negates(_CONTRAST.sub(" ", clause))) for clause in clauses]
        against = sum(share for share, negated in by_clause if negated)
        denies = (against > 0 and against >= 0.5 * sum(share for share, _ in by_clause)) != negates(self.question)
        return Comparison(sum(held.values()) / (sum(total.values()) or 1), within, contradicts, turned, denies, lacks)

    def _stands(self, attribute: Attribute, own: frozenset[str], title: str, sentence: str) -> bool | None:
        """Whether an attribute of the claim, and not a sibling, stands nearest to the rest of the claim in a sentence.

        None where neither stands in the sentence or its title.
        """
        alike = _alike(attribute, sentence)
        word = self.question[attribute.start : attribute.end]
        if not alike:
            at_all = any(other.value == attribute.value for other in _alike(attribute, title))
            return True if at_all or (len(word) > 3 and _has_word(word, f"{title} {sentence}")) else None
        rest = [term for term in self._content if term not in own]
        nearness = [_nearness(other, rest, self._content, sentence) for other in alike]
        nearest = [other for other, near in zip(alike, nearness, strict=True) if near >= _AS_NEAR * max(nearness)]
        nearest += [other for other in alike if any(_are_joined(other, near, sentence) for near in nearest)]
        claimed = {other.value for other in self._attributes if other.kind == attribute.kind}
        values = {other.value for other in nearest}
        if attribute.value in values or (len(claimed) > 1 and claimed <= {other.value for other in alike}):
            return True
        return None if attribute.kind == "number" and _BOUND.search(sentence) else False

    def _is_turned(self, sentence: str) -> bool:
        """Whether the sentence says that the target does to the agent what the claim says the agent does."""
        asked = self._relation
        if asked is None:
            return False
        agent, target = stems(asked.agent), stems(asked.target)
        agent, target = agent - target, target - agent
        words = sentence.split()
        for place, word in enumerate(words):
            voice = _voice(words[max(0, place - 2) : place], word, words[place + 1 : place + 3], asked.verb)
            if voice is None or not agent or not target:
                continue
            before, after = stems(" ".join(words[:place])), stems(" ".join(words[place + 1 :]))
            if voice == "passive":
                before, after = after, before
            if target <= before and not target & after and agent & after and not agent & before:
                return True
        return False

    def _is_exchanged(self, sentence: str) -> bool:
        """Whether what stands before and after "than", "to" or "from" in the claim stands the other way round."""
        words = self.question.split()
        for place, connector in enumerate(words):
            if connector not in _CONNECTORS and not _ORDERED.search(" ".join(words[: place + 1])):
                continue
            before = self._in_order(words[:place])
            after = self._in_order(words[place + 1 :])[:1]
            said = [each.strip(",;:.") for each in sentence.split()]
            if not before or not after or connector not in said:
                continue
            middle = said.index(connector)
            left, right = stems(" ".join(said[:middle])), stems(" ".join(said[middle + 1 :]))
            for term in {before[0], before[-1]}:
                if term in right - left and after[0] in left - right:
                    return True
        return False

    def _in_order(self, words: Sequence[str]) -> list[str]:
        """The terms of these words that the claim is about."""
        return [term for term in analyzer.terms(" ".join(words)) if term in self._content]


def _voice(preceding: Sequence[str], word: str, following: Sequence[str], verb: str) -> str | None:
    """The voice of a word that is a form of a verb, None for another word."""
    bare = word.lower().strip(",;:.()")
    if bare == participle(verb):
        return "passive" if "by" in following and _BE.intersection(preceding) else None
    return "active" if bare in (verb, third_person(verb)) and following[:1] != ["of"] else None


@lru_cache(4096)
def _attributes(text: str) -> tuple[Attribute, ...]:
    return tuple(attributes(text))


def _referred_to(sentence: str, passage: str) -> str:
    """What stands before a sentence that begins with "it" and the like: its sentence before it."""
    if not _REFERS.match(sentence):
        return ""
    at = passage.find(sentence)
    return next((passage[start:end] for start, end in reversed(sentences.split(passage[: max(at, 0)]))), "")


def _clauses(sentence: str) -> list[str]:
    """The clauses of a sentence, those that begin with "which is" and the like with the words that these refer to."""
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause] or [sentence]
    for number in range(1, len(clauses)):
        if _RELATIVE.match(clauses[number]):
            antecedent = clauses[number - 1].split()[-_ANTECEDENT:]
            clauses[number] = " ".join((*antecedent, clauses[number]))
    return clauses


def _word_at(text: str, attribute: Attribute) -> str:
    """The whole word that an attribute is part of, such as TSC2."""
    before, after = text[: attribute.start].rsplit(" ", maxsplit=1)[-1], text[attribute.end :].split(" ", maxsplit=1)[0]
    return (
        f"{before}{text[attribute.start : attribute.end]}{after}"
        if "-" not in before + after
        else text[attribute.start : attribute.end]
    )


def _has_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}", text, re.IGNORECASE) is not None


def _nearness(attribute: Attribute, rest: Sequence[str], weights: Mapping[str, float], sentence: str) -> float:
    """How near the rest of a claim stands to an attribute in a sentence; commas and conjunctions between count as
    words."""
    words = list(re.finditer(r"\S+", sentence))
    place = next(i for i, word in enumerate(words) if word.end() > attribute.start)
    breaks = [0]
    for word in words:
        breaks.append(breaks[-1] + (word[0][-1] in ",;:") + (word[0].lower() in _CONJUNCTIONS))
    near = 0.0
    for number, term in enumerate(rest):
        distances = [
            abs(i - place) + _BREAK * abs(breaks[i] - breaks[place])
            for i, word in enumerate(words)
            if is_among(term, stems(word[0]))
        ]
        if distances:  # the first term is mostly the subject
            near += weights[term] * (2 if number == 0 else 1) / (2 + min(distances))
    return near


def _are_joined(one: Attribute, other: Attribute, sentence: str) -> bool:
    """Whether two attributes are named together, as in "alpha and beta chains"."""
    first, second = sorted((one, other), key=lambda attribute: attribute.start)
    return re.fullmatch(r"(?:[ ,/]|\band\b|\bor\b){1,6}", sentence[first.end : second.start]) is not None


def _alike(attribute: Attribute, text: str) -> list[Attribute]:
    """The attributes of a text that are of this kind, and are said of the same thing."""
    of_kind = [other for other in _attributes(text) if other.kind == attribute.kind]
    same = [other for other in of_kind if not attribute.of or attribute.of & other.of]
    return same + [
        other for other in of_kind if other not in same and any(_are_joined(other, one, text) for one in same)
    ]
