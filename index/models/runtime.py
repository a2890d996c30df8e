"""Inference with ONNX Runtime: one sequence per call, calls in parallel."""

import importlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from bioqa.index.arrays import Array
from bioqa.index.cpus import processors
from bioqa.index.errors import ModelError
from bioqa.index.models.model import NETWORK, TOKENIZER, Model

_OUTPUTS = {"encoder": (1,), "reader": (2, 5)}  # numbers of outputs by task: vectors; spans only, or all heads
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_LONGEST_RUN = 30.0  # seconds of processor time per sequence; BERT-large takes one for 512 tokens
_LEAST_MEMORY = 512 << 20  # bytes for the activations of all networks
_MEMORY_A_RUN = 128 << 20  # bytes per parallel run; BERT-large takes half of that for 512 tokens


def load(name: str = "onnxruntime") -> Any:
    """Import ONNX Runtime, or a module of it, with telemetry disabled.

    Since 1.29 it reports every process and model to its vendor and stores a machine id in the user's cache, unless
    this variable is set before the first import.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return importlib.import_module(name)


@cache
def _limit_memory() -> None:
    """Make all networks of this process share one memory arena of limited size.

    Excessive activations then cause an error instead of the end of the process. Weights are outside the arena.
    """
    onnxruntime = load()
    most = max(_LEAST_MEMORY, _MEMORY_A_RUN * processors())
    kinds = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    place = onnxruntime.OrtMemoryInfo("Cpu", kinds[0], 0, kinds[1])
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg({"max_mem": most}))


class Network:
    """An exported network: token ids in, arrays out.

    Every sequence is a call of its own on one thread, calls run in parallel, and nothing is padded. Measured on two
    cores with the int8 MiniLM, this is within 10% of the best batch size at 64 tokens and faster than any at 256. It
    also makes results independent of each other: int8 activations are scaled per call, so in a batch a vector would
    depend on the other sequences.
    """

    def __init__(self, model: Model):
        onnxruntime = load()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # exceptions contain the same information as the log
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
        _limit_memory()
        self._folder = model.folder
        self._card = model.card
        self._how = onnxruntime.RunOptions()
        try:
            self._session = onnxruntime.InferenceSession(
                model.read("model.onnx"),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["SkipLayerNormFusion"],  # its kernel takes 6 times as long as the two it replaces
            )
        except ModelError:
            raise
        except Exception as error:  # ONNX Runtime's own exceptions share no public base class
            raise ModelError(f"{model.folder}: ONNX Runtime cannot load {NETWORK}: {_line(error)}") from None
        outputs, known = len(self._session.get_outputs()), _OUTPUTS[model.card.task]
        if outputs not in known:
            raise ModelError(
                f"{model.folder}: its card says that it is of type {model.card.task!r}, and {NETWORK} has {outputs} "
                f"outputs, not {' or '.join(map(str, known))}; export the model again"
            )
        self._inputs = {node.name for node in self._session.get_inputs()}
        if not {"input_ids"} <= self._inputs <= set(_INPUTS):
            raise ModelError(
                f"{model.folder}: {NETWORK} has the inputs {', '.join(sorted(self._inputs))!r:.200}, "
                f"expected input_ids and perhaps others of {', '.join(_INPUTS)}; export the model again"
            )

    def run(self, sequence: Encoding) -> list[Array]:
        """The outputs for one sequence of n tokens, without the batch dimension.

        Raises ModelError if the network fails, as with the tokenizer of another model, and if its outputs do not match
        the card or are not finite.
        """
        size = len(sequence.ids)
        feeds = {
            "input_ids": np.array([sequence.ids], dtype=np.int64),
            "attention_mask": np.ones((1, size), dtype=np.int64),
            "token_type_ids": np.array([sequence.type_ids], dtype=np.int64),
        }
        try:
            outputs = self._session.run(None, {name: feeds[name] for name in self._inputs}, self._how)
        except Exception as error:  # as above
            raise ModelError(
                f"{self._folder}: {NETWORK} cannot be run on what {TOKENIZER} makes of a text: {_line(error)}; "
                "where they are of different models, export the model again"
            ) from None
        shapes = [(self._card.dimensions,)] if self._card.task == "encoder" else [(size,), (size,), (size, 3), (3,), ()]
        found = [getattr(output, "shape", None) for output in outputs]
        if found != [(1, *shape) for shape in shapes[: len(found)]]:
            raise ModelError(
                f"{self._folder}: the network gives arrays of {', '.join(map(str, found))} for {size} tokens, its card "
                f"says {', '.join(str((1, *shape)) for shape in shapes[: len(found)])}; export the model again"
            )
        if not all(output.dtype.kind == "f" and np.isfinite(output).all() for output in outputs):
            raise ModelError(f"{self._folder}: its network gives values that are not finite; its weights are damaged")
        return [output[0] for output in outputs]

    def run_all(self, sequences: Sequence[Encoding], on_done: Callable[[int], None] | None = None) -> list[list[Array]]:
        """`run` for every sequence; results are in input order. Calls `on_done(n)` when n sequences are done.

        The longest sequences start first. Raises ModelError as `run` does, and if a sequence takes half a minute.
        """
        order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i].ids))
        results: list[list[Array]] = [[]] * len(sequences)
        with ThreadPoolExecutor(processors()) as pool:
            try:
                running = [pool.submit(self.run, sequences[i]) for i in order]
                for done, (i, output) in enumerate(zip(order, running, strict=True), start=1):
                    results[i] = _result(output)
                    if on_done:
                        on_done(done)
            except BaseException as error:
                pool.shutdown(wait=False, cancel_futures=True)
                if isinstance(error, TimeoutError):
                    self._how.terminate = True  # checked between two nodes
                    raise ModelError(
                        f"{self._folder}: not done with a text after {_LONGEST_RUN:.0f} s; use another model"
                    ) from None
                raise
        return results


def _result(running: "Future[list[Array]]") -> list[Array]:
    """The outputs of a run. Raises TimeoutError once it has had its processor time: a process that was stopped, or that
    shares a busy machine, goes on afterwards."""
    began, most = time.process_time(), _LONGEST_RUN * processors()
    while True:
        try:
            return running.result(_LONGEST_RUN)
        except TimeoutError:
            if time.process_time() - began >= most:
                raise


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


@cache
def _parsed_tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of `model`, without truncation or padding; models with the same file share one."""
    content = model.read(TOKENIZER)
    try:
        with panics_as_errors():
            return _parsed_tokenizer(content)
    except Exception as error:  # the tokenizers package raises bare Exception
        raise ModelError(f"{model.folder / TOKENIZER}: not a tokenizer ({_line(error)})") from None


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turn the panic of a Rust library, which is a BaseException in Python, into a RuntimeError."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # its module cannot be imported
            raise
        raise RuntimeError(_line(error)) from None
