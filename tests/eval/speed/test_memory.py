import subprocess
import sys

import pytest

from bioqa.eval.speed import memory

PEAK = "from bioqa.eval.speed.memory import peak_bytes; print(peak_bytes())"


def peak_after(code: str) -> int:
    return int(subprocess.run([sys.executable, "-c", f"{code}; {PEAK}"], capture_output=True, check=True).stdout)


def test_the_peak_stays_after_the_memory_is_given_back() -> None:
    most = 200_000_000
    added = peak_after(f"block = bytearray({most}); del block") - peak_after("pass")
    assert added == pytest.approx(most, rel=0.05)


def test_a_process_does_not_inherit_the_peak_of_the_one_that_started_it() -> None:
    block = bytearray(300_000_000)
    assert peak_after("pass") < 60_000_000 < len(block)


def test_where_the_system_has_no_status_file_the_usage_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(memory, "_STATUS", "/nonexistent")
    asked = memory.peak_bytes()
    assert asked is not None
    assert 10_000_000 < asked < 100_000_000_000
    memory.report_peak()
    assert capsys.readouterr().err.startswith("peak_bytes ")
