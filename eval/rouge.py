"""ROUGE-2 and ROUGE-SU4 of an answer in prose, as ROUGE-1.5.5 computes them.

Lin, "ROUGE: a package for automatic evaluation of summaries" (2004). BioASQ reports recall and F1 of both for ideal
answers and says that ROUGE-1.5.5.pl works them out, but not with which options. These are the figures of
`-n 2 -2 4 -u -m -f A -p 0.5 -t 0`, as the summarisation tracks at DUC and TAC used it, on plain text that is not
shortened:

- Words are runs of ASCII letters and digits in lower case, stemmed when they have more than three characters; any other
  character divides words, hyphens and Greek letters too. Stop words count.
- ROUGE-2 counts pairs of neighbours. ROUGE-SU4 counts pairs with at most four words between them, and single words:
  all but the last, for that is how ROUGE-1.5.5 counts them.
- A pair matches as often as it is in both texts. Matches, and what there is to be matched, are added up over the
  references before they are divided.

ROUGE-1.5.5 also looks up irregular forms in WordNet, which is left out: it moves the mean over BioASQ's questions by
less than 0.001.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from bioqa.eval.porter import stem

_GAP = 4  # words that may stand between the two of a pair
_WORD = re.compile("[A-Za-z0-9]+")

Unit = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rouge:
    """Recall against the references and its harmonic mean with precision, each from 0 to 1."""

    rouge_2_recall: float
    rouge_2_f1: float
    rouge_su4_recall: float
    rouge_su4_f1: float


def rouge(answer: str, references: Sequence[str], *, stemming: bool = True) -> Rouge:
    """The scores of an answer against all references; `stemming` False is ROUGE-1.5.5 without `-m`.

    All are 0 where the answer or every reference has no units: none was given, or one has fewer than two words. An
    empty reference beside others takes from precision, as in ROUGE-1.5.5.
    """
    given = words(answer, stemming=stemming)
    wanted = [words(reference, stemming=stemming) for reference in references]
    return Rouge(
        *_recall_and_f1(pairwise(given), map(pairwise, wanted)),
        *_recall_and_f1(_skip_pairs(given), map(_skip_pairs, wanted)),
    )


def words(text: str, *, stemming: bool = True) -> list[str]:
    """The words of a text as ROUGE-1.5.5 compares them."""
    found = " ".join(_WORD.findall(text)).lower().split()
    return [stem(word) if len(word) > 3 else word for word in found] if stemming else found


def _skip_pairs(text: Sequence[str]) -> Iterator[Unit]:
    pairs = (zip(text, text[distance:], strict=False) for distance in range(1, _GAP + 2))
    return chain(text[:-1], *pairs)


def _recall_and_f1(answer: Iterable[Unit], references: Iterable[Iterable[Unit]]) -> tuple[float, float]:
    given, wanted = Counter(answer), [Counter(reference) for reference in references]
    matched = sum(min(given[unit], reference[unit]) for reference in wanted for unit in given.keys() & reference.keys())
    if not matched:
        return 0.0, 0.0
    to_match = sum(reference.total() for reference in wanted)
    return matched / to_match, 2 * matched / (to_match + len(wanted) * given.total())
