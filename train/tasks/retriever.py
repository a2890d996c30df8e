"""The training task of a retriever: vectors of questions close to those of relevant passages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bioqa.eval.runs import learned
from bioqa.eval.runs.learned import Digests
from bioqa.index.arrays import Array
from bioqa.index.errors import ModelError
from bioqa.index.models import registry
from bioqa.index.progress import DividedProgress, NoProgress
from bioqa.train import devices, loop, run_record
from bioqa.train.checkpoint import CHECKPOINT
from bioqa.train.data import batches, examples, pairs
from bioqa.train.data import dev_pool as pool
from bioqa.train.data import hard_negatives as negatives
from bioqa.train.data.dev_pool import DevPool
from bioqa.train.data.examples import evenly_spaced
from bioqa.train.data.pairs import CandidatePassage, TrainingPair
from bioqa.train.networks import biencoder, losses
from bioqa.train.networks.biencoder import Side, TokenBatch
from bioqa.train.pretrained import loading, source
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

_MINED = 30  # hard negatives per query, from which every epoch draws


@dataclass(frozen=True, slots=True)
class RetrieverBatch:
    """b questions and c candidates, of which number i is the positive of question i.

    `negatives` (b, c) marks the candidates that are negatives of a question. `teacher_cosines` (b, c) are None without
    a teacher.
    """

    questions: TokenBatch
    candidates: TokenBatch
    negatives: Tensor
    teacher_cosines: Tensor | None


def train(
    config: RetrieverConfig,
    folder: Path,
    device: str,
    progress: DividedProgress,
    talk: Callable[[str], None],
    most_questions: int = 0,
) -> dict[str, float]:
    """Train a retriever into `folder`, resuming if it holds a checkpoint; returns the figures of the best weights.

    `most_questions` limits the questions for model selection; 0: all.

    Raises InputError for unusable files and a folder with a finished training, ModelError for an unsuitable model, and
    the errors of `loop.train`.
    """
    run_record.refuse_finished(folder, "retriever")
    dev = examples.read_dev_questions(config.dev)
    for model in filter(None, (config.base, config.miner, config.teacher)):
        sides = biencoder.encoder_sources(model)
        for side in sides.values():
            source.check_room(side, config.max_tokens)
        if model == config.teacher and biencoder.is_pair(sides):
            raise ModelError(f"{config.teacher}: a pair of encoders; name the folder of one encoder as the teacher")
    named = [registry.find_model(model) for model in (config.base, config.miner, config.teacher) if model]
    for line in filter(None, (learned.warning([question.body for question in dev], model) for model in named)):
        talk(f"warning: dev: {line}")
    papers = list(pairs.read_papers([Path(path) for path in config.distractors]).values()) if config.distractors else []
    judged = evenly_spaced([one for one in dev if one.snippets], most_questions) if most_questions else dev
    dev_pool = pool.build_pool(judged, negatives.nearest_papers(judged, papers, config.pool))
    selected = devices.select_device(device)
    for model in filter(None, (config.miner, config.teacher)):
        talk(f"{model} encodes all texts first; a large model takes a while")
    search = biencoder.nearest_passages(config.miner, config.max_tokens, selected, progress) if config.miner else None
    with progress.part("Mining negatives", "questions") as part:
        read = pairs.read_pairs(config, dev, talk)
        training_pairs = negatives.mine_negatives(read, _MINED if config.negatives else 0, search, part)
    known = learned.digests(pair.query for pair in training_pairs).union(*map(learned.learned_by, named))
    task = RetrieverTask(config, training_pairs, dev_pool, selected, progress)
    talk(
        f"{len(training_pairs):,} pairs of at most {config.max_tokens} tokens, on {selected}; "
        f"model selection by {len(dev_pool.questions):,} questions over {len(dev_pool.texts):,} texts"
    )
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CHECKPOINT).exists():
        talk("before training: " + ", ".join(f"{name} {value:.4f}" for name, value in task.evaluate().items()))
    figures = loop.train(
        task,
        config.schedule,
        folder,
        lambda figures: save(task, folder, figures, known),
        progress,
        talk,
        run_record.config_json(config),
    )
    run_record.write_record(folder, config, figures, known, finished=True)
    return figures


class RetrieverTask:
    """The task of training a retriever, for `loop.train`."""

    def __init__(
        self,
        config: RetrieverConfig,
        training_pairs: Sequence[TrainingPair],
        dev_pool: DevPool,
        device: str,
        progress: DividedProgress | None = None,
    ):
        self.config, self._progress = config, progress or NoProgress()
        self.model = loading.to_device(
            biencoder.load_biencoder(config.base, asymmetric=config.asymmetric, dropout=config.dropout), device
        )
        self._device = device
        self._pairs = training_pairs
        self._pool = dev_pool
        texts = dict.fromkeys(text for pair in training_pairs for text in (pair.query, pair.passage.text))
        self._rows = {text: row for row, text in enumerate(texts)}  # negatives are passages of other pairs
        tokenizer = source.backend_tokenizer(biencoder.tokenizer_source(config.base))
        self._tokens = biencoder.tokenize(tokenizer, list(texts), config.max_tokens)
        self._questions = biencoder.tokenize(tokenizer, list(dev_pool.questions.values()), config.max_tokens)
        self._texts = biencoder.tokenize(tokenizer, [text.text for text in dev_pool.texts], config.max_tokens)
        self._teacher_vectors: Array | None = None
        if config.teacher:
            teacher, pooling = source.resolve(config.teacher), config.teacher_pooling
            with self._progress.part(f"Encoding with {config.teacher}", "texts") as part:
                self._teacher_vectors = biencoder.encode_texts(
                    teacher, list(texts), config.max_tokens, device, pooling, part
                )

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], RetrieverBatch]]:
        """The batches of an epoch; seed and epoch determine their order and the negatives in them."""
        lengths = [len(self._tokens[self._rows[pair.passage.text]]) for pair in self._pairs]
        order = batches.shuffled_batches(lengths, size, (seed, epoch))
        return [partial(self._batch, numbers, (seed, epoch)) for numbers in order]

    def _batch(self, numbers: Sequence[int], seed: tuple[int, int]) -> RetrieverBatch:
        chosen = [self._pairs[number] for number in numbers]
        drawn = [
            candidate
            for number in numbers
            for candidate in _sample(self._pairs[number].negatives, self.config.negatives, (*seed, number))
        ]
        candidates = [*(pair.passage for pair in chosen), *drawn]
        questions = [self._rows[pair.query] for pair in chosen]
        passages = [self._rows[candidate.text] for candidate in candidates]
        are_negatives = [[pairs.is_negative(candidate, pair) for candidate in candidates] for pair in chosen]
        teacher_cosines = None
        if self._teacher_vectors is not None:
            queries, keys = (self._teacher_vectors[rows].astype(np.float32) for rows in (questions, passages))
            teacher_cosines = torch.from_numpy(queries @ keys.T).to(self._device)
        return RetrieverBatch(
            biencoder.pad([self._tokens[row] for row in questions], self._device),
            biencoder.pad([self._tokens[row] for row in passages], self._device),
            torch.tensor(are_negatives, device=self._device),
            teacher_cosines,
        )

    def loss(self, batch: RetrieverBatch) -> Tensor:
        """The contrastive loss, mixed with the distillation loss if there is a teacher."""
        config = self.config
        questions, candidates = self.model(batch.questions, "question"), self.model(batch.candidates, "passage")
        with torch.autocast(questions.device.type, enabled=False):  # bf16 does not resolve differences of 0.4%
            cosines = questions @ candidates.T
        judge = cosines.detach() if batch.teacher_cosines is None else batch.teacher_cosines
        wrong = losses.without_doubtful(batch.negatives, judge, config.doubtful)
        loss = losses.contrastive_loss(cosines, wrong, config.temperature)
        if batch.teacher_cosines is None:
            return loss
        distilled = losses.retriever_distillation_loss(cosines, batch.teacher_cosines, wrong, config.temperature)
        return (1 - config.distillation) * loss + config.distillation * distilled

    def evaluate(self) -> Mapping[str, float]:
        """The retrieval measures of the held-out questions over the dev pool."""
        self.model.eval()
        return pool.retrieval_measures(
            self._pool, self._vectors(self._questions, "question"), self._vectors(self._texts, "passage")
        )

    def _vectors(self, rows: Sequence[Array], side: Side) -> Array:
        precision = self.config.schedule.precision
        with self._progress.part("Evaluating", f"{side}s") as part:
            return biencoder.encode_tokens(lambda batch: self.model(batch, side), self.model, rows, precision, part)


def _sample(candidates: Sequence[CandidatePassage], count: int, seed: Sequence[int]) -> list[CandidatePassage]:
    """A random sample of `count` candidates, or all if they are fewer; equal seeds give equal samples."""
    generator = np.random.default_rng(seed)
    return [candidates[place] for place in generator.permutation(len(candidates))[:count]]


def save(task: RetrieverTask, folder: Path, figures: Mapping[str, float], known: Digests) -> None:
    """Write encoder, tokenizer and configuration as a folder that `bioqa export` accepts, or one for each side.

    `known` are the digests of the queries that were learned from. Raises StorageError where the disk refuses.
    """
    with run_record.saving(folder):
        for target in task.model.save(folder):
            source.tokenizer(biencoder.tokenizer_source(task.config.base)).save_pretrained(target)
    run_record.write_record(folder, task.config, figures, known, finished=False)
