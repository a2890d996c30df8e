from lxml import etree

from bioqa.index.corpus import bioc_annotations

WANTED = {
    "annotations": [{"id": "2", "type": "Gene", "text": "CFTR", "ids": ["1080", "12638"]}],
    "relations": [{"type": "Association", "nodes": [{"refid": "2", "role": "gene"}]}],
}
XML = """<document><passage><annotation id="2"><infon key="type">Gene</infon>
<infon key="identifier">1080;12638</infon><location offset="0" length="4"/><text>CFTR</text></annotation></passage>
<relation id="R1"><infon key="type">Association</infon><node refid="2" role="gene"/></relation></document>"""


def test_entities_and_relations_in_json_are_kept() -> None:
    marked = {"id": "2", "infons": {"type": "Gene", "identifier": "1080;12638"}, "text": "CFTR"}
    related = {"infons": {"type": "Association"}, "nodes": [{"refid": 2, "role": "gene"}]}
    for passage in ({"annotations": [marked]}, {"sentences": [{"annotations": [marked]}]}):
        assert bioc_annotations.of_json({"passages": [passage], "relations": [related]}) == WANTED


def test_entities_and_relations_in_xml_are_kept() -> None:
    assert bioc_annotations.of_xml(etree.fromstring(XML)) == WANTED


def test_without_any_there_are_no_fields() -> None:
    assert bioc_annotations.of_json({"passages": [{"annotations": [5, {"id": "1"}]}], "relations": "x"}) == {}
    assert bioc_annotations.of_xml(etree.fromstring("<document/>")) == {}
