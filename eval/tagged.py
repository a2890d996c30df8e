"""Sentences whose tokens are tagged where a gold answer stands: what sequence taggers are trained on."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioqa.eval.alignment import Match
from bioqa.eval.findings import Finding
from bioqa.eval.gold import GoldQuestion

_TOKEN = re.compile(r"\w+|[^\w\s]")  # as in the usual files of NCBI-disease, BC5CDR, BC2GM and others


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The tokens of a sentence, each with its tag: B begins an answer to the question, I goes on in it, O is outside.

    `widened` counts the answers that begin or end inside of a token; the whole token is tagged.
    """

    question: GoldQuestion
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    widened: int


@dataclass(frozen=True, slots=True)
class TagCounts:
    """What a file of tagged sentences has in it."""

    sentences: int
    tags_b: int
    tags_i: int
    tags_o: int
    answers_widened_to_tokens: int


def tagged(findings: Sequence[Finding]) -> list[TaggedSentence]:
    """The sentences of every question that has a match in one of them; the texts of the findings are sentences.

    Where nothing was found, the answer may stand there in other words: no tag would be right for sure.
    """
    return [
        tag(finding.question, text, matches)
        for finding in findings
        if finding.rules
        for text, matches in zip(finding.contexts.texts, finding.matches, strict=True)
    ]


def tag(question: GoldQuestion, text: str, matches: Sequence[Match]) -> TaggedSentence:
    """Tag the tokens of one sentence, in which the answers to the question stand at `matches`."""
    tokens = list(_TOKEN.finditer(text))
    tags = ["O"] * len(tokens)
    widened = 0
    for match in matches:
        covered = [i for i, token in enumerate(tokens) if token.start() < match.end and match.start < token.end()]
        widened += tokens[covered[0]].start() < match.start or match.end < tokens[covered[-1]].end()
        fresh = [i for i in covered if tags[i] == "O"]
        for i in fresh:
            tags[i] = "B" if i == fresh[0] else "I"
    return TaggedSentence(question, tuple(token.group() for token in tokens), tuple(tags), widened)


def as_iob(found: Sequence[TaggedSentence]) -> str:
    """One token a line, a tab, its tag; a blank line behind every sentence."""
    sentences = (zip(sentence.tokens, sentence.tags, strict=True) for sentence in found)
    return "".join("".join(f"{token}\t{tag}\n" for token, tag in sentence) + "\n" for sentence in sentences)


def question_entries(found: Sequence[TaggedSentence]) -> list[Mapping[str, Any]]:
    """The question that goes with each sentence; sentences count from 1, in the order of the file."""
    return [
        {"sentence": number, "id": sentence.question.id, "body": sentence.question.body}
        for number, sentence in enumerate(found, start=1)
    ]


def counts(found: Sequence[TaggedSentence]) -> TagCounts:
    """How many sentences and tags there are."""
    tags = Counter(tag for sentence in found for tag in sentence.tags)
    return TagCounts(len(found), tags["B"], tags["I"], tags["O"], sum(sentence.widened for sentence in found))
