"""The recipe of a retriever: base model, training files, hyperparameters."""

from dataclasses import dataclass, field

from bioqa.train.recipe import SHARE, SHARE_BELOW_1, at_least, constrained, model, more_than
from bioqa.train.schedule import Schedule


@dataclass(frozen=True, slots=True)
class RetrieverConfig:
    """The data and hyperparameters of a retriever's training; saved with the model."""

    base: str = model()  # a folder, or the name of a model at a hub
    bioasq: tuple[str, ...] = ()  # gold files: each question with each of its snippets
    beir: tuple[str, ...] = ()  # BEIR folders; only the split `train` is used
    corpora: tuple[str, ...] = ()  # files of papers: each title with its abstract
    squad: tuple[str, ...] = ()  # files in SQuAD format: each question with its context
    tables: tuple[str, ...] = ()  # .csv, .tsv or JSON lines: a question or claim with an answer, evidence or title
    dev: tuple[str, ...] = ()  # gold files for model selection; their questions are excluded from training
    apart_from: tuple[str, ...] = ()  # gold files and BEIR folders whose test queries and passages are excluded
    distractors: tuple[str, ...] = ()  # files of papers added to the dev pool
    pool: int = constrained(1000, at_least(0))  # of these papers, the ones that BM25 ranks highest; 0 for all
    limit: int = constrained(0, at_least(0))  # pairs from all gold files, and from each other source; 0 for all
    asymmetric: bool = False  # separate encoders for questions and passages, with the same initial weights
    negatives: int = constrained(1, at_least(0))  # hard negatives from BM25 per pair, drawn again every epoch
    miner: str = model("")  # an encoder, such as that of the round before, whose nearest passages are negatives too
    temperature: float = constrained(0.05, more_than(0))  # divides cosines; lower gives near negatives more weight
    doubtful: float = 2.0  # drop negatives whose cosine exceeds the positive's by more than this; 2 drops none
    teacher: str = model("")  # an encoder for distillation, whose cosines also decide which negatives are doubtful
    teacher_pooling: str = "mean"  # the teacher's pooling: the mean over the tokens, or "first" as in BGE
    distillation: float = constrained(0.5, SHARE)  # share of the distillation loss in the total
    max_tokens: int = constrained(256, at_least(16))  # per sequence
    dropout: float = constrained(0.1, SHARE_BELOW_1)  # in all layers; on a CPU it adds half to the training time
    schedule: Schedule = field(default_factory=Schedule)
