"""The registry of named models: bundled models, and models added to the user's data folder."""

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
_RESERVED_NAMES = {"default", "none"}  # values of `index build --encoder`


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A named model. `ships` marks the bundled default of its task.

    `card` is None if it cannot be read, and `problem` then gives the reason.
    """

    name: str
    folder: Path
    ships: bool
    card: ModelCard | None
    problem: str = ""

    @property
    def bytes(self) -> int:
        """The size of its files on disk, without any other content of the folder."""
        folders = [] if self.folder.is_symlink() else [self.folder, self.folder / QUESTION]
        return sum(_size(folder / name) for folder in folders for name in (CARD, *FILES))


def _size(path: Path) -> int:
    try:
        state = path.lstat()
    except OSError:
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0


def models_folder() -> Path:
    """The folder of added models, each in a subfolder of its name."""
    import platformdirs

    return Path(platformdirs.user_data_dir("bioqa")) / "models"


def registered_models() -> list[RegisteredModel]:
    """All named models: bundled models, then added models by name.

    Raises StorageError if the folder of added models cannot be read.
    """
    try:
        folders = sorted(models_folder().iterdir())
    except (FileNotFoundError, NotADirectoryError):
        folders = []
    except OSError as error:
        raise StorageError(f"{models_folder()}: {error.strerror}; let this user read the folder") from None
    added = [_entry(folder, ships=False) for folder in folders if _NAME.fullmatch(folder.name)]
    return [*(_entry(model.shipped(task), ships=True) for task in TASKS), *added]


def _entry(folder: Path, *, ships: bool) -> RegisteredModel:
    try:
        if folder.is_symlink():
            raise ModelError(f"{folder}: is a symbolic link, which is not followed; add the model that it leads to")
        card = read_card(folder)
    except ModelError as error:
        return RegisteredModel(folder.name, folder, ships, card=None, problem=str(error))
    return RegisteredModel(card.name if ships else folder.name, folder, ships, card)


def find_model(given: str) -> Path:
    """The folder of the model that a user specifies: an existing folder, or else a model name.

    Raises ModelError if the named model cannot be opened.
    """
    if os.path.isdir(given):  # noqa: PTH112 (Path.is_dir raises at names that are too long)
        return Path(given)
    entry = next((entry for entry in registered_models() if entry.name == given), None)
    if entry and entry.card is None:
        raise ModelError(f"{entry.problem}; 'bioqa models remove {entry.name}' removes it")
    return entry.folder if entry else Path(given)


def check_name(name: str) -> None:
    """Raise InputError if `name` is invalid or taken."""
    if not _NAME.fullmatch(name) or name in _RESERVED_NAMES:
        raise InputError(
            f"{name!r} cannot be the name of a model: letters, digits, '.', '_' and '-', 100 at most, and not "
            f"{' or '.join(sorted(_RESERVED_NAMES))}; choose one with --name"
        )
    for entry in registered_models():
        if entry.name == name:
            other = "" if entry.ships else f", or remove that one with 'bioqa models remove {name}'"
            raise InputError(f"a model called {name} is there already; choose another name with --name{other}")


@contextmanager
def new_model_folder(name: str) -> Iterator[Path]:
    """A folder for a new model, which is registered as `name` when the block ends without an error.

    Raises InputError for an invalid or taken name, StorageError if writing fails.
    """
    check_name(name)
    try:
        models_folder().mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".adding-", dir=models_folder()))
    except OSError as error:
        raise StorageError(
            f"{models_folder()}: cannot keep models there ({error.strerror}); set XDG_DATA_HOME to a folder that can "
            "be written, or use 'bioqa export --to DIR'"
        ) from None
    try:
        yield fresh
        fresh.rename(models_folder() / name)
    except OSError as error:
        raise StorageError(f"{models_folder() / name}: {error.strerror or error}; the model was not added") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def copy_model(made: Model, folder: Path) -> None:
    """Copy an exported model into a folder, verifying each file; a pair of encoders is copied together.

    Raises ModelError if a file does not match its digest, StorageError if writing fails.
    """
    for side in open_sides(made.folder, made.card.task):
        target = folder / side.folder.relative_to(made.folder)
        target.mkdir(exist_ok=True)
        for file in side.card.digests:
            atomic.write(target / file, side.read(file))
        atomic.write(target / CARD, model.serialize_card(side.card))


def remove_model(name: str) -> Path:
    """Delete the added model `name`; returns its former folder. The target of a link is left alone.

    Raises InputError for a bundled model and an unknown name, StorageError if deleting fails.
    """
    known = {entry.name: entry for entry in registered_models()}
    entry = known.get(name)
    if entry is None:
        raise InputError(f"no model called {name!r}; there are {', '.join(known)}")
    if entry.ships:
        raise InputError(f"{name} ships with bioqa and is the default; only models that were added can be removed")
    doomed = entry.folder.with_name(f".removing-{name}")
    try:
        _delete(doomed)  # left by a killed process
        entry.folder.rename(doomed)  # so that no incomplete model keeps its name
        _delete(doomed)
    except OSError as error:
        raise StorageError(f"{entry.folder}: {error.strerror or error}; it was not removed altogether") from None
    return entry.folder


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
