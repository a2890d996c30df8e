import subprocess
import sys
from pathlib import Path

import pytest

from bioqa.index.errors import InputError
from bioqa.train import recipe
from bioqa.train.tasks.reader_recipe import ReaderConfig
from bioqa.train.tasks.retriever_recipe import RetrieverConfig


def written(folder: Path, content: str) -> Path:
    for name in ("4B1_golden.json", "4B2_golden.json", "dev.json"):
        (folder / name).write_text("{}")
    path = folder / "recipe.toml"
    path.write_text(content, encoding="utf-8")
    return path


GOOD = """
base = "some/model"
bioasq = ["4B*_golden.json"]
dev = ["dev.json"]
negatives = 2
[schedule]
epochs = 3
learning_rate = 1
"""


def test_files_are_found_from_the_recipes_folder_by_pattern(tmp_path: Path) -> None:
    config = recipe.read_recipe(written(tmp_path, GOOD), ReaderConfig)
    assert config.bioasq == (str(tmp_path / "4B1_golden.json"), str(tmp_path / "4B2_golden.json"))
    assert config.dev == (str(tmp_path / "dev.json"),)
    assert (config.base, config.negatives, config.schedule.learning_rate) == ("some/model", 2, 1.0)


def test_a_base_beside_the_recipe_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "some" / "model").mkdir(parents=True)
    assert recipe.read_recipe(written(tmp_path, GOOD), ReaderConfig).base == str(tmp_path / "some" / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("schedule.epochs=0", "epochs is 0; expected at least 1"),
        ("schedule.batch=0", "batch is 0; expected at least 1"),
        ("schedule.accumulate=0", "accumulate is 0; expected at least 1"),
        ("schedule.evaluations=-1", "evaluations is -1; expected at least 1"),
        ("schedule.clip=-1.0", "clip is -1.0; expected at least 0"),
        ("schedule.learning_rate=nan", "learning_rate is nan; expected a finite number"),
        ("schedule.learning_rate=inf", "learning_rate is inf; expected a finite number"),
        ("schedule.warm_up=1.0", "warm_up is 1.0; expected a share"),
        ("schedule.precision=float32", "precision is 'float32'; expected one of auto, fp32, bf16, fp16"),
        ("negatives=-1", "negatives is -1; expected at least 0"),
        ("dropout=1.5", "dropout is 1.5; expected a share from 0 to 1"),
        ("max_tokens=4", "max_tokens is 4; expected at least 16"),
    ],
)
def test_a_value_that_cannot_be_is_refused(change: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        recipe.read_recipe(written(tmp_path, GOOD), ReaderConfig, [change])


@pytest.mark.parametrize("share", ["1.5", "-0.1"])
def test_no_more_than_the_whole_loss_can_be_the_teachers(share: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"distillation is .* expected a share from 0 to 1"):
        recipe.read_recipe(written(tmp_path, GOOD), RetrieverConfig, [f"distillation={share}"])


def test_cosines_are_divided_by_no_temperature_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"temperature is 0; expected more than 0"):
        recipe.read_recipe(written(tmp_path, GOOD), RetrieverConfig, ["temperature=0"])


def test_the_whole_loss_may_be_the_teachers(tmp_path: Path) -> None:
    found = recipe.read_recipe(written(tmp_path, GOOD), RetrieverConfig, ["distillation=1.0"])
    assert found.distillation == 1.0


def test_values_can_be_changed(tmp_path: Path) -> None:
    config = recipe.read_recipe(
        written(tmp_path, GOOD),
        ReaderConfig,
        ["schedule.epochs=5", "base=other", 'dev=["4B1_golden.json"]', "schedule.clip=0.5"],
    )
    assert (config.schedule.epochs, config.schedule.clip, config.base) == (5, 0.5, "other")
    assert config.dev == (str(tmp_path / "4B1_golden.json"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("base = ", "not a TOML file"),
        ("", "expected 'base'"),
        ("base = 'a'\nlearning = 1", "unknown key 'learning'; expected one of base, squad"),
        ("base = 'a'\n[schedule]\nepoch = 1", r"\[schedule\]: unknown key 'epoch'"),
        ("base = 'a'\nschedule = 3", r"expected \[schedule\] as a table"),
        ("base = 7", "base is 7; expected str"),
        ("base = 'a'\nnegatives = 2.5", "negatives is 2.5; expected int"),
        ("base = 'a'\nnegatives = true", "negatives is True; expected int"),
        ("base = 'a'\ndev = 'dev.json'", "dev is 'dev.json'; expected a list of strings"),
        ("base = 'a'\ndev = [1]", "expected a list of strings"),
        ("base = 'a'\nsquad = ['none*.json']", "no file matches 'none"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        recipe.read_recipe(written(tmp_path, content), ReaderConfig)


def test_brackets_in_the_names_of_folders_and_files_are_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "runs [1]").mkdir()
    path = written(tmp_path / "runs [1]", GOOD)
    (path.parent / "dev[2].json").write_text("{}")
    config = recipe.read_recipe(path, ReaderConfig, ['dev=["dev.json", "dev[2].json"]'])
    assert config.bioasq == tuple(str(path.parent / f"4B{number}_golden.json") for number in (1, 2))
    assert config.dev == (str(path.parent / "dev.json"), str(path.parent / "dev[2].json"))


def test_a_byte_order_mark_is_no_part_of_a_recipe(tmp_path: Path) -> None:
    assert recipe.read_recipe(written(tmp_path, "\ufeffbase = 'a'"), ReaderConfig).base == "a"


@pytest.mark.parametrize(
    "change", ["epochs", "no.such=1", "schedule.epochs=many", "base.x=1", "negatives.x.y=1", "schedule.epochs.x=1"]
)
def test_a_change_that_cannot_be_made_is_refused(tmp_path: Path, change: str) -> None:
    with pytest.raises(InputError):
        recipe.read_recipe(written(tmp_path, GOOD), ReaderConfig, [change])


def test_a_recipe_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        recipe.read_recipe(tmp_path / "none.toml", ReaderConfig)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not a TOML file"):
        recipe.read_recipe(tmp_path / "bytes.toml", ReaderConfig)


def test_reading_a_recipe_imports_no_torch() -> None:
    code = (
        "import sys; import bioqa.train.recipe, bioqa.train.tasks.reader_recipe, bioqa.train.tasks.retriever_recipe; "
        "import bioqa.train.schedule; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
