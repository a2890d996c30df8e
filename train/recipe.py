"""Training recipes: TOML files read into the configuration class of a task, and checked against its fields."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from glob import escape, glob
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, get_origin

from bioqa.index.errors import InputError

_CONSTRAINT, _MODEL = "constraint", "model"  # keys of a field's metadata
_CONVERTED = {(tuple, list), (float, int)}  # types of a field, each with the TOML type that it also accepts
Config = TypeVar("Config")


@dataclass(frozen=True, slots=True)
class Constraint:
    """A test of a value, and the words for it in messages, as in "expected at least 1"."""

    holds: Callable[[Any], bool]
    expected: str


def at_least(least: float) -> Constraint:
    """A number that is not below `least`."""
    return Constraint(lambda value: value >= least, f"at least {least}")


def more_than(limit: float) -> Constraint:
    """A number above `limit`."""
    return Constraint(lambda value: value > limit, f"more than {limit}")


def one_of(choices: Sequence[str]) -> Constraint:
    """One of these words."""
    return Constraint(lambda value: value in choices, f"one of {', '.join(choices)}")


SHARE = Constraint(lambda value: 0 <= value <= 1, "a share from 0 to 1")
SHARE_BELOW_1 = Constraint(lambda value: 0 <= value < 1, "a share from 0 to 1, excluding 1")


def constrained(default: Any, constraint: Constraint) -> Any:
    """A field of a configuration with a default whose values must meet a constraint."""
    return field(default=default, metadata={_CONSTRAINT: constraint})


def model(default: Any = MISSING) -> Any:
    """A field that names a model: a folder, relative to the recipe's folder, or a name at a hub."""
    return field(default=default, metadata={_MODEL: True})


def read_recipe(path: Path, kind: type[Config], changes: Sequence[str] = ()) -> Config:
    """The configuration of class `kind` in a TOML file, after `changes` such as "epochs=1" or "schedule.seed=2".

    `kind` is a dataclass; a field that is a dataclass itself is a table of the file, and a tuple of strings is a list
    of file names or patterns, relative to the recipe's folder. Raises InputError for invalid TOML, an unknown or
    missing key, a value of the wrong type or out of bounds, and a pattern that matches no file.
    """
    content = _read(path)
    for change in changes:
        _apply(content, change)
    return _configuration(kind, content, path, str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from None


def _apply(content: dict[str, Any], change: str) -> None:
    """Set one value of a recipe, given as KEY=VALUE."""
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
            raise InputError(f"{change!r}: {table} is not a table and has no keys to set")
    content[name] = parsed


def _configuration(kind: type[Config], content: Mapping[str, Any], recipe: Path, where: str) -> Config:
    """A configuration of class `kind` from a table; `where` names the table in messages."""
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}; expected one of {', '.join(known)}")
        each = known[key]
        if is_dataclass(each.type):
            if not isinstance(value, dict):
                raise InputError(f"{recipe}: expected [{key}] as a table")
            values[key] = _configuration(each.type, value, recipe, f"{where}: [{key}]")  # type: ignore[arg-type]
            continue
        checked = _checked(value, get_origin(each.type) or each.type, f"{where}: {key} is {value!r}; expected")
        constraint: Constraint | None = each.metadata.get(_CONSTRAINT)
        if constraint and not constraint.holds(checked):
            raise InputError(f"{where}: {key} is {value!r}; expected {constraint.expected}")
        if isinstance(checked, tuple):
            checked = tuple(file for pattern in checked for file in _matching(recipe, pattern))
        elif _MODEL in each.metadata and checked and (recipe.parent / checked).is_dir():
            checked = str(recipe.parent / checked)
        values[key] = checked
    for each in known.values():
        if each.default is MISSING and each.default_factory is MISSING and not values.get(each.name):
            raise InputError(f"{where}: expected {each.name!r}, the folder or name of the model to begin with")
    return kind(**values)


def _checked(value: Any, kind: Any, complaint: str) -> Any:
    """A value as a field of type `kind` takes it: a whole number also counts as a float."""
    converted = kind(value) if (kind, type(value)) in _CONVERTED else value
    if type(converted) is not kind or (kind is tuple and not all(isinstance(item, str) for item in converted)):
        raise InputError(f"{complaint} {'a list of strings' if kind is tuple else kind.__name__}")
    if isinstance(converted, float) and not isfinite(converted):
        raise InputError(f"{complaint} a finite number")
    return converted


def _matching(recipe: Path, pattern: str) -> list[str]:
    """The files that a pattern names, relative to the recipe's folder."""
    named = recipe.parent / pattern
    if named.exists():  # brackets in a file's own name are not a pattern
        return [str(named)]
    files = sorted(glob(str(Path(escape(str(recipe.parent))) / pattern)))  # noqa: PTH207 (it may be absolute)
    if not files:
        raise InputError(f"{recipe}: no file matches {pattern!r}")
    return files
