"""Ctrl+C: a training keeps what it has, every other job is cancelled, and a child that hangs is killed."""

from __future__ import annotations

import signal

import pytest

from cnnstudio.cli.jobs import stop_on_interrupt
from cnnstudio.cli.output import Output


class Recorder:
    """Stands for a supervisor."""

    def __init__(self, keeps: bool) -> None:
        self.keeps = keeps
        self.calls: list[str] = []

    def stop(self, keep: bool = True) -> None:
        self.calls.append("stop")

    def cancel(self) -> None:
        self.calls.append("cancel")

    def kill(self) -> None:
        self.calls.append("kill")


@pytest.mark.parametrize(("keeps", "wanted"), [(True, ["stop", "cancel", "kill"]), (False, ["cancel", "kill"])])
def test_each_interrupt_is_more_urgent(capsys, keeps, wanted):
    recorder = Recorder(keeps)
    with stop_on_interrupt(recorder, Output(False)):
        for _ in wanted:
            signal.raise_signal(signal.SIGINT)
    assert recorder.calls == wanted
    assert ("keeping" in capsys.readouterr().err) is keeps
