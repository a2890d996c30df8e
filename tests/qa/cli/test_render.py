import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bioqa.index.ingest import builder
from bioqa.index.records import Document, Hit, Passage, Section
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.qa import json_output
from bioqa.qa.cli import render
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

FACTOID = "what gene causes cystic fibrosis?"
LIST = "list the symptoms of pheochromocytoma"
YESNO = "is Huntington disease dominant?"
SUMMARY = "how does metformin lower blood glucose?"
ESCAPE = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\")

Show = Callable[..., str]


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Show:
    """What is printed of a response, on a terminal or in a pipe."""

    def call(
        response: Response | str, *, terminal: bool, explain: bool = False, least: float | None = 0.0, width: int = 100
    ) -> str:
        if isinstance(response, str):
            response = engine.ask(response, AskConfig(min_confidence=least))
        output = Terminal() if terminal else io.StringIO()
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
                patch.delenv(name, raising=False)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("COLUMNS", str(width))
            patch.setattr(sys, "stdout", output)
            render.show_response(response, explain=explain)
        return output.getvalue()

    return call


@pytest.mark.parametrize("question", [FACTOID, LIST, YESNO, SUMMARY, "zzzz qqqq"])
@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("least", [0.0, 1.0])
def test_in_a_pipe_there_are_no_escape_codes_and_no_frames(
    shown: Show, question: str, explain: bool, least: float
) -> None:
    text = shown(question, terminal=False, explain=explain, least=least)
    assert "\x1b" not in text
    assert not set("╭╮╰╯│─━") & set(text)
    assert text.endswith("\n")


def test_an_answer_in_a_pipe_has_its_sentence_and_the_address_of_the_paper(shown: Show) -> None:
    first, *rest = shown(FACTOID, terminal=False).splitlines()
    assert re.fullmatch(r"CFTR  \(\d+%, 2 papers\)", first)
    assert rest[0] == (
        '  "Cystic fibrosis is caused by mutations in the CFTR gene."  [https://pubmed.ncbi.nlm.nih.gov/101/]'
    )
    assert "[https://pubmed.ncbi.nlm.nih.gov/102/]" in rest[1]


def test_a_document_without_a_pmid_is_cited_by_its_id(shown: Show) -> None:
    assert "[note:1]" in shown("which mosquitoes carry malaria parasites?", terminal=False)


def test_a_summary_in_a_pipe_is_its_sentences(shown: Show) -> None:
    text = shown(SUMMARY, terminal=False)
    assert text.startswith("Metformin lowers blood glucose mainly by reducing glucose production in the liver.  [https")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("question", [FACTOID, LIST, YESNO])
def test_an_abstention_says_so_and_names_the_best_guess(shown: Show, question: str, terminal: bool) -> None:
    text = ESCAPE.sub("", shown(question, terminal=terminal, least=1.0))
    assert "I don't know: the literature in this index does not say." in text
    assert re.search(r"Best guess, too uncertain to call an answer: .+ \(\d+%, \d+ papers?\)", text)


@pytest.mark.parametrize("terminal", [False, True])
def test_in_place_of_an_unlikely_guess_the_nearest_papers_are_named(
    shown: Show, engine: Engine, terminal: bool
) -> None:
    given = engine.ask(FACTOID, AskConfig(min_confidence=0.0))
    unlikely = tuple(replace(answer, confidence=0.09) for answer in given.answers)
    held_back = replace(given, answers=(), guesses=unlikely, abstained=True)
    text = ESCAPE.sub("", shown(held_back, terminal=terminal))
    assert "guess" not in text
    assert f"Nearest: {given.hits[0].passage.document.title} [" in text
    assert "Nearest" not in shown(replace(held_back, relevance=0.1, threshold=0.2), terminal=terminal)


def test_passages_of_the_starter_set_are_not_called_papers(shown: Show, engine: Engine) -> None:
    response = engine.ask(FACTOID, AskConfig(min_confidence=0.0))
    first = response.answers[0]
    passage = first.evidence[0].passage
    starter = replace(passage, document=replace(passage.document, id="starter:cftr"))
    answers = (replace(first, evidence=(replace(first.evidence[0], passage=starter),)),)
    text = shown(replace(response, answers=answers), terminal=False)
    assert "1 passage of the starter set)" in text
    assert "[starter:cftr]" in text


@pytest.mark.parametrize("terminal", [False, True])
def test_a_sure_yes_that_is_held_back_for_what_was_found_does_not_say_how_sure(
    shown: Show, engine: Engine, terminal: bool
) -> None:
    given = engine.ask(YESNO, AskConfig(min_confidence=0.0))
    held_back = replace(given, answers=(), guesses=given.answers, abstained=True, relevance=0.005, threshold=0.01)
    text = ESCAPE.sub("", shown(held_back, terminal=terminal))
    assert "Best guess, too uncertain to call an answer: yes" in text
    assert "%" not in text


@pytest.mark.parametrize("terminal", [False, True])
def test_an_abstention_with_nothing_found_guesses_nothing(shown: Show, engine: Engine, terminal: bool) -> None:
    found = engine.ask(FACTOID, AskConfig())
    text = shown(replace(found, answers=(), guesses=(), abstained=True, hits=(), readings=()), terminal=terminal)
    assert "I don't know" in text
    assert "guess" not in text


@pytest.mark.parametrize("question", [FACTOID, LIST, YESNO, SUMMARY])
def test_on_a_terminal_there_is_a_panel_with_the_question_as_its_title(shown: Show, question: str) -> None:
    raw = shown(question, terminal=True)
    plain = ESCAPE.sub("", raw)
    lines = plain.splitlines()
    assert raw != plain
    assert "\x1b" not in plain
    assert lines[0].startswith(f"╭─ {question} ─")
    assert lines[-1].startswith("╰─")
    assert {len(line) for line in lines} == {100}


def test_on_a_terminal_the_answer_is_marked_in_its_sentence_and_the_paper_is_a_link(shown: Show) -> None:
    raw = shown(FACTOID, terminal=True)
    sentence = next(line for line in raw.splitlines() if "is caused by mutations" in line)
    marked = re.search(r"in the \x1b\[([\d;]+)mCFTR\x1b\[0m", sentence)
    assert marked
    assert "43" in marked[1].split(";")
    assert "https://pubmed.ncbi.nlm.nih.gov/101/" in raw
    assert "[101]" in ESCAPE.sub("", raw)


def test_a_yes_no_sentence_is_not_marked_as_a_whole(shown: Show) -> None:
    assert not re.search(r"\x1b\[[\d;]*43[;m]", shown(YESNO, terminal=True))


def test_no_panel_is_wider_than_the_terminal_or_than_can_be_read(shown: Show) -> None:
    for width, expected in ((60, 60), (300, 110), (0, 20)):
        lines = ESCAPE.sub("", shown(FACTOID, terminal=True, explain=True, width=width)).splitlines()
        assert max(len(line) for line in lines) == expected


def test_markup_in_a_question_or_a_paper_is_shown_as_it_is(
    shown: Show, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    text = "The [bold]CFTR[/bold] gene [link=x] causes [/] cystic fibrosis [red]in man[/red]."
    corpus = write_jsonl("markup.jsonl", [{"id": "a[i]b", "title": "[blink]Title[/blink]", "text": text}])
    builder.build([corpus], tmp_path / "index", None)
    engine = Engine.open(tmp_path / "index")
    response = engine.ask("what [red]gene[/red] causes [/] cystic fibrosis?", AskConfig(min_confidence=0.0))
    for terminal in (False, True):
        printed = ESCAPE.sub("", shown(response, terminal=terminal, explain=True, width=110))
        assert text in printed
        assert "[a[i]b]" in printed
        assert "[blink]Title[/blink]" in printed
        assert not terminal or response.question in printed


@pytest.mark.parametrize("terminal", [False, True])
def test_a_paper_cannot_send_commands_to_the_terminal(
    shown: Show, tmp_path: Path, write_jsonl: Callable[..., Path], terminal: bool
) -> None:
    text = "The CFTR gene \x1b]0;owned\x07 causes \x1b[2J cystic fibrosis."
    builder.build([write_jsonl("escapes.jsonl", [{"id": "1", "text": text}])], tmp_path / "index", None)
    response = Engine.open(tmp_path / "index").ask(FACTOID, AskConfig(min_confidence=0.0))
    printed = shown(response, terminal=terminal)
    assert "\x1b[2J" not in printed
    assert "\x1b]0;" not in printed


@pytest.mark.parametrize("terminal", [False, True])
def test_an_explanation_shows_what_was_retrieved_read_and_merged_and_how_long_it_took(
    shown: Show, terminal: bool
) -> None:
    text = ESCAPE.sub("", shown(FACTOID, terminal=terminal, explain=True, width=110))
    assert "type factoid, asks for gene or protein" in text
    assert "CFTR in cystic fibrosis" in text
    assert re.search(r"BM25 1 with \d+\.?\d*, dense 1 with 0\.\d+\)", text)
    for word in ("retrieved:", "read (", "merged:", "time: question ", "total "):
        assert word in text


def test_an_explanation_of_a_summary_has_no_spans(shown: Show) -> None:
    text = shown(SUMMARY, terminal=False, explain=True)
    assert "retrieved:" in text
    assert "merged:" not in text


def test_a_variant_on_the_same_words_is_not_shown_below_the_answer(shown: Show) -> None:
    text = shown(FACTOID, terminal=False)
    assert "mutations in the CFTR  (" not in text


def test_in_a_pipe_too_a_blank_line_stands_between_two_answers(shown: Show) -> None:
    blocks = shown(LIST, terminal=False).rstrip("\n").split("\n\n")
    assert len(blocks) > 3
    assert all(re.search(r"  \(\d+%, ", block.splitlines()[0]) for block in blocks)
    assert all(line.startswith("  ") for block in blocks for line in block.splitlines()[1:])


def test_every_item_of_a_list_is_shown(shown: Show, engine: Engine) -> None:
    response = engine.ask(LIST, AskConfig(min_confidence=0.0))
    assert len(response.answers) > 3
    text = shown(response, terminal=False)
    assert all(re.search(rf"^{re.escape(answer.text)}  \(", text, re.MULTILINE) for answer in response.answers)


def test_objects_are_plain_data(engine: Engine) -> None:
    for question in (FACTOID, LIST, YESNO, SUMMARY):
        response = engine.ask(question, AskConfig(min_confidence=0.0))
        for found in (json_output.response_json(response), json_output.explanation_json(response)):
            assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_no_more_evidence_is_printed_than_asked_for(engine: Engine) -> None:
    response = engine.ask(FACTOID, AskConfig(min_confidence=0.0))
    best = json_output.response_json(response, 1)["answers"][0]
    assert len(best["evidence"]) == 1
    assert best["documents"] == ["101", "102"]


def test_hits_are_printed_with_paper_scores_and_passage(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    render.show_hits(engine.index.search(engine.analyze("metformin", AskConfig()).query, 2))
    first, second, third, *_ = capsys.readouterr().out.splitlines()
    assert first == "1. Metformin"
    assert re.fullmatch(r"   104  Drug Notes, 2020  score 0\.\d{3} \(BM25 1, dense 1\)", second)
    assert third.startswith("   Metformin lowers blood glucose")


def test_a_hit_without_title_journal_and_year_is_printed_by_its_id(
    tmp_path: Path, write_jsonl: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    builder.build([write_jsonl("bare.jsonl", [{"id": "bare", "text": "Only this."}])], tmp_path / "index", None)
    render.show_hits(Index(tmp_path / "index").search(Query("only this", None), 1))
    first, second, third, *_ = capsys.readouterr().out.splitlines()
    assert (first, third) == ("1. bare", "   Only this.")
    assert re.fullmatch(r"   bare  score \d\.\d{3} \(BM25 1, dense -\)", second)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("question", [FACTOID, "is cystic fibrosis caused by CFTR?", "how is cystic fibrosis caused?"])
@pytest.mark.parametrize(("status", "warning"), [("retracted", "(RETRACTED)"), ("concern", "(expression of concern)")])
def test_a_reader_is_warned_of_what_befell_a_paper(
    shown: Show,
    tmp_path: Path,
    write_jsonl: Callable[..., Path],
    status: str,
    warning: str,
    question: str,
    terminal: bool,
) -> None:
    text = "Cystic fibrosis is caused by mutations in the CFTR gene."
    papers = [{"pmid": 7, "title": "CFTR", "text": text, "status": status}]
    builder.build([write_jsonl("papers.jsonl", papers)], tmp_path / "index", None)
    response = Engine.open(tmp_path / "index").ask(question, AskConfig(min_confidence=0.0))
    printed = ESCAPE.sub("", shown(response, terminal=terminal))
    assert re.search(rf"7/?\] {re.escape(warning)}", printed)
    explained = ESCAPE.sub("", shown(response, terminal=terminal, explain=True))
    assert f"1. 7 {warning}" in explained


def test_a_hit_is_printed_with_its_section_and_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    document = Document("7", "T", "A.", 2001, "Gut", status="retracted", sections=(Section("Methods: Mice", "Ten."),))
    start = document.section_starts[0]
    hit = Hit(Passage(0, document, start, start + 4), 0.5, 1)
    render.show_hits([hit])
    assert "   7 (RETRACTED)  Gut, 2001, Methods: Mice  score 0.500" in capsys.readouterr().out
    assert (
        json_output.hits_json([hit])[0] | {"section": "Methods: Mice", "status": "retracted"}
        == json_output.hits_json([hit])[0]
    )


def test_no_hits_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    render.show_hits([])
    assert capsys.readouterr().out == "Nothing found.\n"
    assert json_output.hits_json([]) == []


def test_a_list_type_is_never_cut_by_the_number_of_answers_to_a_factoid(engine: Engine) -> None:
    response = engine.ask(LIST, AskConfig(min_confidence=0.0, top=1))
    assert response.type is QuestionType.LIST
    assert len(response.answers) > 1


@pytest.mark.parametrize("terminal", [False, True])
def test_disagreement_is_told_with_the_best_sentence_of_the_other_side(
    shown: Show, engine: Engine, terminal: bool
) -> None:
    response = engine.ask(YESNO, AskConfig(min_confidence=0.0))
    (best,) = response.answers
    other = replace(best, text="no", evidence=(replace(best.evidence[0], sentence="It is not."),))
    assert "disagree" not in shown(response, terminal=terminal)
    text = ESCAPE.sub("", shown(replace(response, disagreeing=(other,)), terminal=terminal))
    says = "say" if len(best.documents) > 1 else "says"
    assert f"Papers disagree: {len(best.documents)} {says} {best.text}, 1 says no." in text
    assert "It is not." in text


@pytest.mark.parametrize("terminal", [False, True])
def test_an_answer_that_no_paper_gives_is_shown_with_what_they_say_instead(
    shown: Show, engine: Engine, terminal: bool
) -> None:
    (best,) = engine.ask(YESNO, AskConfig(min_confidence=0.0)).answers
    response = replace(engine.ask(YESNO, AskConfig(min_confidence=0.0)), answers=(replace(best, evidence=()),))
    other = replace(best, text="no", evidence=best.evidence[:1])
    text = ESCAPE.sub("", shown(replace(response, disagreeing=(other,)), terminal=terminal))
    assert "0 papers" in text
    assert "Papers disagree: none says yes, 1 says no." in text
    held_back = replace(response, answers=(), guesses=response.answers, disagreeing=(other,), abstained=True)
    text = ESCAPE.sub("", shown(held_back, terminal=terminal))
    assert re.search(r"Best guess, too uncertain to call an answer: yes \(\d+%, 0 papers; 1 paper says no\)", text)


@pytest.mark.parametrize(("encoding", "bar"), [("ascii", r"[#-]{20}"), ("utf-8", r"━+─+")])
def test_a_bar_tells_how_sure_an_answer_is_without_colour_too(
    shown: Show, monkeypatch: pytest.MonkeyPatch, encoding: str, bar: str
) -> None:
    monkeypatch.setattr(Terminal, "encoding", encoding, raising=False)
    text = ESCAPE.sub("", shown(FACTOID, terminal=True))
    assert re.search(rf"CFTR   {bar} \d+%", text)
