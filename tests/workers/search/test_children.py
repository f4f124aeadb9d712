"""While a child trains, the next one is made ready; played children have no spare one."""

from __future__ import annotations

from cnnstudio.core.jobs import Train
from cnnstudio.workers import pipes
from cnnstudio.workers.search import children
from cnnstudio.workers.search.children import Children
from cnnstudio.workers.supervisor import environment_of
from tests.workers.search.conftest import TARGET


class Spare:
    """Remembers what it is asked for."""

    asked: list

    def __init__(self):
        Spare.asked = []

    def prepare(self, environment):
        self.asked.append(environment)

    def start(self, setup):
        return pipes.start(setup)

    def end(self):
        self.asked.append("end")


def test_the_next_child_waits_for_a_job_like_the_last_one(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "Spare", Spare)
    job = Train(run_folder=str(tmp_path), backend="jax")
    ready = Children()
    supervisor = ready.supervisor(job, lambda _event: None)
    assert supervisor.transport == ready._spare.start
    ready.prepare()
    ready.close()
    assert Spare.asked == [environment_of(job), "end"]


def test_played_children_have_none(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "Spare", None)
    ready = Children(TARGET)
    assert ready.supervisor(Train(run_folder=str(tmp_path)), lambda _event: None).transport is pipes.start
    ready.prepare()
    ready.close()
