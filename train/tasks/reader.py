"""The training task of a reader: spans, list items, yes/no verdicts and relevance with one encoder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bioqa.eval.datasets.bioasq import GoldQuestion, read_gold
from bioqa.eval.runs import learned, plain_sums
from bioqa.eval.runs.learned import Digests
from bioqa.eval.runs.plain_sums import FACTOID_MEASURES, SELECTION_MEASURES
from bioqa.index.errors import InputError, ModelError
from bioqa.index.models import registry
from bioqa.index.progress import DividedProgress, NoProgress, tracked
from bioqa.qa.reader import VERDICTS
from bioqa.train import devices, loop, run_record
from bioqa.train.data import batches, examples, hard_negatives, pairs
from bioqa.train.data.batches import UNKNOWN, LabelledWindow, WindowBatch
from bioqa.train.data.contrast import contrast_pairs
from bioqa.train.data.examples import ReaderExample, evenly_spaced, fold_text
from bioqa.train.networks import losses, reader
from bioqa.train.networks.inference import AllHeads, TorchNetwork
from bioqa.train.networks.reader import ReaderOutput
from bioqa.train.networks.teacher import Teacher
from bioqa.train.pretrained import loading, source
from bioqa.train.pretrained.source import PretrainedModel
from bioqa.train.tasks.reader_recipe import ReaderConfig


def train(
    config: ReaderConfig,
    folder: Path,
    device: str,
    progress: DividedProgress,
    talk: Callable[[str], None],
    most_questions: int = 0,
) -> dict[str, float]:
    """Train a reader into `folder`, resuming if it holds a checkpoint; returns the figures of the best weights.

    `most_questions` limits the questions of all gold files together, and those for model selection; 0: all.

    Raises InputError for unusable files and a folder with a finished training, ModelError for an unsuitable teacher,
    and the errors of `loop.train`.
    """
    run_record.refuse_finished(folder, "reader")
    dev = examples.read_dev_questions(config.dev)
    if not any(question.snippets and question.exact for question in dev):
        raise InputError("no questions for model selection: no question under dev has an exact answer and snippets")
    base = source.resolve(config.base)
    teacher = source.resolve(config.teacher) if config.teacher else None
    for model in filter(None, (base, teacher)):
        source.check_room(model, config.max_tokens)
    if teacher and not reader.has_all_heads(teacher):
        raise ModelError(f"{config.teacher}: not a reader with all heads; name a teacher made by 'bioqa train reader'")
    if config.corpora and not config.teacher:
        raise InputError("corpora are unlabelled and need a teacher: name one under teacher, or remove corpora")
    named = [registry.find_model(model.source) for model in (base, teacher) if model]
    for line in filter(None, (learned.warning([question.body for question in dev], folder) for folder in named)):
        talk(f"warning: dev: {line}")
    selected = devices.select_device(device)
    rows = read_examples(config, dev, talk, most_questions)
    known = learned.digests(row.question for row in rows).union(*map(learned.learned_by, named))
    if most_questions:
        dev = list(evenly_spaced([one for one in dev if one.snippets and one.exact], most_questions))
    task = ReaderTask(config, base, teacher, rows, dev, selected, progress)
    talk(f"{len(task):,} windows of at most {config.max_tokens} tokens, on {selected}")
    folder.mkdir(parents=True, exist_ok=True)
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


def read_examples(
    config: ReaderConfig, dev: Sequence[GoldQuestion], talk: Callable[[str], None], most_questions: int = 0
) -> list[ReaderExample]:
    """All training examples: each pair of question and text once, without the questions of `dev`.

    `talk` receives the counts of each source, kept and left out. `most_questions` limits those of BioASQ; 0: all.
    """
    kept: dict[tuple[str, str], ReaderExample] = {}
    origins = count()
    held_out = {fold_text(question.body) for question in dev}

    def add(source: str, more: Sequence[ReaderExample], unusable: int = 0) -> None:
        before = len(kept)
        origin = next(origins)
        allowed = [replace(example, origin=origin) for example in more if fold_text(example.question) not in held_out]
        for example in allowed:
            kept.setdefault((fold_text(example.question), fold_text(example.text)), example)
        left_out = {"held out": len(more) - len(allowed), "duplicates": len(allowed) - len(kept) + before}
        left_out["unusable"] = unusable
        counts = "".join(f", {count:,} {why}" for why, count in left_out.items() if count)
        talk(f"{source}: {len(kept) - before:,} examples{counts}")

    questions = [question for path in config.bioasq for question in read_gold(Path(path))]
    questions = list(evenly_spaced(questions, most_questions))
    if questions:
        add("BioASQ snippets", _thinned(examples.from_bioasq(questions), config.relevant_only))
        add("BioASQ hard negatives", hard_negatives.bioasq_negatives(questions, config.negatives))
    if questions and config.corpora:
        papers = pairs.read_papers([Path(path) for path in config.corpora]).values()
        add("passages for the teacher only", hard_negatives.unjudged_passages(questions, papers, config.unjudged))
    for path in config.squad:
        more, lost = examples.from_squad(Path(path))
        add(path, evenly_spaced(more, config.limit), len(lost))
    for path in config.pubmedqa:
        add(path, evenly_spaced(examples.from_pubmedqa(Path(path)), config.limit))
    for paths, of_file in ((config.claims, examples.from_claims), (config.lists, examples.from_lists)):
        for path in paths:
            more, unusable = of_file(Path(path))
            add(path, evenly_spaced(more, config.limit), unusable)
    if config.contrast:
        texts = [paper.abstract for paper in pairs.read_papers([Path(path) for path in config.contrast]).values()]
        texts += [text for question in questions for text in (*question.snippet_texts, *question.ideal)]
        made = contrast_pairs(list(dict.fromkeys(texts)), questions, config.contrast_pairs, config.schedule.seed)
        add("contrast pairs", [example for pair in made for example in pair])
    if not kept:
        raise InputError("nothing to train on: name files under squad, bioasq, pubmedqa, claims, lists or contrast")
    return list(kept.values())


def _thinned(examples: Sequence[ReaderExample], one_in: int) -> list[ReaderExample]:
    """The examples, with one in `one_in` of those that train relevance only: summary questions have the most
    snippets."""
    relevance_only = {id(each) for each in examples if each.answers is None and each.verdict is None}
    kept = [each for each in examples if id(each) in relevance_only][:: max(1, one_in)]
    return [each for each in examples if id(each) not in relevance_only] + kept


@dataclass(frozen=True, slots=True)
class ReaderBatch:
    """A batch of windows with a teacher's output for them, None without a teacher."""

    windows: WindowBatch
    teacher_output: ReaderOutput | None


class ReaderTask:
    """The task of training a reader, for `loop.train`."""

    def __init__(
        self,
        config: ReaderConfig,
        base: PretrainedModel,
        teacher: PretrainedModel | None,
        rows: Sequence[ReaderExample],
        dev: Sequence[GoldQuestion],
        device: str,
        progress: DividedProgress | None = None,
    ):
        self.config, self.base, self._progress = config, base, progress or NoProgress()
        torch.manual_seed(config.schedule.seed)  # for the initial weights of new heads
        self.model = loading.to_device(reader.load_reader(base, dropout=config.dropout), device)
        self.tokenizer = source.backend_tokenizer(base)
        self._device = device
        self._dev = [question for question in dev if question.snippets]
        with self._progress.part("Dividing texts", "examples") as part:
            divided = batches.label_windows(tracked(rows, part), self.tokenizer, config.max_tokens)
            self._rows: list[LabelledWindow] = list(divided)
        self._lengths = [len(row.ids) for row in self._rows]
        counts = torch.zeros(1 + max((row.origin for row in self._rows), default=0), len(VERDICTS))
        for row in self._rows:
            if row.verdict != UNKNOWN:
                counts[row.origin, row.verdict] += 1
        self._verdict_weights = losses.balanced_weights(counts).to(device)
        room = config.max_tokens - self.tokenizer.num_special_tokens_to_add(is_pair=True)
        self._teacher = Teacher(teacher, rows, self._rows, room, device) if teacher else None

    def __len__(self) -> int:
        return len(self._rows)

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], ReaderBatch]]:
        """The batches of an epoch, in an order determined by seed and epoch."""
        order = batches.shuffled_batches(self._lengths, size, (seed, epoch))
        return [partial(self._batch, numbers) for numbers in order]

    def _batch(self, numbers: Sequence[int]) -> ReaderBatch:
        batch = batches.collate([self._rows[number] for number in numbers]).to(self._device)
        return ReaderBatch(batch, self._teacher.logits(numbers, batch) if self._teacher else None)

    def loss(self, batch: ReaderBatch) -> Tensor:
        """The sum of the heads' losses with balanced verdict classes, mixed with the distillation loss if there is a
        teacher."""
        windows = batch.windows
        output = self.model(windows.ids, windows.mask, windows.types)
        loss = losses.reader_loss(output, windows, self._verdict_weights)
        if batch.teacher_output is None:
            return loss
        share = self.config.distillation
        return (1 - share) * loss + share * losses.distillation_loss(output, batch.teacher_output, windows)

    def evaluate(self) -> Mapping[str, float]:
        """The measures of BioASQ on the held-out questions, answered from their gold snippets by plain sums."""
        running = TorchNetwork(AllHeads(self.model), self.config.schedule.precision)
        with self._progress.part("Evaluating", "questions") as part:
            scores = plain_sums.score(tracked(self._dev, part), running, self.tokenizer, self.config.max_tokens)
        selection = {name: scores[name] for name in SELECTION_MEASURES}
        factoid = {name: scores[name] for name in FACTOID_MEASURES}
        return {"mean": float(np.mean(list(selection.values()))), **selection, **factoid}


def save(task: ReaderTask, folder: Path, figures: Mapping[str, float], known: Digests) -> None:
    """Write network, tokenizer and configuration as a folder that `bioqa export` and transformers can load.

    `known` are the digests of the questions that were learned from. Raises StorageError where the disk refuses.
    """
    with run_record.saving(folder):
        task.model.save(folder)
        source.tokenizer(task.base).save_pretrained(folder)
    run_record.write_record(folder, task.config, figures, known, finished=False)
