"""Candidates that can be no answer: fragments, repetitions of the question, and things of another kind."""

import re
from collections.abc import Iterable

from bioqa.index.text import analyzer
from bioqa.qa.aggregate import AnswerCandidate, Evidence
from bioqa.qa.answer_types import matches_answer_type
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.validation.causes import wrong_side
from bioqa.qa.validation.drug_classes import class_asked_for
from bioqa.qa.validation.wholes import whole

_FUNCTION_WORDS = re.compile(
    r"^(?:a|an|the|of|in|on|at|by|for|from|to|with|without|within|into|onto|over|under|above|"
    r"below|between|among|through|during|after|before|since|until|against|about|around|near|per|"
    r"via|and|or|nor|but|than|as|if|whether|that|which|who|whom|whose|this|these|those|it|"
    r"its|they|them|their|he|his|she|her|we|our|you|your|there|here|not|no|is|are|was|were|"
    r"be|been|being|has|have|had|do|does|did|can|could|may|might|must|shall|should|will|would|"
    r"also|only|both|either|neither|all|any|some|most|more|less|least|many|much|several|few|"
    r"other|others|such|same|very|often|usually|commonly|frequently|mainly|mostly|generally|rarely|"
    r"first|second|then)$"
)
_VERBS = re.compile(
    r"^(?:causes?|caused|reduces?|reduced|inhibits?|inhibited|increases?|increased|prevents?|treats?|treated|blocks?"
    r"|binds?|crosses|inactivates?|activates?|raises?|lowers?|leads?|results?|relieves?|given|used|made|found|seen"
    r"|shows?|shown|develops?|produces?|occurs?|affects?|needs?|requires?|acts?|works?|helps?)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s(?:is|are|was|were|has|have|causes?|reduces|inhibits|increases|prevents|blocks|binds|crosses|inactivates"
    r"|activates|raises|lowers|leads|results in|relieves|occurs|affects|requires|acts|may|can|should|must)\s"
)
_NAMED = frozenset({"drug", "gene or protein", "disease", "organism", "place in the body", "vitamin", "chromosome"})
_GENERIC = frozenset(  # terms that say no more than the kind does
    analyzer.terms(
        "drug drugs medication medications medicine treatment treatments therapy therapies therapeutic agent agents"
        " first line first-line second-line preventive gene genes protein disease disorder syndrome cause causes"
        " symptom symptoms patient patients case cases result results study effect effects option options management"
        " use"
    )
)
_OTHER_HEAD = re.compile(  # words after the name of a drug that make it another thing
    r"^[- ](?:tests?|testing|levels?|concentrations?|values?|above|below|receptors?|genes?|channels?|syndromes?"
    r"|mutations?|deficiency)\b",
    re.IGNORECASE,
)


def valid(question: str, answer_type: str | None, candidates: Iterable[AnswerCandidate]) -> list[AnswerCandidate]:
    """The candidates that may answer the question, in their order.

    Left out are function words and verbs alone, what only repeats the question, and, where the kind of answer is known,
    clauses and things of another kind or drug class.
    """
    asked = {*analyzer.terms(question), *_GENERIC}
    drug_class = class_asked_for(question)
    kept: dict[str, AnswerCandidate] = {}
    for candidate in (whole(question, each) for each in candidates):
        text = candidate.text
        if all(wrong_side(question, item) for item in candidate.evidence):
            continue
        if _is_fragment(text) or _repeats(text, asked):
            continue
        if answer_type and not matches_answer_type(answer_type, text):
            continue
        if answer_type in _NAMED and _CLAUSE.search(f"{text} "):
            continue
        if answer_type == "drug" and _is_another_thing(candidate.evidence[0]):
            continue
        if drug_class and not drug_class.search(text):
            continue
        kept.setdefault(normalize_answer(text), candidate)  # two may be the same once whole
    return list(kept.values())


def _is_fragment(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text.lower())
    if any(character.isdigit() for character in text):
        return False
    return all(_FUNCTION_WORDS.match(word) or _VERBS.match(word) for word in words) if text.islower() else False


def _repeats(text: str, asked: set[str]) -> bool:
    terms = analyzer.terms(text)
    return bool(terms) and all(term in asked for term in terms) and not any(map(str.isdigit, text))


def _is_another_thing(evidence: Evidence) -> bool:
    """Whether the word after a candidate for a drug makes it something else, as in "sweat chloride above 60"."""
    return bool(_OTHER_HEAD.match(evidence.sentence[evidence.end :]))
