import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.runs import learned
from bioqa.index.errors import InputError, ModelError
from bioqa.index.models.model import QUESTIONS

KNOWN = ["What gene causes cystic fibrosis?", "Is it dominant?"]


def written(folder: Path, questions: list[str] = KNOWN) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / QUESTIONS).write_bytes(learned.serialize(learned.digests(questions)))
    return folder


def test_what_a_training_learned_from_is_read_again(tmp_path: Path) -> None:
    assert learned.learned_by(written(tmp_path)) == learned.digests(KNOWN)
    assert len(learned.digests(KNOWN)) == 2


def test_a_folder_that_does_not_say_has_learned_from_nothing(tmp_path: Path) -> None:
    assert learned.learned_by(tmp_path) == frozenset()
    assert learned.learned_by(tmp_path / "nowhere") == frozenset()
    assert learned.warning(KNOWN, tmp_path) == ""


def test_case_white_space_and_signs_do_not_hide_a_question(tmp_path: Path) -> None:
    asked = ["what gene  causes Cystic-Fibrosis", "Is it recessive?"]
    assert learned.warning(asked, written(tmp_path)) == (
        f"{tmp_path}: learned from 1 of these 2 questions, which it answers better than new ones; measure it on others"
    )


def test_new_questions_are_no_reason_to_warn(tmp_path: Path) -> None:
    assert learned.warning(["Is it recessive?"], written(tmp_path)) == ""


def test_the_file_is_small() -> None:
    assert len(learned.serialize(learned.digests(map(str, range(1000))))) < 7_000


@pytest.mark.parametrize("content", ['{"digests": "!"}', '{"digests": 5}', "[]", "no JSON"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / QUESTIONS).write_text(content)
    with pytest.raises(InputError, match=QUESTIONS):
        learned.learned_by(tmp_path)


def test_an_exported_model_vouches_for_its_file(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("reader", files={QUESTIONS: learned.serialize(learned.digests(KNOWN))})
    assert learned.learned_by(folder) == learned.digests(KNOWN)
    (folder / QUESTIONS).write_bytes(b"{}")
    with pytest.raises(ModelError, match="damaged or replaced"):
        learned.learned_by(folder)


def test_a_run_warns_of_questions_that_its_reader_learned_from(
    run: Callable[..., Any], small_index: Path, model_folder: Callable[..., Path], tmp_path: Path
) -> None:
    question = {"id": "1", "type": "factoid", "body": KNOWN[0], "documents": ["101"], "exact_answer": ["CFTR"]}
    gold = tmp_path / "gold.json"
    gold.write_text(json.dumps({"questions": [question]}))
    reader = model_folder("reader", files={QUESTIONS: learned.serialize(learned.digests(KNOWN))})
    call = ("eval", "bioasq", gold, "--index", small_index, "--given", "documents", "--json", "--reader")
    outcome = run(*call, reader)
    assert outcome.status == 0
    assert f"warning: {reader}: learned from 1 of these 1 questions" in outcome.err
    (tmp_path / "gold.json").write_text(json.dumps({"questions": [question | {"body": "What is a new question?"}]}))
    assert "learned from" not in run(*call, reader).err
