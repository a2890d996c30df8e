import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import ModelError
from bioqa.qa.question_types import QuestionType
from bioqa.train.data.examples import ReaderExample

torch = pytest.importorskip("torch")
batches = pytest.importorskip("bioqa.train.data.batches")
losses = pytest.importorskip("bioqa.train.networks.losses")
network = pytest.importorskip("bioqa.train.networks.reader")
source = pytest.importorskip("bioqa.train.pretrained.source")
teacher = pytest.importorskip("bioqa.train.networks.teacher")

ROOM = 60
LONG = " ".join(f"Mutation {n} of CFTR was found in a child with cystic fibrosis." for n in range(12))
EXAMPLES = [
    ReaderExample("Which gene?", "CFTR causes cystic fibrosis.", question_type=QuestionType.FACTOID),
    ReaderExample("Which genes are found in children?", LONG, question_type=QuestionType.LIST),
    ReaderExample("Is it CFTR?", "It is.", question_type=QuestionType.YESNO),
]
HEADS = ("start", "end", "tags", "verdict", "relevance")


@pytest.fixture
def of_all_heads(tiny_bert: Callable[[str], Path], tmp_path: Path) -> Path:
    folder = tmp_path / "teacher"
    shutil.copytree(tiny_bert("encoder"), folder)
    torch.manual_seed(1)
    network.load_reader(source.resolve(str(folder)), dropout=0.0).save(folder)
    return folder


def windows(folder: Path) -> tuple[list[Any], int]:
    tokenizer = source.backend_tokenizer(source.resolve(str(folder)))
    special = tokenizer.num_special_tokens_to_add(is_pair=True)
    return list(batches.label_windows(EXAMPLES, tokenizer, ROOM + special)), special


def random_output(batch: Any, seed: int) -> Any:
    torch.manual_seed(seed)
    b, n = batch.ids.shape
    return network.ReaderOutput(*(torch.randn(shape) for shape in ((b, n), (b, n), (b, n, 3), (b, 3), (b,))))


def test_a_teacher_says_what_its_network_does(of_all_heads: Path) -> None:
    rows, _ = windows(of_all_heads)
    assert len(rows) > len(EXAMPLES)
    numbers = [2, 0, len(rows) - 1]
    batch = batches.collate([rows[number] for number in numbers])
    said = teacher.Teacher(source.resolve(str(of_all_heads)), EXAMPLES, rows, ROOM, "cpu").logits(numbers, batch)
    own = network.load_reader(source.resolve(str(of_all_heads)), dropout=0.0).eval()(batch.ids, batch.mask, batch.types)
    assert torch.equal(said.start[batch.readable], own.start[batch.readable])
    assert torch.equal(said.tags[batch.readable], own.tags[batch.readable])
    assert torch.equal(said.verdict, own.verdict)
    assert not said.start.requires_grad


def test_more_special_tokens_of_a_teacher_move_what_it_says_to_where_the_student_has_it(of_all_heads: Path) -> None:
    rows, special = windows(of_all_heads)
    description = json.loads((of_all_heads / "tokenizer.json").read_text(encoding="utf-8"))
    pair = description["post_processor"]["pair"]
    closing = next(n for n, piece in enumerate(pair) if n and "SpecialToken" in piece)
    pair.insert(closing, pair[closing])  # two between question and text, as of MPNet
    (of_all_heads / "tokenizer.json").write_text(json.dumps(description), encoding="utf-8")
    theirs, more = windows(of_all_heads)
    assert (more, theirs[0].text_start) == (special + 1, rows[0].text_start + 1)

    batch = batches.collate(rows)
    said = teacher.Teacher(source.resolve(str(of_all_heads)), EXAMPLES, rows, ROOM, "cpu").logits(
        range(len(rows)), batch
    )
    own = batches.collate(theirs)
    found = network.load_reader(source.resolve(str(of_all_heads)), dropout=0.0).eval()(own.ids, own.mask, own.types)
    for number, row in enumerate(rows):
        text = slice(row.text_start, len(row.ids) - 1)
        shifted = slice(row.text_start + 1, len(row.ids))
        assert torch.equal(said.end[number, text], found.end[number, shifted])
        assert said.end[number, 0] == found.end[number, 0]


def test_a_teacher_that_cuts_words_otherwise_is_refused(
    of_all_heads: Path, tiny_biobert: Callable[[str], Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_biobert("encoder"), other)
    network.load_reader(source.resolve(str(other)), dropout=0.0).save(other)
    rows, _ = windows(of_all_heads)
    with pytest.raises(ModelError, match="other: splits texts into other tokens than the base"):
        teacher.Teacher(source.resolve(str(other)), EXAMPLES, rows, ROOM, "cpu")


def test_who_says_what_the_teacher_does_has_nothing_to_learn(of_all_heads: Path) -> None:
    batch = batches.collate(windows(of_all_heads)[0])
    output = random_output(batch, 1)
    entropy = torch.distributions.Bernoulli(logits=output.relevance).entropy().mean()
    assert float(losses.distillation_loss(output, output, batch)) == pytest.approx(float(entropy), abs=1e-5)
    assert float(losses.distillation_loss(output, random_output(batch, 2), batch)) > float(entropy) + 0.5


@pytest.mark.parametrize(
    ("asks", "taught"),
    [
        (QuestionType.FACTOID, {"start", "end", "relevance"}),
        (QuestionType.LIST, {"start", "end", "tags", "relevance"}),
        (QuestionType.YESNO, {"verdict", "relevance"}),
        (QuestionType.SUMMARY, {"relevance"}),
    ],
)
def test_a_teacher_is_heard_by_the_heads_that_the_question_is_for(
    of_all_heads: Path, asks: QuestionType, taught: set[str]
) -> None:
    tokenizer = source.backend_tokenizer(source.resolve(str(of_all_heads)))
    batch = batches.collate(
        list(batches.label_windows([ReaderExample("Which?", "Some text.", question_type=asks)], tokenizer, 32))
    )
    output = random_output(batch, 1)
    for name in HEADS:
        getattr(output, name).requires_grad_()
    losses.distillation_loss(output, random_output(batch, 2), batch).backward()
    gradients = {name: getattr(output, name).grad for name in HEADS}
    assert all(found is None or bool(found.isfinite().all()) for found in gradients.values())
    assert {name for name, found in gradients.items() if found is not None and found.any()} == taught
