"""tantivy's failures, made errors of bioqa: it reports them as errors without a base class, and as panics."""

import contextlib
from collections.abc import Callable, Iterator

from bioqa.index.errors import BioqaError


@contextlib.contextmanager
def translated(error_of: Callable[[str], BioqaError]) -> Iterator[None]:
    """Raises, in the place of what tantivy raises, the error that `error_of` makes of the reason.

    A panic of its Rust code comes as a BaseException that nothing else derives from, and that no module exports.
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
