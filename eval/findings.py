"""What of the gold answers stands in the texts that come with their questions, and by which rule it was found."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bioqa.eval import alignment
from bioqa.eval.alignment import RULES, Match
from bioqa.eval.contexts import Contexts
from bioqa.eval.gold import GoldQuestion
from bioqa.eval.tables import Table


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the gold strings of a question stand: `matches` of each text, apart from each other and in order.

    `rules` has for every gold string that was found the strictest rule that found it.
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
        """The gold items: what a list consists of, or the one answer to a factoid question."""
        return [item for item in self.question.exact if any(map(str.strip, item))]

    @property
    def missing(self) -> list[tuple[str, ...]]:
        """The gold items of which no string was found anywhere."""
        return [item for item in self.items if not any(string in self.rules for string in item)]


@dataclass(frozen=True, slots=True)
class ByRule:
    """What a rule found: a question and a gold string count for the strictest rule that found them anywhere."""

    questions: int
    gold_strings: int
    matches: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How well gold answers and texts were aligned; of the questions each has a match or one reason to have none."""

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
    by_rule: Mapping[str, ByRule]


def look(question: GoldQuestion, contexts: Contexts, rules: Collection[str] = RULES) -> Finding:
    """Look for every gold string of the question in every text, by the first of `rules` that finds it there."""
    strings = _strings(question)
    found = [{string: alignment.find(string, text, rules) for string in strings} for text in contexts.texts]
    used = {string: {match.rule for matches in found for match in matches[string]} for string in strings}
    return Finding(
        question,
        contexts,
        tuple(tuple(alignment.apart(chain.from_iterable(matches.values()))) for matches in found),
        {string: min(names, key=RULES.index) for string, names in used.items() if names},
    )


def _strings(question: GoldQuestion) -> list[str]:
    return list(dict.fromkeys(string for item in question.exact for string in item if string.strip()))


def statistics(findings: Sequence[Finding]) -> Statistics:
    """The counts of all findings."""
    texts = [matches for finding in findings for matches in finding.matches]
    states = Counter(_state(finding) for finding in findings)
    of_questions = Counter(min(finding.rules.values(), key=RULES.index) for finding in findings if finding.rules)
    of_strings = Counter(rule for finding in findings for rule in finding.rules.values())
    of_matches = Counter(match.rule for matches in texts for match in matches)
    return Statistics(
        questions=len(findings),
        questions_with_match=states["with match"],
        questions_without_match=states["without match"],
        questions_without_exact_answer=states["without exact answer"],
        questions_without_context=states["without context"],
        gold_items=sum(len(finding.items) for finding in findings),
        gold_items_found=sum(len(finding.items) - len(finding.missing) for finding in findings),
        gold_strings=sum(len(finding.strings) for finding in findings),
        gold_strings_found=of_strings.total(),
        contexts=len(texts),
        contexts_with_match=sum(map(bool, texts)),
        matches=of_matches.total(),
        documents_lacking=sum(finding.contexts.documents_lacking for finding in findings),
        by_rule={rule: ByRule(of_questions[rule], of_strings[rule], of_matches[rule]) for rule in RULES},
    )


def _state(finding: Finding) -> str:
    if finding.rules:
        return "with match"
    if not finding.items:
        return "without exact answer"
    return "without match" if finding.contexts.texts else "without context"


def table(by_rule: Mapping[str, ByRule]) -> Table:
    """What each rule found, the strictest first."""
    rows = [(rule, found.questions, found.gold_strings, found.matches) for rule, found in by_rule.items()]
    return Table("By rule, the strictest that found it", ("rule", "questions", "gold strings", "matches"), rows)


def missing_entries(findings: Sequence[Finding]) -> list[Mapping[str, Any]]:
    """The gold items that were not found, each with its question and the number of texts that were looked through."""
    return [
        {"question": finding.question.id, "item": item, "contexts": len(finding.contexts.texts)}
        for finding in findings
        for item in finding.missing
    ]
