"""What --json prints of results: plain data, whose keys are stable."""

from collections.abc import Sequence
from typing import Any

from bioqa.index.hybrid import Index
from bioqa.index.records import Hit, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.engine import Engine, Response
from bioqa.qa.reader import VERDICTS


def of_response(response: Response, engine: Engine, max_evidence: int) -> dict[str, Any]:
    """What `ask --json` prints for one question."""
    return {
        "question": response.question,
        "type": response.type.value,
        "answers": [_of_answer(answer, max_evidence) for answer in response.answers],
        "disagreeing": [_of_answer(answer, max_evidence) for answer in response.disagreeing],
        "abstained": response.abstained,
        "ideal_answer": response.ideal_answer,
        "citations": [
            {
                "pmid": sentence.passage.document.id,
                "title": sentence.passage.document.title,
                "sentence": sentence.text,
                **_facts(sentence.passage),
            }
            for sentence in response.citations
        ],
        "timings_ms": response.timings_ms,
        "models": {
            "encoder": engine.encoder.card.name if engine.encoder else None,
            "reader": engine.reader.model.card.name,
        },
        "index": _of_index(engine.index),
    }


def of_explanation(response: Response) -> dict[str, Any]:
    """What `ask --json --explain` adds."""
    return {
        "kind": response.kind,
        "found": round(response.found, 4),
        "threshold": response.threshold,
        "guesses": [{"text": guess.text, "confidence": round(guess.confidence, 4)} for guess in response.guesses],
        "retrieved": [
            {**row, "lexical_score": _rounded(hit.lexical_score), "dense_score": _rounded(hit.dense_score)}
            for row, hit in zip(of_hits(response.hits), response.hits, strict=True)
        ],
        "read": [
            {
                "pmid": reading.context.passage.document.id,
                "spans": [
                    {"text": reading.context.text[span.start : span.end], "score": round(span.score, 3)}
                    for span in reading.spans[:3]
                ],
                "relevance": reading.relevance,
                "verdict": dict(zip(VERDICTS, reading.verdict, strict=True)) if reading.verdict else None,
                **_facts(reading.context.passage),
            }
            for reading in response.readings
        ],
    }


def of_hits(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """What `search --json` prints."""
    return [
        {
            "rank": rank,
            "pmid": hit.passage.document.id,
            "title": hit.passage.document.title,
            "passage": hit.passage.text,
            "score": round(hit.score, 6),
            "lexical_rank": hit.lexical_rank,
            "dense_rank": hit.dense_rank,
            **_facts(hit.passage),
        }
        for rank, hit in enumerate(hits, start=1)
    ]


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


def _of_answer(answer: Answer, max_evidence: int) -> dict[str, Any]:
    return {
        "text": answer.text,
        "confidence": round(answer.confidence, 4),
        "documents": list(answer.documents),
        "evidence": [_of_evidence(item) for item in answer.evidence[:max_evidence]],
    }


def _of_evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "pmid": evidence.passage.document.id,
        "title": evidence.passage.document.title,
        "sentence": evidence.sentence,
        "start": evidence.start,
        "end": evidence.end,
        "score": round(evidence.score, 4),
        **_facts(evidence.passage),
    }


def _facts(passage: Passage) -> dict[str, Any]:
    """What to know of a passage: the section it is from, None for the abstract, and what befell its paper."""
    return {"section": passage.heading or None, "status": passage.document.status or None}


def _of_index(index: Index) -> dict[str, Any]:
    return {"path": str(index.folder), "documents": index.manifest.documents, "passages": index.manifest.passages}
