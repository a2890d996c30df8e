import math

import pytest

torch = pytest.importorskip("torch")
losses = pytest.importorskip("bioqa.train.networks.losses")

COSINES = [[0.5, 0.1, 0.3], [0.2, 0.4, 0.9]]
WRONG = [[False, True, True], [True, False, True]]


def test_the_right_passage_counts_against_those_that_are_wrong() -> None:
    wrong = torch.tensor([[False, True, False], [True, False, True]])  # nothing is known of the third for the first
    found = losses.contrastive_loss(torch.tensor(COSINES), wrong, 0.5)
    first = -math.log(math.exp(1.0) / (math.exp(1.0) + math.exp(0.2)))
    second = -math.log(math.exp(0.8) / (math.exp(0.4) + math.exp(0.8) + math.exp(1.8)))
    assert float(found) == pytest.approx((first + second) / 2)


def test_a_question_without_wrong_passages_costs_nothing() -> None:
    cosines = torch.tensor([[0.1, 0.9]], requires_grad=True)
    found = losses.contrastive_loss(cosines, torch.tensor([[False, False]]), 0.05)
    found.backward()
    assert float(found.detach()) == 0.0
    assert cosines.grad.abs().sum() == 0.0


def test_imitation_costs_nothing_where_the_cosines_are_the_teachers() -> None:
    cosines, wrong = torch.tensor(COSINES), torch.tensor(WRONG)
    assert float(losses.retriever_distillation_loss(cosines, cosines, wrong, 0.05)) == pytest.approx(0.0, abs=1e-6)
    others = torch.tensor([[0.1, 0.5, 0.3], [0.2, 0.4, 0.9]])
    assert float(losses.retriever_distillation_loss(cosines, others, wrong, 0.05)) > 1.0


def test_imitation_leaves_out_what_is_not_known_to_be_wrong() -> None:
    wrong = torch.tensor([[False, True, False], [True, False, False]])
    cosines = torch.tensor(COSINES, requires_grad=True)
    others = torch.tensor([[0.5, 0.1, 0.9], [0.2, 0.4, -0.9]])
    found = losses.retriever_distillation_loss(cosines, others, wrong, 0.05)
    found.backward()
    assert float(found.detach()) == pytest.approx(0.0, abs=1e-6)
    assert bool(cosines.grad.isfinite().all())


def test_what_is_much_nearer_than_the_right_one_is_doubtful() -> None:
    cosines, wrong = torch.tensor(COSINES), torch.tensor(WRONG)
    assert losses.without_doubtful(wrong, cosines, 2.0).tolist() == WRONG
    assert losses.without_doubtful(wrong, cosines, 0.1).tolist() == [[False, True, True], [True, False, False]]


@pytest.mark.parametrize(
    ("counts", "weights"), [([6, 2, 4], [2 / 3, 2.0, 1.0]), ([6, 2, 0], [2 / 3, 2.0, 4.0]), ([0, 0, 0], [0.0] * 3)]
)
def test_classes_count_alike_in_every_origin_whatever_their_numbers(counts: list[int], weights: list[float]) -> None:
    every = torch.tensor([counts, [50, 150, 100]])
    found = losses.balanced_weights(every)
    assert found[0].tolist() == pytest.approx(weights)
    assert found[1].tolist() == pytest.approx([2.0, 2 / 3, 1.0])
    assert (found * every).sum(dim=1).tolist() == pytest.approx([sum(counts), 300])
