"""The explanation of a response: what was retrieved and read, how answers were merged, and the time of each step."""

from bioqa.index.records import Hit
from bioqa.qa.cli.phrases import named
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import VERDICTS, Reading
from bioqa.qa.response import Response


def explanation_lines(response: Response) -> list[str]:
    """The explanation, a line for each passage and answer."""
    lines = [f"asked: {response.asked} (the rest of the question helps the search)"] if response.asked else []
    lines += [
        f"type {response.type}, asks for {response.answer_type or 'anything'}; "
        f"relevant passages: {response.relevance:.0%}; abstains below {response.threshold:.0%}",
        "retrieved:",
    ]
    for rank, hit in enumerate(response.hits, start=1):
        document = hit.passage.document
        lines.append(f"  {rank:>2}. {named(document)}  {hit.score:.3f} ({_found_by(hit)})  {document.title}")
    lines.append("read (relevance of each passage, and its answer; a span with its score over no answer):")
    for reading in response.readings:
        lines.append(f"  {named(reading.context.passage.document)}  {_reading_line(reading, response.type)}")
    if response.type in (QuestionType.FACTOID, QuestionType.LIST):
        lines.append("merged:")
        for answer in response.answers or response.guesses:
            names = dict.fromkeys(named(item.passage.document) for item in answer.evidence)
            lines.append(f"  {answer.confidence:.0%}  {answer.text}  from {', '.join(names)}")
    lines.append("time: " + ", ".join(f"{step} {ms:.0f} ms" for step, ms in response.timings_ms.items()))
    return lines


def _reading_line(reading: Reading, question_type: QuestionType) -> str:
    """The reader's output for a passage: its relevance, and by question type the verdict or the best span with its
    score."""
    parts = [] if reading.relevance is None else [f"relevant {reading.relevance:.0%}"]
    if question_type is QuestionType.YESNO:
        parts += [f"{name} {share:.0%}" for name, share in zip(VERDICTS, reading.verdict or (), strict=False)]
    elif question_type is not QuestionType.SUMMARY:
        parts += [f"{span.score:+.1f} {reading.context.text[span.start : span.end]}" for span in reading.spans[:1]]
    return ", ".join(parts)


def _found_by(hit: Hit) -> str:
    """Rank and score from each search, as in "BM25 1 with 9.31, dense - with 0.412"."""
    searches = {"BM25": (hit.lexical_rank, hit.lexical_score), "dense": (hit.dense_rank, hit.dense_score)}
    return ", ".join(
        f"{name} {rank or '-'}" + ("" if score is None else f" with {score:.3g}")
        for name, (rank, score) in searches.items()
    )
