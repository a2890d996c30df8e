"""Years of publication: what is one, and the first in a text."""

import re
from datetime import date

_FIRST = 1500
_AHEAD = 2  # an issue can bear the date of the next year, some even that of the year after it
_FOUR_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


def plausible(year: int) -> int | None:
    """The year itself where something can have been published in it, from 1500 to two years from now, else None."""
    return year if _FIRST <= year <= date.today().year + _AHEAD else None


def first_in(text: str) -> int | None:
    """The first plausible year in a text such as "1998 Dec-1999 Jan" or "Summer 1976"."""
    found = (plausible(int(digits.group())) for digits in _FOUR_DIGITS.finditer(text))
    return next((year for year in found if year), None)
