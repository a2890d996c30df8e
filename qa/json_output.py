"""JSON of answers and search results, with stable keys."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bioqa.index.records import Hit, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.config import DEFAULTS
from bioqa.qa.reader import VERDICTS
from bioqa.qa.response import Response

_MARKED = ("annotations", "relations")  # fields of documents from BioC files, given with hits where there are any


def response_json(response: Response, max_evidence: int = DEFAULTS.max_evidence) -> dict[str, Any]:
    """The object that `ask --json` prints for one question."""
    return {
        "question": response.question,
        "type": response.type.value,
        "answers": [_answer_json(answer, max_evidence) for answer in response.answers],
        "disagreeing": [_answer_json(answer, max_evidence) for answer in response.disagreeing],
        "abstained": response.abstained,
        "notice": response.notice,
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
        "models": {"encoder": response.encoder, "reader": response.reader},
        "index": asdict(response.index),
    } | ({"parts": [response_json(part, max_evidence) for part in response.parts]} if response.parts else {})


def explanation_json(response: Response) -> dict[str, Any]:
    """The object that `ask --json --explain` adds."""
    return {
        "kind": response.answer_type,
        "asked": response.asked or response.question,
        "found": round(response.relevance, 4),
        "threshold": response.threshold,
        "guesses": [{"text": guess.text, "confidence": round(guess.confidence, 4)} for guess in response.guesses],
        "retrieved": [
            {**row, "lexical_score": _rounded(hit.lexical_score), "dense_score": _rounded(hit.dense_score)}
            for row, hit in zip(hits_json(response.hits), response.hits, strict=True)
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


def hits_json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """The list that `search --json` prints."""
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
            **{name: hit.passage.document.extra[name] for name in _MARKED if name in hit.passage.document.extra},
        }
        for rank, hit in enumerate(hits, start=1)
    ]


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


def _answer_json(answer: Answer, max_evidence: int) -> dict[str, Any]:
    return {
        "text": answer.text,
        "confidence": round(answer.confidence, 4),
        "documents": list(answer.documents),
        "evidence": [_evidence_json(item) for item in answer.evidence[:max_evidence]],
    }


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
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
    """The section of a passage, None for the abstract, and its paper: status, such as "retracted", and citation."""
    document = passage.document
    return {
        "section": passage.heading or None,
        "status": document.status or None,
        "year": document.year,
        "journal": document.journal or None,
        "authors": list(document.authors),
        "doi": document.extra.get("doi"),
        "pmc": document.extra.get("pmc"),
        "publication_types": list(document.publication_types),
    }
