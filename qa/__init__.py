"""Question answering: question analysis, reading, aggregation, confidence, and the command line.

The Python API, loaded when first used:

>>> from bioqa.qa import Engine
>>> engine = Engine.open()  # the starter index; or Engine.open("my-index")
>>> response = engine.ask("what gene causes cystic fibrosis?")
>>> response.answers[0].text
'CFTR'
>>> response.to_dict()["answers"][0]["evidence"][0]["sentence"]
'Cystic fibrosis is an autosomal recessive disease caused by mutations in the CFTR gene on chromosome 7.'
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioqa.qa.config import AskConfig
    from bioqa.qa.engine import Engine
    from bioqa.qa.question_types import QuestionType
    from bioqa.qa.response import Response

__all__ = ["AskConfig", "Engine", "QuestionType", "Response"]
_MODULES = {
    "AskConfig": "bioqa.qa.config",
    "Engine": "bioqa.qa.engine",
    "QuestionType": "bioqa.qa.question_types",
    "Response": "bioqa.qa.response",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
