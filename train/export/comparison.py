"""Comparison of an exported model in each precision with the original in PyTorch: size, parity, speed, scores."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch
from tokenizers import Encoding

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.runs import plain_sums
from bioqa.eval.runs.plain_sums import FACTOID_MEASURES, SELECTION_MEASURES
from bioqa.eval.tables import Table
from bioqa.index.cpus import processors
from bioqa.index.models.model import Model, read_card
from bioqa.index.models.runtime import Network, load_tokenizer
from bioqa.index.progress import Progress
from bioqa.train.export.parity import Parity, encode_pair, measure_parity
from bioqa.train.networks.inference import ALL_HEADS, TorchNetwork, TraceableNetwork
from bioqa.train.pretrained.loading import use_fused_attention

ORIGINAL = "PyTorch fp32"
_TIMED_TOKENS = 256  # the encoder's maximum, and about the length of a passage with title and question
_ROUNDS = 5  # the median counts; all networks take turns in each, so that other load affects all alike
_PER_PROCESSOR = 4  # passages in a round
_LONG = ("Which gene is mutated in cystic fibrosis?", "Cystic fibrosis is caused by mutations in the CFTR gene. " * 60)


@dataclass(frozen=True, slots=True)
class ModelVariant:
    """One precision of a model.

    It has the model's size, its parity with the original, the number of passages of `tokens` tokens per second, the
    ratio of that to the original's, and a reader's scores by BioASQ measure.
    """

    weights: str
    megabytes: float
    parity: Parity
    tokens: int
    passages_per_s: float
    times_original: float
    scores: Mapping[str, float]


def compare_variants(
    original: TraceableNetwork, targets: Mapping[str, Path], questions: Sequence[GoldQuestion], progress: Progress
) -> list[ModelVariant]:
    """The original, then the model in each folder of `targets`, a map from precision to folder.

    A reader is scored by its answers to `questions` from their gold snippets, if there are any, as in training.
    """
    models = {precision: Model(folder, read_card(folder)) for precision, folder in targets.items()}
    use_fused_attention(original.module)
    networks: dict[str, TorchNetwork | Network] = {ORIGINAL: TorchNetwork(original.module)}
    networks |= {name: Network(model) for name, model in models.items()}
    some = next(iter(models.values()))
    timed = encode_pair(some, *_LONG)
    timed.truncate(_TIMED_TOKENS)
    speeds = _speeds(networks, timed)
    scores = _scores(networks, some, questions, original.outputs, progress)
    sizes = {name: (folder / "model.onnx").stat().st_size for name, folder in targets.items()}
    sizes[ORIGINAL] = sum(tensor.numel() * tensor.element_size() for tensor in original.module.parameters())
    same = Parity(", ".join(original.outputs), 0.0, 1.0)
    return [
        ModelVariant(
            weights=name,
            megabytes=sizes[name] / 1e6,
            parity=measure_parity(original, targets[name]) if name in targets else same,
            tokens=len(timed.ids),
            passages_per_s=speeds[name],
            times_original=speeds[name] / speeds[ORIGINAL],
            scores=scores[name],
        )
        for name in networks
    ]


def table(title: str, rows: Sequence[ModelVariant]) -> Table:
    """The variants as a table."""
    scores = list(rows[0].scores)
    return Table(
        f"{title}: {rows[0].parity.outputs}; passages of {rows[0].tokens} tokens",
        [
            *("weights", "MB", "largest difference", "least cosine", "passages a second", f"times {ORIGINAL}"),
            *(name.replace("_", " ") for name in scores),
        ],
        [
            [
                *(row.weights, row.megabytes, row.parity.largest_difference, row.parity.cosine),
                *(row.passages_per_s, row.times_original),
                *(row.scores[name] for name in scores),
            ]
            for row in rows
        ],
    )


def _speeds(networks: Mapping[str, TorchNetwork | Network], sequence: Encoding) -> dict[str, float]:
    """Sequences per second of each network; PyTorch runs one by one or all at once, whichever is faster."""
    torch.set_num_threads(processors())
    sequences = [sequence] * (_PER_PROCESSOR * processors())
    ways: list[tuple[str, Callable[[], object]]] = []
    for name, network in networks.items():
        ways.append((name, partial(network.run_all, sequences)))
        if isinstance(network, TorchNetwork):
            ways.append((name, partial(network.run, sequences)))
    for _, way in ways:
        way()
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(_ROUNDS):
        for seconds, (_, way) in zip(taken, ways, strict=True):
            began = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - began)
    rates = [(name, len(sequences) / median(seconds)) for (name, _), seconds in zip(ways, taken, strict=True)]
    return {name: max(rate for other, rate in rates if other == name) for name in networks}


def _scores(
    networks: Mapping[str, TorchNetwork | Network],
    model: Model,
    questions: Sequence[GoldQuestion],
    outputs: Sequence[str],
    progress: Progress,
) -> dict[str, dict[str, float]]:
    asked = [question for question in questions if question.snippets]
    if not asked:
        return {name: {} for name in networks}
    every = list(dict.fromkeys((*FACTOID_MEASURES, *SELECTION_MEASURES)))
    measured = every if tuple(outputs) == ALL_HEADS else FACTOID_MEASURES
    done, total = 0, len(asked) * len(networks)

    def counted() -> Iterator[GoldQuestion]:
        nonlocal done
        for question in asked:
            yield question
            done += 1
            progress.update(done / total, done)

    found = {}
    for name, network in networks.items():
        scores = plain_sums.score(counted(), network, load_tokenizer(model), model.card.max_tokens)
        found[name] = {measure: scores[measure] for measure in measured}
    return found
