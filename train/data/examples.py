"""Training examples of a reader from BioASQ, SQuAD, PubMedQA, and tables of claims and of lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bioqa.eval.datasets import alignment
from bioqa.eval.datasets.bioasq import GoldQuestion, read_gold
from bioqa.eval.datasets.files import list_field, read_bytes, read_json, shown
from bioqa.eval.datasets.squad import SquadQuestion, read_squad
from bioqa.index.corpus import jsonl
from bioqa.index.errors import InputError
from bioqa.qa.question_types import QuestionType
from bioqa.train.data import tables

T = TypeVar("T")
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ReaderExample:
    """A question and a text with their labels; None means unlabelled, and that head is not trained.

    `answers` are the character ranges of correct answers in the text, () if the text has none. `items` are the ranges
    of all items of a list. `verdict` is the text's answer to a yes/no question: yes, no or neither. `relevant` says
    whether the text is relevant. `question_type` selects the heads that a teacher trains: spans, verdict, or relevance
    only. `origin` is the number of the data set.
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
    **dict.fromkeys(("maybe", "neutral", "neither", "unknown"), "neither"),
}
_EITHER = "not_entailment"  # no in a table of two labels; where there is a third one it means no or neither
LABEL_COLUMNS = ("label", "verdict", "entailment")
_COLUMNS = {  # of a table of claims, with the headers that they may have
    "question": ("claim", "hypothesis", "question", "sentence2"),
    "text": ("evidence", "premise", "passage", "text", "sentence1"),
    "verdict": (*LABEL_COLUMNS, "answer"),
}


def fold_text(text: str) -> str:
    """A text in lower case with white space collapsed, for comparisons."""
    return " ".join(text.lower().split())


def evenly_spaced(items: Sequence[T], count: int) -> Sequence[T]:
    """`count` of these items at equal distances; all if `count` is 0 or they are fewer."""
    if not 0 < count < len(items):
        return items
    return [items[place * len(items) // count] for place in range(count)]


def read_dev_questions(paths: Sequence[str]) -> list[GoldQuestion]:
    """The questions for model selection in these gold files. Raises InputError where there are none."""
    questions = [question for path in paths for question in read_gold(Path(path))]
    if not questions:
        raise InputError("no questions for model selection: name gold files under dev")
    return questions


def from_bioasq(questions: Sequence[GoldQuestion]) -> list[ReaderExample]:
    """An example for each distinct snippet of each question."""
    return [
        _from_snippet(question, text)
        for question in questions
        for text in dict.fromkeys(snippet.text.strip() for snippet in question.snippets)
        if text
    ]


def _from_snippet(question: GoldQuestion, text: str) -> ReaderExample:
    if question.type is QuestionType.YESNO:
        verdict = question.exact[0][0] if question.exact else None
        return ReaderExample(question.body, text, verdict=verdict, relevant=True, question_type=question.type)
    synonyms = [synonym for item in question.exact for synonym in item]
    places = tuple((match.start, match.end) for match in alignment.find_any(synonyms, text))
    if not places:  # the answer may be paraphrased, so the span is unlabelled
        return ReaderExample(question.body, text, relevant=True, question_type=question.type)
    items = places if question.type is QuestionType.LIST else None
    return ReaderExample(question.body, text, answers=places, items=items, relevant=True, question_type=question.type)


def from_squad(path: Path) -> tuple[list[ReaderExample], list[str]]:
    """The examples of a SQuAD file, and the ids of questions whose answers are not in their contexts.

    An answer with a wrong offset is located by its text if that occurs exactly once.
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
    written, start = question.answers[number], question.starts[number]
    if start is None or question.context[start : start + len(written)] != written:
        start = question.context.find(written) if question.context.count(written) == 1 else -1
    answer = written.strip()  # spaces belong to no token; at the end of a text they are outside all windows
    if not answer or start < 0:
        return None
    start += written.index(answer)
    return start, start + len(answer)


def from_pubmedqa(path: Path) -> list[ReaderExample]:
    """The examples of PubMedQA (Jin et al. 2019): a question, an abstract without its conclusion, and yes, no or maybe.

    Raises InputError with the entry and what was expected.
    """
    entries = read_json(path, "a PubMedQA file: expected a JSON object", legible=True)
    if not isinstance(entries, dict):
        raise InputError(f"{path}: not a PubMedQA file: expected a JSON object of entries by PMID")
    return [_from_entry(fields, f"{path}: entry {pmid}") for pmid, fields in entries.items()]


def _from_entry(fields: object, name: str) -> ReaderExample:
    if not isinstance(fields, Mapping):
        raise InputError(f"{name}: expected an object, found {shown(fields)}")
    question, texts = fields.get("QUESTION"), fields.get("CONTEXTS")
    if not isinstance(question, str) or not isinstance(texts, list):
        raise InputError(f"{name}: expected 'QUESTION' as text and 'CONTEXTS' as a list")
    verdict = parse_verdict(fields.get("final_decision"), name)
    return ReaderExample(
        question, " ".join(map(str, texts)), verdict=verdict, relevant=True, question_type=QuestionType.YESNO
    )


def from_claims(path: Path) -> tuple[list[ReaderExample], int]:
    """Examples from a table of claims with evidence, and how many rows are unusable; a claim is used as the question.

    Accepted columns: claim, hypothesis, question or sentence2; evidence, premise, passage, text or sentence1; label,
    verdict, entailment or answer. A row is unusable if a side is empty or its label is unknown or ambiguous. Raises
    InputError, with the first row and what was expected, where none is usable.
    """
    claims = tables.read_table(path)
    question, text, label = (claims.column(what, names) for what, names in _COLUMNS.items())
    found, wrong = [], []
    labels = {_folded_label(row.get(label)) for _, row in claims.rows}
    ambiguous = any(_VERDICTS.get(each) == "neither" for each in labels)
    for name, row in claims.rows:
        try:
            if ambiguous and _folded_label(row.get(label)) == _EITHER:
                raise InputError(f"{name}: {_EITHER} means no or neither in a table of three labels")
            found.append(_from_claim(row.get(question), row.get(text), row.get(label), name))
        except InputError as error:
            wrong.append(error)
    if wrong and not found:
        raise wrong[0]
    return found, len(wrong)


def _from_claim(claim: str | None, evidence: str | None, label: str | None, name: str) -> ReaderExample:
    if not claim or not evidence:
        raise InputError(f"{name}: claim or evidence is empty")
    verdict = parse_verdict(label, name)
    relevant = verdict != "neither" or None
    return ReaderExample(claim, evidence, verdict=verdict, relevant=relevant, question_type=QuestionType.YESNO)


def from_lists(path: Path) -> tuple[list[ReaderExample], int]:
    """Examples from JSON lines with a question, a context and answers with their text and start, such as MultiSpanQA
    (Li et al. 2022), and how many lines are unusable.

    A line is unusable if a side is empty or an answer is not where it should be. Raises InputError, with the line and
    what was expected, for one that is malformed.
    """
    found, unusable = [], 0
    content = read_bytes(path).decode("utf-8-sig", "replace")
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            example = _from_list(line, f"{path}: line {number}")
            unusable += example is None
            found += [example] if example else []
    return found, unusable


def _from_list(line: str, name: str) -> ReaderExample | None:
    try:
        fields = jsonl.parse_line(line)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    question, context = (fields.get(key) for key in ("question", "context")) if isinstance(fields, dict) else (None, 0)
    if not isinstance(question, str) or not isinstance(context, str):
        raise InputError(f"{name}: expected an object with 'question' and 'context' as text, and 'answers'")
    answers = list_field(fields, "answers", name)
    places = [_item_place(answer, context) for answer in answers]
    if not question.strip() or not places or not all(places):
        return None
    items = tuple(sorted({place for place in places if place}))
    return ReaderExample(question, context, answers=items, items=items, question_type=QuestionType.LIST)


def _item_place(answer: object, context: str) -> tuple[int, int] | None:
    text, start = (answer.get("text"), answer.get("start")) if isinstance(answer, Mapping) else (None, None)
    if not isinstance(text, str) or not isinstance(start, int) or not text.strip() or start < 0:
        return None
    if context[start : start + len(text)] != text:
        return None
    start += len(text) - len(text.lstrip())
    return start, start + len(text.strip())


def _folded_label(value: str | None) -> str:
    return (value or "").strip().lower()


def parse_verdict(value: object, name: str) -> str:
    """The verdict of a label: yes, no or neither. Raises InputError, which begins with the `name` of the row or
    entry."""
    if not isinstance(value, str) or value.strip().lower() not in _VERDICTS:
        raise InputError(f"{name}: the verdict is {shown(value)}; expected one of {', '.join(_VERDICTS)}")
    return _VERDICTS[value.strip().lower()]
