"""Recipes: TOML files that say what a reader is trained on and how."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from glob import glob
from pathlib import Path
from typing import Any

from bioqa.index.errors import InputError
from bioqa.train.loop import Schedule

_LENIENT = {(tuple, list), (float, int)}  # kinds wanted and what is taken for them
_FILES = ("squad", "bioasq", "pubmedqa", "claims", "dev")


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
    max_tokens: int = 384  # that the network sees at once: room for a passage, its title and a question
    limit: int = 0  # examples taken of each SQuAD file, from all over it; 0 for all
    dropout: float = 0.1  # in all layers; a CPU takes half as long again with it
    schedule: Schedule = field(default_factory=Schedule)


def read_recipe(path: Path, changes: Sequence[str] = ()) -> ReaderConfig:
    """The configuration in a TOML file, with `changes` to it such as "epochs=1" or "schedule.seed=2".

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
        **_checked(content, ReaderConfig(base=""), str(path)),
        "schedule": Schedule(**_checked(schedule, Schedule(), f"{path}: [schedule]")),
    }
    if not checked.get("base"):
        raise InputError(f"{path}: expected 'base', the folder or name of the model to begin with")
    if (path.parent / checked["base"]).is_dir():
        checked["base"] = str(path.parent / checked["base"])
    for name in _FILES:
        checked[name] = tuple(found for pattern in checked.get(name, ()) for found in _found(path, pattern))
    return ReaderConfig(**checked)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
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
        checked[key] = wanted
    return checked


def _found(recipe: Path, pattern: str) -> list[str]:
    found = sorted(glob(str(recipe.parent / pattern)))  # noqa: PTH207 (an absolute pattern is none for Path.glob)
    if not found:
        raise InputError(f"{recipe}: no file matches {pattern!r}")
    return found
