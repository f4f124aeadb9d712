"""The spare child: it does the job whose environment it has, and never stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.jobs import Diagnose
from cnnstudio.workers import spare as spare_module
from cnnstudio.workers.spare import Spare
from cnnstudio.workers.supervisor import Supervisor, environment_of
from cnnstudio.workers.transport import Setup

TARGET = "tests.workers.children:good"
WAITING = "tests.workers.children:waits_for_log"


@pytest.fixture
def spare() -> Spare:
    return Spare(waiting=WAITING, target=TARGET)


def run(spare: Spare, log: Path, environment: dict[str, str] | None = None) -> tuple[Event, int | None]:
    supervisor = Supervisor(Diagnose(), lambda _event: None, log, TARGET, transport=spare.start, environment=environment)
    return supervisor.run(), supervisor.pid


def test_the_spare_child_does_the_job_and_writes_its_log(spare: Spare, tmp_path: Path) -> None:
    spare.prepare(environment_of(Diagnose()))
    waiting = spare.pid
    assert waiting is not None
    last, pid = run(spare, tmp_path / "worker.log")
    assert isinstance(last, Finished) and pid == waiting and spare.pid is None
    assert "here" in (tmp_path / "worker.log").read_text("utf-8")
    spare.end()


def test_a_job_with_another_environment_has_a_child_of_its_own(spare: Spare, tmp_path: Path) -> None:
    spare.prepare(environment_of(Diagnose()))
    waiting = spare.pid
    last, pid = run(spare, tmp_path / "worker.log", {"ANOTHER": "1"})
    assert isinstance(last, Finished) and pid != waiting and spare.pid == waiting
    spare.end()
    assert spare.pid is None


def test_a_spare_child_that_died_is_no_loss(spare: Spare, tmp_path: Path) -> None:
    spare.prepare(environment_of(Diagnose()))
    child = spare._child
    assert child is not None
    child.kill()
    child.join()
    last, pid = run(spare, tmp_path / "worker.log")
    assert isinstance(last, Finished) and pid != child.pid
    spare.end()


def test_none_waits_after_the_end_or_without_memory(spare: Spare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare_module, "has_room", lambda: False)
    spare.prepare({})
    assert spare.pid is None
    monkeypatch.undo()
    spare.end()
    spare.prepare({})
    assert spare.pid is None


def test_two_jobs_at_once_share_no_child(spare: Spare, tmp_path: Path) -> None:
    spare.prepare(environment_of(Diagnose()))
    setup = Setup(TARGET, tmp_path / "log", environment_of(Diagnose()))
    children = []
    threads = [threading.Thread(target=lambda: children.append(spare.start(setup))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({child.pid for child in children}) == 2
    for child in children:
        child.kill()
        child.join()
        child.close()
    spare.end()


def test_no_log_is_left(spare: Spare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is taken while it starts makes its first log afterwards."""
    monkeypatch.setattr(spare_module.tempfile, "tempdir", str(tmp_path))
    spare.prepare(environment_of(Diagnose()))
    last, _pid = run(spare, tmp_path / "worker.log")
    assert isinstance(last, Finished)
    spare.end()
    assert [path.name for path in tmp_path.glob("*.log")] == ["worker.log"]
