"""The one door to the inference engine: ONNX Runtime, one sequence a call, sequences in parallel."""

import importlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from bioqa.index.errors import ModelError
from bioqa.index.model import Model

Array = np.ndarray[Any, np.dtype[Any]]
_OUTPUTS = {"encoder": (1,), "reader": (2, 5)}  # of a network, by task: vectors; spans alone, or all heads


def processors() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(name: str = "onnxruntime") -> Any:
    """The package, or a module of it, for all who need it. Since 1.29 it reports every process and model to its maker,
    and keeps the machine's id in the user's cache, unless it is told not to before it is first imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return importlib.import_module(name)


class Network:
    """An exported network: token ids in, arrays out.

    Every sequence is its own call on one thread, and calls run side by side: nothing is padded. Measured on two cores
    with the int8 MiniLM this is within 10% of the best batch size at 64 tokens and faster than any at 256. It also
    makes a result independent of its neighbours: int8 activations are scaled per call, so in a batch a vector would
    depend on what else is in it.
    """

    def __init__(self, model: Model):
        onnxruntime = load()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what it raises says as much as what it logs
        self._folder = model.folder
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
            raise ModelError(f"{model.folder}: ONNX Runtime cannot load model.onnx: {error}") from None
        outputs, known = len(self._session.get_outputs()), _OUTPUTS.get(model.card.task)
        if known and outputs not in known:
            raise ModelError(
                f"{model.folder}: its card says that it is of type {model.card.task!r}, and model.onnx has {outputs} "
                f"outputs, not {' or '.join(map(str, known))}; export the model again"
            )
        self._inputs = {node.name for node in self._session.get_inputs()}

    def run(self, sequence: Encoding) -> list[Array]:
        """The outputs for one sequence of n tokens, without the batch dimension.

        Raises ModelError where the network cannot be run, as on what the tokenizer of another one makes.
        """
        feeds = {
            "input_ids": np.array([sequence.ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(sequence.ids)), dtype=np.int64),
            "token_type_ids": np.array([sequence.type_ids], dtype=np.int64),
        }
        try:
            outputs = self._session.run(None, {name: feeds[name] for name in self._inputs})
        except Exception as error:  # as above
            raise ModelError(
                f"{self._folder}: model.onnx cannot be run on what tokenizer.json makes of a text: {error}; "
                "where they are of different models, export the model again"
            ) from None
        return [output[0] for output in outputs]

    def run_all(self, sequences: Sequence[Encoding], on_done: Callable[[int], None] | None = None) -> list[list[Array]]:
        """`run` for every sequence, in the order given; the longest start first. `on_done(n)` after each, n so far."""
        order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i].ids))
        results: list[list[Array]] = [[]] * len(sequences)
        with ThreadPoolExecutor(processors()) as pool:
            try:
                outputs = pool.map(lambda i: self.run(sequences[i]), order)
                for done, (i, output) in enumerate(zip(order, outputs, strict=True), start=1):
                    results[i] = output
                    if on_done:
                        on_done(done)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return results


@cache
def _parsed_tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of `model`, without truncation or padding; models with the same file share one."""
    content = model.read("tokenizer.json")
    try:
        return _parsed_tokenizer(content)
    except Exception as error:  # the tokenizers package raises bare Exception
        raise ModelError(f"{model.folder / 'tokenizer.json'}: not a tokenizer ({error})") from None
