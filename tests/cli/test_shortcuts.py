"""`shortcuts` on the command line; what computes is scripted."""

from __future__ import annotations

import json
from pathlib import Path

from cnnstudio import cli
from cnnstudio.cli import shortcuts as command
from cnnstudio.core.events import Finished
from cnnstudio.core.trial_jobs import FindShortcuts, ShortcutProbed
from cnnstudio.datasets.manifest import read_manifest, write_manifest
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training


def _run(project):
    opened, index = open_project(Path(project))
    run, _job = prepare_training(Path(project), opened, index)
    index.close()
    run.model_path.write_bytes(b"a model")
    return run


def _probed(run, probe, accuracy, suspicious, model=None):
    return ShortcutProbed(run=run.id, probe=probe, split="test", pictures=40, accuracy=accuracy, interval=(0.8, 0.95),
                          chance=0.5, model=0.9, reference=0.9, suspicious=suspicious, model_accuracy=model)


def test_a_line_for_each_probe(project, capsys, monkeypatch):
    run, jobs = _run(project), []

    def answer(job, _output, handle):
        jobs.append(job)
        handle(_probed(run, "border", 0.9, True, 0.7))
        handle(_probed(run, "file", 0.5, False))
        return Finished(run=run.id)

    monkeypatch.setattr(command, "run_job", answer)
    assert cli.main(["shortcuts", project, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["probe"], line["suspicious"]) for line in lines] == [("border", True), ("file", False)]
    assert lines[0]["interval"] == [0.8, 0.95]
    assert {"accuracy", "chance", "model_accuracy"} <= set(lines[0])
    assert isinstance(jobs[0], FindShortcuts)
    assert jobs[0].split == "test"
    assert cli.main(["shortcuts", project]) == 0
    printed = capsys.readouterr().out
    assert "Border only: 90.0%" in printed
    assert "Suspicious. The surroundings" in printed


def test_a_run_without_a_model_or_without_pictures_to_measure_on_is_refused(project, capsys):
    run = _run(project)
    manifest = read_manifest(run.manifest_path)
    write_manifest(run.manifest_path, manifest.header, manifest.split("train"))
    for arguments in ((), ("--split", "test")):
        assert cli.main(["shortcuts", project, "--json", *arguments]) == 2
        assert json.loads(capsys.readouterr().out)["problem"]["code"] == "empty_split"
    run.model_path.unlink()
    assert cli.main(["shortcuts", project, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "no_run"
