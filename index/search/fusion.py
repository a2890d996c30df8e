"""Making one ranking of two: pure functions over {passage number: score}."""

from collections.abc import Callable, Mapping, Sequence

Scores = Mapping[int, float]

_NEXT = 20  # ranks among which the best may stand out: of 5, 10, 20, 50 and 100 the best over NFCorpus and BioASQ


def rrf(rankings: Sequence[Scores], constant: float = 60.0) -> dict[int, float]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (constant + rank).

    Equal scores rank in the order in which their ranking has them.
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(sorted(ranking, key=lambda n: -ranking[n]), start=1):
            fused[number] = fused.get(number, 0.0) + 1.0 / (constant + rank)
    return fused


def mean(rankings: Sequence[Scores]) -> dict[int, float]:
    """The mean of scores as they are: for scores that mean the same in every ranking, such as shares of what is
    possible. A passage missing from a ranking scores 0 there; an empty ranking has no part in it."""
    found = [ranking for ranking in rankings if ranking]
    return _weighted(found, [1.0 for _ in found])


def minmax(rankings: Sequence[Scores]) -> dict[int, float]:
    """The mean of scores scaled to 0..1 within each ranking; a passage missing from a ranking scores 0 there."""
    return _weighted([_scaled(ranking) for ranking in rankings], [1.0 for _ in rankings])


def adaptive(rankings: Sequence[Scores]) -> dict[int, float]:
    """As `minmax`, but a ranking counts the more, the further its best passage stands out from the next ones.

    A search that knows what is asked for tells a few passages from the others; one that does not, scores many alike.
    """
    scaled = [_scaled(ranking) for ranking in rankings]
    weights = [_standing_out(ranking) for ranking in scaled]
    return _weighted(scaled, weights if any(weights) else [1.0 for _ in scaled])


def _weighted(rankings: Sequence[Scores], weights: Sequence[float]) -> dict[int, float]:
    """The mean of scores, in which each ranking has its weight."""
    fused: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        share = weight / sum(weights)
        for number, score in ranking.items():
            fused[number] = fused.get(number, 0.0) + score * share
    return fused


def _standing_out(ranking: Scores) -> float:
    """How far the best of scaled scores is above the mean of the next ones; 1 where there is no other."""
    scores = sorted(ranking.values(), reverse=True)
    after = scores[1:_NEXT]
    return scores[0] - sum(after) / len(after) if after else float(len(scores))


def _scaled(ranking: Scores) -> dict[int, float]:
    """The scores from 0 for the worst to 1 for the best; 1 for all where they are equal."""
    low, high = min(ranking.values(), default=0.0), max(ranking.values(), default=0.0)
    return {number: (score - low) / (high - low) if high > low else 1.0 for number, score in ranking.items()}


FUSIONS: dict[str, Callable[[Sequence[Scores]], dict[int, float]]] = {
    "mean": mean,
    "minmax": minmax,
    "rrf": rrf,
    "adaptive": adaptive,
}
# nDCG@10, of mean and of min-max: BioASQ years 7 to 9 0.852 and 0.836, year 10 0.853 and 0.837, NFCorpus dev 0.336 and
# 0.330; reciprocal rank is worse than both on BioASQ. The adaptive weight loses to mean: 0.826 and 0.839 on every third
# question of BioASQ years 4 to 9, 0.316 and 0.337 on NFCorpus dev; it won over min-max (0.836 and 0.824) where rankings
# were BM25 scores and the cosines of the dense search alone.
FUSION = "mean"
