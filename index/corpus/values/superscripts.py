"""Raised and lowered numbers, whose value would be lost if they were joined to the number before them."""

import re

from lxml import etree

RAISED, LOWERED = "sup", "sub"
_PLAIN = "0123456789+-=()n"
_TABLES = {
    RAISED: str.maketrans(f"{_PLAIN}\u2212\u2010\u2011\u2012\u2013", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ⁻⁻⁻⁻⁻"),
    LOWERED: str.maketrans(f"{_PLAIN}\u2212\u2010\u2011\u2012\u2013", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ₋₋₋₋₋"),
}
_MARKS = {RAISED: "^", LOWERED: "_"}  # where there is no such character
_SIGN = "[-\u2212\u2010\u2011\u2012\u2013+]"
_NUMBER = re.compile(rf"\s*\(?{_SIGN}?\s*\d[\d,;\s]*(?:[.·]\d+)?\)?{_SIGN}?\s*")
_EXPONENT = re.compile(rf"\s*{_SIGN}?\s*(?:n|x|{_SIGN}\s*\S{{1,20}})\s*")  # of 10 and 2: 10^n, 2^-ΔΔCt
_SIGNED = re.compile(r"\s*[-\u2212\u2010\u2011\u2012\u2013]\s*\d\s*")
_AFTER_NUMBER = re.compile(r"[\d⁰-⁹₀-₉]\Z")
_AFTER_POWER = re.compile(r"[×x·*]\s*10\s\Z")  # "3 × 10 <sup>6</sup>"
_AFTER_BASE = re.compile(r"(?<![\d.,])(?:10|2)\Z")
_AFTER_UNIT = re.compile(r"[A-Za-zµμ°]\Z")
_LONGEST = 24  # characters of such a number
_BEFORE = 12  # characters that decide
_TAGGED = re.compile(r"<(?P<kind>sup|sub)>(?P<inside>[^<>]{0,24})</(?P=kind)>")


def write(before: str, inside: str, kind: str) -> str:
    """The text of a raised or lowered part as it is written after `before`: 10⁶, 10⁻⁸, kg⁻¹, but Ca2+ and CO2.

    Only a number that stands behind another, and a negative power of a unit, change their value without the mark.
    """
    if len(inside) > _LONGEST or not _is_value(before, inside, kind):
        return inside
    number = "".join(inside.split()) if "," not in inside else inside.strip()
    written = number.translate(_TABLES[kind])
    unraised = any(character in ".·" or character.isalpha() for character in number if character != "n")
    return f"{_MARKS[kind]}{number}" if unraised else written


def _is_value(before: str, inside: str, kind: str) -> bool:
    if _NUMBER.fullmatch(inside):
        if _AFTER_NUMBER.search(before) or (kind == RAISED and _AFTER_POWER.search(before)):
            return True
        return kind == RAISED and bool(_SIGNED.fullmatch(inside) and _AFTER_UNIT.search(before))
    return kind == RAISED and bool(_EXPONENT.fullmatch(inside) and _AFTER_BASE.search(before))


def replace_tags(text: str) -> str:
    """The text with the tags <sup> and <sub> replaced by what they say."""
    pieces, end = [], 0
    for match in _TAGGED.finditer(text):
        pieces.append(text[end : match.start()])
        before = "".join(pieces[-2:])[-_BEFORE:]
        pieces.append(write(before, match["inside"], match["kind"]))
        end = match.end()
    return "".join(pieces) + text[end:] if pieces else text


def spell_out(record: etree._Element) -> None:
    """Write the raised and lowered numbers of a record so that their text alone keeps their value.

    A part with a cross-reference, which is the number of a citation or note, is left as it is.
    """
    for part in record.iter(RAISED, LOWERED):
        if not len(part) or part.find(".//xref") is None:
            inside = _short_text(part)
            written = inside and write(_text_before(part), inside, str(part.tag))
            if written and written != inside:
                tail = part.tail
                for child in list(part):
                    part.remove(child)
                part.text, part.tail = written, tail


def _short_text(part: etree._Element) -> str:
    """The text of an element, empty if it is too long for a number."""
    if not len(part):
        return part.text or ""
    if len(part) > _LONGEST:
        return ""
    pieces = []
    for count, piece in enumerate(part.itertext()):
        pieces.append(str(piece))
        if count > _LONGEST:
            return ""
    return "".join(pieces)


def _text_before(part: etree._Element) -> str:
    """The last characters before an element, also across the border of a neighbour such as <sub> or <i>."""
    previous = part.getprevious()
    if previous is not None:
        if previous.tail:
            return previous.tail[-_BEFORE:]
        return (previous.text or "")[-_BEFORE:] if not len(previous) else (previous[-1].tail or "")[-_BEFORE:]
    parent = part.getparent()
    if parent is None:
        return ""
    if parent.text or parent.tag not in _INLINE:
        return (parent.text or "")[-_BEFORE:]
    before = parent.getprevious()
    around = parent.getparent()
    text = before.tail if before is not None else around.text if around is not None else ""
    return (text or "")[-_BEFORE:]


_INLINE = {"b", "i", "u", "bold", "italic", "underline", "sc", "roman", "sans-serif", "styled-content", "named-content"}
