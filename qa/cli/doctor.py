"""The command `bioqa doctor`: checks of the packages, models and starter index that answering needs."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import click

from bioqa.index.errors import BioqaError, ModelError
from bioqa.index.terminal import say, say_json
from bioqa.qa.cli.options import json_option

if TYPE_CHECKING:
    from bioqa.index.models.model import Model
    from bioqa.index.models.registry import RegisteredModel

_PACKAGES = ("onnxruntime", "faiss-cpu", "tantivy", "tokenizers", "numpy", "lxml", "click", "rich")
_TEXT = "Mutations in the CFTR gene cause cystic fibrosis."


@dataclass(frozen=True, slots=True)
class InstallationCheck:
    """One checked part of the installation: a package, a model, the starter index."""

    what: str
    ok: bool
    detail: str


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> None:
    """Check this installation: versions, models, starter index, processors.

    \b
    Example:
      bioqa doctor
    """
    checks = check_installation()
    if as_json:
        say_json([asdict(check) for check in checks], indent=1)
    else:
        for check in checks:
            say(f"{'ok ' if check.ok else 'BAD'}  {check.what:<16} {check.detail}")
    if not all(check.ok for check in checks):
        raise BioqaError("something is wrong with this installation; see the lines marked BAD")


def check_installation() -> list[InstallationCheck]:
    """A check of each part that bioqa needs to answer questions."""
    from bioqa.index.cpus import processors
    from bioqa.index.models import registry

    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {processors()} processors"
    checks = [
        InstallationCheck("bioqa", True, metadata.version("bioqa")),
        InstallationCheck("python", True, system),
    ]
    checks += [_check(name, lambda name=name: metadata.version(name)) for name in _PACKAGES]  # type: ignore[misc]
    for entry in registry.registered_models():
        what = entry.folder.name if entry.ships else f"model {entry.name}"  # a shipped model's folder is its task
        checks.append(_check(what, lambda entry=entry: _describe_model(entry)))  # type: ignore[misc]
    checks.append(_check("starter index", _describe_starter_index))
    return checks


def _check(what: str, describe: Callable[[], str]) -> InstallationCheck:
    """The check of one part: `describe` returns its details or raises an error."""
    try:
        return InstallationCheck(what, True, describe())
    except (BioqaError, metadata.PackageNotFoundError, OSError) as error:
        return InstallationCheck(what, False, str(error))


def _describe_model(entry: "RegisteredModel") -> str:
    from bioqa.index.models.model import Model

    if entry.card is None:
        raise ModelError(entry.problem)
    opened = Model(entry.folder, entry.card)
    size = sum(opened.size(name) for name in opened.card.digests)
    return f"{opened.card.name}, {size / 1e6:.0f} MB, digests right ({opened.folder})"


def check_model(model: "Model") -> None:
    """Opens a model as its task does, and runs it once on a short text. Raises ModelError where it cannot be used."""
    from bioqa.index.models.encoder import Encoder
    from bioqa.index.records import Document, Passage
    from bioqa.qa import calibration
    from bioqa.qa.reader import Reader

    if model.card.task == "encoder":
        Encoder(model.folder).encode_question(_TEXT)
        return
    reader = Reader(model.folder)
    calibration.load(reader.model)
    reader.read(_TEXT, [Passage(0, Document(id="1", abstract=_TEXT), 0, len(_TEXT))], max_tokens=20, count=5)


def _describe_starter_index() -> str:
    from bioqa.index.search.hybrid import Index
    from bioqa.qa import starter

    folder = starter.index_folder()
    Index(folder)
    free = shutil.disk_usage(folder).free
    return f"{folder} ({free / 1e9:.0f} GB free there)"
