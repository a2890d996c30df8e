"""What a run has found so far, on disk, so that an interrupted one goes on where it was."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import bioqa.eval
import bioqa.index
import bioqa.qa
from bioqa.eval import outcome
from bioqa.eval.gold import GoldQuestion
from bioqa.eval.outcome import Outcome
from bioqa.index.errors import StorageError
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine


class Journal:
    """The outcomes of one run by question, in a file of JSON lines that is appended to; a line cut off is passed over.

    A run is known by its questions, its index, its models, its options and the code: any change makes it another one.
    Raises StorageError where the folder cannot be used.
    """

    def __init__(self, folder: Path, questions: Sequence[GoldQuestion], engine: Engine, config: AskConfig, given: str):
        models = [engine.reader.model.card.digests, engine.encoder.card.digest if engine.encoder else ""]
        index = [engine.index.folder.resolve(), engine.index.manifest]
        identity = hashlib.sha256(repr((questions, config, given, models, index)).encode("utf-8", "replace"))
        for source in sorted(path for package in (bioqa.index, bioqa.qa, bioqa.eval) for path in _sources(package)):
            identity.update(source.read_bytes())
        self._path = folder / f"{identity.hexdigest()[:16]}.jsonl"
        with self._refusals():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.outcomes = {found.submitted.id: found for found in self._read()}

    def add(self, found: Outcome) -> None:
        """Note one more outcome."""
        self.outcomes[found.submitted.id] = found
        with self._refusals(), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")

    def close(self) -> None:
        """The run is complete: there is nothing to go on with."""
        self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot keep there what a run finds ({error.strerror or error}); "
                "set XDG_CACHE_HOME to a folder that can be written"
            ) from None

    def _read(self) -> Iterator[Outcome]:
        with contextlib.suppress(FileNotFoundError), self._path.open(encoding="utf-8") as file:
            for line in file:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    yield outcome.from_object(json.loads(line))


def _sources(package: object) -> Iterator[Path]:
    return Path(str(getattr(package, "__file__"))).parent.glob("*.py")  # noqa: B009
