import io

from bioqa.index.corpus import pubtator
from bioqa.index.records import BadRecord, Document


def test_titles_and_abstracts_are_read_and_annotations_are_not() -> None:
    content = "7|t|Rats | mice.\n7|a|They slept.\n7\t0\t4\tRats\tSpecies\t10116\n\n8|t|Cats.\n8|a|\noops\n9|t|\n"
    found = list(pubtator.read(io.BytesIO(content.encode()), "file"))
    assert found == [
        Document("7", "Rats | mice.", "They slept."),
        BadRecord("file", "line 7", "neither text nor annotation: 'oops'"),
        Document("8", "Cats."),
        BadRecord("file", "document 9", "neither title nor abstract"),
    ]


def test_a_file_begins_with_a_title() -> None:
    assert pubtator.is_first_line("7|t|Rats.")
    assert not pubtator.is_first_line("7|a|Rats.")
