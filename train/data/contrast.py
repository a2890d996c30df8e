"""Contrast: pairs of yes/no questions on one text that differ in one word, made from sentences of papers.

After contrast sets (Gardner et al. 2020) and counterfactual data (Kaushik et al. 2020): beside each claim that a
sentence makes stands one that it excludes, so that the words which both share cannot tell yes from no.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from random import Random

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.index.text import sentences
from bioqa.qa.claims import siblings
from bioqa.qa.claims.relations import Relation, is_plural, participle, stated_relation
from bioqa.qa.claims.siblings import Attribute
from bioqa.qa.question_types import QuestionType
from bioqa.train.data.examples import ReaderExample, fold_text
from bioqa.train.data.statements import UNCLEAR, Claim, as_question, lowered

Pair = tuple[ReaderExample, ReaderExample]

_PER_TEXT = 4  # pairs
_LONGEST = 45  # words of a sentence
_WITH_NEIGHBOURS, _AS_STATEMENT, _NEGATED = 0.4, 0.2, 0.25  # shares of pairs
_ELSEWHERE = 0.4  # share of claims that are also asked of another sentence of their text
_OTHER_SENTENCE = 0.35  # the largest share of a claim's words in a sentence on something else
_PAST = 0.4  # the share of sentences in the past tense that are used: most report a method
_UNSAFE = re.compile(  # a changed word does not make these false, or they say little
    r"\?|\b(?:may|might|could|or|hypothesi[sz]ed?|unclear|unknown|not clear|investigated|studied|evaluated|examined"
    r"|assessed|aimed|compared|analy[sz]ed|determined|measured|reviewed|discussed|reported|described|presented|performed|conducted"
    r"|included|enrolled|recruited|interviewed|randomi[sz]ed|collected|obtained|followed|either|neither|between|versus|vs"
    r"|respectively|both|as well as|rather than|and/or|used|considered|end-?points?)\b",
    re.IGNORECASE,
)
_LOOSE = re.compile(  # predicates that may hold of a sibling as well
    r"\b(?:associated|association|effective|efficacy|can|involved|related|linked|roles?|one of|includ\w+|contribut\w+"
    r"|important|available|implicated|affect\w*|necessary|required|some|such as|among|e\.g|used|useful|observed|found"
    r"|detected|applicable|possible|interact\w*|regulat\w+|sensiti\w+|express\w*|markers?|targets?|also|candidate)\b",
    re.IGNORECASE,
)
_DETACHABLE_TEXT = """
inheritance linkage sign growth course side depth nearness flank place laterality route inflammation
severity origin strands immunity response quality duration air rank
"""
_DETACHABLE = frozenset(_DETACHABLE_TEXT.split())
_ASYMMETRIC_TEXT = """
cause encode produce secrete cleave degrade metabolize catalyze synthesize treat prevent infect target
mediate trigger inhibit block suppress activate stimulate induce phosphorylate neutralize digest kill
destroy transmit antagonize repress
"""
_ASYMMETRIC = frozenset(_ASYMMETRIC_TEXT.split())
_NOT_VERB = re.compile(
    r"\b(?:an?|the|of|in|and|any|each|every|one|this|which|important|major|common|leading|\w+ous|\w+al|\w+ive)\s$"
)
_AUXILIARY_BEFORE = re.compile(r"\b(?:is|are|was|were|to|and|more|less|most|very|not|than|be|been)\s$")
_NO_NOUN = re.compile(r"(?:and|with|when|from|than|that|after|before|during|their|these|this|those|\w+ly)$")
_NOT = re.compile(r"\b(?:not?|never|without|lack\w*|fail\w*|cannot|nor)\b", re.IGNORECASE)


def contrast_pairs(texts: Sequence[str], questions: Sequence[GoldQuestion], count: int, seed: int = 0) -> list[Pair]:
    """Pairs from BioASQ's own yes/no questions, and at most `count` more from the sentences of `texts`.

    Of each pair the first says yes, the second no or neither. The seed determines the order of the texts, and what is
    changed. No two examples have the same question and text.
    """
    random = Random(seed)  # noqa: S311
    ordinary = _ordinary_words(texts)
    kept: list[Pair] = []
    held: set[tuple[str, str]] = set()

    def add(pair: Pair) -> None:
        keys = {(fold_text(each.question), fold_text(each.text)) for each in pair}
        if len(keys) == 2 and not keys & held:
            held.update(keys)
            kept.append(pair)

    for question in questions:
        for pair in _from_question(question, random):
            add(pair)
    end = len(kept) + count
    agents: list[str] = []
    for text in random.sample(texts, len(texts)):
        pairs = list(_from_text(text, agents, ordinary, random))
        for pair in random.sample(pairs, min(_PER_TEXT, len(pairs))):
            if len(kept) >= end:
                return kept
            add(pair)
    return kept


def _ordinary_words(texts: Sequence[str]) -> frozenset[str]:
    """The words that are written in lower case more often than once: the others may be names."""
    counts = Counter(word for text in texts for word in re.findall(r"(?<![\w-])[a-z]+\b", text))
    return frozenset(word for word, number in counts.items() if number > 1)


def _example(question: str, text: str, verdict: str) -> ReaderExample:
    relevant = None if verdict == "neither" else True
    return ReaderExample(question, text, verdict=verdict, relevant=relevant, question_type=QuestionType.YESNO)


def _from_question(question: GoldQuestion, random: Random) -> Iterator[Pair]:
    """A question that is answered with yes, and one with a sibling in it, on each snippet that has the word itself."""
    if question.type is not QuestionType.YESNO or not question.exact or question.exact[0][0] != "yes":
        return
    if _UNSAFE.search(question.body.rstrip(" ?")):
        return
    for attribute in siblings.attributes(question.body):
        if not _is_swappable(question.body, attribute):
            continue
        swapped = _swap(question.body, attribute, random)
        for text in question.snippet_texts[:6]:
            alike = [other for other in siblings.attributes(text) if other.kind == attribute.kind]
            if alike and all(other.value == attribute.value for other in alike):
                verdict = _verdict_of_swapped(f"{question.body} {text}", attribute)
                yield _example(question.body, text, "yes"), _example(swapped, text, verdict)


def _from_text(text: str, agents: list[str], ordinary: Container[str], random: Random) -> Iterator[Pair]:
    ranges = sentences.split(text)
    for place, (start, end) in enumerate(ranges):
        sentence = text[start:end]
        if len(sentence.split()) > _LONGEST or _UNSAFE.search(sentence):
            continue
        if re.search(r"\bw(?:as|ere)\b", sentence) and random.random() > _PAST:
            continue
        first, last = max(0, place - random.choice((0, 1))), min(len(ranges) - 1, place + random.choice((0, 1)))
        around = text[ranges[first][0] : ranges[last][1]] if random.random() < _WITH_NEIGHBOURS else sentence
        if claim := as_question(sentence, ordinary):
            if _NOT.search(claim.statement):
                yield from _denied(claim)
                continue
            yield from _swapped(claim, sentence, around, random)
            yield from _lacking(claim, sentence)
            yield from _negated(claim, random)
            yield from _elsewhere(claim, sentence, [text[a:b] for a, b in ranges], random)
        relation = stated_relation(sentence)
        if relation and not UNCLEAR.search(f"{relation.agent} {relation.target}") and not _NOT.search(sentence):
            yield from _related(relation, sentence, around, agents, ordinary, random)


def _is_swappable(text: str, attribute: Attribute) -> bool:
    """Whether a sibling can stand in the place of an attribute: it is the only one of its kind, and fits there."""
    before, after = text[: attribute.start], text[attribute.end :]
    word = text[attribute.start : attribute.end].lower()
    if not attribute.siblings or sum(other.kind == attribute.kind for other in siblings.attributes(text)) > 1:
        return False
    if word in ("cause", "causes", "trigger", "triggers", "block", "blocks", "delay", "contract", "close", "open"):
        return not after.startswith(" of") and not _NOT_VERB.search(before)
    if word in ("induced", "blocked", "caused", "prevented", "triggered", "abolished", "delayed"):
        return after.startswith(" by ")  # not "radiation induced tumors"
    if word == "lower":
        return not re.search(r"\b(?:to|not|can|does|do|did)\s$", before)
    if attribute.kind == "possibility":
        return not re.match(r" \w", after)
    if attribute.kind == "number":
        return (
            not re.search(r"(?:least|than|most|to|about|approximately|[-<>≥≤~±/]|\bp) ?$", before) and after[:1] != "-"
        )
    return not after.startswith(" to ") or attribute.kind != "rank"


def _verdict_of_swapped(text: str, attribute: Attribute) -> str:
    """What a text says to a claim with a sibling: no where one excludes the other, else neither.

    What is associated with the lung may be associated with the liver too.
    """
    return "no" if attribute.excludes or not _LOOSE.search(text) else "neither"


def _swap(text: str, attribute: Attribute, random: Random) -> str:
    changed = text[: attribute.start] + random.choice(attribute.siblings) + text[attribute.end :]
    return _with_articles(changed)


def _with_articles(text: str) -> str:
    """The text with "a" and "an" as the next word needs them, where that is plain."""
    text = re.sub(
        r"\b([Aa])n (?=(?!hour|honest|heir|[A-Z]{2}|[FHLMNRSX]-)[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z])", r"\1 ", text
    )
    return re.sub(r"\b([Aa]) (?=[aeioAEIO](?!ne\b|nce\b|u))", r"\1n ", text)


def _swapped(claim: Claim, sentence: str, around: str, random: Random) -> Iterator[Pair]:
    """The claim, and one with a sibling in it, as questions or as statements."""
    asked = claim.statement if random.random() < _AS_STATEMENT else claim.question
    usable = [each for each in siblings.attributes(asked) if _is_swappable(asked, each)]
    for attribute in random.sample(usable, min(2, len(usable))):
        others = [each for each in siblings.attributes(around) if each.kind == attribute.kind]
        text = around if all(each.value == attribute.value for each in others) else sentence
        if all(each.value == attribute.value for each in siblings.attributes(text) if each.kind == attribute.kind):
            verdict = _verdict_of_swapped(claim.statement, attribute)
            yield _example(asked, text, "yes"), _example(_swap(asked, attribute, random), text, verdict)


def _lacking(claim: Claim, sentence: str) -> Iterator[Pair]:
    """The claim on its sentence, and on the sentence without an adjective of the claim, which says neither."""
    for attribute in siblings.attributes(sentence):
        before, after = sentence[: attribute.start], sentence[attribute.end :]
        word, noun = sentence[attribute.start : attribute.end], re.match(r" ([a-z]{4,})\b", after)
        if (
            attribute.kind in _DETACHABLE
            and noun
            and not _NO_NOUN.match(noun[1])
            and before.endswith(" ")
            and not _AUXILIARY_BEFORE.search(before)
            and f" {word} " in claim.question
            and _is_swappable(sentence, attribute)
        ):
            less = _with_articles(before + after[1:])
            yield _example(claim.question, sentence, "yes"), _example(claim.question, less, "neither")
            return


def _denied(claim: Claim) -> Iterator[Pair]:
    """Where a sentence says that something is not so: the question without "not", on the sentence with and without."""
    said = re.sub(r"\b(is|are|was|were|can|has been|have been) not\b", r"\1", claim.statement, count=1)
    asked = re.sub(r"^((?:Is|Are|Was|Were|Can) .*?) not\b", r"\1", claim.question, count=1)
    if said != claim.statement and asked != claim.question and not _NOT.search(asked) and not _NOT.search(said):
        yield _example(asked, said, "yes"), _example(asked, claim.statement, "no")


def _negated(claim: Claim, random: Random) -> Iterator[Pair]:
    """The claim on its sentence, and on the sentence with a "not"."""
    denied = re.sub(r"\b(is|are|was|were|can)\b", r"\1 not", claim.statement, count=1)
    if random.random() < _NEGATED and denied != claim.statement and not claim.question.startswith("Does"):
        yield _example(claim.question, claim.statement, "yes"), _example(claim.question, denied, "no")


def _elsewhere(claim: Claim, sentence: str, others: Sequence[str], random: Random) -> Iterator[Pair]:
    """The claim on its sentence, and on one of the same text that is about the same but lacks most of the claim."""
    if random.random() >= _ELSEWHERE:
        return
    words = _content_words(claim.statement)
    shares = {other: len(words & _content_words(other)) / len(words) for other in others if other != sentence if words}
    near = [other for other, share in shares.items() if 0 < share <= _OTHER_SENTENCE]
    if near:
        yield _example(claim.question, sentence, "yes"), _example(claim.question, random.choice(near), "neither")


def _content_words(text: str) -> set[str]:
    """The words of four letters and more, cut to five, by which inflections meet."""
    return {word[:5] for word in re.findall(r"\w{4,}", fold_text(text))}


def _related(
    relation: Relation, sentence: str, around: str, agents: list[str], ordinary: Container[str], random: Random
) -> Iterator[Pair]:
    """What a sentence says is done by whom, in either voice; the two exchanged; another agent, who is not mentioned."""
    agent, verb, target = lowered(relation.agent, ordinary), relation.verb, lowered(relation.target, ordinary)
    asked = random.choice((_active, _passive))(agent, verb, target)
    if verb in _ASYMMETRIC:
        turned = random.choice((_active, _passive))(target, verb, agent)
        yield _example(asked, around, "yes"), _example(turned, around, "no")
    passive = _passive(agent, verb, target)
    for attribute in siblings.attributes(passive):
        if (
            attribute.kind == siblings.DIRECTION
            and _is_swappable(passive, attribute)
            and _is_swappable(sentence, attribute)
        ):
            yield _example(passive, sentence, "yes"), _example(_swap(passive, attribute, random), sentence, "no")
    words = set(re.findall(r"\w{4,}", fold_text(around)))
    if agents and not words & set(re.findall(r"\w{4,}", fold_text(stranger := random.choice(agents)))):
        other = random.choice((_active, _passive))(stranger, verb, target)
        yield _example(asked, around, "yes"), _example(other, around, "neither")
    if re.search(r"\w{4,}", agent):
        agents.append(agent)
        del agents[:-50]


def _active(agent: str, verb: str, target: str) -> str:
    return f"{'Do' if is_plural(agent) else 'Does'} {agent} {verb} {target}?"


def _passive(agent: str, verb: str, target: str) -> str:
    return f"{'Are' if is_plural(target) else 'Is'} {target} {participle(verb)} by {agent}?"
