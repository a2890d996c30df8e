from pathlib import Path

import pytest

from bioqa.index.errors import StorageError
from bioqa.index.lock import exclusive


def test_a_second_holder_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    refused = pytest.raises(StorageError, match=r"^the folder is taken; wait for it to end$")
    with exclusive(lock, "one"), refused, exclusive(lock, "the folder is taken"):
        pytest.fail("two hold the lock")
    with exclusive(lock, "the folder is taken"):
        pass


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), exclusive(tmp_path / "lock", "taken"):
        raise KeyboardInterrupt
    with exclusive(tmp_path / "lock", "taken"):
        pass
