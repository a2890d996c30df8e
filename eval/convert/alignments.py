"""The alignment of gold answers with the texts of their questions, and its statistics by rule."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bioqa.eval.convert.contexts import Contexts
from bioqa.eval.datasets.alignment import RULES, Match, find, without_overlaps
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.tables import Table


@dataclass(frozen=True, slots=True)
class Alignment:
    """The gold strings of a question in its texts: for each text its `matches`, in order and without overlaps.

    `rules` maps every gold string that was found to the strictest rule that found it.
    """

    question: GoldQuestion
    contexts: Contexts
    matches: tuple[tuple[Match, ...], ...]
    rules: Mapping[str, str]

    @property
    def strings(self) -> list[str]:
        """The distinct gold strings."""
        return _strings(self.question)

    @property
    def items(self) -> list[tuple[str, ...]]:
        """The gold items: those of a list, or the single answer to a factoid question."""
        return [item for item in self.question.exact if any(map(str.strip, item))]

    @property
    def missing(self) -> list[tuple[str, ...]]:
        """The gold items without a match in any text."""
        return [item for item in self.items if not any(string in self.rules for string in item)]


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """The matches of a rule. Questions and gold strings count for the strictest rule that found them in any text."""

    questions: int
    gold_strings: int
    matches: int


@dataclass(frozen=True, slots=True)
class AlignmentStatistics:
    """Counts of an alignment. Each question has a match or exactly one reason for having none."""

    questions: int
    questions_with_match: int
    questions_without_match: int
    questions_without_exact_answer: int
    questions_without_context: int
    gold_items: int
    gold_items_found: int
    gold_strings: int
    gold_strings_found: int
    contexts: int
    contexts_with_match: int
    matches: int
    documents_lacking: int
    by_rule: Mapping[str, RuleCounts]


def align(question: GoldQuestion, contexts: Contexts, rules: Collection[str] = RULES) -> Alignment:
    """Align every gold string of the question with every text, by the first of `rules` that finds it there."""
    strings = _strings(question)
    matches = [{string: find(string, text, rules) for string in strings} for text in contexts.texts]
    used = {string: {match.rule for by_string in matches for match in by_string[string]} for string in strings}
    return Alignment(
        question,
        contexts,
        tuple(tuple(without_overlaps(chain.from_iterable(by_string.values()))) for by_string in matches),
        {string: min(names, key=RULES.index) for string, names in used.items() if names},
    )


def _strings(question: GoldQuestion) -> list[str]:
    return list(dict.fromkeys(string for item in question.exact for string in item if string.strip()))


def statistics(alignments: Sequence[Alignment]) -> AlignmentStatistics:
    """The counts over all alignments."""
    texts = [matches for alignment in alignments for matches in alignment.matches]
    states = Counter(_state(alignment) for alignment in alignments)
    of_questions = Counter(
        min(alignment.rules.values(), key=RULES.index) for alignment in alignments if alignment.rules
    )
    of_strings = Counter(rule for alignment in alignments for rule in alignment.rules.values())
    of_matches = Counter(match.rule for matches in texts for match in matches)
    return AlignmentStatistics(
        questions=len(alignments),
        questions_with_match=states["with match"],
        questions_without_match=states["without match"],
        questions_without_exact_answer=states["without exact answer"],
        questions_without_context=states["without context"],
        gold_items=sum(len(alignment.items) for alignment in alignments),
        gold_items_found=sum(len(alignment.items) - len(alignment.missing) for alignment in alignments),
        gold_strings=sum(len(alignment.strings) for alignment in alignments),
        gold_strings_found=of_strings.total(),
        contexts=len(texts),
        contexts_with_match=sum(map(bool, texts)),
        matches=of_matches.total(),
        documents_lacking=sum(alignment.contexts.missing_documents for alignment in alignments),
        by_rule={rule: RuleCounts(of_questions[rule], of_strings[rule], of_matches[rule]) for rule in RULES},
    )


def _state(alignment: Alignment) -> str:
    if alignment.rules:
        return "with match"
    if not alignment.items:
        return "without exact answer"
    return "without match" if alignment.contexts.texts else "without context"


def table(by_rule: Mapping[str, RuleCounts]) -> Table:
    """The counts of each rule, the strictest first."""
    rows = [(rule, counts.questions, counts.gold_strings, counts.matches) for rule, counts in by_rule.items()]
    return Table("By the strictest rule that found it", ("rule", "questions", "gold strings", "matches"), rows)


def missing_items(alignments: Sequence[Alignment]) -> list[Mapping[str, Any]]:
    """The gold items without a match, with their question ids and the numbers of texts searched."""
    return [
        {"question": alignment.question.id, "item": item, "contexts": len(alignment.contexts.texts)}
        for alignment in alignments
        for item in alignment.missing
    ]
