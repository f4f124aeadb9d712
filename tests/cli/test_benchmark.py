"""`cnnstudio doctor --benchmark`, and what the doctor says of cards."""

from __future__ import annotations

import json

import pytest

from cnnstudio import cli
from cnnstudio.cli import benchmarking, doctor
from cnnstudio.core.events import Failed, Finished, Notice, Stopped
from cnnstudio.core.jobs import Report
from cnnstudio.core.problems import error, warning
from cnnstudio.core.text import Text
from tests.workers.test_devices import machine, measured


@pytest.fixture
def benchmarks(monkeypatch):
    """Jobs that were run; each answers by what the test put in."""
    ran, answers = [], {}
    monkeypatch.setattr(benchmarking, "this_machine", machine)

    def run(job, _output, handle, *_commands):
        ran.append((job.backend, job.device))
        answer = answers.get((job.backend, job.device), measured(job.backend))
        if isinstance(answer, Failed | Stopped):
            return answer
        handle(answer)
        return Finished()

    monkeypatch.setattr(benchmarking, "run_job", run)
    return ran, answers


def test_every_backend_and_a_card_beside_its_processor(benchmarks, capsys):
    ran, answers = benchmarks
    answers["torch", "auto"] = measured("torch", gpu=True, step=(1.001,))
    assert cli.main(["doctor", "--benchmark", "--json"]) == 0
    assert ran == [("tensorflow", "auto"), ("torch", "auto"), ("torch", "cpu"), ("jax", "auto")]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["backend"], line["gpu"]) for line in lines] == [
        ("tensorflow", False), ("torch", True), ("torch", False), ("jax", False)]
    assert lines[1]["step_difference"] == pytest.approx(0.001) and "roughly" in lines[1]["verdict"]
    assert cli.main(["doctor", "--benchmark", "--language", "es"]) == 0
    assert "entrenamiento 10/s" in capsys.readouterr().out


def test_one_that_fails_does_not_keep_the_others_from_being_measured(benchmarks, capsys):
    ran, answers = benchmarks
    answers["torch", "auto"] = Failed(problem=error("out_of_memory", Text("no memory", "sin memoria"), "machine"))
    assert cli.main(["doctor", "--benchmark"]) == 1
    assert len(ran) == 3 and "no memory" in capsys.readouterr().err


def test_a_stop_ends_them_all(benchmarks):
    ran, answers = benchmarks
    answers["tensorflow", "auto"] = Stopped(kept=False)
    assert cli.main(["doctor", "--benchmark"]) == 1
    assert len(ran) == 1


def test_cards_and_why_they_are_not_used_are_told(monkeypatch, capsys):
    def run(_job, _output, handle, *_commands):
        card = {"maker": "NVIDIA", "name": "NVIDIA T4", "memory_mb": 15000.0}
        handle(Report(facts={"device": "CPU: 2 cores", "cards": [card]}))
        handle(Notice(problem=warning("gpu_driver", Text("no driver", "sin controlador"), "machine")))
        return Finished()

    monkeypatch.setattr(doctor, "run_job", run)
    assert cli.main(["doctor", "--language", "es"]) == 0
    printed = capsys.readouterr()
    assert "tarjetas gráficas: NVIDIA T4 (15" in printed.out and "sin controlador" in printed.out + printed.err
