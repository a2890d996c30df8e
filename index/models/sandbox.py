"""A trial run of each model in a sandboxed process before its first use.

A model may come from an untrusted source, for which ONNX Runtime and the tokenizers package are not designed: a damaged
file can crash the process, and an endless computation cannot be interrupted. So the model first runs on a few texts in
a process with limits on memory and time. A model that passes is recorded in the user's cache, by the digests on its
card. Bundled models need no trial.
"""

import contextlib
import hashlib
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from bioqa.index.errors import BioqaError, ModelError
from bioqa.index.models import onnx_graph, tokenizer_parts
from bioqa.index.models.model import FILES, NETWORK, TOKENIZER, Model, open_model, shipped
from bioqa.index.models.runtime import Network, load_tokenizer, panics_as_errors
from bioqa.index.plain_files import open_plain

_RULES = 1  # version of the trial: a model that passed another version is tried again
_REFUSED = 3  # exit status
_OUT_OF_TIME = getattr(signal, "SIGXCPU", 0)  # Windows has neither the signal nor the limit
_ROOM = {"encoder": 1, "reader": 16}  # least number of tokens left for texts
_QUESTION = "Which gene causes cystic fibrosis?"
_TEXTS = (
    "Mutations in the CFTR gene cause cystic fibrosis.",
    "Ångström-scale αβγ 中文 ﷺ é 3.5 µg/ml (p < 0.05); 5'-AATTCCGG-3' IL-6/TNF-α " + "ACGT" * 100,
    "",
)
_LONG = "gene "

_MEMORY = 420 << 20  # bytes of address space: Python with the libraries has 130 MB, and a model in int8 runs in 100
_MEMORY_A_BYTE = 5  # per byte of the network: file, parsed graph, weights, and weights in the layout of the kernels
_MEMORY_OF_TOKENIZER = 45, 600 << 20  # bytes per byte of the file, and limit; XLM-RoBERTa's takes 650 MB
_MEMORY_A_TOKEN = 256  # bytes times the square of the longest input, for attention in BERT-large
_SECONDS = 20.0  # of processor time; the bundled models take 0.3
_PATIENCE = 3  # times as much wall-clock time as processor time, for a busy machine
_SECONDS_A_GIGABYTE = 30.0  # per gigabyte of the network, from a slow disk


def require(model: Model) -> None:
    """Raise ModelError unless the model runs within the limits and its outputs match its card."""
    if model.folder == shipped(model.card.task):
        return
    mark = _pass_marker(model)
    if os.path.exists(mark):  # noqa: PTH110 (Path.exists raises where the cache cannot be looked into)
        return
    seconds = _PATIENCE * _processor_seconds(model)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    call = [sys.executable, "-P", "-m", "bioqa.index.models.sandbox", os.fspath(model.folder), model.card.task]
    try:
        ended = subprocess.run(  # noqa: S603 (this very Python)
            call,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **threads, "RUST_BACKTRACE": "0"},  # which takes seconds
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{model.folder}: does not end: {_trial_failure(f'not done in {seconds:.0f} s')}") from None
    except (OSError, ValueError) as error:
        raise BioqaError(f"{model.folder}: no process could be started to try the model in: {error}") from None
    if ended.returncode == _REFUSED:
        raise ModelError(ended.stdout.decode("utf-8", "surrogateescape"))
    if ended.returncode and ended.returncode == -_OUT_OF_TIME:
        what = f"not done in {_processor_seconds(model):.0f} s of processor time"
        raise ModelError(f"{model.folder}: does not end: {_trial_failure(what)}")
    if ended.returncode:
        how = signal.strsignal(-ended.returncode) if ended.returncode < 0 else f"exit status {ended.returncode}"
        raise ModelError(f"{model.folder}: cannot be run: {_trial_failure(f'{how}, with {_memory(model) >> 20:,} MB')}")
    with contextlib.suppress(OSError):  # without a record it is tried again next time
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _trial_failure(what: str) -> str:
    return f"tried on short texts in a process of its own, {what}; export the model again, or use another one"


def _pass_marker(model: Model) -> Path:
    import platformdirs

    sizes = [_size(model, name) for name in (NETWORK, TOKENIZER)]  # others than those tried are not read at all
    identity = hashlib.sha256(repr((_RULES, model.card, sizes)).encode()).hexdigest()
    return Path(platformdirs.user_cache_dir("bioqa")) / "tried" / identity


def _size(model: Model, name: str) -> int:
    try:
        return min((model.folder / name).lstat().st_size, FILES[name])
    except OSError:
        return 0


def _processor_seconds(model: Model) -> float:
    return _SECONDS + _SECONDS_A_GIGABYTE * _size(model, NETWORK) / 1e9


def _memory(model: Model) -> int:
    each, most = _MEMORY_OF_TOKENIZER
    words = min(each * _size(model, TOKENIZER), most)
    return _MEMORY + _MEMORY_A_BYTE * _size(model, NETWORK) + words + _MEMORY_A_TOKEN * model.card.max_tokens**2


def main() -> int:
    """The sandboxed process: exit status 0 if the model passes, else 3 with the reason on standard output."""
    try:
        model = open_model(Path(sys.argv[1]), sys.argv[2])
        _confine(_memory(model), _processor_seconds(model))
        _run_trial(model)
    except ModelError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8", "surrogateescape"))
        return _REFUSED
    return 0


def _confine(memory: int, seconds: float) -> None:
    """Limit memory, CPU time and files of this process. On Windows only the time limit of the parent applies."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _run_trial(model: Model) -> None:
    check_network(model)
    try:
        tokenizer_parts.check(model.read(TOKENIZER))
    except ModelError as error:
        if str(error).startswith(str(model.folder)):
            raise
        raise ModelError(f"{model.folder / TOKENIZER}: not a tokenizer that bioqa runs: {error}") from None
    words, network = load_tokenizer(model), Network(model)
    for sequence in _sequences(model, words):
        outputs = network.run(sequence)
        if model.card.task == "encoder" and abs(float(np.linalg.norm(outputs[0])) - 1) > 0.01:
            raise ModelError(
                f"{model.folder}: its vectors are not of length 1, as bioqa compares them; export the model again"
            )


def check_network(model: Model) -> None:
    """Validate the network before it is loaded into memory.

    Raises ModelError if it is missing, not a regular file, too large, different from the card's digest, or not a plain
    network.
    """
    if not model.size(NETWORK):
        raise ModelError(f"{model.folder}: bioqa cannot load {NETWORK}: it is empty; export the model again")
    with open_plain(model.folder / NETWORK) as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        onnx_graph.check(memoryview(mapped))
    except ModelError as error:
        raise ModelError(f"{model.folder}: bioqa cannot load {NETWORK}: it {error}; export the model again") from None


def _sequences(model: Model, words: Tokenizer) -> Iterator[Encoding]:
    """Inputs for a network of this task, from a few texts; one has the maximum length."""
    is_reader = model.card.task == "reader"
    taken = words.num_special_tokens_to_add(is_pair=is_reader)
    room, least = model.card.max_tokens - taken, _ROOM[model.card.task]
    if room < least:
        raise ModelError(
            f"{model.folder}: its card says that it sees {model.card.max_tokens} tokens, of which {taken} are the "
            f"tokenizer's own: there must be room for {least}; export the model again"
        )
    for text in (*_TEXTS, _LONG * model.card.max_tokens):
        try:
            with panics_as_errors():
                asked = words.encode(_QUESTION, add_special_tokens=False) if is_reader else None
                piece = words.encode(text, add_special_tokens=False)
                if asked:
                    asked.truncate(room // 2)
                piece.truncate(room - (len(asked.ids) if asked else 0))
                sequence = words.post_process(asked, piece) if asked else words.post_process(piece)
        except Exception as error:  # the tokenizers package raises bare Exception
            raise ModelError(f"{model.folder / TOKENIZER}: cannot be run on a text: {error}") from None
        ids, sides = list(sequence.ids), sequence.sequence_ids
        before = [*asked.ids, *piece.ids] if asked else list(piece.ids)
        first = sides.index(1) if 1 in sides else len(ids) - 1  # as the reader finds the text
        if len(ids) != len(before) + taken or (asked and (sides[0] is not None or ids[first:-1] != piece.ids)):
            raise ModelError(
                f"{model.folder / TOKENIZER}: does not put a text between its tokens as bioqa reads it: question and "
                "text, with one token before both and one behind; export the model again"
            )
        yield sequence


if __name__ == "__main__":
    sys.exit(main())
