"""The models that have a name: those that ship, and those added to the user's data folder."""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bioqa.index import atomic
from bioqa.index.errors import InputError, ModelError, StorageError
from bioqa.index.models import model
from bioqa.index.models.model import CARD, FILES, QUESTION, TASKS, Model, ModelCard, open_sides, read_card

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MEANT_OTHERWISE = {"default", "none"}  # by `index build --encoder`


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that has a name; `ships` marks the default of its task. `card` is None where it cannot be read, and
    `problem` then says why."""

    name: str
    folder: Path
    ships: bool
    card: ModelCard | None
    problem: str = ""

    @property
    def bytes(self) -> int:
        """What its files take on disk; whatever else lies in its folder is not looked at."""
        folders = [] if self.folder.is_symlink() else [self.folder, self.folder / QUESTION]
        return sum(_size(folder / name) for folder in folders for name in (CARD, *FILES))


def _size(path: Path) -> int:
    try:
        state = path.lstat()
    except OSError:
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0


def registry() -> Path:
    """The folder that holds the models that were added, each in a folder of its name."""
    import platformdirs

    return Path(platformdirs.user_data_dir("bioqa")) / "models"


def entries() -> list[Entry]:
    """All models that have a name: those that ship, then those added, by name.

    Raises StorageError where the folder of those added cannot be read.
    """
    try:
        folders = sorted(registry().iterdir())
    except (FileNotFoundError, NotADirectoryError):
        folders = []
    except OSError as error:
        raise StorageError(f"{registry()}: {error.strerror}; let this user read the folder") from None
    added = [_entry(folder, ships=False) for folder in folders if _NAME.fullmatch(folder.name)]
    return [*(_entry(model.shipped(task), ships=True) for task in TASKS), *added]


def _entry(folder: Path, *, ships: bool) -> Entry:
    try:
        if folder.is_symlink():
            raise ModelError(f"{folder}: is a symbolic link, which is not followed; add the model that it leads to")
        card = read_card(folder)
    except ModelError as error:
        return Entry(folder.name, folder, ships, card=None, problem=str(error))
    return Entry(card.name if ships else folder.name, folder, ships, card)


def located(given: str) -> Path:
    """The folder of the model that a user names: a folder that is there, or else the one of a model with that name.

    Raises ModelError where the model of that name is not one to open.
    """
    if os.path.isdir(given):  # noqa: PTH112 (Path.is_dir raises at names that are too long)
        return Path(given)
    entry = next((entry for entry in entries() if entry.name == given), None)
    if entry and entry.card is None:
        raise ModelError(f"{entry.problem}; 'bioqa models remove {entry.name}' removes it")
    return entry.folder if entry else Path(given)


def check_free(name: str) -> None:
    """Raises InputError where `name` cannot be that of a further model."""
    if not _NAME.fullmatch(name) or name in _MEANT_OTHERWISE:
        raise InputError(
            f"{name!r} cannot be the name of a model: letters, digits, '.', '_' and '-', 100 at most, and not "
            f"{' or '.join(sorted(_MEANT_OTHERWISE))}; choose one with --name"
        )
    for entry in entries():
        if entry.name == name:
            other = "" if entry.ships else f", or remove that one with 'bioqa models remove {name}'"
            raise InputError(f"a model called {name} is there already; choose another name with --name{other}")


@contextmanager
def adding(name: str) -> Iterator[Path]:
    """A folder to write a model into, which is known by `name` once the block has ended without an error.

    Raises InputError for a name that is taken or none, StorageError where the disk refuses.
    """
    check_free(name)
    try:
        registry().mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".adding-", dir=registry()))
    except OSError as error:
        raise StorageError(
            f"{registry()}: cannot keep models there ({error.strerror}); set XDG_DATA_HOME to a folder that can be "
            "written, or use 'bioqa export --to DIR'"
        ) from None
    try:
        yield fresh
        fresh.rename(registry() / name)
    except OSError as error:
        raise StorageError(f"{registry() / name}: {error.strerror or error}; the model was not added") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def copy(made: Model, folder: Path) -> None:
    """Copy a model that was exported before into a folder, each file checked against its card; of a pair both.

    Raises ModelError where a file is not the one that its card names, StorageError where the disk refuses.
    """
    for side in open_sides(made.folder, made.card.task):
        target = folder / side.folder.relative_to(made.folder)
        target.mkdir(exist_ok=True)
        for file in side.card.digests:
            atomic.write(target / file, side.read(file))
        atomic.write(target / CARD, model.written(side.card))


def remove(name: str) -> Path:
    """Delete the model that was added as `name`; returns the folder that is gone. What a link leads to stays.

    Raises InputError for one that ships and for a name that is not there, StorageError where the disk refuses.
    """
    known = {entry.name: entry for entry in entries()}
    entry = known.get(name)
    if entry is None:
        raise InputError(f"no model called {name!r}; there are {', '.join(known)}")
    if entry.ships:
        raise InputError(f"{name} ships with bioqa and is the default; only models that were added can be removed")
    doomed = entry.folder.with_name(f".removing-{name}")
    try:
        _delete(doomed)  # what a killed process left
        entry.folder.rename(doomed)  # half a model must not keep its name
        _delete(doomed)
    except OSError as error:
        raise StorageError(f"{entry.folder}: {error.strerror or error}; it was not removed altogether") from None
    return entry.folder


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
