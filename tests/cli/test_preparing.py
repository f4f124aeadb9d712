"""Commands that measure what a decision rests on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from cnnstudio import cli
from cnnstudio.catalog.bases import BASES
from cnnstudio.cli import measuring
from cnnstudio.cli.jobs import report_progress
from cnnstudio.core import edits
from cnnstudio.core.events import Failed, Finished, Progress, Stopped
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.item import Step
from cnnstudio.core.jobs import AugmentationMeasured, BasesProbed, Changed, Probed
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text, set_language
from cnnstudio.core.trial_jobs import RatesTried
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.network.new_project import with_base
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.probe_jobs import read_probe
from cnnstudio.workers.runs.folder import RunFolder


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Two classes of plain grey pictures: 50 and 150."""
    for label, grey in (("dark", 50), ("light", 150)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(20):
            picture = np.full((40, 40, 3), grey, np.uint8)
            picture[0, 0] = number
            cv2.imwrite(str(tmp_path / "pictures" / label / f"{number}.png"), picture)
    folder = tmp_path / "project"
    assert cli.main(["new", str(folder), "--data", str(tmp_path / "pictures"), "--template", "lenet5"]) == 0
    capsys.readouterr()
    return folder


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_measure_keeps_mean_and_deviation_in_the_project(project, capsys):
    assert cli.main(["set", str(project), "recipe.normalization=standardize", "--json"]) == 0
    assert cli.main(["check", str(project), "--json"]) == 2
    assert "not_measured" in [line.get("problem", {}).get("code") for line in lines(capsys)[1:]]
    assert cli.main(["measure", str(project), "--json"]) == 0
    (result,) = lines(capsys)
    recipe = read_project(project).recipe
    assert result["mean"] == list(recipe.mean)
    assert result["deviation"] == list(recipe.deviation)
    assert len(result["mean"]) == recipe.channels == len(result["channels"])
    assert recipe.mean[0] == pytest.approx(100, abs=3)
    assert recipe.deviation[0] == pytest.approx(50, abs=3)
    cli.main(["check", str(project), "--json"])
    codes = [line.get("problem", {}).get("code") for line in lines(capsys)]
    assert "not_measured" not in codes
    assert "stale_statistics" not in codes


def test_measure_says_when_the_recipe_does_not_use_it(project, capsys):
    assert cli.main(["measure", str(project), "--language", "es"]) == 0
    reported = capsys.readouterr()
    assert "recipe.normalization=standardize" in reported.err
    assert reported.out.splitlines()[0].startswith(("rojo: ", "gris: "))


def test_measure_does_not_change_a_project_that_another_has_open(project, capsys):
    lock = ProjectLock(project)
    assert lock.acquire() is None
    before = (project / "project.cnnstudio").read_bytes()
    try:
        assert cli.main(["measure", str(project), "--json"]) == 2
    finally:
        lock.release()
    assert [line["problem"]["code"] for line in lines(capsys)] == ["project_in_use"]
    assert (project / "project.cnnstudio").read_bytes() == before


@pytest.mark.parametrize("word", ["measure", "robustness", "probe"])
def test_no_project_is_wrong_input(word, tmp_path, capsys):
    assert cli.main([word, str(tmp_path / "missing"), "--json"]) == 2
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "Traceback" not in captured.err


@pytest.fixture
def run(project) -> RunFolder:
    """A run that has a model file, and a project that mirrors and mixes."""
    from cnnstudio.datasets.opening import open_project

    opened, index = open_project(project)
    steps = (Step(id="flip", type="random_flip"), Step(id="mixed", type="mix_up"))
    opened = msgspec.structs.replace(opened, augmentation=msgspec.structs.replace(opened.augmentation, steps=steps))
    write_project(project, opened)
    training_run, _job = prepare_training(project, opened, index)
    index.close()
    training_run.model_path.write_bytes(b"model")
    return training_run


def test_robustness_without_a_model_or_an_augmentation_says_so(project, run, capsys):
    run.model_path.unlink()
    assert cli.main(["robustness", str(project), "--run", run.id, "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "no_model"
    assert cli.main(["robustness", str(project), "--run", "no", "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "no_run"
    run.model_path.write_bytes(b"model")
    saved = read_project(project)
    only_mixing = msgspec.structs.replace(saved.augmentation, steps=saved.augmentation.steps[1:])
    write_project(project, msgspec.structs.replace(saved, augmentation=only_mixing))
    assert cli.main(["robustness", str(project), "--run", run.id, "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "no_augmentation"


def test_robustness_tells_what_the_job_measured(project, run, capsys, monkeypatch):
    jobs = []
    rows = (Changed(step="flip", type="random_flip", class_name="dark", pictures=40, draws=3, plain=1.0, changed=0.25,
                    called="light", called_share=0.75),
            Changed(step="flip", type="random_flip", class_name="light", pictures=40, draws=3, plain=1.0, changed=1.0))

    def done(job, _output, _told):
        jobs.append(job)
        run.augmentation_path.write_bytes(encode_event(AugmentationMeasured(run=run.id, split=job.split, rows=rows)))
        return Finished(run=run.id)

    monkeypatch.setattr(measuring, "run_job", done)
    assert cli.main(["robustness", str(project), "--run", run.id, "--json"]) == 0
    first, second, summary = lines(capsys)
    assert [step.id for step in jobs[0].steps] == ["flip"]
    assert (first["class_name"], first["changed"], first["called"], first["clear"]) == ("dark", 0.25, "light", True)
    assert (second["class_name"], second["clear"]) == ("light", False)
    assert (summary["run"], summary["split"], summary["clear"]) == (run.id, "validation", 1)
    assert cli.main(["robustness", str(project), "--run", run.id, "--language", "es"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("! ")
    assert "dark   100,0\u202f% → 25,0\u202f%  predichas como light 75\u202f%" in printed[0]
    assert "1 de 2" in printed[2]


def test_a_job_that_failed_is_exit_code_1(project, run, capsys, monkeypatch):
    problem = error("unexpected", Text("It broke.", "Se rompió."), "machine")
    monkeypatch.setattr(measuring, "run_job", lambda *_each: Failed(problem=problem))
    assert cli.main(["robustness", str(project), "--run", run.id, "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "It broke." in captured.err


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_probe_compares_the_bases_that_are_here_and_names_the_others(project, cache, capsys, monkeypatch):
    fetched = BASES["mobilenet_v2"].weights.cached
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"weights")
    own = cache / "vgg.h5"
    own.write_bytes(b"weights")
    result = read_project(project)
    result = with_base(result, BASES["vgg16"])
    node = next(item.id for item in result.network.nodes if item.type == "PretrainedBase")
    for name, value in (("weights", "file"), ("weights_file", str(own))):
        result = edits.set_node_param(result, node, name, value)
    write_project(project, result)
    jobs = []
    row = Probed(base="efficientnet_lite0", accuracy=0.75, low=0.5, high=0.9, milliseconds=12.5, seconds=3.25)

    def done(job, _output, reported):
        jobs.append(job)
        event = BasesProbed(rows=(row,), absent=job.absent, training=30, validation=10, classes=2, key=job.key,
                            failed={"vgg16": error("weights_unfit", Text("Unfit.", "No encaja."), "network")})
        Path(job.target).write_bytes(encode_event(event))
        reported(event)
        return Finished()

    monkeypatch.setattr(measuring, "run_job", done)
    assert cli.main(["probe", str(project), "--json"]) == 0
    first, second, summary = lines(capsys)
    (job,) = jobs
    assert set(job.bases) == {"efficientnet_lite0", "mobilenet_v2", "vgg16"}
    assert job.files == {"vgg16": str(own)}
    assert set(job.absent) == set(BASES.ids()) - set(job.bases)
    splits = {entry.split for entry in read_manifest(Path(job.manifest)).entries}
    assert splits == {"train", "validation"}
    assert (first["base"], first["accuracy"], first["low"], first["high"]) == ("efficientnet_lite0", 0.75, 0.5, 0.9)
    assert (second["base"], second["problem"]["code"]) == ("vgg16", "weights_unfit")
    assert set(summary["absent"]) == set(job.absent)
    assert read_probe(project).key == job.key
    assert cli.main(["probe", str(project), "--language", "es"]) == 0
    reported = capsys.readouterr()
    assert "75,0\u202f% (de 50,0\u202f% a 90,0\u202f%)    12,50 ms por imagen" in reported.out
    assert "resnet50" in reported.err


@pytest.mark.usefixtures("cache")
def test_probe_needs_two_classes_in_both_splits(project, capsys):
    assert cli.main(["set", str(project), "dataset.splits.validation=0", "--json"]) == 0
    capsys.readouterr()
    assert cli.main(["probe", str(project), "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "too_few_to_probe"
    assert read_probe(project) is None


def test_rates_are_tried_and_suggested(project, capsys, monkeypatch):
    jobs = []
    found = RatesTried(curve=((1e-6, 2.0), (1e-3, 1.0)), suggestions={"valley": 1.5e-3, "steep": 4e-3})

    def done(job, _output, told):
        jobs.append(job)
        told(found)
        return Finished()

    monkeypatch.setattr(measuring, "run_job", done)
    assert cli.main(["find-rate", str(project), "--json", "--steps", "40", "--set", "training.batch_size=4"]) == 0
    (line,) = lines(capsys)
    assert line == {"curve": [[1e-6, 2.0], [1e-3, 1.0]], "suggestions": {"valley": 1.5e-3, "steep": 4e-3}, "diverged": False}
    (job,) = jobs
    assert (job.steps, job.project.training.batch_size) == (40, 4)
    assert {entry.split for entry in read_manifest(Path(job.manifest)).entries} == {"train"}
    assert cli.main(["find-rate", str(project), "--language", "es"]) == 0
    printed = capsys.readouterr().out
    assert "1,50e-03" in printed and "caída más larga" in printed
    assert "training.optimizer.learning_rate=1.50e-03" in printed
    stages = ('[{"id": "head", "epochs": 1, "optimizer": {"type": "adam"}}, '
              '{"id": "whole", "epochs": 1, "callbacks": [], "optimizer": {"type": "adam"}}]')
    assert cli.main(["set", str(project), f"training.stages={stages}"]) == 0
    capsys.readouterr()
    for options, key in (([], "training.stages.head.optimizer"), (["--stage", "whole"], "training.optimizer")):
        assert cli.main(["find-rate", str(project), *options]) == 0
        assert f"{key}.learning_rate=1.50e-03" in capsys.readouterr().out
    assert [job.stage for job in jobs[-2:]] == ["head", "whole"]
    assert cli.main(["set", str(project), "training.schedule=CosineDecay"]) == 0
    assert cli.main(["find-rate", str(project), "--stage", "whole"]) == 0
    printed = capsys.readouterr().out
    assert "training.schedule.initial_learning_rate=1.50e-03" in printed
    assert cli.main(["set", str(project), "training.schedule.initial_learning_rate=1.50e-03"]) == 0
    capsys.readouterr()
    assert cli.main(["set", str(project), "training.schedule=PiecewiseConstantDecay"]) == 0
    capsys.readouterr()
    assert cli.main(["find-rate", str(project), "--stage", "whole"]) == 0
    assert "cnnstudio set" not in capsys.readouterr().out
    assert cli.main(["find-rate", str(project), "--json", "--stage", "nowhere"]) == 2
    assert "nowhere" in lines(capsys)[0]["problem"]["text"]
    kept = read_project(project)
    write_project(project, replace(kept, training=replace(kept.training, stages=())))
    assert cli.main(["find-rate", str(project), "--json"]) == 2
    assert "no stages" in lines(capsys)[-1]["problem"]["text"]
    for steps in ("3", "-1", "10001"):
        assert cli.main(["find-rate", str(project), "--json", "--steps", steps]) == 2
        assert lines(capsys)[0]["problem"]["code"] == "bad_steps"


@pytest.mark.parametrize(("unit", "word"), [("pictures", "imágenes"), ("batches", "lotes"), ("steps", "pasos"),
                                             ("bytes", "bytes")])
def test_progress_is_counted_in_words_of_the_language(unit, word):
    told = []
    set_language("es")
    try:
        report_progress(Progress(done=1, total=12_345, unit=unit), SimpleNamespace(progress=told.append))
    finally:
        set_language("en")
    assert told == [f"1 / 12\u202f345 {word}"]


@pytest.mark.parametrize(("last", "code"), [(Stopped(kept=False), 1), (Stopped(kept=True), 0), (Finished(), 0)])
def test_what_was_stopped_without_a_result_is_not_done(project, monkeypatch, last, code):
    monkeypatch.setattr(measuring, "run_job", lambda *_arguments: last)
    assert cli.main(["find-rate", str(project)]) == code
