import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.errors import ModelError
from bioqa.index.models import model
from bioqa.index.records import Document, Passage
from bioqa.index.text import passages
from bioqa.qa.engine import Engine
from bioqa.qa.reader import Reader, Reading, context_of

FILLER = "The patients were followed for several years in two large hospitals. "


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return engine.reader


@pytest.fixture
def reader_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model.shipped("reader"), tmp_path / "reader"))


def passage_of(text: str, title: str = "", number: int = 0) -> Passage:
    document = Document(id=str(number + 1), title=title, abstract=text)
    return Passage(number, document, document.abstract_start, len(document.text))


def texts(reading: Reading) -> list[str]:
    return [reading.context.text[span.start : span.end] for span in reading.spans]


def test_the_title_is_read_before_the_passage_and_is_a_sentence_of_its_own() -> None:
    context = context_of(passage_of("Short. Longer one.", title="A title"))
    assert context.text == "A title\nShort. Longer one."
    assert [context.text[a:b] for a, b in context.sentences] == ["A title", "Short.", "Longer one."]
    assert context.sentence_of(context.text.index("Longer")) == context.sentences[2]


def test_a_document_that_is_only_a_title_is_read_once() -> None:
    document = Document(id="1", title="Only a title")
    context = context_of(Passage(0, document, 0, len(document.text)))
    assert context.text == "Only a title"
    assert context.sentences == ((0, 12),)


TEXTS = st.text(alphabet="aB. ?\né", max_size=60).map(str.strip)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_sentences_of_what_is_read_are_in_order_and_leave_out_only_white_space(title: str, abstract: str) -> None:
    document = Document(id="1", title=title, abstract=abstract)
    for number, (start, end) in enumerate(passages.windows(document, max_words=5)):
        context = context_of(Passage(number, document, start, end))
        assert context.text.endswith(document.text[start:end])
        edges = [0, *(edge for sentence in context.sentences for edge in sentence), len(context.text)]
        assert edges == sorted(edges)
        assert all(not context.text[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True))


def test_the_answer_is_read_where_it_stands(reader: Reader) -> None:
    passage = passage_of("Mutations in the CFTR gene cause cystic fibrosis. Many are known.")
    (reading,) = reader.read("Which gene causes cystic fibrosis?", [passage], max_tokens=20, count=5)
    assert texts(reading)[0] in ("CFTR", "CFTR gene", "the CFTR gene")
    assert [span.score for span in reading.spans] == sorted((span.score for span in reading.spans), reverse=True)
    assert len({(span.start, span.end) for span in reading.spans}) == len(reading.spans) <= 5


@pytest.mark.parametrize("max_tokens", [1, 3])
def test_no_answer_is_longer_than_asked_for(reader: Reader, max_tokens: int) -> None:
    passage = passage_of("Sweating, headache, palpitations and pallor are common symptoms of the disease in adults.")
    (reading,) = reader.read("What are the symptoms?", [passage], max_tokens=max_tokens, count=50)
    assert reading.spans
    assert all(len(text.replace(",", " ,").split()) <= max_tokens for text in texts(reading))


def test_no_passages_give_no_readings(reader: Reader) -> None:
    assert reader.read("Which gene?", [], max_tokens=20, count=5) == []


def test_what_is_read_in_a_passage_does_not_depend_on_its_neighbours(reader: Reader) -> None:
    ours = [
        passage_of("Metformin lowers blood glucose.", number=0),
        passage_of(FILLER * 60 + "Imatinib inhibits BCR-ABL.", number=1),
        passage_of("Warfarin inhibits vitamin K epoxide reductase.", title="Warfarin", number=2),
    ]
    together = reader.read("What does warfarin inhibit?", ours, max_tokens=20, count=5)
    alone = [reader.read("What does warfarin inhibit?", [passage], max_tokens=20, count=5)[0] for passage in ours]
    assert [reading.context.passage for reading in together] == ours
    assert together == alone


def test_an_answer_at_the_end_of_a_passage_far_longer_than_the_window_is_found(reader: Reader) -> None:
    passage = passage_of(FILLER * 60 + "Cystic fibrosis is caused by mutations in the CFTR gene.")
    assert len(passage.text.split()) > 2 * reader.model.card.max_tokens // 3
    (reading,) = reader.read("Which gene causes cystic fibrosis?", [passage], max_tokens=20, count=5)
    assert "CFTR" in texts(reading)[0]
    assert reading.context.sentence_of(reading.spans[0].start)[0] >= len(FILLER) * 59


def test_a_question_longer_than_what_is_read_of_it_still_leaves_room_for_the_passage(reader: Reader) -> None:
    passage = passage_of("Cystic fibrosis is caused by mutations in the CFTR gene.")
    question = "Which gene causes cystic fibrosis? " + "Please tell me in detail what is known of it. " * 40
    (reading,) = reader.read(question, [passage], max_tokens=20, count=5)
    assert any("CFTR" in text for text in texts(reading))


@pytest.mark.parametrize("text", ["α" * 3000, "日本語のテキスト。", "🧬 🧬 🧬", "a\u0301" * 50, "-" * 500, "\u200b"])
def test_strange_text_is_read_without_complaint(reader: Reader, text: str) -> None:
    (reading,) = reader.read("Which gene?", [passage_of(text)], max_tokens=20, count=5)
    assert all(0 <= span.start < span.end <= len(reading.context.text) for span in reading.spans)


def test_a_reader_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere: no model there.*bioqa export"):
        Reader(tmp_path / "nowhere")


def test_an_encoder_is_no_reader() -> None:
    with pytest.raises(ModelError, match="type 'encoder', expected 'reader'"):
        Reader(model.shipped("encoder"))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_of_the_reader_is_named(reader_copy: Path, name: str, damage: str) -> None:
    path = reader_copy / name
    content = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-1])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(ModelError) as error:
        Reader(reader_copy)
    assert str(path) in str(error.value)
    assert ("incomplete" if damage == "remove" else "SHA-256") in str(error.value)


@pytest.mark.parametrize(
    "card",
    [
        "",
        "[]",
        "{}",
        '{"name": "x"}',
        '{"name": "x", "task": "reader", "max_tokens": "many", "digests": {}}',
        "\ufeff{",
    ],
)
def test_a_card_that_is_none_is_named(reader_copy: Path, card: str) -> None:
    (reader_copy / "bioqa.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelError, match=r"bioqa\.json: not a model card"):
        Reader(reader_copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_that_the_card_vouches_for_but_is_no_model_is_refused(
    reader_copy: Path, name: str, redigest: Callable[[Path], None]
) -> None:
    (reader_copy / name).write_bytes(b"not what it says")
    redigest(reader_copy)
    with pytest.raises(ModelError, match=r"cannot load|not a tokenizer"):
        Reader(reader_copy)


@pytest.fixture
def redigest() -> Callable[[Path], None]:
    from hashlib import sha256

    def enter(folder: Path) -> None:
        card = json.loads((folder / "bioqa.json").read_text())
        card["digests"] = {name: sha256((folder / name).read_bytes()).hexdigest() for name in card["digests"]}
        (folder / "bioqa.json").write_text(json.dumps(card))

    return enter


@pytest.mark.parametrize("rows", [7, 0])
def test_a_reader_whose_outputs_are_of_another_shape_is_refused(
    rows: int, model_folder: Callable[..., Path], network_of: Callable[..., bytes]
) -> None:
    node = pytest.importorskip("onnx").helper.make_node
    outputs = [node("Add", ["logits", "nought"], [name]) for name in ("start", "end")]
    logits = np.zeros((1, rows), dtype=np.float32)
    content = network_of(*outputs, use="", outputs=("start", "end"), logits=logits)
    with pytest.raises(ModelError, match=rf"gives arrays of \(1, {rows}\), \(1, {rows}\) for \d+ tokens"):
        Reader(model_folder("reader", files={"model.onnx": content}))


def test_a_reader_that_gives_no_numbers_is_refused(
    model_folder: Callable[..., Path], network_of: Callable[..., bytes]
) -> None:
    node = pytest.importorskip("onnx").helper.make_node
    outputs = [node("Div", ["ids", "zero"], [name]) for name in ("start", "end")]
    content = network_of(*outputs, use="", outputs=("start", "end"))
    with pytest.raises(ModelError, match="not finite"):
        Reader(model_folder("reader", files={"model.onnx": content}))
