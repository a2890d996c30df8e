import io
import json
import sys

import pytest

from bioqa.index.terminal import as_json, printable, say, say_json, wrapped

HOSTILE = "a\x1b]0;owned\x07b\x9bc\u202egnp.exe\u2066d\re\x7f"


def test_nothing_that_steers_a_terminal_is_left_and_offsets_stay():
    shown = printable(HOSTILE)
    assert shown == "a\ufffd]0;owned\ufffdb\ufffdc\ufffdgnp.exe\ufffdd e\ufffd"
    assert len(shown) == len(HOSTILE)


def test_a_name_with_line_breaks_cannot_forge_a_line():
    assert printable("x.xml\nerror: none\u2028\x85y") == "x.xml error: none  y"


@pytest.mark.parametrize("text", ["TGF-β1 → 37 °C", "Größe\u00a0", "患者", "e\u0301", "👩\u200d🔬", "soft\u00adhyphen"])
def test_what_people_write_is_kept(text):
    assert printable(text) == text


@pytest.mark.parametrize("indent", [None, 1])
def test_json_holds_the_same_data_and_no_raw_control(indent):
    value = {"title": HOSTILE, "β": ["\u2028", "\ud800"]}
    text = as_json(value, indent=indent)
    assert json.loads(text) == value
    assert "β" in text
    assert all(character == "\n" or character.isprintable() or character == "\ud800" for character in text)


def test_lines_and_data_as_printed(capsys):
    say(f"skipped: {HOSTILE}", err=True)
    say_json({"id": HOSTILE})
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\u202e" not in said.out + said.err
    assert json.loads(said.out) == {"id": HOSTILE}


def test_ids_titles_names_and_reasons_reach_the_terminal_harmless(run, write_jsonl, tmp_path):
    steering = "\x1b[2J\x9b1m\u202e"
    good = {"id": f"9{steering}", "title": f"CFTR {steering} gene", "text": "Loss of CFTR causes cystic fibrosis."}
    bad = {"id": f"8{steering}\nerror: forged", "journal": steering}
    folder = tmp_path / f"papers{steering}"
    folder.mkdir()
    (folder / f"{steering}.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n", encoding="utf-8")
    (folder / f"{steering}.unknown").touch()
    outcomes = [
        run("index", "build", folder, "--to", tmp_path / "index", "--encoder", "none"),
        run("index", "build", tmp_path / f"absent{steering}", "--to", tmp_path / "index"),
        *(
            run(*arguments, "--index", tmp_path / "index")
            for arguments in (["search", "CFTR"], ["search", "CFTR", "--json"], ["ask", "what causes cystic fibrosis?"])
        ),
        run("index", "info", tmp_path / "index"),
    ]
    assert [outcome.status for outcome in outcomes] == [0, 2, 0, 0, 0, 0]
    said = "".join(outcome.out + outcome.err for outcome in outcomes)
    assert "CFTR" in said
    assert [character for character in said if character != "\n" and not character.isprintable()] == []
    assert "\nerror: forged" not in said


def test_a_long_line_is_wrapped_between_words_below_its_indent():
    assert wrapped("  as it is", 10) == ["  as it is"]
    assert wrapped("  one two  three four-five", 13) == ["  one two", "    three", "    four-five"]
    assert wrapped("cannot-be-broken", 5) == ["cannot-be-broken"]


def test_on_a_terminal_no_word_is_broken_and_in_a_pipe_a_line_is_one_line(monkeypatch):
    line = " ".join(["immunohistochemistry"] * 8)
    monkeypatch.setenv("COLUMNS", "80")
    for terminal, lines in ((True, 3), (False, 1)):
        output = io.StringIO()
        output.isatty = lambda terminal=terminal: terminal
        monkeypatch.setattr(sys, "stderr", output)
        say(line, err=True)
        assert output.getvalue().count("\n") == lines
        assert output.getvalue().split() == line.split()
