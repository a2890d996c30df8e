"""ROUGE-2 and ROUGE-SU4 of an answer in prose, computed as by ROUGE-1.5.5.

Lin, "ROUGE: a package for automatic evaluation of summaries" (2004). BioASQ reports recall and F1 of both for ideal
answers, computed by ROUGE-1.5.5.pl with unstated options. These are the figures of `-n 2 -2 4 -u -m -f A -p 0.5 -t 0`,
the options of the summarisation tracks at DUC and TAC, on plain text without truncation:

- Words are runs of ASCII letters and digits in lower case, stemmed if longer than three characters. Any other
  character separates words, including hyphens and Greek letters. Stop words count.
- ROUGE-2 counts bigrams. ROUGE-SU4 counts pairs with at most four words between them, and unigrams: like ROUGE-1.5.5,
  all but the last.
- A pair matches as often as it occurs in both texts. Matches and pairs of the references are summed over the references
  before the division.

ROUGE-1.5.5 also looks up irregular forms in WordNet. This is omitted: it changes the mean over BioASQ's questions by
less than 0.001.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from bioqa.eval.measures.porter import stem

_GAP = 4  # the most words between the two of a pair
_WORD = re.compile("[A-Za-z0-9]+")

Unit = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class RougeScores:
    """Recall against the references, and its harmonic mean with precision; each from 0 to 1."""

    rouge_2_recall: float
    rouge_2_f1: float
    rouge_su4_recall: float
    rouge_su4_f1: float


def rouge_scores(answer: str, references: Sequence[str], *, stemming: bool = True) -> RougeScores:
    """The scores of an answer against all references. `stemming` False is ROUGE-1.5.5 without `-m`.

    All scores are 0 if the answer or every reference has fewer than two words. An empty reference beside others lowers
    precision, as in ROUGE-1.5.5.
    """
    predicted = words(answer, stemming=stemming)
    expected = [words(reference, stemming=stemming) for reference in references]
    return RougeScores(
        *_recall_and_f1(pairwise(predicted), map(pairwise, expected)),
        *_recall_and_f1(_skip_bigrams(predicted), map(_skip_bigrams, expected)),
    )


def words(text: str, *, stemming: bool = True) -> list[str]:
    """The words of a text in the form that ROUGE-1.5.5 compares."""
    lowered = " ".join(_WORD.findall(text)).lower().split()
    return [stem(word) if len(word) > 3 else word for word in lowered] if stemming else lowered


def _skip_bigrams(text: Sequence[str]) -> Iterator[Unit]:
    pairs = (zip(text, text[distance:], strict=False) for distance in range(1, _GAP + 2))
    return chain(text[:-1], *pairs)


def _recall_and_f1(answer: Iterable[Unit], references: Iterable[Iterable[Unit]]) -> tuple[float, float]:
    predicted, expected = Counter(answer), [Counter(reference) for reference in references]
    matches = sum((predicted & reference).total() for reference in expected)
    if not matches:
        return 0.0, 0.0
    total = sum(reference.total() for reference in expected)
    return matches / total, 2 * matches / (total + len(expected) * predicted.total())
