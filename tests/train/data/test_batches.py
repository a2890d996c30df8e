from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.models import runtime
from bioqa.index.models.model import open_model, shipped
from bioqa.train.data.examples import ReaderExample

torch = pytest.importorskip("torch")
batches = pytest.importorskip("bioqa.train.data.batches")
losses = pytest.importorskip("bioqa.train.networks.losses")
network = pytest.importorskip("bioqa.train.networks.reader")

TEXT = "Imatinib and the drug nilotinib inhibit BCR-ABL1."


@pytest.fixture(scope="module")
def tokenizer() -> object:
    return runtime.load_tokenizer(open_model(shipped("reader"), "reader"))


def rows(example: ReaderExample, tokenizer: object, room: int = 64) -> list[object]:
    return list(batches.label_windows([example], tokenizer, room))


def ranges(text: str, *pieces: str) -> tuple[tuple[int, int], ...]:
    return tuple((text.index(piece), text.index(piece) + len(piece)) for piece in pieces)


def words(row: object, tokenizer: object, first: int, last: int) -> str:
    return str(tokenizer.decode(row.ids[first : last + 1].tolist()))  # type: ignore[attr-defined]


def test_answers_become_the_tokens_that_they_cover(tokenizer: object) -> None:
    (row,) = rows(ReaderExample("Which drug?", TEXT, answers=ranges(TEXT, "nilotinib", "BCR-ABL1")), tokenizer)
    found = [words(row, tokenizer, first, last) for first, last in zip(row.starts, row.ends, strict=True)]
    assert found == ["nilotinib", "bcr - abl1"]


def test_a_window_without_an_answer_points_at_its_first_token_and_an_unknown_one_nowhere(tokenizer: object) -> None:
    (row,) = rows(ReaderExample("q", TEXT, answers=()), tokenizer)
    assert (row.starts, row.ends) == ((0,), (0,))
    (row,) = rows(ReaderExample("q", TEXT, relevant=True), tokenizer)
    assert (row.starts, row.ends, row.verdict, row.relevant) == ((), (), batches.UNKNOWN, 1)


def test_tags_begin_and_go_on_inside_items_and_nowhere_else(tokenizer: object) -> None:
    (row,) = rows(ReaderExample("q", TEXT, items=ranges(TEXT, "Imatinib", "nilotinib")), tokenizer)
    begins = np.flatnonzero(row.tags == 1)
    assert len(begins) == 2
    assert words(row, tokenizer, *_span(row.tags, begins[1])) == "nilotinib"
    assert (row.tags[: row.text_start] == batches.UNKNOWN).all()
    assert row.tags[-1] == batches.UNKNOWN


def _span(tags: np.ndarray, begin: int) -> tuple[int, int]:  # type: ignore[type-arg]
    last = begin
    while tags[last + 1] == 2:
        last += 1
    return begin, last


def test_a_long_text_is_cut_and_an_answer_is_marked_where_it_is_whole(tokenizer: object) -> None:
    text = "Filler words go on and on. " * 40 + "It is CFTR."
    found = rows(ReaderExample("q", text, answers=ranges(text, "CFTR")), tokenizer)
    assert len(found) > 3
    assert [row.starts for row in found[:-1]] == [(0,)] * (len(found) - 1)
    assert words(found[-1], tokenizer, found[-1].starts[0], found[-1].ends[0]) == "cftr"


def test_an_empty_text_and_one_of_a_hundred_thousand_tokens_do_no_harm(tokenizer: object) -> None:
    (row,) = rows(ReaderExample("q", "", answers=((0, 4),), items=()), tokenizer)
    assert row.starts == (0,)
    huge = "word " * 100_000
    assert len(rows(ReaderExample("q", huge, answers=((0, 4),)), tokenizer, 384)) > 300


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), max_size=80), st.integers(1, 9), st.integers(0, 5))
def test_an_order_has_everything_once_in_batches_of_like_length(lengths: list[int], size: int, seed: int) -> None:
    order = batches.shuffled_batches(lengths, size, (seed, 0))
    assert order == batches.shuffled_batches(lengths, size, (seed, 0))
    assert Counter(number for batch in order for number in batch) == Counter(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in order)


def test_a_batch_is_filled_up_and_masked(tokenizer: object) -> None:
    examples = [ReaderExample("q", "Short."), ReaderExample("q", TEXT, answers=ranges(TEXT, "nilotinib"), verdict="no")]
    batch = batches.collate([row for example in examples for row in rows(example, tokenizer)])
    lengths = batch.mask.sum(dim=1)
    assert batch.ids.shape == batch.starts.shape == (2, int(lengths.max()))
    assert not batch.ids[0, lengths[0] :].any()
    assert batch.readable[:, 0].all()
    assert not batch.readable[0, lengths[0] - 1]
    assert batch.verdict.tolist() == [batches.UNKNOWN, network.VERDICTS.index("no")]
    assert not batch.starts[0].any()
    assert batch.starts[1].sum() == 1


def test_the_span_loss_is_the_probability_of_any_right_place() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.5, 9.0], [1.0, 2.0, 0.5, 9.0]])
    readable = torch.tensor([[True, True, True, False]] * 2)
    right = torch.tensor([[False, True, True, False], [False] * 4])
    expected = torch.exp(logits[0, 1:3]).sum() / torch.exp(logits[0, :3]).sum()
    found = losses.span_loss(logits, right, readable)
    assert found.tolist() == pytest.approx([-float(torch.log(expected)), 0.0])


def test_nothing_is_learned_from_what_is_not_known(tokenizer: object) -> None:
    batch = batches.collate(rows(ReaderExample("q", TEXT), tokenizer))
    n = batch.ids.shape[1]
    output = network.ReaderOutput(
        *(torch.randn(shape, requires_grad=True) for shape in ((1, n), (1, n), (1, n, 3), (1, 3), (1,)))
    )
    loss = losses.reader_loss(output, batch, torch.ones(1, 3))
    loss.backward()
    assert float(loss.detach()) == 0.0
    for head in (output.start, output.end, output.tags, output.verdict, output.relevance):
        assert torch.isfinite(head.grad).all()
        assert not head.grad.any()


def test_every_head_learns_from_what_is_known(tokenizer: object) -> None:
    place = ranges(TEXT, "nilotinib")
    example = ReaderExample("q", TEXT, answers=place, items=place, verdict="yes", relevant=True)
    batch = batches.collate(rows(example, tokenizer))
    n = batch.ids.shape[1]
    output = network.ReaderOutput(
        *(torch.zeros(shape, requires_grad=True) for shape in ((1, n), (1, n), (1, n, 3), (1, 3), (1,)))
    )
    losses.reader_loss(output, batch, torch.ones(1, 3)).backward()
    assert all(head.grad.any() for head in (output.start, output.end, output.tags, output.verdict, output.relevance))


def test_a_verdict_weighs_what_it_does_in_its_origin(tokenizer: object) -> None:
    found = []
    for verdict, origin in (("yes", 0), ("no", 0), ("no", 1)):
        batch = batches.collate(rows(ReaderExample("q", TEXT, verdict=verdict, origin=origin), tokenizer))
        n = batch.ids.shape[1]
        output = network.ReaderOutput(*(torch.zeros(shape) for shape in ((1, n), (1, n), (1, n, 3), (1, 3), (1,))))
        found.append(float(losses.reader_loss(output, batch, torch.tensor([[0.5, 2.0, 1.0], [0.5, 3.0, 1.0]]))))
    assert found[1:] == pytest.approx([4 * found[0], 6 * found[0]])
