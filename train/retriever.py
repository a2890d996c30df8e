"""The task behind `bioqa train retriever`: vectors of questions that lie near those of what answers them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bioqa.index.errors import ModelError
from bioqa.index.progress import Progress
from bioqa.index.runtime import Array
from bioqa.train import (
    batches,
    biencoder,
    devices,
    examples,
    loop,
    losses,
    model_loading,
    negatives,
    pairs,
    pool,
    record,
    source,
)
from bioqa.train.biencoder import Side, TokenBatch
from bioqa.train.checkpoint import CHECKPOINT
from bioqa.train.pairs import CandidatePassage, TrainingPair
from bioqa.train.pool import DevPool
from bioqa.train.retriever_recipe import RetrieverConfig

_MINED = 30  # hard negatives found for a query, of which every epoch draws some


@dataclass(frozen=True, slots=True)
class RetrieverBatch:
    """b questions and c candidates, of which number i is right for question i.

    `wrong` (b, c) marks the candidates that are known not to answer a question. `taught` (b, c) are the
    cosines that a teacher gave, None without one.
    """

    questions: TokenBatch
    candidates: TokenBatch
    wrong: Tensor
    taught: Tensor | None


def train(
    config: RetrieverConfig, folder: Path, device: str, progress: Progress, talk: Callable[[str], None]
) -> dict[str, float]:
    """Train a retriever into `folder`, or go on with it; returns the figures of the weights that were kept.

    Raises InputError where files or a finished training of another configuration stand in the way, ModelError where a
    model in it cannot do its part, and what `loop.train` raises.
    """
    record.refuse_finished(folder, "retriever")
    for model in filter(None, (config.base, config.miner, config.teacher)):
        for side in biencoder.encoder_sources(model).values():
            source.check_room(side, config.max_tokens)
    if config.teacher and len(set(biencoder.encoder_sources(config.teacher).values())) > 1:
        raise ModelError(f"{config.teacher}: a pair of encoders, and a teacher is one; name the folder of one of them")
    dev = examples.read_dev_questions(config.dev)
    papers = list(pairs.read_papers([Path(path) for path in config.distractors]).values()) if config.distractors else []
    judged = pool.build_pool(dev, negatives.nearest_papers(dev, papers, config.pool))
    chosen = devices.select_device(device)
    for model in filter(None, (config.miner, config.teacher)):
        talk(f"{model} encodes all texts first, which takes a while where it is large")
    search = biencoder.nearest_passages(config.miner, config.max_tokens, chosen) if config.miner else None
    learned = negatives.mine_negatives(pairs.read_pairs(config, dev, talk), _MINED if config.negatives else 0, search)
    task = RetrieverTask(config, learned, judged, chosen)
    talk(
        f"{len(learned):,} pairs of {config.max_tokens} tokens at most, on {chosen}; "
        f"{len(judged.questions):,} questions over {len(judged.texts):,} texts decide"
    )
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CHECKPOINT).exists():
        talk("before training: " + ", ".join(f"{name} {value:.4f}" for name, value in task.evaluate().items()))
    figures = loop.train(
        task,
        config.schedule,
        folder,
        lambda found: save(task, folder, found),
        progress,
        talk,
        record.config_json(config),
    )
    record.write_record(folder, config, figures, finished=True)
    return figures


class RetrieverTask:
    """Training of a retriever, as `loop.train` takes it."""

    def __init__(self, config: RetrieverConfig, learned: Sequence[TrainingPair], judged: DevPool, device: str):
        self.config = config
        self.model = model_loading.to_device(
            biencoder.load_biencoder(config.base, asymmetric=config.asymmetric, dropout=config.dropout), device
        )
        self._device = device
        self._pairs = learned
        self._pool = judged
        texts = dict.fromkeys(text for pair in learned for text in (pair.query, pair.passage.text))
        self._rows = {text: row for row, text in enumerate(texts)}  # negatives are passages of other pairs
        tokenizer = source.backend_tokenizer(biencoder.tokenizer_source(config.base))
        self._tokens = biencoder.tokenize(tokenizer, list(texts), config.max_tokens)
        self._questions = biencoder.tokenize(tokenizer, list(judged.questions.values()), config.max_tokens)
        self._texts = biencoder.tokenize(tokenizer, [text.text for text in judged.texts], config.max_tokens)
        self._taught = (
            biencoder.encode_texts(config.teacher, list(texts), config.max_tokens, device, config.teacher_pooling)
            if config.teacher
            else None
        )

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], RetrieverBatch]]:
        """The batches of an epoch, in an order that seed and epoch decide, and so the negatives in them."""
        lengths = [len(self._tokens[self._rows[pair.passage.text]]) for pair in self._pairs]
        order = batches.shuffled_batches(lengths, size, (seed, epoch))
        return [partial(self._batch, numbers, (seed, epoch)) for numbers in order]

    def _batch(self, numbers: Sequence[int], seed: tuple[int, int]) -> RetrieverBatch:
        chosen = [self._pairs[number] for number in numbers]
        drawn = [
            candidate
            for number in numbers
            for candidate in _drawn(self._pairs[number].negatives, self.config.negatives, (*seed, number))
        ]
        candidates = [*(pair.passage for pair in chosen), *drawn]
        questions = [self._rows[pair.query] for pair in chosen]
        found = [self._rows[candidate.text] for candidate in candidates]
        wrong = [[pairs.is_negative(candidate, pair) for candidate in candidates] for pair in chosen]
        taught = None
        if self._taught is not None:
            theirs = self._taught[questions].astype(np.float32) @ self._taught[found].astype(np.float32).T
            taught = torch.from_numpy(theirs).to(self._device)
        return RetrieverBatch(
            biencoder.pad([self._tokens[row] for row in questions], self._device),
            biencoder.pad([self._tokens[row] for row in found], self._device),
            torch.tensor(wrong, device=self._device),
            taught,
        )

    def loss(self, batch: RetrieverBatch) -> Tensor:
        """That the right passage is nearest, and where there is a teacher, that the others are as near as it says."""
        config = self.config
        questions, candidates = self.model(batch.questions, "question"), self.model(batch.candidates, "passage")
        with torch.autocast(questions.device.type, enabled=False):  # bf16 tells no cosines apart that differ by 0.4%
            cosines = questions @ candidates.T
        judge = cosines.detach() if batch.taught is None else batch.taught
        wrong = losses.without_doubtful(batch.wrong, judge, config.doubtful)
        found = losses.contrastive_loss(cosines, wrong, config.temperature)
        if batch.taught is None:
            return found
        imitated = losses.retriever_distillation_loss(cosines, batch.taught, wrong, config.temperature)
        return (1 - config.distillation) * found + config.distillation * imitated

    def evaluate(self) -> Mapping[str, float]:
        """How well the documents of held-out questions are found among the texts of the pool."""
        self.model.eval()
        return pool.retrieval_measures(
            self._pool, self._vectors(self._questions, "question"), self._vectors(self._texts, "passage")
        )

    def _vectors(self, rows: Sequence[Array], side: Side) -> Array:
        precision = self.config.schedule.precision
        return biencoder.encode_tokens(lambda part: self.model(part, side), self.model, rows, precision)


def _drawn(found: Sequence[CandidatePassage], count: int, seed: Sequence[int]) -> list[CandidatePassage]:
    """So many of the candidates, or all where they are fewer; the same seed draws the same."""
    generator = np.random.default_rng(seed)
    return [found[place] for place in generator.permutation(len(found))[:count]]


def save(task: RetrieverTask, folder: Path, figures: Mapping[str, float]) -> None:
    """Write encoder, tokenizer and configuration as a folder that `bioqa export` takes, or one for either side.

    Raises StorageError where the disk refuses.
    """
    with record.saving(folder):
        for target in task.model.save(folder):
            source.tokenizer(biencoder.tokenizer_source(task.config.base)).save_pretrained(target)
    record.write_record(folder, task.config, figures, finished=False)
