"""Answers to choices: one of the named options, by a sentence that says so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bioqa.index.records import Hit
from bioqa.index.text import analyzer
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.forms.form import QuestionForm
from bioqa.qa.forms.statements import coverage, statements, with_title
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading
from bioqa.qa.summary import Sentence

_LEAST_COVERAGE = 0.5  # share of the rest of the question that a sentence with its title must hold
_COVERS = 0.95  # share of the rest that a title must hold for its sentences to be about it
_LEAST_OWN = 0.4  # the same for the sentence alone
_READER = 0.5  # weight of the reader's share beside that of the sentences
_LEAST_MARGIN = 0.08  # by which the best option must lead
_CLAUSE = re.compile(
    r";|,? (?:but|whereas|while|although|though|however|rather than|instead of|unlike|not)\b|, (?:and|or)\b|,? and"
    r" (?=\w+ \w+s\b)"
)
_DOES = re.compile(r"(?:do|does|did)\b", re.IGNORECASE)
_VERBS = re.compile(
    r"(?:rais|lower|increas|decreas|reduc|activat|inhibit|stimulat|suppress|promot|prevent|slow|speed|caus|block|induc)",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|no|neither|nor|cannot|without)\b|n['’]t\b", re.IGNORECASE)
_RELATED = (  # stems of the same meaning, of which options and sentences may use different ones
    r"mother|maternal", r"father|paternal", r"\bmen\b|\bmale|\bboys", r"wom[ae]n|female|\bgirls",
    r"rais|increas|elevat|stimulat\w* secretion", r"lower|reduc|decreas", r"activat|stimulat|induc",
    r"inhibit|block|suppress|repress|prevent", r"kidney|renal", r"liver|hepat", r"lung|pulmonary", r"heart|cardiac",
    r"slow|decelerat", r"speed|accelerat|faster", r"vein|venous", r"arter(?:y|ies)|arterial", r"brain|cerebral",
)  # fmt: skip
_WORSE = re.compile(r"\b(?:less|lower|fewer|worse|shorter|weaker|inferior|slower|smaller|poorer)\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:more|less|fewer|better|worse|superior|inferior|preferr?ed|preferable|safer|\w{3,}er)\b(?P<between>.*?)"
    r"\b(?:than|to|over|compared (?:with|to))\b",
    re.IGNORECASE,
)
_EFFECT = re.compile(
    r"\b(?:better|superior|effective|efficacious|potent|preferr?ed|preferable|safer)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Option:
    """An option with the pattern of the words that set it apart from the others."""

    text: str
    pattern: re.Pattern[str]


def options_of(texts: Sequence[str]) -> list[Option]:
    """The options of a question, each with the words that only it has."""
    words = [re.findall(r"[^\W_]+(?:[-'’/][^\W_]+)*", text) for text in texts]
    lowered = [{word.lower() for word in found} for found in words]
    options = []
    for place, (text, found) in enumerate(zip(texts, words, strict=True)):
        shared = set().union(*(lowered[other] for other in range(len(texts)) if other != place))
        own = [
            word for word in found if word.lower() not in shared and (analyzer.terms(word) or len(word) == 1)
        ] or found
        options.append(Option(text, re.compile(r"(?=.*" + r")(?=.*".join(map(_word, own)) + ")", re.DOTALL)))
    return options


def _word(word: str) -> str:
    if len(word) == 1 or word.isdigit() or re.fullmatch(r"[IVX]+", word):
        return rf"(?<=[\w] ){re.escape(word)}\b|(?<=-){re.escape(word)}\b"
    related = next((stems for stems in _RELATED if re.match(stems, word, re.IGNORECASE)), None)
    if related:
        return rf"(?i:{related})"
    stem = word if len(word) < 5 else re.sub(r"(?:ies|es|s|e|y|ing|ed|ate|ion)$", "", word)
    return rf"(?i:\b{re.escape(stem)})" + (r"(?i:s?\b)" if len(word) < 5 else "")


def decide(
    form: QuestionForm, question: str, terms: QuestionTerms, hits: Sequence[Hit], readings: Sequence[Reading]
) -> list[Answer]:
    """The option that the passages support best, before the others; empty if none leads clearly.

    An option counts by the sentence or clause that names it alone and covers the rest of the question, and by the
    reader's best span with it. A sentence must speak of the topic: the rarest word of the rest, if it is in a title.
    """
    options = options_of(form.options)
    named = {term for option in form.options for term in analyzer.terms(option)}
    rest = [term for term in terms.weights if term not in named]
    by_verbs = bool(_DOES.match(question)) and all(_VERBS.match(option) for option in form.options)
    titled = terms.present(" ".join(hit.passage.document.title for hit in hits))
    rarest = [term for term in rest if terms.weights[term] == max(map(terms.weights.__getitem__, rest))]
    topic = [term for term in rarest if term in titled]
    found: dict[str, tuple[float, Evidence]] = {}
    denied: dict[str, float] = {}
    for sentence in statements(hits):
        own = coverage(sentence.text, rest, terms)
        about = coverage(sentence.passage.document.title, rest, terms) >= _COVERS
        if (
            (own < _LEAST_OWN and not about)
            or coverage(with_title(sentence), topic, terms) < 1
            or coverage(with_title(sentence), rest, terms) < _LEAST_COVERAGE
        ):
            continue
        for clause in _clauses(sentence.text):
            here = [option for option in options if option.pattern.search(clause)]
            if len(here) != 1:
                continue
            denies = bool(_NOT.search(clause))
            if not denies and not _tells(here[0], clause, sentence.text, topic, terms, by_verbs=by_verbs):
                continue
            option = here[0].text
            worth = (0.2 + 0.5 * coverage(clause, rest, terms) + 0.3 * own) * (0.6 + 0.4 * sentence.relevance)
            if denies:
                denied[option] = max(worth, denied.get(option, 0.0))
            elif worth > found.get(option, (0.0,))[0]:
                evidence = _quoted(sentence, option, worth)
                found[option] = worth, evidence
    read = _read_shares(options, readings)
    scores = {
        text: max(0.0, worth + _READER * read.get(text, 0.0) - denied.get(text, 0.0))
        for text, (worth, _) in found.items()
    }
    ranked = sorted(scores, key=lambda text: -scores[text])
    if not ranked or (len(ranked) > 1 and scores[ranked[0]] - scores[ranked[1]] < _LEAST_MARGIN):
        return []
    best = ranked[0]
    others = sum(scores.values()) - scores[best]
    return [Answer(best, min(0.95, scores[best] / (scores[best] + others + 0.1)), {}, (found[best][1],))]


def _tells(
    option: Option, clause: str, sentence: str, topic: Sequence[str], terms: QuestionTerms, *, by_verbs: bool
) -> bool:
    """Whether a clause says the option of the topic, not of another subject of the same sentence.

    What the topic does ("raises") stands behind it, unless in the passive.
    """
    if not topic or coverage(sentence, topic, terms) < 1:
        return True
    if coverage(clause, topic, terms) < 1:
        return False
    if not by_verbs or re.search(r"\bby\b", clause):
        return True
    words = clause.split()
    return any(
        coverage(" ".join(words[:place]), topic, terms) == 1 and option.pattern.search("x " + " ".join(words[place:]))
        for place in range(1, len(words))
    )


def _quoted(sentence: Sentence, option: str, score: float) -> Evidence:
    """A sentence as evidence for an option, marked where the sentence has the words of the option."""
    at = sentence.text.casefold().find(option.casefold())
    start, end = (at, at + len(option)) if at >= 0 else (0, len(sentence.text))
    return Evidence(sentence.passage, sentence.text, start, min(end, len(sentence.text)), min(1.0, score))


def _clauses(sentence: str) -> Iterator[str]:
    borders = [0, *(found.start() for found in _CLAUSE.finditer(sentence)), len(sentence)]
    for first, last in pairwise(borders):
        yield sentence[first:last]


def _read_shares(options: Sequence[Option], readings: Sequence[Reading]) -> dict[str, float]:
    """The share of each option in what the reader says."""
    best = {option.text: 0.0 for option in options}
    for reading in readings:
        for span in reading.spans:
            text = f"the {reading.context.text[span.start : span.end]}"
            here = [option.text for option in options if option.pattern.search(text)]
            if len(here) == 1:
                worth = span.probability * (1.0 if reading.relevance is None else reading.relevance)
                best[here[0]] = max(best[here[0]], worth)
    total = sum(best.values())
    return {text: worth / total for text, worth in best.items()} if total else {}


def compared(
    form: QuestionForm, question: str, terms: QuestionTerms, hits: Sequence[Hit]
) -> tuple[list[Answer], list[Sentence]]:
    """The better option where a sentence ranks both, and the sentences that compare them, best first."""
    options = options_of(form.options)
    named = {term for option in form.options for term in analyzer.terms(option)}
    rest = [term for term in analyzer.query_terms(question) if term not in named]
    both = [
        (coverage(with_title(sentence), rest, terms), sentence)
        for sentence in statements(hits)
        if all(option.pattern.search(sentence.text) for option in options) and _COMPARES.search(sentence.text)
    ]
    both = sorted((pair for pair in both if pair[0] >= 0.3), key=lambda pair: -pair[0])
    for covered, sentence in both:
        winner = _winner(options, sentence.text, form.comparative)
        if winner:
            evidence = _quoted(sentence, winner, sentence.relevance)
            return [Answer(winner, 0.5 + 0.4 * covered, {}, (evidence,))], [each for _, each in both]
    return [], [each for _, each in both]


def _winner(options: Sequence[Option], sentence: str, comparative: str) -> str | None:
    """The option that a sentence ranks first: the subject of "more ... than", the other one for "less ... than"."""
    stem = comparative.rsplit(maxsplit=1)[-1].lower()
    for found in _COMPARES.finditer(sentence):
        ranked = found[0].lower()
        effect = bool(_EFFECT.search(comparative))
        if not (stem in ranked or (effect and _EFFECT.search(ranked))):
            continue
        before = [option.text for option in options if option.pattern.search(f"x {sentence[: found.end()]}")]
        after = [option.text for option in options if option.pattern.search(f"x {sentence[found.end() :]}")]
        if len(before) == 1 and len(after) == 1 and before != after:
            reverse = bool(_WORSE.search(found[0])) != bool(_WORSE.search(comparative))
            return after[0] if reverse else before[0]
    return None
