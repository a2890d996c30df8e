"""Making one ranking of two: pure functions over {passage number: score}."""

from collections.abc import Callable, Mapping, Sequence

Scores = Mapping[int, float]


def rrf(rankings: Sequence[Scores], constant: float = 60.0) -> dict[int, float]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (constant + rank).

    Equal scores rank in the order in which their ranking has them.
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(sorted(ranking, key=lambda n: -ranking[n]), start=1):
            fused[number] = fused.get(number, 0.0) + 1.0 / (constant + rank)
    return fused


def minmax(rankings: Sequence[Scores]) -> dict[int, float]:
    """The mean of scores scaled to 0..1 within each ranking; a passage missing from a ranking scores 0 there."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        if not ranking:
            continue
        low, high = min(ranking.values()), max(ranking.values())
        for number, score in ranking.items():
            scaled = (score - low) / (high - low) if high > low else 1.0
            fused[number] = fused.get(number, 0.0) + scaled / len(rankings)
    return fused


def mean(rankings: Sequence[Scores]) -> dict[int, float]:
    """The mean of scores as they are: for scores that mean the same in every ranking, such as shares of what is
    possible. A passage missing from a ranking scores 0 there."""
    fused: dict[int, float] = {}
    found = [ranking for ranking in rankings if ranking]
    for ranking in found:
        for number, score in ranking.items():
            fused[number] = fused.get(number, 0.0) + score / len(found)
    return fused


FUSIONS: dict[str, Callable[[Sequence[Scores]], dict[int, float]]] = {"mean": mean, "minmax": minmax, "rrf": rrf}
