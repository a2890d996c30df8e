"""Sentences of retrieved passages, and which of them speak of something."""

from collections.abc import Iterable, Iterator, Sequence

from bioqa.index.records import Hit
from bioqa.index.text import analyzer
from bioqa.qa import summary
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import context_of
from bioqa.qa.summary import Sentence

_FEWEST_WORDS = 4  # shorter ones are headings


def statements(hits: Sequence[Hit]) -> Iterator[Sentence]:
    """The sentences of these passages with the score of their passage as relevance, best passage first."""
    seen: set[str] = set()
    for hit in hits:
        context = context_of(hit.passage)
        for start, end in context.sentences[bool(hit.passage.start and hit.passage.document.title) :]:
            text = context.text[start:end]
            if text not in seen and len(text.split()) >= _FEWEST_WORDS:
                seen.add(text)
                yield Sentence(hit.passage, text, hit.score)


def coverage(text: str, wanted: Iterable[str], terms: QuestionTerms) -> float:
    """The share (0..1) of the `wanted` search terms in a text, weighted as in the question; 1 if none is wanted."""
    weights = {term: terms.weights.get(term, 1.0) for term in wanted}
    present = terms.present(text)
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in present) / total if total else 1.0


def with_title(sentence: Sentence) -> str:
    """A sentence after the title of its document, which often names the topic that the sentence leaves out."""
    return f"{sentence.passage.document.title} {sentence.text}"


def term_list(text: str) -> list[str]:
    """The distinct search terms of a phrase."""
    return list(dict.fromkeys(analyzer.terms(text)))


def led_by(first: Sequence[Sentence], others: Sequence[Sentence], words: int) -> list[Sentence]:
    """The `first` sentences, followed by some of the others without repetition, of at most `words` words in total."""
    led = {sentence.text for sentence in first}
    rest = [sentence for sentence in others if sentence.text not in led]
    left = words - sum(len(sentence.text.split()) for sentence in first)
    chosen = summary.choose_sentences(rest, left) if rest and left > 0 else []
    fitting = [sentence for sentence in chosen if len(sentence.text.split()) <= left]
    return [*first, *fitting]
