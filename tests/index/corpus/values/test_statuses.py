import io
import json

import pytest

from bioqa.index.corpus import jats, jsonl, medline
from bioqa.index.corpus.values import statuses
from bioqa.index.records import CONCERN, RETRACTED, Document


@pytest.mark.parametrize(
    ("signals", "types", "title", "status"),
    [
        (["RetractedandRepublishedIn"], [], "T", RETRACTED),
        (["PartialRetractionIn", "ErratumIn"], [], "T", CONCERN),
        (["RetractedandRepublishedFrom", "RetractionOf", "ErratumIn"], [], "T", ""),
        (["ECI", "RRI"], [], "T", RETRACTED),
        ([], ["Retracted Publication"], "T", RETRACTED),
        ([], [], "RETRACTED: Mice.", RETRACTED),
        ([], [], "[Retracted] Mice.", RETRACTED),
        ([], [], "Retracted Article: Mice.", RETRACTED),
        ([], [], "WITHDRAWN: Mice.", RETRACTED),
        ([], [], "Retracted papers in oncology.", ""),
        ([], [], "Retraction: Mice.", ""),
        ([], [], "Retractions of mice.", ""),
        ([], ["Retraction of Publication"], "Retracted: Mice.", ""),
        ([], ["Expression of Concern"], "RETRACTED: Mice.", ""),
        (["RetractionIn"], ["Retraction of Publication"], "T", RETRACTED),
    ],
)
def test_one_table_says_what_is_retracted(signals: list[str], types: list[str], title: str, status: str) -> None:
    assert statuses.status_of(signals, types, title) == status


@pytest.mark.parametrize(
    ("article_type", "related", "status"),
    [
        ("retracted-article", "", RETRACTED),
        ("research-article", "retraction-forward", RETRACTED),
        ("research-article", "expression-of-concern", CONCERN),
        ("retraction", "retracted-article", ""),
        ("expression-of-concern", "expression-of-concern", ""),
        ("research-article", "commentary-article", ""),
    ],
)
def test_types_of_jats_articles_tell(article_type: str, related: str, status: str) -> None:
    xml = (
        f'<article article-type="{article_type}"><front><article-meta><article-id pub-id-type="pmid">7</article-id>'
        "<title-group><article-title>T</article-title></title-group>"
        f'<related-article related-article-type="{related}"/></article-meta></front></article>'
    )
    (found,) = jats.read(io.BytesIO(xml.encode()), "file.xml")
    assert isinstance(found, Document)
    assert found.status == status


def test_medline_and_json_tell_too() -> None:
    content = b"PMID- 4\nTI  - A.\nRRI - J. 2020.\n\nPMID- 5\nTI  - B.\nPRIN- J. 2020.\n\nPMID- 6\nTI  - C.\nROF - J.\n"
    found = [record.status for record in medline.read(io.BytesIO(content), "f") if isinstance(record, Document)]
    assert found == [RETRACTED, CONCERN, ""]
    lines = [
        {"id": "1", "title": "Retracted: a."},
        {"id": "2", "title": "A", "publication_types": ["Retracted Publication"]},
    ]
    content = "\n".join(map(json.dumps, lines)).encode()
    found = [record.status for record in jsonl.read(io.BytesIO(content), "f") if isinstance(record, Document)]
    assert found == [RETRACTED, RETRACTED]
