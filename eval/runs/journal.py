"""The journal of a run: its outcomes so far, on disk, so that an interrupted run can resume."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import bioqa.eval
import bioqa.index
import bioqa.qa
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.runs.outcome import Outcome, from_object
from bioqa.index.errors import StorageError
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine


class Journal:
    """The outcomes of one run by question id, in an append-only file of JSON lines; truncated lines are ignored.

    Questions, index, models, options and code identify a run: a change to any of them starts another run. Raises
    StorageError if the folder cannot be used.
    """

    def __init__(self, folder: Path, questions: Sequence[GoldQuestion], engine: Engine, config: AskConfig, source: str):
        models = [engine.reader.model.card.digests, engine.encoder.card.digest if engine.encoder else ""]
        index = engine.index.fingerprint
        identity = hashlib.sha256(repr((questions, config, source, models, index)).encode("utf-8", "replace"))
        for path in sorted(path for package in (bioqa.index, bioqa.qa, bioqa.eval) for path in _modules(package)):
            identity.update(path.read_bytes())
        self._path = folder / f"{identity.hexdigest()[:16]}.jsonl"
        with self._refusals():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.outcomes = {outcome.submitted.id: outcome for outcome in self._read()}

    def add(self, outcome: Outcome) -> None:
        """Record one more outcome."""
        self.outcomes[outcome.submitted.id] = outcome
        with self._refusals(), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")

    def close(self) -> None:
        """Delete the journal of a complete run."""
        self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot write the outcomes of a run ({error.strerror or error}); "
                "set XDG_CACHE_HOME to a writable folder"
            ) from None

    def _read(self) -> Iterator[Outcome]:
        with contextlib.suppress(FileNotFoundError), self._path.open(encoding="utf-8") as file:
            for line in file:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    yield from_object(json.loads(line))


def _modules(package: object) -> Iterator[Path]:
    return Path(str(getattr(package, "__file__"))).parent.rglob("*.py")  # noqa: B009
