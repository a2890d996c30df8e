from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bioqa.index.errors import StorageError
from bioqa.train.tasks.reader_recipe import ReaderConfig

pytest.importorskip("torch")
resource = pytest.importorskip("resource")
record = pytest.importorskip("bioqa.train.run_record")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_leaves_the_record_that_training_goes_on_with(tmp_path: Path) -> None:
    config = ReaderConfig(base="some/model")
    record.write_record(tmp_path, config, {"mean": 0.5}, finished=False)
    before = (tmp_path / record.RECORD).read_bytes()
    with files_of_at_most(100), pytest.raises(StorageError, match=r"training\.json: .*it was not written"):
        record.write_record(tmp_path, config, {"mean": 0.6}, finished=False)
    assert (tmp_path / record.RECORD).read_bytes() == before
    record.refuse_finished(tmp_path, "reader")


def test_only_a_training_by_the_same_recipe_that_came_to_its_end_has_figures(tmp_path: Path) -> None:
    config = ReaderConfig(base="some/model")
    assert record.finished_figures(tmp_path, config) is None
    record.write_record(tmp_path, config, {"mean": 0.5}, finished=False)
    assert record.finished_figures(tmp_path, config) is None
    record.write_record(tmp_path, config, {"mean": 0.5}, finished=True)
    assert record.finished_figures(tmp_path, config) == {"mean": 0.5}
    assert record.finished_figures(tmp_path, ReaderConfig(base="other/model")) is None
