"""Whole answers: the noun before a bare number, and the unit after a quantity."""

import re
from dataclasses import replace

from bioqa.qa.aggregate import AnswerCandidate, Evidence

_BARE = re.compile(r"^(?:\d+[A-Za-z]?(?:[pq]\d*(?:\.\d+)?)?|[IVX]+|[XY])$")
_NUMBERED = re.compile(  # nouns that a number completes
    r"\b(?:chromosomes?|exons?|introns?|codons?|types?|grades?|stages?|phases?|complex|factor|serotypes?|position"
    r"|residue|trisomy|genotypes?) $",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\d$|^(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty)$", re.IGNORECASE
)
_UNIT = re.compile(
    r"^(?: ?(?:%|‰|°C|°F)|[ -]?(?:percent|per cent)\b"
    r"| ?(?:[kmcnµμp]?g|[mµμdn]?[lL]|[mnµμp]?mol|[kM]?Da|[kM]?bp?|[ckmnµμ]?m|mm ?Hg|kcal|IU|Hz|kPa)(?:/[\w²³]+)*\b(?!-)"
    r"|[ -](?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|micrometers?|micrometres?|nanometers?"
    r"|nanometres?|milligrams?|micrograms?|grams?|kilograms?|lit(?:er|re)s?|millilit(?:er|re)s?|milliseconds?"
    r"|million|billion|kilobases?|megabases?|base pairs?)\b)"
)


def whole(question: str, candidate: AnswerCandidate) -> AnswerCandidate:
    """The candidate with what completes it in each sentence: "chromosome" before 21, "mg/kg" after 5.

    A noun that the question names itself is not repeated.
    """
    evidence = tuple(_completed(question.lower(), item) for item in candidate.evidence)
    return candidate if evidence == candidate.evidence else replace(candidate, text=evidence[0].text, evidence=evidence)


def _completed(question: str, item: Evidence) -> Evidence:
    before, after = item.sentence[: item.start], item.sentence[item.end :]
    start, end = item.start, item.end
    if _BARE.match(item.text) and (noun := _NUMBERED.search(before)):
        start = start if noun[0].strip().lower() in question else noun.start()
    elif _QUANTITY.search(item.text) and (unit := _UNIT.match(after)):
        end += unit.end()
    return item if (start, end) == (item.start, item.end) else replace(item, start=start, end=end)
