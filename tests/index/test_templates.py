import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from bioqa.index import templates


def test_values_are_escaped_unless_they_are_html(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p title='{{ text }}'>{{ text }}{{ html }}</p>")
    shown = templates.render(tmp_path / "a.html", text="<i>'\"&", html=templates.as_html("<b>x</b>"))
    assert shown == "<p title='&lt;i&gt;&#39;&#34;&amp;'>&lt;i&gt;&#39;&#34;&amp;<b>x</b></p>"


def test_a_name_without_value_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ nobody }}")
    with pytest.raises(UndefinedError):
        templates.render(tmp_path / "a.html")


def test_answers_on_a_terminal_need_no_templates() -> None:
    report = "import sys, bioqa.qa.engine, bioqa.qa.cli.ask, bioqa.eval.report.page; print('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", report], capture_output=True, check=True).stdout == b"False\n"
