import io
import time
from typing import Any

import pytest
from lxml import etree

from bioqa.index.corpus import limits, xml_records
from bioqa.index.errors import InputError


def found(content: str, **names: Any) -> list[str]:
    """The records of <set> with their names and texts, each looked at while it is there."""
    wanted = {"kind": "a set", "roots": ("set",), "records": ("one", "two")} | names
    stream = io.BytesIO(content.encode())
    return [f"{element.tag}: {xml_records.text(element)}" for element in xml_records.read(stream, "file.xml", **wanted)]


def test_records_come_one_after_the_other_and_nothing_else() -> None:
    assert found("<set><x>no</x><one>a <i>b</i></one><two>c</two></set>") == ["one: a b", "two: c"]


def test_a_record_is_dropped_when_the_next_comes() -> None:
    stream = io.BytesIO(b"<set>" + b"<one><i>a</i></one>" * 5 + b"</set>")
    first, *_, last = xml_records.read(stream, "file.xml", kind="a set", roots=("set",), records=("one",))
    assert len(first) == 0
    assert last.getprevious() is None


def test_names_are_without_namespace_inside_a_record() -> None:
    content = '<s:set xmlns:s="urn:s"><s:one><s:i xmlns="urn:t">a<j>b</j></s:i></s:one></s:set>'
    stream = io.BytesIO(content.encode())
    ((tags, inner),) = [
        ([child.tag for child in element.iter()], xml_records.text(element.find("i/j")))
        for element in xml_records.read(stream, "file.xml", kind="a set", roots=("set",), records=("one",))
    ]
    assert (tags, inner) == (["one", "i", "j"], "b")


def test_an_entity_of_a_dtd_that_is_not_read_is_no_gap_in_the_text() -> None:
    content = '<!DOCTYPE set SYSTEM "set.dtd"><set><one>a&nbsp;b &beta;&alpha;<i/>&agr;-c</one></set>'
    assert found(content) == ["one: a b βα&agr;-c"]


def test_another_root_is_refused_with_what_was_expected() -> None:
    with pytest.raises(InputError, match="not a set: it begins with <rss>, expected <set> or <one>"):
        found("<rss/>", roots=("set", "one"))


def test_what_is_between_the_records_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 50_000)
    assert len(found(f"<set>{'<one>a</one>' * 20_000}</set>")) == 20_000
    with pytest.raises(InputError, match="record 1 is larger than"):
        found(f"<set>{'<x>a</x>' * 20_000}</set>")


def test_the_first_path_that_leads_anywhere_counts() -> None:
    root = etree.XML("<a><b>1</b><c>2</c></a>")
    assert xml_records.text(xml_records.first(root, "x", "c", "b")) == "2"
    assert xml_records.first(root, "x", "y") is None


def test_text_of_nothing_is_empty_and_white_space_is_folded() -> None:
    assert xml_records.text(None) == ""
    assert xml_records.text(etree.XML("<a> b\n <i>c</i><!-- d -->\t</a>")) == "b c"


def test_entities_without_end_are_spelled_out_in_time_that_grows_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = 0
    unescape = xml_records.html.unescape

    def counted(text: str) -> str:
        nonlocal written
        written += len(text)
        return unescape(text)

    monkeypatch.setattr(xml_records.html, "unescape", counted)
    begin = time.perf_counter()
    content = '<!DOCTYPE set SYSTEM "set.dtd"><set><one>' + "&nbsp;a" * 200_000 + "</one></set>"
    ((name, length),) = [(one[:3], len(one)) for one in found(content)]
    assert (name, length) == ("one", 5 + 400_000 - 1)
    assert written == 6 * 200_000
    assert time.perf_counter() - begin < 10, "text was put together piece by piece"


def test_what_stands_around_records_is_not_kept() -> None:
    content = b"<set>" + b"<g>words" + b"<h>words<one/></h>" * 3 + b"<one/>" * 2 + b"</g>" + b"</set>"
    stream = io.BytesIO(content)
    for element in xml_records.read(stream, "file.xml", kind="a set", roots=("set",), records=("one",)):
        last = element
    root = last.getroottree().getroot()
    assert sum(1 for _ in root.iter()) <= 4
    assert "words" not in "".join(root.itertext())


def test_a_name_without_end_is_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        found(f"<{'r' * 40_000}/>")
    assert len(str(caught.value)) < 1000
