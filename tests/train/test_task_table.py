import subprocess
import sys

import pytest

from bioqa.index.models.model import TASKS as MODEL_TASKS
from bioqa.train.task_table import TASKS, task_of_export


def test_every_task_of_a_model_is_trained_by_one_task():
    assert sorted(task.exported for task in TASKS.values()) == sorted(MODEL_TASKS)
    assert all(task_of_export(name).exported == name for name in MODEL_TASKS)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("part", ["recipe", "train", "network"])
def test_every_part_of_a_task_is_there(name, part):
    pytest.importorskip("torch")
    assert callable(TASKS[name].load(part))


def test_table_and_recipes_need_no_torch():
    code = (
        "import sys; from bioqa.train.task_table import TASKS; [task.load('recipe') for task in TASKS.values()];"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
