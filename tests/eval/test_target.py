from pathlib import Path

import pytest

from bioqa.eval import target
from bioqa.index.errors import InputError


def test_a_file_in_a_folder_that_is_there_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_text("old")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "new", tmp_path / "old", Path("new")):
        target.check_target(path)


def test_a_folder_that_is_missing_or_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"there is no folder {tmp_path / 'none'} to write it into"):
        target.check_target(tmp_path / "none" / "file")
    with pytest.raises(InputError, match=f"{tmp_path}: is a folder; expected the name of a file"):
        target.check_target(tmp_path)
