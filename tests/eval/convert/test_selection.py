import json
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.convert import contexts, selection
from bioqa.eval.datasets.alignment import RULES
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.index.errors import InputError
from bioqa.qa.question_types import QuestionType


class Heard:
    def __init__(self) -> None:
        self.updates: list[tuple[float, int]] = []

    def update(self, fraction: float, count: int) -> None:
        self.updates.append((fraction, count))


def gold_file(folder: Path, name: str, **types: str) -> Path:
    entries: list[dict[str, Any]] = [{"id": key, "type": kind, "body": "what?"} for key, kind in types.items()]
    path = folder / name
    path.write_text(json.dumps({"questions": entries}))
    return path


def test_questions_of_the_types_asked_for_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    paths = [
        gold_file(tmp_path, "1.json", d="factoid", c="yesno"),
        gold_file(tmp_path, "2.json", b="list", a="factoid"),
    ]
    found = {kind: [question.id for question in selection.select_questions(paths, kind)] for kind in selection.TYPES}
    assert found == {"factoid": ["d", "a"], "list": ["b"], "both": ["d", "b", "a"]}


def test_files_without_such_questions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1: no list questions, only factoid, yesno questions; choose another --type"):
        selection.select_questions([gold_file(tmp_path, "1.json", a="factoid", b="yesno")], "list")


def test_a_question_in_two_files_is_refused(tmp_path: Path) -> None:
    paths = [gold_file(tmp_path, "1.json", a="factoid"), gold_file(tmp_path, "2.json", a="factoid")]
    with pytest.raises(InputError, match="question a is in 1 and in 2; give every question once"):
        selection.select_questions(paths, "factoid")


def test_looking_says_how_far_it_is() -> None:
    asked = [GoldQuestion(name, QuestionType.LIST, "what?", (), ()) for name in "ab"]
    heard = Heard()
    found = selection.align_all(asked, contexts.of_snippets, RULES, heard)
    assert [finding.question.id for finding in found] == ["a", "b"]
    assert heard.updates == [(0.5, 1), (1.0, 2)]


def test_an_index_without_any_gold_document_is_refused(small_index: Path) -> None:
    with pytest.raises(InputError, match="holds none of the gold documents"):
        selection.documents_in(small_index, [GoldQuestion("a", QuestionType.LIST, "what?", (), ("none",))])
