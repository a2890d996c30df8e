"""Trial runs: a training command from end to end in a minute, to see that files, model and machine suffice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.train.data.examples import evenly_spaced
from bioqa.train.tasks.reader_recipe import ReaderConfig
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

QUESTIONS = 16  # of all gold files, and as many to select by
_EXAMPLES = 16  # of each other file
_OF_EACH_TYPE = 12  # questions that confidence is fitted on
Config = TypeVar("Config", ReaderConfig, RetrieverConfig)


def shortened(config: Config) -> Config:
    """A recipe with one short epoch on few examples."""
    schedule = replace(
        config.schedule, epochs=1, evaluations=1, accumulate=1, batch=min(config.schedule.batch, _EXAMPLES)
    )
    common: dict[str, Any] = {
        "limit": _EXAMPLES,
        "max_tokens": min(config.max_tokens, 96),
        "negatives": min(config.negatives, 1),
        "schedule": schedule,
    }
    if isinstance(config, ReaderConfig):
        return replace(config, **common, contrast_pairs=_EXAMPLES, unjudged=min(config.unjudged, 1))
    return replace(config, **common, pool=_EXAMPLES)


def few_of_each_type(questions: Sequence[GoldQuestion]) -> list[GoldQuestion]:
    """Some questions of each type, of those with an exact answer where there are any."""
    kept: list[GoldQuestion] = []
    for kind in dict.fromkeys(question.type for question in questions):
        of_type = [question for question in questions if question.type is kind]
        kept += evenly_spaced([question for question in of_type if question.exact] or of_type, _OF_EACH_TYPE)
    return kept
