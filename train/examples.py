"""Training examples: a question, a text, and what a reader should make of it, from files of many kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bioqa.eval import alignment
from bioqa.eval.gold import GoldQuestion, read_gold
from bioqa.eval.squad import SquadQuestion, read_squad
from bioqa.eval.unpacked import read_json, shown
from bioqa.index.errors import InputError
from bioqa.qa.questions import QuestionType
from bioqa.train import table

T = TypeVar("T")
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ReaderExample:
    """A question on a text; of what is None nothing is known, and no head learns it from this example.

    `answers` are the characters of the text where the answer stands, any of which is right: () where it does not say.
    `items` are those of all items of a list. `verdict` is what the text says to a yes/no question: yes, no or neither.
    `relevant` tells whether the text is to the point. `asks` is the type of the question, by which a teacher is heard:
    on where answers stand, on what is said to yes or no, or on no more than relevance. `origin` is the number of the
    kind of data that it is from.
    """

    question: str
    text: str
    answers: Ranges | None = None
    items: Ranges | None = None
    verdict: str | None = None
    relevant: bool | None = None
    question_type: QuestionType = QuestionType.SUMMARY
    origin: int = 0


_VERDICTS = {
    **dict.fromkeys(("yes", "supports", "support", "entailment"), "yes"),
    **dict.fromkeys(("no", "refutes", "contradict", "contradiction", "not_entailment"), "no"),
    **dict.fromkeys(("maybe", "neutral", "neither"), "neither"),
}
LABEL_COLUMNS = ("label", "verdict", "entailment")
_COLUMNS = {  # of a table of claims: what is looked for under which header
    "question": ("claim", "question", "sentence2"),
    "text": ("evidence", "text", "sentence1"),
    "verdict": LABEL_COLUMNS,
}


def fold_text(text: str) -> str:
    """What of a text tells it from others: not its capitals, nor how its words are spaced."""
    return " ".join(text.lower().split())


def evenly_spaced(found: Sequence[T], count: int) -> Sequence[T]:
    """So many of these at equal distances, or all where `count` is 0 or they are fewer."""
    if not 0 < count < len(found):
        return found
    return [found[place * len(found) // count] for place in range(count)]


def read_dev_questions(paths: Sequence[str]) -> list[GoldQuestion]:
    """The questions for model selection in these gold files. Raises InputError where there are none."""
    questions = [question for path in paths for question in read_gold(Path(path))]
    if not questions:
        raise InputError("no questions for model selection: name gold files under dev")
    return questions


def from_bioasq(questions: Sequence[GoldQuestion]) -> list[ReaderExample]:
    """An example for each distinct snippet of each question."""
    return [
        _of_snippet(question, text)
        for question in questions
        for text in dict.fromkeys(snippet.text.strip() for snippet in question.snippets)
        if text
    ]


def _of_snippet(question: GoldQuestion, text: str) -> ReaderExample:
    if question.type is QuestionType.YESNO:
        said = question.exact[0][0] if question.exact else None
        return ReaderExample(question.body, text, verdict=said, relevant=True, question_type=question.type)
    synonyms = [synonym for item in question.exact for synonym in item]
    places = tuple((match.start, match.end) for match in alignment.find_any(synonyms, text))
    if not places:  # it may say so in other words, so that nothing is known of where
        return ReaderExample(question.body, text, relevant=True, question_type=question.type)
    items = places if question.type is QuestionType.LIST else None
    return ReaderExample(question.body, text, answers=places, items=items, relevant=True, question_type=question.type)


def from_squad(path: Path) -> tuple[list[ReaderExample], list[str]]:
    """The examples of a SQuAD file, and the ids of questions whose answers do not stand in their texts.

    An answer that is not at the offset given, but stands in the text once, is taken from there.
    """
    examples, lost = [], []
    for question in read_squad(path).questions:
        places = [_place(question, number) for number in range(len(question.answers))]
        if all(places) and question.context.strip():
            answers = tuple(dict.fromkeys(place for place in places if place))
            examples.append(
                ReaderExample(question.question, question.context, answers, question_type=QuestionType.FACTOID)
            )
        else:
            lost.append(question.id)
    return examples, lost


def _place(question: SquadQuestion, number: int) -> tuple[int, int] | None:
    given, start = question.answers[number], question.starts[number]
    if start is None or question.context[start : start + len(given)] != given:
        start = question.context.find(given) if question.context.count(given) == 1 else -1
    answer = given.strip()  # spaces are of no token: at an end of the text they would lie outside of all windows
    if not answer or start < 0:
        return None
    start += given.index(answer)
    return start, start + len(answer)


def from_pubmedqa(path: Path) -> list[ReaderExample]:
    """The examples of PubMedQA (Jin et al. 2019): a question, an abstract without its conclusion, yes, no or maybe.

    Raises InputError: which entry, what was expected.
    """
    entries = read_json(path, "a PubMedQA file: expected a JSON object", legible=True)
    if not isinstance(entries, dict):
        raise InputError(f"{path}: not a PubMedQA file: expected a JSON object of entries by PMID")
    return [_of_entry(fields, f"{path}: entry {pmid}") for pmid, fields in entries.items()]


def _of_entry(fields: object, name: str) -> ReaderExample:
    if not isinstance(fields, Mapping):
        raise InputError(f"{name}: expected an object, found {shown(fields)}")
    question, texts = fields.get("QUESTION"), fields.get("CONTEXTS")
    if not isinstance(question, str) or not isinstance(texts, list):
        raise InputError(f"{name}: expected 'QUESTION' as text and 'CONTEXTS' as a list")
    said = parse_verdict(fields.get("final_decision"), name)
    return ReaderExample(
        question, " ".join(map(str, texts)), verdict=said, relevant=True, question_type=QuestionType.YESNO
    )


def from_claims(path: Path) -> list[ReaderExample]:
    """Claims with evidence from a table; the claim takes the place of the question.

    Columns go by several names: claim, question or sentence2; evidence, text or sentence1; label, verdict or
    entailment. Raises InputError: which row, what was expected.
    """
    claims = table.read_table(path)
    question, text, label = (claims.column(what, names) for what, names in _COLUMNS.items())
    return [_of_claim(row.get(question), row.get(text), row.get(label), name) for name, row in claims.rows]


def _of_claim(claim: str | None, evidence: str | None, label: str | None, name: str) -> ReaderExample:
    if not claim or not evidence:
        raise InputError(f"{name}: claim or evidence is empty")
    found = parse_verdict(label, name)
    told = found != "neither" or None
    return ReaderExample(claim, evidence, verdict=found, relevant=told, question_type=QuestionType.YESNO)


def parse_verdict(value: object, name: str) -> str:
    """What a label says: yes, no or neither. Raises InputError, which begins with the `name` of what bears it."""
    if not isinstance(value, str) or value.strip().lower() not in _VERDICTS:
        raise InputError(f"{name}: the verdict is {shown(value)}; expected one of {', '.join(_VERDICTS)}")
    return _VERDICTS[value.strip().lower()]
