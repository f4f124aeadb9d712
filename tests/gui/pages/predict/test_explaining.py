"""Predict: the picture in sight is explained on demand, for runs and for model files."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from cnnstudio.gui.pages.predict.results import ResultsView
from cnnstudio.gui.state.prediction_server import PredictionServer
from tests.gui.driving import button, part, press, says
from tests.gui.pages.explanation.scripted import TARGET
from tests.gui.pages.predict.test_predict import add_run, answered


@pytest.fixture
def page(qtbot, window, project_folder, monkeypatch):
    monkeypatch.setattr(PredictionServer, "target", TARGET)
    with qtbot.waitSignal(window.session.jobs.ended):
        assert window.session.open(project_folder)
    add_run(project_folder)
    assert window.go("predict")
    qtbot.waitUntil(lambda: window.current.server.ready is not None, timeout=20_000)
    return window.current


def mapped(qtbot, page):
    view = part(page, ResultsView).view
    qtbot.waitUntil(lambda: view.picture.overlay is not None and view.picture.image is not None
                    and not part(page, ResultsView).explaining.panel.slots[0].busy, timeout=20_000)
    return view


def test_the_button_explains_and_the_next_picture_follows(qtbot, page, pictures_folder):
    page.take_paths([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    view = part(page, ResultsView).view
    assert view.picture.overlay is None
    press(page, "Explain")
    mapped(qtbot, page)
    assert says(page, "Grad-CAM · cat 90.0% · late")
    assert part(page, ResultsView).explaining.panel.form.class_list.currentText() == "Predicted: dog"
    button(page, "Compare two maps").click()
    qtbot.waitUntil(lambda: view.other_picture.isVisible() and view.other_picture.overlay is not None, timeout=20_000)
    page.take_paths([str(pictures_folder / "cat" / name) for name in ("cat01.png", "cat02.png")])
    answered(qtbot, page, 2)
    mapped(qtbot, page)
    part(page, ResultsView).table.select(page.answers[1])
    qtbot.waitUntil(lambda: part(page, ResultsView).explaining.panel.slots[0].subject is not None
                    and part(page, ResultsView).explaining.panel.slots[0].subject.file.name == "cat02.png", timeout=20_000)
    mapped(qtbot, page)
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_E)
    assert view.picture.overlay is None and not view.other_picture.isVisible()
    qtbot.waitUntil(lambda: not page.busy)


def test_keys_and_a_model_file(qtbot, page, pictures_folder, tmp_path):
    model = tmp_path / "other.keras"
    model.write_bytes(b"a model")
    page.take_paths([str(model)])
    page.take_paths([str(pictures_folder / "cat" / "cat01.png")])
    answered(qtbot, page, 1)
    part(page, ResultsView).table.setFocus()
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    view = mapped(qtbot, page)
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_M)
    assert view.picture.overlay is None
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_N)
    assert says(page, "other.keras is a model alone")
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_N)
    assert not says(page, "other.keras is a model alone")


def test_several_models_at_once_are_told_and_a_picture_with_a_model_is_answered_by_it(qtbot, page, pictures_folder, tmp_path):
    reported = []
    page.session.problem_reported.connect(reported.append)
    models = [tmp_path / "one.keras", tmp_path / "two.keras"]
    for model in models:
        model.write_bytes(b"a model")
    page.take_paths([str(model) for model in models])
    assert "one.keras, two.keras" in str(reported[0].text) and not page.answers
    page.take_paths([str(models[1]), str(pictures_folder / "cat" / "cat01.png")])
    answered(qtbot, page, 1)
    assert page.models.model == (str(models[1]), "")


def test_the_switch_outlives_a_rebuild(qtbot, window, page, pictures_folder):
    page.take_paths([str(pictures_folder / "cat" / "cat01.png")])
    answered(qtbot, page, 1)
    press(page, "Explain")
    mapped(qtbot, page)
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.current is not page and window.current.id == "predict")
    mapped(qtbot, window.current)
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: says(window.current, "EXPLANATION") or says(window.current, "Explanation"))
    mapped(qtbot, window.current)
