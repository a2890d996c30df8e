"""The recipe of a reader: base model, training files, hyperparameters."""

from dataclasses import dataclass, field

from bioqa.train.recipe import SHARE, SHARE_BELOW_1, at_least, constrained, model
from bioqa.train.schedule import Schedule


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """The data and hyperparameters of a reader's training; saved with the model."""

    base: str = model()  # a folder, or the name of a model at a hub
    squad: tuple[str, ...] = ()  # files in SQuAD format
    bioasq: tuple[str, ...] = ()  # BioASQ gold files
    pubmedqa: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()  # tables of claims or yes/no questions with evidence and verdict
    lists: tuple[str, ...] = ()  # JSON lines of list questions with the places of their items
    contrast: tuple[str, ...] = ()  # files of papers, from whose sentences pairs of true and false claims are made
    contrast_pairs: int = constrained(10_000, at_least(1))  # besides those of BioASQ's own yes/no questions
    dev: tuple[str, ...] = ()  # gold files for model selection; their questions are excluded from training
    negatives: int = constrained(3, at_least(0))  # texts without an answer per BioASQ question
    relevant_only: int = constrained(4, at_least(1))  # keep one in this many texts that train relevance alone
    teacher: str = model("")  # a reader trained here, usually a larger one, for distillation
    distillation: float = constrained(0.5, SHARE)  # share of the distillation loss in the total
    corpora: tuple[str, ...] = ()  # files of papers; the teacher labels what BM25 finds there for BioASQ questions
    unjudged: int = constrained(5, at_least(0))  # passages from `corpora` per question
    max_tokens: int = constrained(384, at_least(16))  # per sequence: a question, a title and a passage
    limit: int = constrained(0, at_least(0))  # examples per file but BioASQ's, evenly spaced; 0 for all
    dropout: float = constrained(0.1, SHARE_BELOW_1)  # in all layers; on a CPU it adds half to the training time
    schedule: Schedule = field(default_factory=Schedule)
