import contextlib
import io
import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import bioc_json
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord


def document(number: int, text: str = "words") -> dict[str, Any]:
    return {"id": str(number), "passages": [{"text": text}]}


DOCUMENTS = [document(1), document(2), document(3)]
BIOC = {"bioctype": "BioCCollection", "source": "PMC", "infons": {}, "documents": DOCUMENTS}
FORMS = {
    "PubTator3": json.dumps({"PubTator3": DOCUMENTS}),
    "a collection": json.dumps(BIOC),
    "a collection in lines": json.dumps(BIOC, indent=2),
    "a list of collections": json.dumps([{**BIOC, "documents": [one]} for one in DOCUMENTS]),
    "a list": json.dumps(DOCUMENTS),
    "lines": "\n".join(map(json.dumps, DOCUMENTS)) + "\n",
    "lines for people": "\n".join(json.dumps(one, indent=2) for one in DOCUMENTS),
    "lines of objects around them": "\n".join(json.dumps({"pmid": "1", "record": one}) for one in DOCUMENTS),
    "a byte order mark": "\ufeff" + json.dumps(BIOC),
}


class Slow(io.BytesIO):
    """A stream that gives out a few bytes at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7)


def found(content: str | bytes) -> list[Any]:
    return list(
        bioc_json.iter_documents(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.json")
    )


def refusal(content: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        found(content)
    return str(caught.value)


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_documents_are_found_in_every_form(content: str) -> None:
    assert found(content) == DOCUMENTS
    assert list(bioc_json.iter_documents(Slow(content.encode()), "file.json")) == DOCUMENTS


@pytest.mark.parametrize("content", [FORMS["PubTator3"], FORMS["a collection"], FORMS["a list of collections"]])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.99])
def test_a_collection_that_is_cut_off_is_refused_with_the_place(content: str, share: float) -> None:
    message = refusal(content[: int(len(content) * share)])
    assert message.startswith("file.json: ")
    assert "cut off" in message


def test_a_collection_that_ends_before_its_documents_begin_is_counted_as_broken() -> None:
    (bad,) = found(FORMS["a collection"][:30])
    assert "not JSON" in bad.reason


def test_a_broken_document_of_a_collection_is_refused_with_its_number() -> None:
    assert "file.json: document 2: broken" in refusal(FORMS["PubTator3"].replace('"id": "2"', '"id" "2"'))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"id": "9", "passages": [{"text": "wor', "not JSON: Invalid control character at"),
        ('{"id" "9", "passages": []}', "not JSON: Expecting ':' delimiter"),
        ('{"id": ' + "9" * 5000 + ', "passages": []}', "digits"),
        ('{"passages": ' + "[" * 100_000, "nested too deeply"),
        ("oops", "not JSON: Expecting value"),
        ('"text"', "expected an object, found str"),
        (b'{"id": "9", "passages": [{"text": "caf\xe9"}]}', "not UTF-8"),
    ],
)
def test_a_broken_line_is_counted_and_the_others_are_read(line: str | bytes, why: str) -> None:
    data = line if isinstance(line, bytes) else line.encode()
    before, bad, after = found(
        json.dumps(document(1)).encode() + b"\n" + data + b"\n" + json.dumps(document(3)).encode()
    )
    assert (before, after) == (document(1), document(3))
    assert (bad.source, bad.place) == ("file.json", "document 2")
    assert why in bad.reason


@pytest.mark.parametrize("content", ["", "  \n", "[]", '{"documents": []}'])
def test_nothing_is_found_where_there_is_nothing(content: str) -> None:
    assert found(content) == []


def test_a_long_document_is_read_whole() -> None:
    long = document(1, "word " * 100_000)
    assert found(json.dumps({"PubTator3": [long, document(2)]})) == [long, document(2)]


def test_a_document_beyond_the_limit_is_refused_or_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bioc_json, "LARGEST", 200_000)
    long = json.dumps(document(1, "word " * 100_000))
    assert "document 1: broken or cut off" in refusal(f'{{"documents": [{long}]}}')
    bad, good = found(f"{long}\n{json.dumps(document(2))}\n")
    assert isinstance(bad, BadRecord)
    assert good == document(2)


@given(st.sampled_from(list(FORMS.values())), st.data())
def test_damage_is_refused_or_counted(content: str, data: st.DataObject) -> None:
    damaged = bytearray(content.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged)))
        piece = data.draw(st.sampled_from([b"", b'"', b"{", b"}", b"[", b"]", b"\xff", b"\n", b"\\", b"9e9"]))
        damaged[place : place + data.draw(st.integers(0, 9))] = piece
    with contextlib.suppress(InputError):
        assert all(isinstance(item, dict | BadRecord) for item in found(bytes(damaged)))


class Counted(io.BytesIO):
    """A stream that says how often it was asked."""

    asked = 0

    def read(self, size: int | None = -1) -> bytes:
        self.asked += 1
        return super().read(size)


@pytest.mark.parametrize("between", ["", "\n", ","])
def test_objects_without_anything_are_read_in_time_that_grows_with_their_number(between: str) -> None:
    content = json.dumps(document(1)) + "\n" + f"{{}}{between}" * 60_000
    stream = Counted(content.encode())
    begin = time.perf_counter()
    items = list(bioc_json.iter_documents(stream, "file.json"))
    assert items == [document(1), *[{}] * 60_000]
    assert stream.asked < 20
    assert time.perf_counter() - begin < 10, "the whole text was searched for each"


def test_what_begins_again_and_again_and_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bioc_json, "_MOST_IN_VAIN", 1_000_000)
    content = json.dumps(document(1)) + "\n" + '{"a":[0,\n' * 100_000
    assert "file.json: document " in refusal(content)
    assert list(itertools.islice(bioc_json.iter_documents(io.BytesIO(content.encode()), "file.json"), 1)) == [
        document(1)
    ]
