"""The machine and the software that benchmarks ran on."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bioqa.index.cpus import processors

_PACKAGES = (
    *("bioqa", "tantivy", "faiss-cpu", "onnxruntime", "tokenizers", "numpy"),
    *("bm25s", "rank-bm25", "sentence-transformers", "torch"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and its software. `threads` is the number that bioqa uses; `load_average` covers one minute, None
    if the system has none."""

    processor: str
    processors: int
    threads: int
    system: str
    python: str
    packages: Mapping[str, str]
    load_average: float | None


def this_machine() -> Machine:
    """The current machine and its current load."""
    return Machine(
        processor=_processor(),
        processors=os.cpu_count() or 1,
        threads=processors(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: version for name in _PACKAGES if (version := _version(name))},
        load_average=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def described(machine: Machine) -> str:
    """A description of the machine in two lines."""
    load = "" if machine.load_average is None else f", load average {machine.load_average}"
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    return (
        f"{machine.processor}, {machine.threads} of {machine.processors} processors{load}; {machine.system}\n"
        f"Python {machine.python}, {packages}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
