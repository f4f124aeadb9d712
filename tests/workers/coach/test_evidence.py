"""Evidence from the folder of a run, and what came of an advice."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Batch, Epoch, Failed, Finished
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, set_language
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.workers.coach.evidence import INSPECTION_FILE, collect, find_inspection
from cnnstudio.workers.coach.judge import judge
from cnnstudio.workers.coach.outcomes import follow, outcome
from cnnstudio.workers.runs.folder import RunFolder, create_run
from tests.workers.coach.cases import CLASSES, inspected, project


@pytest.fixture
def new_run(tmp_path):
    """Makes a run with these losses, after one batch each; a third of its validation pictures are copies."""
    def make(losses, last=None, copies=True):
        entries = [Entry(path=f"{number}.png", label=number % 10, split="train", hash=str(number)) for number in range(100)]
        entries += [Entry(path=f"v{number}.png", label=number % 10, split="validation", hash=str(
            number if copies and number < 30 else 1000 + number)) for number in range(90)]
        run = create_run(tmp_path, project(), lambda path: write_manifest(
            path, Header(root=str(tmp_path), class_names=CLASSES, label_mode="categorical"), entries))
        events = []
        for number, loss in enumerate(losses, 1):
            events.append(Batch(epoch=number, batch=1, batches=1, metrics={"loss": loss}, pictures_per_second=1.0))
            events.append(Epoch(epoch=number, epochs=len(losses), seconds=1.0, pictures_per_second=1.0, metrics={
                "loss": loss, "val_loss": loss + 0.1, "accuracy": 0.9, "val_accuracy": 0.8, "learning_rate": 0.001}))
        events.append(last or Finished(run=run.id, metrics={"epoch": 2.0}))
        run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
        return run

    return make


def test_the_folder_of_a_run_is_read(new_run):
    found = collect(new_run((2.0, 1.0, 0.5)))
    assert found.curve("loss") == (2.0, 1.0, 0.5)
    assert found.first_losses == (2.0,)
    assert found.kept("val_loss") == pytest.approx(1.1), "of the epoch whose weights the model has"
    assert found.pictures("train") == 100
    assert found.counts["validation"] == (9,) * 10
    (leak,) = found.leaks
    assert (leak.leaked, leak.pictures) == (30, 90)
    assert judge(found)[0].advice == "leakage"


def test_a_run_that_diverged_has_no_model_and_is_judged_all_the_same(new_run):
    problem = error("nan_loss", Text("no", "no"), "training")
    found = collect(new_run((2.0,), Failed(problem=problem), copies=False))
    assert found.diverged == 2
    assert judge(found)[0].advice == "rate_too_high"


def test_a_look_into_the_network_counts_until_it_is_trained_further(new_run):
    run = new_run((2.0,))
    run.model_path.write_bytes(b"model")
    assert find_inspection(run) is None
    (run.folder / INSPECTION_FILE).write_bytes(encode_event(inspected()))
    assert find_inspection(run) is not None
    later = (run.folder / INSPECTION_FILE).stat().st_mtime + 10
    import os

    os.utime(run.model_path, (later, later))
    assert find_inspection(run) is None


def test_a_damaged_inspection_is_none(new_run):
    run = new_run((2.0,))
    run.model_path.write_bytes(b"model")
    (run.folder / INSPECTION_FILE).write_bytes(b"{not json")
    assert find_inspection(run) is None
    assert collect(run).inspected is None


def test_a_damaged_run_is_a_problem(new_run):
    run = new_run((2.0,))
    run.spec_path.write_text("{", "utf-8")
    with pytest.raises(ProblemError):
        collect(run)


@pytest.mark.parametrize(("losses", "words"), [((1.0, 0.1), "kept its promise"), ((2.5, 2.4), "did not help")])
def test_what_came_of_an_advice_is_told_beside_its_promise(new_run, losses, words):
    judged = new_run((2.32, 2.31), copies=False)
    advice = replace(judge(collect(new_run((2.0,), copies=True)))[0], advice="rate_too_low")
    run = new_run(losses, copies=False)
    assert outcome(run) is None
    follow(run, judged.id, advice)
    text = outcome(RunFolder(run.folder))
    assert words in text.en
    assert f"2.31 → {losses[-1]}" in text.en
    set_language("es")
    assert "2,31" in str(text)


def test_an_advice_of_a_later_version_is_left_alone(new_run):
    run = new_run((2.0,))
    (run.folder / "advice.json").write_bytes(msgspec.json.encode({"run": "x", "advice": "unheard_of"}))
    assert outcome(run) is None
