"""The header Retry-After, with which a busy server says when to ask again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_DATE = 64  # characters
_LONGEST = 1e9  # seconds; what is beyond that is no number to reckon with


def seconds(retry_after: str) -> float:
    """How long the header Retry-After asks to wait (RFC 9110, 10.2.3: seconds, or a date); 0 where it says neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after), _LONGEST)
    if len(retry_after) > _LONGEST_DATE:
        return 0.0
    try:
        moment = parsedate_to_datetime(retry_after)
        wait = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):  # as the parser says of one malformed date or another
        return 0.0
    return min(max(0.0, wait), _LONGEST)
