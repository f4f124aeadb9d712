"""Scripted children: entry points that behave and misbehave in one particular way each."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from cnnstudio.core.events import Batch, Epoch, Finished, Hello, Notice, Phase, Progress, Stopped
from cnnstudio.core.export_jobs import Export
from cnnstudio.core.jobs import Answered, ClassReport, Evaluate, Evaluated, Report, Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import warning
from cnnstudio.core.text import same
from cnnstudio.workers import entry
from cnnstudio.workers.link import Link, StopRequested
from cnnstudio.workers.transport import Endpoint


def _hello(endpoint: Endpoint) -> Link:
    link = Link(endpoint)
    link.job()
    link.emit(Hello(pid=os.getpid()))
    return link


def good(endpoint: Endpoint) -> None:
    link = _hello(endpoint)
    link.emit(Phase(name="training", text=same("training")))
    link.emit(Finished(run="r", metrics={"loss": 0.5}))


def facts(endpoint: Endpoint) -> None:
    link = _hello(endpoint)
    link.emit(Report(facts={"backend": os.environ["KERAS_BACKEND"], "extra": os.environ.get("EXTRA"),
                            "session": os.getsid(0) == os.getpid(), "modules": sorted(sys.modules)}))
    link.emit(Finished())


def waits_for_log(endpoint: Endpoint) -> None:
    entry.redirect(endpoint.receive().decode())
    print("here", flush=True)
    good(endpoint)


def dies(endpoint: Endpoint) -> None:
    _hello(endpoint)
    print("the last words", file=sys.stderr, flush=True)
    os._exit(3)


def leaves_silently(endpoint: Endpoint) -> None:
    Link(endpoint).job()


def raises(endpoint: Endpoint) -> None:
    _hello(endpoint)
    raise RuntimeError("a mistake in the child")


def killed(endpoint: Endpoint) -> None:
    _hello(endpoint)
    os.kill(os.getpid(), signal.SIGKILL)


def crashes(endpoint: Endpoint) -> None:
    _hello(endpoint)
    import faulthandler

    faulthandler._sigsegv()


def nonsense(endpoint: Endpoint) -> None:
    _hello(endpoint)
    endpoint.send(b'{"event": "surprise"}')
    time.sleep(60)


def garbage(endpoint: Endpoint) -> None:
    _hello(endpoint)
    os.write(endpoint.connection.fileno(), b"\x7f\xff\xff\xff this is no message")
    time.sleep(60)


def floods(endpoint: Endpoint) -> None:
    link = _hello(endpoint)
    for number in range(1, 5_001):
        link.emit(Batch(epoch=1, batch=number, batches=5_000, metrics={"loss": 1.0}, pictures_per_second=1.0))
        if number % 500 == 0:
            link.emit(Progress(done=number, total=5_000))
            link.emit(Epoch(epoch=number // 500, epochs=10, metrics={"loss": 1.0}, seconds=1.0,
                            pictures_per_second=1.0))
    link.emit(Finished())


def obeys(endpoint: Endpoint) -> None:
    link = _hello(endpoint)
    while True:
        try:
            link.check()
            link.wait_while_paused()
        except StopRequested:
            break
        time.sleep(0.01)
    link.emit(Stopped(kept=link.stop.keep))


def hangs(endpoint: Endpoint) -> None:
    _hello(endpoint)
    time.sleep(600)


def hangs_hard(endpoint: Endpoint) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    link = _hello(endpoint)
    link.emit(Phase(name="deaf", text=same("deaf")))
    time.sleep(600)


def stays(endpoint: Endpoint) -> None:
    """Says that it is done, and closes nothing."""
    link = _hello(endpoint)
    link.emit(Finished())
    time.sleep(600)


def counts_paths(endpoint: Endpoint) -> None:
    link = _hello(endpoint)
    time.sleep(0.5)
    request = link.predictions.get()
    link.emit(Answered(request=request.request, pictures=len(request.paths), seconds=0.0, engine="none"))
    link.emit(Finished())


def orphan(endpoint: Endpoint) -> None:
    """A training that keeps its events and goes on when nobody listens."""
    link = Link(endpoint)
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


def server(endpoint: Endpoint) -> None:
    """Serves until the pipe ends, then writes a mark where the job said."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Export)
    link.emit(Hello(pid=os.getpid()))
    while link.predictions.get() is not None:
        pass
    Path(job.path).write_text("ended")


def stuck(endpoint: Endpoint) -> None:
    """A job without a run that never comes back from a read; its parent is the only one who waits."""
    from cnnstudio.workers import link as link_module

    link_module._ORPHAN_SECONDS = 0.2
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Export)
    link.dies_alone = True
    Path(job.path).write_text(str(os.getpid()))
    link.emit(Hello(pid=os.getpid()))
    time.sleep(600)


def cannot_keep(endpoint: Endpoint) -> None:
    """An evaluation whose folder cannot be written."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Evaluate)
    link.emit(Hello(pid=os.getpid()))
    link.emit(Notice(problem=warning("evaluation_not_kept", same("not kept"), "run")))
    reports = tuple(ClassReport(name=name, precision=1.0, recall=1.0, f1=1.0, support=2) for name in ("cat", "dog"))
    link.emit(Evaluated(run=Path(job.run_folder).name, split=job.split, images=4, loss=0.1, accuracy=1.0, classes=reports,
                        confusion=((2, 0), (0, 2))))
    link.emit(Finished())
