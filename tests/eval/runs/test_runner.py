import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.runs import outcome, runner
from bioqa.eval.runs.ledger import Cause
from bioqa.eval.runs.scores import GoldBatch
from bioqa.index.errors import InputError, StorageError
from bioqa.index.records import Document, Passage, Section
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.qa.summary import Sentence

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY


def gold(identity: str, kind: QuestionType, body: str, *items: str, documents: tuple[str, ...] = ()) -> GoldQuestion:
    return GoldQuestion(identity, kind, body, tuple((item,) for item in items), documents, answerable=bool(items))


QUESTIONS = [
    gold("1", FACTOID, "what gene causes cystic fibrosis?", "CFTR", documents=("101", "102")),
    gold("2", FACTOID, "which gene has expanded CAG repeats in Huntington disease?", "HTT", documents=("103",)),
    gold("3", YESNO, "is Huntington disease dominant?", "yes", documents=("103",)),
    gold("4", FACTOID, "which protein is the target of imatinib in leukemia?"),
]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the questions that were really asked."""
    asked: list[str] = []
    run = runner.answer_all

    def counting(questions: Sequence[GoldQuestion], *rest: object) -> Iterator[outcome.Outcome]:
        for question in questions:
            asked.append(question.id)
            yield from run([question], *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "answer_all", counting)
    return asked


def test_what_the_small_corpus_says_is_scored_right(engine: Engine) -> None:
    seen: list[tuple[float, int]] = []

    class Watcher:
        def update(self, fraction: float, count: int) -> None:
            seen.append((fraction, count))

    found = runner.evaluate([GoldBatch("small", QUESTIONS)], engine, "nothing", progress=Watcher())
    assert seen == [(0.25, 1), (0.5, 2), (0.75, 3), (1.0, 4)]
    assert found.pooled.phase_b["factoid_strict_accuracy"].value == 1.0
    assert found.pooled.phase_b["yesno_accuracy"].value == 1.0
    assert found.pooled.phase_a["documents_recall"].value == 1.0
    assert found.pooled.questions == {"factoid": 2, "yesno": 1}
    assert [each.abstained for each in found.outcomes] == [False, False, False, True]
    assert [row.cause for row in found.ledger] == [Cause.RIGHT, Cause.RIGHT]
    assert found.facts["given"] == "nothing"


def test_a_question_has_the_type_of_the_gold_file(engine: Engine) -> None:
    (found,) = runner.answer_all(
        [gold("1", LIST, "what gene causes cystic fibrosis?", "CFTR")], engine, AskConfig(), "nothing"
    )
    assert found.predicted_type == "factoid"
    assert found.ledger_entry
    assert found.ledger_entry.type == "list"


def test_abstaining_keeps_the_guesses_and_says_something(engine: Engine) -> None:
    (found,) = runner.answer_all(QUESTIONS[3:], engine, AskConfig(), "nothing")
    assert found.abstained
    assert found.submitted.exact
    assert len(found.confidences) == len(found.submitted.exact)
    assert found.submitted.ideal


def test_a_yes_no_question_without_passages_has_a_legal_answer(engine: Engine) -> None:
    (found,) = runner.answer_all(QUESTIONS[2:3], engine, AskConfig(), "snippets")
    assert found.abstained
    assert found.submitted.exact == ("yes",)
    assert found.confidences == (0.0,)


def test_given_snippets_there_is_no_phase_a(engine: Engine) -> None:
    text = "Mutations in the CFTR gene cause cystic fibrosis."
    piece = Snippet("101", "abstract", "abstract", 0, len(text), text)
    question = GoldQuestion(
        "1", FACTOID, "what gene causes cystic fibrosis?", (("CFTR",),), ("101",), snippets=(piece,)
    )
    found = runner.evaluate([GoldBatch("small", [question])], engine, "snippets")
    assert found.pooled.phase_a == {}
    assert found.outcomes[0].submitted.exact[0] == "CFTR"
    assert found.pooled.ceilings == {"factoid": 1.0}


def test_snippets_say_where_their_sentences_are(engine: Engine) -> None:
    (found,) = runner.answer_all(QUESTIONS[:1], engine, AskConfig(), "nothing")
    documents = {passage.document.id: passage.document for passage in engine.index.passages_of(["101", "102", "103"])}
    checked = [snippet for snippet in found.submitted.snippets if snippet.document in documents]
    assert checked
    for snippet in checked:
        document = documents[snippet.document]
        section = {"abstract": document.abstract, "title": document.title}[snippet.begin_section]
        assert section[snippet.begin : snippet.end] == snippet.text


def test_a_snippet_of_a_full_text_is_counted_from_the_start_of_its_section() -> None:
    document = Document("1", "Title", "Abstract.", sections=(Section("Methods", "Mice. Rats."), Section("", "Cats.")))
    places = []
    for number, (start, section) in enumerate(zip(document.section_starts, document.sections, strict=True)):
        text = section.text.split()[-1]
        passage = Passage(number, document, start, start + len(section.text))
        places.append(runner.to_snippet(Sentence(passage, text, 1.0)))
    assert places == [
        Snippet("1", "sections.0", "sections.0", 6, 11, "Rats."),
        Snippet("1", "sections.1", "sections.1", 0, 5, "Cats."),
    ]


def test_an_interrupted_run_goes_on_where_it_was(engine: Engine, counted: list[str]) -> None:
    batches = [GoldBatch("small", QUESTIONS)]

    class Interrupting:
        def update(self, fraction: float, count: int) -> None:
            if count == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.evaluate(batches, engine, "nothing", progress=Interrupting())
    found = runner.evaluate(batches, engine, "nothing")
    assert counted == ["1", "2", "3", "4"]
    whole = runner.evaluate(batches, engine, "nothing")  # the journal of a finished run is gone
    assert counted == ["1", "2", "3", "4"] * 2
    assert [each.submitted for each in found.outcomes] == [each.submitted for each in whole.outcomes]


def test_another_run_does_not_go_on_from_this_one(engine: Engine, counted: list[str]) -> None:
    class Interrupting:
        def update(self, fraction: float, count: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.evaluate([GoldBatch("small", QUESTIONS[:2])], engine, "nothing", progress=Interrupting())
    runner.evaluate([GoldBatch("small", QUESTIONS[:2])], engine, "documents")
    runner.evaluate([GoldBatch("small", QUESTIONS[:1])], engine, "nothing")
    assert counted == ["1", "1", "2", "1"]


def test_documents_that_the_index_does_not_hold_cannot_be_given(engine: Engine) -> None:
    strange = [gold("1", FACTOID, "what gene causes cystic fibrosis?", "CFTR", documents=("999",))]
    with pytest.raises(InputError, match="holds none of the gold documents; pass an index that does"):
        runner.evaluate([GoldBatch("strange", strange)], engine, "documents")


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_asked(
    engine: Engine, counted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(runner, "_journals", lambda: tmp_path / "file" / "runs")
    with pytest.raises(StorageError, match=r"Not a directory.*; set XDG_CACHE_HOME to a writable folder"):
        runner.evaluate([GoldBatch("small", QUESTIONS)], engine, "nothing")
    assert not counted


def test_a_line_that_was_cut_off_is_asked_again(
    engine: Engine, counted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "_journals", lambda: tmp_path)

    class Interrupting:
        def update(self, fraction: float, count: int) -> None:
            if count == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.evaluate([GoldBatch("small", QUESTIONS)], engine, "nothing", progress=Interrupting())
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-30])
    runner.evaluate([GoldBatch("small", QUESTIONS)], engine, "nothing")
    assert counted == ["1", "2", "2", "3", "4"]


def test_a_run_that_could_not_be_delivered_is_not_asked_again(engine: Engine, counted: list[str]) -> None:
    def full(_: object) -> None:
        raise StorageError("the disk is full")

    batches = [GoldBatch("small", QUESTIONS[:3])]
    with pytest.raises(StorageError):
        runner.evaluate(batches, engine, "nothing", deliver=full)
    runner.evaluate(batches, engine, "nothing")
    assert counted == ["1", "2", "3"]


def test_an_outcome_survives_its_form_on_disk(engine: Engine) -> None:
    for found in runner.answer_all(QUESTIONS, engine, AskConfig(), "nothing"):
        assert outcome.from_object(json.loads(json.dumps(asdict(found)))) == found


def test_a_question_that_cannot_be_asked_ends_the_run(engine: Engine) -> None:
    with pytest.raises(InputError, match="empty"):
        runner.evaluate([GoldBatch("b", [gold("1", FACTOID, "???", "a")])], engine, "nothing")


def test_a_question_in_two_batches_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="question 1 is in first and in second"):
        runner.evaluate([GoldBatch("first", QUESTIONS), GoldBatch("second", QUESTIONS)], engine, "nothing")
