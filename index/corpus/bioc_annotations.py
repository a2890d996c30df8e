"""Entities and relations that BioC files mark, kept as fields of a document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from bioqa.index.corpus import xml_records

_MOST = 20_000  # annotations, and relations, of a document
_IDENTIFIERS = ("identifier", "identifiers", "MESH", "NCBI GENE", "NCBI Gene", "NCBI Taxonomy")
_SEPARATOR = re.compile(r"\s*[;,|]\s*")


def of_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields `annotations` and `relations` of a document in JSON; none that is empty."""
    holders = [document, *_objects(document, "passages")]
    holders += [sentence for passage in holders[1:] for sentence in _objects(passage, "sentences")]
    marked = (one for holder in holders for one in _objects(holder, "annotations"))
    related = (one for holder in holders for one in _objects(holder, "relations"))
    nodes = (([_texts(node) for node in _objects(one, "nodes")], one) for one in related)
    return _fields(
        [_annotation(_text(one.get("id")), _infons(one), _text(one.get("text"))) for one in marked],
        [_relation(_infons(one), found) for found, one in nodes],
    )


def of_xml(document: etree._Element) -> dict[str, Any]:
    """The same of a document in XML."""
    return _fields(
        [
            _annotation(one.get("id", ""), _infons_of(one), xml_records.text(one.find("text")))
            for one in document.iter("annotation")
        ],
        [
            _relation(_infons_of(one), [dict(map(_pair, node.attrib.items())) for node in one.iterfind("node")])
            for one in document.iter("relation")
        ],
    )


def _fields(annotations: list[dict[str, Any]], relations: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        "annotations": [one for one in annotations if one["text"] and one["type"]][:_MOST],
        "relations": relations[:_MOST],
    }
    return {name: values for name, values in found.items() if values}


def _annotation(name: str, infons: Mapping[str, str], text: str) -> dict[str, Any]:
    given = next((infons[key] for key in _IDENTIFIERS if infons.get(key)), "")
    ids = [one for one in _SEPARATOR.split(given) if one not in ("", "-", "None")]
    return {"id": name, "type": infons.get("type", ""), "text": text, "ids": ids}


def _relation(infons: Mapping[str, str], nodes: list[dict[str, str]]) -> dict[str, Any]:
    return {"type": infons.get("type") or infons.get("relation", ""), "nodes": nodes}


def _objects(holder: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    values = holder.get(key)
    return (value for value in (values if isinstance(values, list) else ()) if isinstance(value, dict))


def _infons(holder: Mapping[str, Any]) -> dict[str, str]:
    infons = holder.get("infons")
    return {str(key): _text(value) for key, value in infons.items()} if isinstance(infons, dict) else {}


def _infons_of(element: etree._Element) -> dict[str, str]:
    return {infon.get("key", ""): xml_records.text(infon) for infon in element.iterfind("infon")}


def _texts(node: Mapping[str, Any]) -> dict[str, str]:
    return {key: _text(node.get(key)) for key in ("refid", "role") if node.get(key) is not None}


def _pair(pair: tuple[Any, Any]) -> tuple[str, str]:
    return str(pair[0]), str(pair[1])


def _text(value: object) -> str:
    if not isinstance(value, str | int):
        return ""
    return " ".join(str(value).encode("utf-8", "replace").decode("utf-8").split())
