"""Parsing of publication years."""

import re
from datetime import date

_FIRST = 1500
_AHEAD = 2  # years: issues are dated up to two years ahead
_FOUR_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


def plausible_year(year: int) -> int | None:
    """The year if it is plausible (1500 to two years from now), else None."""
    return year if _FIRST <= year <= date.today().year + _AHEAD else None


def first_year(text: str) -> int | None:
    """The first plausible year in a text such as "1998 Dec-1999 Jan" or "Summer 1976"."""
    found = (plausible_year(int(digits.group())) for digits in _FOUR_DIGITS.finditer(text))
    return next((year for year in found if year), None)
