"""Benchmarks of bioqa's speed and memory on real input, with other libraries in the same run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from bioqa.eval.datasets.bioasq import read_gold
from bioqa.eval.datasets.files import read_bytes
from bioqa.eval.speed import process
from bioqa.eval.speed.figures import OURS, SpeedReport, ratios
from bioqa.eval.speed.machine import this_machine
from bioqa.eval.speed.process import Figures, Job
from bioqa.eval.speed.workloads import evenly_spaced, latencies
from bioqa.index.corpus import files
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.models import model
from bioqa.index.search.hybrid import Index
from bioqa.index.store.manifest import Manifest
from bioqa.qa.config import AskConfig
from bioqa.qa.wording import validate_question


@dataclass(frozen=True, slots=True)
class Step:
    """A benchmark process: its library, its function, and its requirements, a module and fields of the job."""

    library: str
    function: str
    module: str = ""
    needs: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name in messages."""
        return self.function.partition(":")[2] if self.library == OURS else self.library


STEPS = (
    Step(OURS, "bioqa.eval.speed.workloads:parsing"),
    Step(OURS, "bioqa.eval.speed.workloads:building"),
    Step(OURS, "bioqa.eval.speed.workloads:lexical"),
    Step("bm25s", "bioqa.eval.speed.peers:bm25s", "bm25s"),
    Step("rank-bm25", "bioqa.eval.speed.peers:rank_bm25", "rank_bm25"),
    Step(OURS, "bioqa.eval.speed.workloads:encoding", needs=["encoder_tokens"]),
    Step(
        "sentence-transformers",
        "bioqa.eval.speed.peers:sentence_transformers",
        "sentence_transformers",
        needs=["encoder_tokens", "peer_encoder"],
    ),
    Step(OURS, "bioqa.eval.speed.workloads:reading"),
    Step(OURS, "bioqa.eval.speed.workloads:answering"),
)
_CURES = {
    "encoder_tokens": "the index has no vectors; build it with an encoder",
    "peer_encoder": "pass the folder of the original model with --peer-encoder DIR",
}
_PARTS = {"lexical": "lexical", "segments": "text"}  # folders of an index; vectors have their own file name


def read_questions(path: Path) -> list[str]:
    """The questions of a BioASQ gold file, or of a text file with one question on each line.

    Raises InputError for a file without questions, and for an invalid question.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
        is_gold = text.lstrip().startswith("{")
        lines = [question.body for question in read_gold(path)] if is_gold else text.splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; expected one question on each line, or a BioASQ file") from None
    questions = []
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions.append(validate_question(line, AskConfig().max_question_characters))
            except InputError as error:
                raise InputError(f"{path}: question {place}: {error}") from None
    if not questions:
        raise InputError(f"{path}: no questions; expected one on each line, or a BioASQ file")
    return questions


def measure(
    job: Job, *, runs: int = 5, most_questions: int = 50, talk: Callable[[str], None] = lambda _: None
) -> SpeedReport:
    """Run all benchmarks for `job` in a temporary scratch folder.

    `runs` is the number of fresh processes that measure a cold start, and `most_questions` the largest number of
    questions asked. `talk` receives progress messages.

    Raises InputError if the index, the corpus or a model cannot be used, BioqaError if bioqa itself fails. A library
    that fails is skipped and named.
    """
    machine = this_machine()
    index = Index(Path(job.index))
    encoder = index.open_encoder()
    files.input_files([Path(job.corpus)])
    if job.reader:
        model.open_model(Path(job.reader), "reader")
    if job.peer_encoder and not (Path(job.peer_encoder) / "config.json").is_file():
        raise InputError(
            f"{job.peer_encoder}: no model in this folder (no config.json); pass the folder of the original model"
        )
    questions = evenly_spaced(job.questions, most_questions)
    tokens = encoder.card.max_tokens if encoder else 0
    figures: dict[str, dict[str, Figures]] = {"index_on_disk": {OURS: _on_disk(Path(job.index), index.manifest)}}
    reader = ["--reader", job.reader] if job.reader else []
    cold = {"cold_help": ["--help"], "cold_ask": ["ask", "--index", job.index, *reader, "--", questions[0]]}
    for name, arguments in cold.items():
        talk(f"timing {name}")
        figures[name] = {OURS: _cold(arguments, runs)}
    skipped = []
    with TemporaryDirectory(prefix="bioqa-speed-") as scratch:
        job = replace(job, scratch=scratch, questions=questions, encoder_tokens=tokens)
        for step in STEPS:
            missing = _missing(step, job)
            if missing:
                skipped.append(f"{step.name}: {missing}")
                continue
            talk(f"timing {step.name}")
            try:
                groups = process.run_function(step.function, job)
            except BioqaError as error:
                if step.library == OURS:
                    raise
                skipped.append(f"{step.name}: {error}")
                continue
            for group, measured in groups.items():
                figures.setdefault(group, {})[step.library] = measured
    return SpeedReport(machine, figures, ratios(figures), skipped)


def _missing(step: Step, job: Job) -> str | None:
    """The missing requirement of a step, with the cure; None if all are met."""
    if step.module and find_spec(step.module) is None:
        return f"not installed; pip install {step.library}"
    return next((_CURES[field] for field in step.needs if not getattr(job, field)), None)


def _cold(arguments: Sequence[str], runs: int) -> Figures:
    usages = [process.run_command(arguments) for _ in range(runs)]
    peaks = [usage.peak_bytes for usage in usages if usage.peak_bytes is not None]
    return {**latencies([usage.seconds for usage in usages]), **({"peak_bytes": max(peaks)} if peaks else {})}


def _on_disk(folder: Path, manifest: Manifest) -> Figures:
    """The size of an index folder by part, in bytes; `other` is the manifest and the list of removed documents."""
    sizes = {file.relative_to(folder): file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    parts = {"lexical_bytes": 0, "vectors_bytes": 0, "text_bytes": 0, "other_bytes": 0}
    for file, size in sizes.items():
        part = "vectors" if file.name == "vectors.npy" else _PARTS.get(file.parts[0], "other")
        parts[f"{part}_bytes"] += size
    total = sum(sizes.values())
    counts = {"documents": manifest.documents, "passages": manifest.passages}
    return {**counts, **parts, "total_bytes": total, "bytes_per_document": total / max(1, manifest.documents)}
