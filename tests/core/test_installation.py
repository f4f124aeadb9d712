"""An upgrade of the running program is noticed, told once with its remedy, and no child of another version is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnstudio.core import installation
from cnnstudio.core.events import Failed
from cnnstudio.core.jobs import Diagnose
from cnnstudio.workers.spare import Spare
from cnnstudio.workers.supervisor import Supervisor


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that stands for the program, as it was at the start."""
    file = tmp_path / "program"
    file.write_text("one")
    monkeypatch.setattr(installation, "_PROGRAM", file)
    monkeypatch.setattr(installation, "_AT_START", installation._stamp())
    return file


def replace(file: Path) -> None:
    """As package managers do it: another file of the same name, here with the same time and size."""
    facts = file.stat()
    new = file.with_name("new")
    new.write_text("two")
    os.utime(new, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    new.rename(file)


def test_a_replaced_or_removed_program_is_noticed(program):
    assert not installation.is_replaced()
    replace(program)
    assert installation.is_replaced()
    program.unlink()
    assert installation.is_replaced()


def test_no_spare_child_is_prepared_either(program):
    spare = Spare(transport=lambda _setup: pytest.fail("a child was started"))
    replace(program)
    spare.prepare({})
    assert spare.pid is None
    spare.end()


def test_no_child_of_another_version_is_started(program):
    replace(program)
    last = Supervisor(Diagnose(), lambda _event: None, transport=lambda _setup: pytest.fail("a child was started")).run()
    assert isinstance(last, Failed)
    assert last.problem.code == "program_replaced"
