"""Sentences with IOB tags of gold answers, to train sequence taggers."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioqa.eval.convert.alignments import Alignment
from bioqa.eval.datasets.alignment import Match
from bioqa.eval.datasets.bioasq import GoldQuestion

_TOKEN = re.compile(r"\w+|[^\w\s]")  # the tokenisation of NCBI-disease, BC5CDR, BC2GM and other corpora


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The tokens of a sentence with their tags: B begins an answer to the question, I is inside one, O is outside.

    `widened` counts the answers that begin or end inside a token; the whole token is tagged.
    """

    question: GoldQuestion
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    widened: int


@dataclass(frozen=True, slots=True)
class TagCounts:
    """The contents of a file of tagged sentences."""

    sentences: int
    tags_b: int
    tags_i: int
    tags_o: int
    answers_widened_to_tokens: int


def tag_sentences(alignments: Sequence[Alignment]) -> list[TaggedSentence]:
    """The tagged sentences of every question with a match; the texts of the alignments are sentences.

    Questions without a match are left out, because their sentences may state the answer in other words.
    """
    return [
        tag_sentence(alignment.question, text, matches)
        for alignment in alignments
        if alignment.rules
        for text, matches in zip(alignment.contexts.texts, alignment.matches, strict=True)
    ]


def tag_sentence(question: GoldQuestion, text: str, matches: Sequence[Match]) -> TaggedSentence:
    """Tag the tokens of one sentence, which contains answers to the question at `matches`."""
    tokens = list(_TOKEN.finditer(text))
    tags = ["O"] * len(tokens)
    widened = 0
    for match in matches:
        covered = [i for i, token in enumerate(tokens) if token.start() < match.end and match.start < token.end()]
        widened += tokens[covered[0]].start() < match.start or match.end < tokens[covered[-1]].end()
        untagged = [i for i in covered if tags[i] == "O"]
        for i in untagged:
            tags[i] = "B" if i == untagged[0] else "I"
    return TaggedSentence(question, tuple(token.group() for token in tokens), tuple(tags), widened)


def as_iob(sentences: Sequence[TaggedSentence]) -> str:
    """One token and its tag on each line, separated by a tab; a blank line after every sentence."""
    zipped = (zip(sentence.tokens, sentence.tags, strict=True) for sentence in sentences)
    return "".join("".join(f"{token}\t{tag}\n" for token, tag in pairs) + "\n" for pairs in zipped)


def question_entries(sentences: Sequence[TaggedSentence]) -> list[Mapping[str, Any]]:
    """The question of each sentence; sentences are numbered from 1, in the order of the file."""
    return [
        {"sentence": number, "id": sentence.question.id, "body": sentence.question.body}
        for number, sentence in enumerate(sentences, start=1)
    ]


def counts(sentences: Sequence[TaggedSentence]) -> TagCounts:
    """The numbers of sentences and tags."""
    tags = Counter(tag for sentence in sentences for tag in sentence.tags)
    widened = sum(sentence.widened for sentence in sentences)
    return TagCounts(len(sentences), tags["B"], tags["I"], tags["O"], widened)
