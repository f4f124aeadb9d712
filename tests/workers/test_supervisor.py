"""The supervisor and children that crash, hang, flood and talk nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnstudio.core.commands import Pause, Predict, Resume, Stop
from cnnstudio.core.events import Batch, Epoch, Failed, Finished, Hello, Paused, Phase, Progress, Resumed, Stopped
from cnnstudio.core.jobs import Answered, Diagnose, Report, Train
from cnnstudio.workers import pipes, throttle
from cnnstudio.workers.supervisor import Supervisor
from tests.workers.files import starting_in

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Heard:
    """Collects events; `wait_for` blocks until one of a kind came."""

    def __init__(self):
        self.events = []
        self._change = threading.Condition()

    def __call__(self, event):
        with self._change:
            self.events.append(event)
            self._change.notify_all()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind, count=1):
        with self._change:
            assert self._change.wait_for(lambda: len(self.of(kind)) >= count, timeout=60), self.events


CHOSEN = {}
ON_PIPES = pytest.mark.parametrize("transport", ["pipes"], indirect=True)


@pytest.fixture(autouse=True, params=["pipes", "files"])
def transport(request, tmp_path, monkeypatch):
    """Every test runs over the pipe of this machine and over files that both sides append to."""
    start = pipes.start if request.param == "pipes" else starting_in(tmp_path / "transport")
    monkeypatch.setitem(CHOSEN, "transport", start)


def start(target, heard, log=None, job=None, **options):
    supervisor = Supervisor(job or Diagnose(), heard, log, f"tests.workers.children:{target}",
                            transport=CHOSEN["transport"], **options)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(supervisor.run()))
    thread.start()

    def last():
        thread.join(60)
        assert not thread.is_alive()
        return answers[0]

    return supervisor, last


def run(target, log=None, **options):
    heard = Heard()
    _supervisor, last = start(target, heard, log, **options)
    return last(), heard


def test_a_good_job_tells_everything_in_order(tmp_path):
    last, heard = run("good", tmp_path / "log")
    assert [type(event) for event in heard.events] == [Hello, Phase, Finished]
    assert [event.sequence for event in heard.events] == [1, 2, 3]
    assert last == heard.events[-1]
    assert last.metrics == {"loss": 0.5}


@POSIX
def test_environment_is_set_and_the_child_leads_its_own_session(tmp_path):
    last, heard = run("facts", tmp_path / "log", job=Diagnose(backend="jax"), environment={"EXTRA": "1"})
    assert isinstance(last, Finished)
    facts = heard.of(Report)[0].facts
    assert (facts["backend"], facts["extra"], facts["session"]) == ("jax", "1", True)
    assert not {"keras", "tensorflow", "torch", "PySide6"} & set(facts["modules"])


def test_a_child_that_exits_shows_its_code_and_its_last_words(tmp_path):
    last, heard = run("dies", tmp_path / "log")
    assert isinstance(last, Failed)
    assert heard.events[-1] == last
    assert last.problem.code == "child_died"
    assert "3" in last.problem.text.en
    assert "the last words" in last.problem.details


def test_a_child_that_leaves_silently_failed():
    last, _heard = run("leaves_silently")
    assert isinstance(last, Failed)
    assert "0" in last.problem.text.en


def test_an_exception_stands_in_the_details(tmp_path):
    last, _heard = run("raises", tmp_path / "log")
    assert "a mistake in the child" in last.problem.details


@POSIX
def test_a_killed_child_is_explained(tmp_path):
    last, _heard = run("killed", tmp_path / "log")
    assert last.problem.code == "child_killed"
    assert "SIGKILL" in last.problem.text.en
    assert "memoria" in last.problem.text.es


@POSIX
def test_a_crash_in_a_library_leaves_its_stack(tmp_path):
    last, _heard = run("crashes", tmp_path / "log")
    assert last.problem.code == "child_crashed"
    assert "SIGSEGV" in last.problem.text.en
    assert "Fatal Python error" in last.problem.details


def test_a_message_that_is_no_event_fails_the_job_and_ends_the_child(tmp_path):
    last, _heard = run("nonsense", tmp_path / "log")
    assert isinstance(last, Failed)
    assert last.problem.code == "child_nonsense"


@POSIX
@ON_PIPES
def test_a_stream_out_of_step_fails_the_job_and_ends_the_child(tmp_path):
    last, _heard = run("garbage", tmp_path / "log")
    assert isinstance(last, Failed)
    assert last.problem.code == "child_nonsense"


def test_a_flood_is_thinned_but_no_epoch_is_lost(tmp_path, monkeypatch):
    # The clock of the throttle stands still: of a kind it passes the first event, and the newest one before an epoch.
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: 1.0))
    last, heard = run("floods", tmp_path / "log")
    assert isinstance(last, Finished)
    assert [event.epoch for event in heard.of(Epoch)] == list(range(1, 11))
    assert [event.batch for event in heard.of(Batch)] == [1, *range(500, 5_001, 500)]
    assert [event.done for event in heard.of(Progress)] == list(range(500, 5_001, 500))
    for epoch in heard.of(Epoch):
        before = heard.events[:heard.events.index(epoch)]
        assert [event for event in before if isinstance(event, Batch)][-1].batch == 500 * epoch.epoch


def test_the_throttle_passes_one_event_of_a_kind_in_every_gap(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: clock.now))
    passed = []
    limited = throttle.Throttle(passed.append, per_second=4)
    for number in range(16):
        clock.now = number / 16
        limited.flush_due()
        limited.pass_on(Progress(done=number, total=16))
    assert [event.done for event in passed] == [0, 3, 7, 11]
    assert limited.next_due() == 1.0
    clock.now = 1.0
    limited.flush_due()
    assert passed[-1].done == 15
    assert limited.next_due() is None


def test_pause_resume_and_stop():
    heard = Heard()
    supervisor, last = start("obeys", heard)
    supervisor.send(Pause())
    heard.wait_for(Paused)
    supervisor.send(Resume())
    heard.wait_for(Resumed)
    supervisor.stop(keep=False)
    assert last() == heard.events[-1]
    assert isinstance(last(), Stopped)
    assert last().kept is False


def test_cancel_terminates_who_does_not_stop():
    heard = Heard()
    supervisor, last = start("hangs", heard, stop_seconds=0.2, terminate_seconds=30)
    heard.wait_for(Hello)
    supervisor.cancel()
    assert isinstance(last(), Stopped)
    assert last().kept is False


@POSIX
def test_cancel_kills_who_ignores_terminate():
    heard = Heard()
    supervisor, last = start("hangs_hard", heard, stop_seconds=0.2, terminate_seconds=0.3)
    heard.wait_for(Phase)
    supervisor.cancel()
    assert isinstance(last(), Stopped)


def test_a_child_that_does_not_leave_is_made_to(monkeypatch):
    monkeypatch.setattr("cnnstudio.workers.supervisor.EXIT_SECONDS", 0.3)
    last, _heard = run("stays")
    assert isinstance(last, Finished)


def test_a_long_request_does_not_block_the_caller():
    heard = Heard()
    supervisor, last = start("counts_paths", heard)
    paths = tuple(f"/pictures/{number:08}.jpg" for number in range(100_000))
    supervisor.send(Predict(request=7, paths=paths))
    assert isinstance(last(), Finished)
    assert heard.of(Answered)[0].pictures == 100_000


@ON_PIPES
def test_a_listener_that_fails_does_not_end_the_job(capsys):
    def listener(_event):
        raise ValueError("a mistake in the window")

    last = Supervisor(Diagnose(), listener, None, "tests.workers.children:good").run()
    assert isinstance(last, Finished)
    assert "a mistake in the window" in capsys.readouterr().err


@ON_PIPES
def test_a_target_that_does_not_exist_fails(tmp_path):
    last = Supervisor(Diagnose(), lambda _event: None, tmp_path / "log", "tests.workers.children:missing").run()
    assert isinstance(last, Failed)
    assert "missing" in last.problem.details


def _program(folder: Path, body: str) -> Path:
    path = folder / "program.py"
    path.write_text("import sys\nsys.path.insert(0, sys.argv[1])\n" + textwrap.dedent(body))
    return path


@ON_PIPES
def test_a_detached_training_goes_on_when_its_parent_ends(tmp_path):
    from cnnstudio.workers.runs.folder import RunFolder

    folder = tmp_path / "runs" / "2026-01-02-030405-x"
    folder.mkdir(parents=True)
    program = _program(tmp_path, """
        from cnnstudio.core.jobs import Train
        from cnnstudio.core.events import Epoch
        from cnnstudio.workers.supervisor import Supervisor

        if __name__ == "__main__":
            def heard(event):
                if isinstance(event, Epoch):
                    supervisor.detach()
            supervisor = Supervisor(Train(run_folder=sys.argv[2]), heard, None, "tests.workers.children:orphan")
            print(type(supervisor.run()).__name__)
    """)
    # To a file: a pipe would stay open as long as the orphan's helper of multiprocessing lives.
    with (tmp_path / "output").open("w") as output:
        subprocess.run([sys.executable, program, ROOT, folder], stdout=output, timeout=60, check=True)
    assert (tmp_path / "output").read_text().strip() == "Stopped"
    run = RunFolder(folder)
    assert run.living()
    seen = len(run.epochs())
    heard = Heard()
    from cnnstudio.workers.follow import Follower

    answers = []
    watcher = threading.Thread(target=lambda: answers.append(Follower(run, heard).run()))
    watcher.start()
    heard.wait_for(Epoch, seen + 3)
    run.send(Stop(keep=True))
    watcher.join(60)
    assert isinstance(answers[0], Stopped)
    assert answers[0].kept
    assert [event.epoch for event in heard.of(Epoch)] == list(range(1, len(heard.of(Epoch)) + 1))


@ON_PIPES
@pytest.mark.timeout(100)
def test_a_server_ends_with_its_parent(tmp_path):
    mark = tmp_path / "mark"
    program = _program(tmp_path, """
        import os
        from cnnstudio.core.export_jobs import Export
        from cnnstudio.core.events import Hello
        from cnnstudio.workers.supervisor import Supervisor

        if __name__ == "__main__":
            def heard(event):
                if isinstance(event, Hello):
                    os._exit(0)
            job = Export(run_folder="", format="", path=sys.argv[2])
            Supervisor(job, heard, None, "tests.workers.children:server").run()
    """)
    subprocess.run([sys.executable, program, ROOT, mark], timeout=60, check=True)
    while not mark.exists():
        time.sleep(0.05)
    assert mark.read_text() == "ended"


@ON_PIPES
@pytest.mark.timeout(100)
def test_a_stuck_child_ends_with_its_parent(tmp_path):
    mark = tmp_path / "mark"
    program = _program(tmp_path, """
        import os
        from cnnstudio.core.export_jobs import Export
        from cnnstudio.core.events import Hello
        from cnnstudio.workers.supervisor import Supervisor

        if __name__ == "__main__":
            def heard(event):
                if isinstance(event, Hello):
                    os.kill(os.getpid(), 9)
            job = Export(run_folder="", format="", path=sys.argv[2])
            Supervisor(job, heard, None, "tests.workers.children:stuck").run()
    """)
    subprocess.run([sys.executable, program, ROOT, mark], timeout=60, check=False)
    pid = int(mark.read_text())
    while _is_running(pid):
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    # An orphan that nobody reaps stays as a zombie.
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@ON_PIPES
def test_a_train_job_logs_into_its_run(tmp_path):
    last = Supervisor(Train(run_folder=str(tmp_path)), lambda _event: None, None, "tests.workers.children:dies").run()
    assert isinstance(last, Failed)
    assert "the last words" in (tmp_path / "worker.log").read_text()
