"""BM25 as tantivy computes it, from given statistics (Robertson and Zaragoza 2009, with Lucene's idf)."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import log

K1, B = 1.2, 0.75


def idf(passages: int, holding: int) -> float:
    """The inverse document frequency of a term that occurs in `holding` of `passages` passages."""
    return log(1 + (passages - holding + 0.5) / (holding + 0.5))


def score(weights: Mapping[str, float], terms: Sequence[str], mean_length: float) -> float:
    """The score of a passage with these terms. `weights` are query term frequencies times idf."""
    counts = dict.fromkeys(weights, 0)
    for term in terms:
        if term in counts:
            counts[term] += 1
    norm = K1 * (1 - B + B * stored_length(len(terms)) / mean_length)
    return sum(weights[term] * count * (K1 + 1) / (count + norm) for term, count in counts.items())


def stored_length(tokens: int) -> int:
    """The length of a passage as stored in one byte: exact up to 40, then in steps of up to an eighth."""
    return _LENGTHS[bisect_right(_LENGTHS, tokens) - 1]


def _decode_length(byte: int) -> int:
    """Decode Lucene's SmallFloat: 24 exact numbers, then three bits of mantissa and five of exponent."""
    if byte < 24:
        return byte
    mantissa, exponent = (byte - 24) % 8, (byte - 24) // 8
    return 24 + (mantissa if exponent == 0 else (mantissa + 8) << (exponent - 1))


_LENGTHS = [_decode_length(byte) for byte in range(256)]
