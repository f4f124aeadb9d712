"""Scripted children: entry points that behave and misbehave in one particular way each."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from cnnstudio.core.commands import Evaluate, Export, Train
from cnnstudio.core.events import (
    Answered,
    Batch,
    ClassReport,
    Epoch,
    Evaluated,
    Finished,
    Hello,
    Notice,
    Phase,
    Progress,
    Report,
    Stopped,
)
from cnnstudio.core.files import ProjectLock
from cnnstudio.core.problems import warning
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link, StopRequested


def _hello(connection: Connection) -> Link:
    link = Link(connection)
    link.job()
    link.emit(Hello(pid=os.getpid()))
    return link


def good(connection: Connection) -> None:
    link = _hello(connection)
    link.emit(Phase(name="training", text=same("training")))
    link.emit(Finished(run="r", metrics={"loss": 0.5}))


def facts(connection: Connection) -> None:
    link = _hello(connection)
    link.emit(Report(facts={"backend": os.environ["KERAS_BACKEND"], "extra": os.environ.get("EXTRA"),
                            "session": os.getsid(0) == os.getpid(), "modules": sorted(sys.modules)}))
    link.emit(Finished())


def dies(connection: Connection) -> None:
    _hello(connection)
    print("the last words", file=sys.stderr, flush=True)
    os._exit(3)


def leaves_silently(connection: Connection) -> None:
    Link(connection).job()


def raises(connection: Connection) -> None:
    _hello(connection)
    raise RuntimeError("a mistake in the child")


def killed(connection: Connection) -> None:
    _hello(connection)
    os.kill(os.getpid(), signal.SIGKILL)


def crashes(connection: Connection) -> None:
    _hello(connection)
    import faulthandler

    faulthandler._sigsegv()


def nonsense(connection: Connection) -> None:
    _hello(connection)
    connection.send_bytes(b'{"event": "surprise"}')
    time.sleep(60)


def garbage(connection: Connection) -> None:
    _hello(connection)
    os.write(connection.fileno(), b"\x7f\xff\xff\xff this is no message")
    time.sleep(60)


def floods(connection: Connection) -> None:
    link = _hello(connection)
    for number in range(1, 20_001):
        link.emit(Batch(epoch=1, batch=number, batches=20_000, metrics={"loss": 1.0}, pictures_per_second=1.0))
        if number % 2_000 == 0:
            link.emit(Progress(done=number, total=20_000))
            link.emit(Epoch(epoch=number // 2_000, epochs=10, metrics={"loss": 1.0}, seconds=1.0,
                            pictures_per_second=1.0))
    link.emit(Finished())


def obeys(connection: Connection) -> None:
    link = _hello(connection)
    while True:
        try:
            link.check()
            link.wait_while_paused()
        except StopRequested:
            break
        time.sleep(0.01)
    link.emit(Stopped(kept=link.stop.keep))


def hangs(connection: Connection) -> None:
    _hello(connection)
    time.sleep(600)


def hangs_hard(connection: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    link = _hello(connection)
    link.emit(Phase(name="deaf", text=same("deaf")))
    time.sleep(600)


def stays(connection: Connection) -> None:
    """Says that it is done, and closes nothing."""
    link = _hello(connection)
    link.emit(Finished())
    time.sleep(600)


def counts_paths(connection: Connection) -> None:
    link = _hello(connection)
    time.sleep(0.5)
    request = link.predictions.get()
    link.emit(Answered(request=request.request, pictures=len(request.paths), seconds=0.0, engine="none"))
    link.emit(Finished())


def orphan(connection: Connection) -> None:
    """A training that keeps its events and goes on when nobody listens."""
    link = Link(connection)
    job = link.job()
    assert isinstance(job, Train)
    folder = Path(job.run_folder)
    lock = ProjectLock(folder)
    while lock.acquire() is not None:
        time.sleep(0.05)
    link.keep_in(folder)
    link.emit(Hello(pid=os.getpid()))
    for number in range(1, 2000):
        link.emit(Epoch(epoch=number, epochs=2000, metrics={"loss": 1 / number}, seconds=0.01,
                        pictures_per_second=1.0))
        link.wait_while_paused()
        if link.stop is not None:
            link.emit(Stopped(run=folder.name, kept=link.stop.keep, metrics={"loss": 1 / number}))
            break
        time.sleep(0.02)
    link.close()


def server(connection: Connection) -> None:
    """Serves until the pipe ends, then writes a mark where the job said."""
    link = Link(connection)
    job = link.job()
    assert isinstance(job, Export)
    link.emit(Hello(pid=os.getpid()))
    while link.predictions.get() is not None:
        pass
    Path(job.path).write_text("ended")


def cannot_keep(connection: Connection) -> None:
    """An evaluation whose folder cannot be written."""
    link = Link(connection)
    job = link.job()
    assert isinstance(job, Evaluate)
    link.emit(Hello(pid=os.getpid()))
    link.emit(Notice(problem=warning("evaluation_not_kept", same("not kept"), "run")))
    reports = tuple(ClassReport(name=name, precision=1.0, recall=1.0, f1=1.0, support=2) for name in ("cat", "dog"))
    link.emit(Evaluated(run=Path(job.run_folder).name, split=job.split, images=4, loss=0.1, accuracy=1.0, classes=reports,
                        confusion=((2, 0), (0, 2))))
    link.emit(Finished())
