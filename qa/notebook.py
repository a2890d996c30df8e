"""A response as HTML, for notebooks. Everything that papers say is escaped."""

from html import escape

from bioqa.index.records import Document
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer, sources
from bioqa.qa.response import Response

_EVIDENCE = 2  # sentences under each answer


def response_html(response: Response) -> str:
    """Question, answers with confidence and evidence, or the summary with its citations."""
    if response.parts:
        return "".join(map(response_html, response.parts))
    if response.abstained:
        unknown = "I don't know: the literature in this index does not say." if response.hits else ""
        body = f"<p><em>{f'{unknown} {escape(response.notice)}'.strip()}</em></p>"
    elif response.answers:
        body = f"<ol>{''.join(map(_answer_html, response.answers))}</ol>"
    else:
        body = "".join(_quote_html(escape(each.text), each.passage.document) for each in response.citations)
    return f"<div><p><strong>{escape(response.question)}</strong></p>{body}</div>"


def _answer_html(answer: Answer) -> str:
    evidence = "".join(
        _quote_html(_marked_sentence(item), item.passage.document) for item in answer.evidence[:_EVIDENCE]
    )
    how_sure = f"{answer.confidence:.0%}, {sources(answer.documents)}"
    return f"<li><strong>{escape(answer.text)}</strong> ({how_sure}){evidence}</li>"


def _marked_sentence(evidence: Evidence) -> str:
    sentence, start, end = evidence.sentence, evidence.start, evidence.end
    if end - start == len(sentence):
        return escape(sentence)
    return f"{escape(sentence[:start])}<mark>{escape(sentence[start:end])}</mark>{escape(sentence[end:])}"


def _quote_html(sentence: str, document: Document) -> str:
    source = escape(document.id)
    if document.link:
        source = f'<a href="{escape(document.link)}">{source}</a>'
    status = f" <strong>({escape(document.status)})</strong>" if document.status else ""
    return f"<blockquote>{sentence} [{source}]{status}</blockquote>"
