"""Translation of tantivy's failures, which are exceptions without a common base class, or panics, to bioqa errors."""

import contextlib
from collections.abc import Callable, Iterator

from bioqa.index.errors import BioqaError


@contextlib.contextmanager
def translate_errors(error_of: Callable[[str], BioqaError]) -> Iterator[None]:
    """Replace tantivy's exceptions by `error_of(reason)`.

    A panic of its Rust code is raised as a BaseException of a class that no module exports.
    """
    try:
        yield
    except (ValueError, OSError, ArithmeticError) as error:
        raise error_of(_short(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise error_of(f"the search engine broke off: {_short(error)}") from None


def _short(error: BaseException) -> str:
    return " ".join(str(error)[:300].split())
