"""The response to a question: answers with evidence, and every intermediate result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bioqa.index.records import Hit
from bioqa.qa.answers import Answer
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.summary import Sentence


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """The index that was asked: where it is and how much it holds."""

    path: str
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Response:
    """The answers to a question with all intermediate results.

    `answers` are best first: none when bioqa abstained, and none for a summary, whose answer is `ideal_answer`.
    `guesses` are the best answers below the threshold. `disagreeing` are the answers of other documents with about as
    much evidence as the first answer or guess. `relevance` is the probability that the retrieved passages are relevant.
    `ideal_answer` consists of `citations`, chosen from the most relevant `sentences`. `encoder` and `reader` are the
    names of the models; `encoder` is None for a lexical index. `form` is how the question is worded. `notice` is one
    line for the reader: why there is no answer, or a possible correction of the question. `parts` are the responses to
    the single questions where one question holds several. `asked` is what was read of a long question, whose rest had
    a part in the search only; empty if all was read.
    """

    question: str
    type: QuestionType
    answer_type: str | None
    answers: tuple[Answer, ...]
    guesses: tuple[Answer, ...]
    disagreeing: tuple[Answer, ...]
    abstained: bool
    ideal_answer: str
    citations: tuple[Sentence, ...]
    sentences: tuple[Sentence, ...]
    relevance: float
    relevance_features: Mapping[str, float]
    threshold: float
    hits: tuple[Hit, ...]
    readings: tuple[Reading, ...]
    timings_ms: dict[str, float]
    encoder: str | None
    reader: str
    index: IndexSummary
    form: Form = Form.QUESTION
    notice: str = ""
    parts: "tuple[Response, ...]" = ()
    asked: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The object that `bioqa ask --json` prints, ready for `json.dumps`."""
        from bioqa.qa.json_output import response_json

        return response_json(self)

    def _repr_html_(self) -> str:
        """How a notebook shows the response."""
        from bioqa.qa.notebook import response_html

        return response_html(self)
