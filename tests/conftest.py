"""What many tests share: a small corpus, an index over it with the shipped models, the command line in-process."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bioqa.index import builder, model
from bioqa.index.encoder import Encoder
from bioqa.qa import cli
from bioqa.qa.engine import Engine

CORPUS = Path(__file__).parent / "corpus.jsonl"


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs `bioqa` with arguments in this process, errors turned into messages as for a user."""

    def call(*arguments: str | Path) -> Outcome:
        status = cli._run(args=[str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes records as JSON lines into a file of that name in the test's folder."""

    def write(name: str, records: Sequence[object]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder that ships."""
    return Encoder(model.shipped("encoder"))


@pytest.fixture(scope="session")
def corpus_file() -> Path:
    """The small corpus as JSON lines: eight records, of which one has no PMID, year and journal."""
    return CORPUS


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path, encoder: Encoder) -> Path:
    """An index with vectors over the small corpus. Not to be written to."""
    folder = tmp_path_factory.mktemp("index") / "small"
    builder.build([corpus_file], folder, encoder)
    return folder


@pytest.fixture(scope="session")
def engine(small_index: Path) -> Engine:
    """The engine over the small index."""
    return Engine(small_index)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests neither read nor write the user's cache and models; they share a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data"))
    monkeypatch.delenv("BIOQA_INDEX", raising=False)
