"""What an abbreviation stands for, and how something is abbreviated, by the definitions in passages."""

import re
from collections.abc import Iterator, Sequence

from bioqa.index.records import Hit, Passage
from bioqa.qa import abbreviations
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.reader import context_of

_DEFINED = 0.95  # confidence of a long form that all definitions share; chosen by hand


def answers(short_or_long: str, hits: Sequence[Hit]) -> list[Answer]:
    """The long forms of an abbreviation, or the abbreviations of a phrase: the one in most papers first."""
    wanted = _key(short_or_long)
    found: dict[str, dict[str, Evidence]] = {}
    for hit in hits:
        for sentence, one, other in _definitions(short_or_long, hit.passage):
            if one == wanted:
                at = sentence.find(other)
                evidence = Evidence(hit.passage, sentence, max(at, 0), max(at, 0) + len(other), hit.score)
                found.setdefault(normalize_answer(other), {}).setdefault(hit.passage.document.id, evidence)
    total = sum(map(len, found.values()))
    ranked = sorted(found.values(), key=lambda papers: (-len(papers), -max(item.score for item in papers.values())))
    return [
        Answer(item[0].text, _DEFINED * len(item) / total, {}, tuple(item))
        for item in (sorted(papers.values(), key=lambda evidence: -evidence.score) for papers in ranked)
    ]


def _definitions(asked: str, passage: Passage) -> Iterator[tuple[str, str, str]]:
    """Sentences that define an abbreviation, each with the key of the form asked for and the other form."""
    context = context_of(passage)
    for start, end in context.sentences:
        sentence = context.text[start:end]
        for short, long in abbreviations.abbreviation_pairs(sentence):
            yield sentence, _key(short), long
            yield sentence, _key(long), short
        stated = re.search(
            rf"\b{re.escape(asked)},? (?:stands for|is short for|is the abbreviation (?:of|for)|means|or)"
            r" (?:the |an? )?(?P<long>[^.,;()]{4,100})",
            sentence,
            re.IGNORECASE,
        )
        if stated and abbreviations.abbreviates(asked, stated["long"]):
            yield sentence, _key(asked), stated["long"]
        listed = re.search(rf"\b{re.escape(asked)}: (?P<long>[^.;()]{{4,150}})", sentence)
        if listed and _is_acronym(asked, listed["long"]):
            yield sentence, _key(asked), listed["long"]


def _is_acronym(short: str, long: str) -> bool:
    """Whether the letters of `short` occur in order in an enumeration, all but one of them at the start of a word."""
    at, starts = 0, 0
    folded = long.casefold()
    for letter in short.casefold():
        started = re.search(rf"\b{re.escape(letter)}", folded[at:])
        found = at + started.start() if started else folded.find(letter, at)
        if found < 0:
            return False
        starts += started is not None
        at = found + 1
    return starts >= len(short) - 1


def _key(form: str) -> str:
    return re.sub(r"[\W_]+", "", form.casefold()).removesuffix("s") if len(form) < 12 else normalize_answer(form)
