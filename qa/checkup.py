"""What `bioqa doctor` looks at."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from bioqa.index import registry
from bioqa.index.encoder import Encoder
from bioqa.index.errors import BioqaError, ModelError
from bioqa.index.hybrid import Index
from bioqa.index.model import Model
from bioqa.index.records import Document, Passage
from bioqa.index.registry import Entry
from bioqa.index.runtime import processors
from bioqa.qa import calibration, starter
from bioqa.qa.reader import Reader

_PACKAGES = ("onnxruntime", "faiss-cpu", "tantivy", "tokenizers", "numpy", "lxml", "click", "rich")
_TEXT = "Mutations in the CFTR gene cause cystic fibrosis."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str


def checkup() -> list[Finding]:
    """Everything that must be in order for bioqa to answer, checked one by one."""
    findings = [
        Finding("bioqa", True, metadata.version("bioqa")),
        Finding(
            "python",
            True,
            f"{platform.python_version()} on {platform.system()} {platform.machine()}, {processors()} processors",
        ),
    ]
    findings += [_checked(name, lambda name=name: metadata.version(name)) for name in _PACKAGES]  # type: ignore[misc]
    for entry in registry.entries():
        what = entry.folder.name if entry.ships else f"model {entry.name}"  # those that ship lie in one of their task
        findings.append(_checked(what, lambda entry=entry: _model(entry)))  # type: ignore[misc]
    findings.append(_checked("starter index", _starter))
    return findings


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (BioqaError, metadata.PackageNotFoundError, OSError) as error:
        return Finding(what, False, str(error))


def _model(entry: Entry) -> str:
    if entry.card is None:
        raise ModelError(entry.problem)
    opened = Model(entry.folder, entry.card)
    size = sum(opened.size(name) for name in opened.card.digests)
    return f"{opened.card.name}, {size / 1e6:.0f} MB, digests right ({opened.folder})"


def check_model(model: Model) -> None:
    """Opens a model as its task does, and runs it once on a short text. Raises ModelError where it cannot be used."""
    if model.card.task == "encoder":
        Encoder(model.folder).encode_question(_TEXT)
        return
    reader = Reader(model.folder)
    calibration.load(reader.model)
    reader.read(_TEXT, [Passage(0, Document(id="1", abstract=_TEXT), 0, len(_TEXT))], max_tokens=20, count=5)


def _starter() -> str:
    folder = starter.index_folder()
    Index(folder)
    free = shutil.disk_usage(folder).free
    return f"{folder} ({free / 1e9:.0f} GB free there)"
