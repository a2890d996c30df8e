"""Recipes: TOML files that say what a reader or a retriever is trained on and how."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from glob import escape, glob
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from bioqa.eval.gold import GoldQuestion, read_gold
from bioqa.index.errors import InputError
from bioqa.train.loop import PRECISIONS, Schedule

_MODELS = ("base", "miner", "teacher")  # folders, looked for from the recipe's, or names at a hub
_LEAST = {
    **dict.fromkeys(("epochs", "batch", "accumulate", "evaluations", "relevant_only"), 1),
    **dict.fromkeys(("negatives", "unjudged", "limit", "pool", "patience", "seed"), 0),
    **dict.fromkeys(("learning_rate", "weight_decay", "clip"), 0),
    "max_tokens": 16,
}
_SHARES = ("warm_up", "dropout")  # below 1
_LENIENT = {(tuple, list), (float, int)}  # kinds wanted and what is taken for them


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """What a reader is trained on and how; saved beside the model."""

    base: str  # a folder, or the name of a model at a hub
    squad: tuple[str, ...] = ()  # files in SQuAD's format
    bioasq: tuple[str, ...] = ()  # gold files
    pubmedqa: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()  # tables of claims with evidence
    dev: tuple[str, ...] = ()  # gold files that decide which weights are kept; nothing in them is trained on
    negatives: int = 3  # texts without an answer for every BioASQ question
    relevant_only: int = 4  # of texts that are known to be relevant and nothing else, one in so many is kept
    teacher: str = ""  # a reader trained here, such as a larger one, whose logits are imitated
    distillation: float = 0.5  # share of the loss that imitates the teacher
    corpora: tuple[str, ...] = ()  # files of papers, in which the teacher reads what BM25 finds for BioASQ's questions
    unjudged: int = 5  # so many passages of them a question
    max_tokens: int = 384  # that the network sees at once: room for a passage, its title and a question
    limit: int = 0  # examples taken of each SQuAD file, from all over it; 0 for all
    dropout: float = 0.1  # in all layers; a CPU takes half as long again with it
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class RetrieverConfig:
    """What a retriever is trained on and how; saved beside the model."""

    base: str  # a folder, or the name of a model at a hub
    bioasq: tuple[str, ...] = ()  # gold files: a question with each of its snippets
    beir: tuple[str, ...] = ()  # folders in the form of BEIR, of which the split `train` is learned from
    corpora: tuple[str, ...] = ()  # files of papers: a title with its abstract
    squad: tuple[str, ...] = ()  # files in SQuAD's format: a question with its text
    tables: tuple[str, ...] = ()  # .csv, .tsv or JSON lines: a question or claim with an answer, evidence or title
    dev: tuple[str, ...] = ()  # gold files that decide which weights are kept; no question in them is trained on
    apart_from: tuple[str, ...] = ()  # gold files and BEIR folders, of which no test is to be learned from
    distractors: tuple[str, ...] = ()  # files of papers among which the snippets of `dev` are to be found
    pool: int = 1000  # so many of these papers, which BM25 finds nearest to the questions; 0 for all
    limit: int = 0  # pairs taken of the gold files together and of every other file or folder, all over it; 0 for all
    asymmetric: bool = False  # questions have an encoder of their own, which begins as the same one
    negatives: int = 1  # passages that BM25 brings up and that are not right, for every pair, drawn anew every epoch
    miner: str = ""  # an encoder, such as that of a round before, whose nearest passages are drawn as negatives, too
    temperature: float = 0.05  # by which cosines are divided: the lower, the more the nearest wrong passages count
    doubtful: float = 2.0  # a passage nearer to the question than the right one by more is no negative; 2 is never
    teacher: str = ""  # an encoder whose cosines are imitated, and decide what is doubtful
    teacher_pooling: str = "mean"  # what its vectors are made of: the mean over the tokens, or the "first", as of BGE
    distillation: float = 0.5  # share of the loss that imitates the teacher
    max_tokens: int = 256  # that the network sees at once
    dropout: float = 0.1  # in all layers; a CPU takes half as long again with it
    schedule: Schedule = field(default_factory=Schedule)


Config = TypeVar("Config", ReaderConfig, RetrieverConfig)


def read_recipe(path: Path, kind: type[Config], changes: Sequence[str] = ()) -> Config:
    """The configuration of a `kind` in a TOML file, with `changes` to it such as "epochs=1" or "schedule.seed=2".

    Files in it may be patterns and are looked for from the recipe's folder. Raises InputError for what is no TOML, an
    unknown key, a value of another type, and a file that isn't there.
    """
    content = _read(path)
    for change in changes:
        _apply(content, change)
    schedule = content.pop("schedule", {})
    if not isinstance(schedule, dict):
        raise InputError(f"{path}: expected [schedule] as a table")
    checked = {
        **_checked(content, kind(base=""), str(path)),
        "schedule": Schedule(**_checked(schedule, Schedule(), f"{path}: [schedule]")),
    }
    if not checked.get("base"):
        raise InputError(f"{path}: expected 'base', the folder or name of the model to begin with")
    for name, value in checked.items():
        if isinstance(value, tuple):
            checked[name] = tuple(found for pattern in value for found in _found(path, pattern))
        elif name in _MODELS and value and (path.parent / value).is_dir():
            checked[name] = str(path.parent / value)
    return kind(**checked)


def deciding(config: ReaderConfig | RetrieverConfig) -> list[GoldQuestion]:
    """The questions that decide which weights are kept. Raises InputError where there are none."""
    questions = [question for path in config.dev for question in read_gold(Path(path))]
    if not questions:
        raise InputError("nothing to decide with which weights are kept: name gold files under dev")
    return questions


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from None


def _apply(content: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"] if equals else None
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is text
    if parsed is None:
        raise InputError(f"{change!r}: expected KEY=VALUE")
    *tables, name = key.strip().split(".")
    for table in tables:
        content = content.setdefault(table, {})
        if not isinstance(content, dict):
            raise InputError(f"{change!r}: {table} is no table, of which something could be set")
    content[name] = parsed


def _checked(given: Mapping[str, Any], defaults: object, where: str) -> dict[str, Any]:
    known: dict[str, Any] = {each.name: getattr(defaults, each.name) for each in fields(defaults)}  # type: ignore[arg-type]
    checked = {}
    for key, value in given.items():
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}; expected one of {', '.join(known)}")
        kind = type(known[key])
        wanted: Any = value
        if (kind, type(value)) in _LENIENT:
            wanted = kind(value)
        if type(wanted) is not kind or (kind is tuple and not all(isinstance(item, str) for item in wanted)):
            expected = "a list of strings" if kind is tuple else kind.__name__
            raise InputError(f"{where}: {key} is {value!r}; expected {expected}")
        _check_value(key, wanted, f"{where}: {key} is {value!r}; expected")
        checked[key] = wanted
    return checked


def _check_value(key: str, value: Any, complaint: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        raise InputError(f"{complaint} a finite number")
    if key in _LEAST and not value >= _LEAST[key]:
        raise InputError(f"{complaint} at least {_LEAST[key]}")
    if key == "temperature" and value <= 0:
        raise InputError(f"{complaint} more than 0")
    if (key in _SHARES and not 0 <= value < 1) or (key == "distillation" and not 0 <= value <= 1):
        raise InputError(f"{complaint} a share from 0 to 1")
    if key == "precision" and value not in PRECISIONS:
        raise InputError(f"{complaint} one of {', '.join(PRECISIONS)}")


def _found(recipe: Path, pattern: str) -> list[str]:
    named = recipe.parent / pattern
    if named.exists():  # whatever a pattern would make of the brackets in its name
        return [str(named)]
    found = sorted(glob(str(Path(escape(str(recipe.parent))) / pattern)))  # noqa: PTH207 (it may be absolute)
    if not found:
        raise InputError(f"{recipe}: no file matches {pattern!r}")
    return found
