"""Terminal output without control characters from papers, file names, models or servers.

Escape sequences move the cursor, rename the window and forge output; U+202E and similar characters change the display
order of text (CVE-2021-42574). JSON output keeps these characters as escapes.
"""

import json
import re
import shutil
import sys
from typing import Any, TextIO

_BLANK = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_CONTROL = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTION = [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = dict.fromkeys([*_CONTROL, *_DIRECTION], "\ufffd") | dict.fromkeys(map(ord, _BLANK), " ")
_UNSAFE_IN_JSON = re.compile(
    "[" + "".join(re.escape(chr(code)) for code in _SHOWN if code >= 0x7F) + "]"  # JSON itself escapes those below
)


def printable(text: str) -> str:
    """`text` on one line, with each control character replaced by one visible character, so that offsets stay valid."""
    return text.translate(_SHOWN)


def say(line: object = "", *, err: bool = False) -> None:
    """Print one line; on a terminal, wrapped between words."""
    stream, text = sys.stderr if err else sys.stdout, printable(str(line))
    _write("\n".join(wrapped(text, shutil.get_terminal_size().columns)) if stream.isatty() else text, stream)


def wrapped(line: str, width: int) -> list[str]:
    """`line` in lines of at most `width` characters, where words permit; all but the first are indented further."""
    if len(line) <= width:
        return [line]
    from textwrap import wrap

    indent = line[: len(line) - len(line.lstrip())] + "  "
    lines = wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return lines or [line]


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a trusted text of several lines, such as a plan."""
    for line in text.split("\n"):
        say(line, err=err)


def say_json(value: Any, *, indent: int | None = None) -> None:
    """Print data as JSON."""
    _write(as_json(value, indent=indent), sys.stdout)


def as_json(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON that is safe on a terminal and represents the same data."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _write(text: str, stream: TextIO) -> None:
    stream.write(f"{text}\n")
    stream.flush()
