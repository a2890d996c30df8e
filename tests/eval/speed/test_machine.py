import platform
from dataclasses import replace
from importlib import metadata

from bioqa.eval.speed.machine import described, this_machine


def test_the_machine_and_its_packages_are_those_that_run() -> None:
    machine = this_machine()
    assert machine.python == platform.python_version()
    assert machine.packages["tantivy"] == metadata.version("tantivy")
    assert 1 <= machine.threads <= machine.processors
    assert machine.processor


def test_it_is_described_with_its_load_if_that_is_known() -> None:
    machine = replace(
        this_machine(), processor="Z80", processors=4, threads=2, load_average=0.5, packages={"a": "1", "b": "2"}
    )
    first, second = described(machine).splitlines()
    assert first.startswith("Z80, 2 of 4 processors, load average 0.5; ")
    assert second.endswith(", a 1, b 2")
    assert "load" not in described(replace(machine, load_average=None))
