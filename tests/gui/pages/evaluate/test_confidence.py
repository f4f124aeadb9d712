"""The view of the confidence: calibrating, the reject option, what is in force, and what cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.evaluation.answers import Answers, picture_results, write_answers
from cnnstudio.gui.pages.evaluate import calibrating
from cnnstudio.gui.pages.evaluate.confidence import ConfidenceView
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.workers.runs.calibration import calibrated_answers, keep_calibration, model_digest, read_calibration
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, press, says
from tests.gui.pages.evaluate.answers import make_answers, make_context
from tests.gui.pages.evaluate.test_evaluate import trained_run
from tests.gui.pages.predict.children import SERVES


def keep(run: RunFolder, answers: Answers) -> None:
    """An evaluation on the disk as the engine writes it."""
    answers = replace(answers, run=run.id)
    write_answers(run.answers_path(answers.split), answers)
    rows = picture_results(answers)
    run.table_path(answers.split).write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n")
    evaluated = msgspec.structs.replace(make_context(answers).evaluated, run=run.id)
    run.table_path(answers.split).with_suffix(".json").write_bytes(encode_event(evaluated))


@pytest.fixture
def run(qtbot, session, project_folder) -> RunFolder:
    result = trained_run(project_folder)
    os.utime(result.model_path, (1, 1))
    keep(result, make_answers(200))
    keep(result, make_answers(150, seed=1, split="validation"))
    assert session.open(project_folder)
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    return result


@pytest.fixture
def view(qtbot, workspace) -> Iterator[ConfidenceView]:
    result = ConfidenceView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 900)
    result.show()
    yield result
    result.close_threads()


def settled(qtbot, view: ConfidenceView) -> None:
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=20_000)


def shown(qtbot, view: ConfidenceView, run: RunFolder) -> None:
    """Show the test answers as the page does after each change."""
    view.context = make_context(calibrated_answers(run, "test"), run.folder)
    view.show_evaluation(view.context)
    settled(qtbot, view)


def test_one_click_calibrates_and_undo_takes_it_back(qtbot, view, run):
    shown(qtbot, view, run)
    assert says(view, "The model is surer than it is right") and says(view, "Not calibrated.")
    press(view, "Calibrate")
    settled(qtbot, view)
    calibration = read_calibration(run)
    assert calibration is not None and calibration.temperature > 1.5
    shown(qtbot, view, run)
    assert says(view, "Calibrated with the temperature") and says(view, "150 validation pictures")
    assert says(view, "without temperature:") and says(view, "with&nbsp;temperature")
    session = view.workspace.session
    assert str(session.undo_label) == "Calibrate the model"
    session.undo()
    settled(qtbot, view)
    assert read_calibration(run) is None
    session.redo()
    settled(qtbot, view)
    assert read_calibration(run) == calibration


def test_removing_the_temperature_keeps_the_reject_option(qtbot, view, run):
    keep_calibration(run, Calibration(temperature=2.0, rejection=Rejection(kind="confidence", level=0.7, threshold=0.7),
                                      model=model_digest(run.model_path)))
    shown(qtbot, view, run)
    assert says(view, "In force: by confidence, least confidence 70.0%.")
    press(view.reliability, "Remove")
    settled(qtbot, view)
    left = read_calibration(run)
    assert left is not None and left.temperature == 1.0 and left.rejection is not None and left.rejection.level == 0.7
    shown(qtbot, view, run)
    press(view.reject, "Remove")
    settled(qtbot, view)
    assert read_calibration(run) is None


def test_the_level_follows_the_slider_and_the_curve(qtbot, view, run):
    shown(qtbot, view, run)
    answers = calibrated_answers(run, "test")
    view.reject.slider.moved.emit(0.9)
    covered = float((answers.probabilities.max(axis=1) >= 0.9).mean())
    assert says(view.reject, f"{covered:.1%} of these pictures get an answer")
    assert view.reject._point.getData()[0][0] == pytest.approx(covered)
    view.reject.plot.pointed.emit(0.5, 0.9)
    assert view.reject.level > 0.9
    assert view.reject._point.getData()[0][0] == pytest.approx(0.5, abs=0.05)


def test_conformal_sets_are_applied(qtbot, view, run):
    shown(qtbot, view, run)
    choose(view.reject.option, "Conformal sets")
    settled(qtbot, view)
    assert says(view.reject, "The right class is in the set for")
    view.reject.field.value_changed.emit(0.05)
    settled(qtbot, view)
    press(view.reject, "Apply")
    settled(qtbot, view)
    calibration = read_calibration(run)
    assert calibration is not None and calibration.rejection is not None
    assert (calibration.rejection.kind, calibration.rejection.level) == ("conformal", 0.05)
    shown(qtbot, view, run)
    assert says(view.reject, "In force: conformal sets, share of errors 5.0%.")
    assert not button(view.reject, "Apply").isEnabled(), "it is applied already"
    view.reject.field.value_changed.emit(0.001)
    settled(qtbot, view)
    assert says(view.reject, "An error rate of 0.1% needs at least 999 validation pictures; there are 150.")


def test_validation_pictures_are_evaluated_first(qtbot, view, run, monkeypatch):
    run.answers_path("validation").unlink()
    shown(qtbot, view, run)
    begun: list[str] = []
    monkeypatch.setattr(calibrating, "start_evaluation", lambda _session, _run, split: begun.append(split))
    # The thirty pictures of this project would do: what counts is that they were not evaluated.
    view.calibrating.find_temperature(run)
    assert begun == ["validation"] and view.calibrating.busy
    choose(view.reject.option, "Conformal sets")
    settled(qtbot, view)
    assert says(view.reject, "which are not evaluated yet")
    assert read_calibration(run) is None


def test_too_few_validation_pictures_are_refused(qtbot, view, run):
    keep(run, make_answers(30, seed=1, split="validation"))
    shown(qtbot, view, run)
    assert says(view, "Calibration needs at least 50 validation pictures; there are 30.")
    assert not button(view.reliability, "Calibrate").isEnabled()


def test_what_belongs_to_another_model_is_said_and_removed(qtbot, view, run):
    keep_calibration(run, Calibration(temperature=2.0, model="another"))
    shown(qtbot, view, run)
    assert says(view, "was trained further since it was calibrated")
    press(view.reliability, "Remove it")
    settled(qtbot, view)
    assert not run.calibration_path.exists()


@pytest.mark.parametrize("numbers", [[0], [0, 2, 4]])
def test_one_picture_or_class_is_shown(qtbot, view, run, numbers):
    keep(run, make_answers(200).select(np.asarray(numbers)))
    shown(qtbot, view, run)
    assert view.reliability.isVisible() and view.reject.isVisible()
    assert says(view, "Calibration error")


def test_without_answers_the_reason_is_given(view):
    view.show_evaluation(make_context(None, Path("run"), problem=error("no_answers", same("Evaluate it again."), "run")))
    assert says(view, "Evaluate it again.")
    assert not view.reliability.isVisible()


def test_an_undone_calibration_is_seen_on_evaluate(qtbot, window, run, monkeypatch):
    monkeypatch.setattr(PredictionServer, "target", SERVES)
    session = window.session
    assert window.go("evaluate")
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    press(window.current, "Confidence")
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    press(window.current, "Calibrate")
    qtbot.waitUntil(lambda: read_calibration(run) is not None and not len(session.jobs), timeout=20_000)
    assert says(window.current, "Calibrated with the temperature")
    assert window.go("predict")
    session.undo()
    qtbot.waitUntil(lambda: window.current.id == "evaluate" and not session.jobs.of_kind("calibrate"), timeout=20_000)
    qtbot.waitUntil(lambda: says(window.current, "Not calibrated."), timeout=20_000)
    qtbot.waitUntil(lambda: not [job for job in session.jobs if job.kind != "serve"], timeout=20_000)
