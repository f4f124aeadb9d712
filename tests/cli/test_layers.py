"""`cnnstudio layers`: what a run recorded, or a look into its model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli import layers as layers_command
from cnnstudio.cli import training
from cnnstudio.core.commands import ObserveLayers
from cnnstudio.core.events import Epoch, Finished, Histogram, LayersObserved, LayerState
from cnnstudio.core.messages import encode_event
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training, refresh_index

VALUES = Histogram(low=-0.5, high=0.25, shares=(1000,))


def told(epoch, dead=0.0):
    return LayersObserved(epoch=epoch, batch=0, pictures=32, layers=(
        LayerState(name="conv", kind="Conv2D", parameters=156, gradient_norm=0.5, update_ratio=0.001, weights=VALUES,
                   activations=VALUES, dead=dead),
        LayerState(name="base/a … b", kind="Conv2D", layers=7)))


@pytest.fixture
def run(project):
    spec, index = open_project(Path(project))
    refresh_index(Path(project), spec, index)
    made, _job = prepare_training(Path(project), spec, index)
    index.close()
    return made


def record(run, *events):
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))


def test_the_last_recorded_epoch_is_printed(run, project, capsys):
    record(run, told(1), told(2, dead=0.75), Finished(run=run.id))
    assert cli.main(["layers", project]) == 0
    printed = capsys.readouterr().out
    assert "epoch 2 (recorded" in printed and "75%" in printed and "-0.5 to 0.25" in printed
    assert "base/a … b (7 layers)" in printed and "! Half of the units" in printed
    assert cli.main(["layers", project, "--epoch", "1", "--language", "es"]) == 0
    printed = capsys.readouterr().out
    assert "época 1 (registrado" in printed and "-0,5 a 0,25" in printed and "!" not in printed


def test_as_json_every_epoch_is_a_line(run, project, capsys):
    record(run, told(1), told(2, dead=0.75))
    assert cli.main(["layers", project, "--run", run.id, "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["epoch"], first["source"], first["layers"][0]["dead"], first["readings"]) == (1, "recorded", 0.0, [])
    assert second["readings"][0]["layers"] == ["conv"]


def test_what_was_not_recorded_is_named(run, project, capsys):
    record(run, told(1))
    assert cli.main(["layers", project, "--epoch", "9", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "not_recorded"
    assert cli.main(["layers", project, "--run", "nowhere"]) == 2
    assert cli.main(["layers", project, "--measure", "--json"]) == 2
    assert "no_model" in capsys.readouterr().out


def test_a_run_without_records_is_measured(run, project, capsys, monkeypatch):
    record(run, Epoch(epoch=1, epochs=1, metrics={}, seconds=1.0, pictures_per_second=1.0), Finished(run=run.id))
    run.model_path.write_bytes(b"a model")

    def measured(job, _output, on_event, *_commands):
        assert job.run_folder == str(run.folder)
        on_event(told(5))
        return Finished()

    monkeypatch.setattr(layers_command, "run_job", measured)
    assert cli.main(["layers", project]) == 0
    assert "epoch 5 (measured now" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "commands"), [([], ()), (["--layers"], (ObserveLayers(),))])
def test_a_training_is_told_to_record(project, monkeypatch, options, commands):
    sent = []
    monkeypatch.setattr(training, "run_job", lambda _job, _output, _handle, *told: sent.append(told) or Finished())
    assert cli.main(["train", project, *options]) == 0
    assert sent == [commands]
