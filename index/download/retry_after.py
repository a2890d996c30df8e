"""Parsing of the Retry-After header."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_DATE = 64  # characters
_LONGEST = 1e9  # seconds


def seconds(retry_after: str) -> float:
    """The pause in seconds that a Retry-After header requests (RFC 9110, 10.2.3: seconds or a date); 0 if invalid."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after), _LONGEST)
    if len(retry_after) > _LONGEST_DATE:
        return 0.0
    try:
        moment = parsedate_to_datetime(retry_after)
        wait = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):  # the parser raises any of these for malformed dates
        return 0.0
    return min(max(0.0, wait), _LONGEST)
