"""The nearest training pictures of a picture: computed once, kept, compared, and shown in Data."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnstudio.evaluation.feature_sets import FeatureSet, Neighbour
from cnnstudio.gui.pages.neighbours.card import NeighboursCard, judge_text
from cnnstudio.gui.state import neighbours
from cnnstudio.gui.state.commands import FilterPictures
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.prediction_server import PredictionServer
from tests.gui.driving import press, says
from tests.gui.pages.evaluate.test_evaluate import settled, trained_run
from tests.gui.pages.explanation.scripted import TARGET


@pytest.fixture
def kept():
    """What the cache has."""
    return []


@pytest.fixture
def card(qtbot, window, project_folder, pictures_folder, kept, monkeypatch):
    assert window.session.open(project_folder)
    settled(qtbot, window)
    run = trained_run(project_folder)
    monkeypatch.setattr(PredictionServer, "target", TARGET)
    monkeypatch.setattr(neighbours, "find_features", lambda _job: list(kept) or None)
    widget = NeighboursCard(window.workspace, "predict", lambda _name: Qt.GlobalColor.red)
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    widget.show_run = lambda name="cat00.png": widget.show_picture(
        (str(project_folder), run.id), pictures_folder / "cat" / name, "cat")
    yield widget
    widget.close_threads()
    if (server := window.session.findChild(PredictionServer)) is not None:
        server.stop()
    settled(qtbot, window)


def features(folder) -> FeatureSet:
    paths = [folder / "cat" / f"cat{number:02d}.png" for number in range(7)] + [folder / "dog" / f"dog{number:02d}.png"
                                                                                 for number in range(9)]
    values = np.array([[1, 0.1 + 0.01 * number] if number < 7 else [0.3, 1 + number] for number in range(16)], np.float32)
    return FeatureSet(values, tuple(map(str, paths)), np.array([0] * 7 + [1] * 9, np.int64), ("cat", "dog"), "late",
                      "predictions")


def test_kept_features_are_compared_at_once_and_a_picture_is_not_its_own_neighbour(qtbot, card, kept, pictures_folder):
    kept.append(features(pictures_folder))
    card.show_run()
    qtbot.waitUntil(lambda: bool(card.strip.cells), timeout=20_000)
    assert says(card, "6 of 8 neighbours are cat, as was predicted.")
    shown = [cell.neighbour.path for cell in card.strip.cells]
    assert len(shown) == 8 and str(pictures_folder / "cat" / "cat00.png") not in shown
    assert not card.grab().isNull()
    card.show_run("cat03.png")
    qtbot.waitUntil(lambda: bool(card.strip.cells), timeout=20_000)
    assert str(pictures_folder / "cat" / "cat00.png") in [cell.neighbour.path for cell in card.strip.cells]


def test_a_neighbour_is_shown_in_data(qtbot, window, card, kept, pictures_folder):
    kept.append(features(pictures_folder))
    card.show_run()
    qtbot.waitUntil(lambda: bool(card.strip.cells), timeout=20_000)
    card.strip.setFocus()
    qtbot.keyClick(card.strip, Qt.Key.Key_Right)
    with qtbot.waitSignal(window.session.command_requested) as heard:
        qtbot.keyClick(card.strip, Qt.Key.Key_Return)
    (command,) = heard.args
    assert isinstance(command, FilterPictures) and command.paths == ("cat/cat02.png",)


def test_features_are_computed_when_the_user_wants_them_and_can_be_cancelled(qtbot, window, card, kept, pictures_folder,
                                                                             monkeypatch):
    class Scripted(ChildJob):
        def __init__(self, *arguments: object, page: str) -> None:
            super().__init__(*arguments, page=page, target="tests.gui.pages.neighbours.children:computing")

    monkeypatch.setattr(neighbours, "ChildJob", Scripted)
    card.show_run()
    qtbot.waitUntil(lambda: says(card, "have to be computed once"), timeout=20_000)
    press(card, "Compute")
    qtbot.waitUntil(lambda: isinstance(window.session.jobs.of_kind(neighbours.KIND), ChildJob), timeout=20_000)
    assert says(card, "Computing the features")
    press(card, "Cancel")
    qtbot.waitUntil(lambda: says(card, "have to be computed once"), timeout=20_000)
    kept.append(features(pictures_folder))
    card.finder.clear()
    card.show_run()
    qtbot.waitUntil(lambda: bool(card.strip.cells), timeout=20_000)


def test_a_model_without_a_run_says_why_there_are_none(card, tmp_path):
    card.show_picture((str(tmp_path / "model.keras"), ""), tmp_path / "a.png", "cat")
    assert says(card, "model.keras is a model alone")


def test_what_the_neighbours_say():
    near = [Neighbour(path=str(number), class_name=name, distance=0.1) for number, name in enumerate("aaabbbbb")]
    assert judge_text(near, "b") == ("5 of 8 neighbours are b, as was predicted.", "")
    assert judge_text(near, "a") == ("Only 3 of 8 neighbours are a, as was predicted; 5 are b.", "warn")
    assert judge_text(near, "c") == ("None of 8 neighbours is c, as was predicted; 5 are b.", "warn")
    assert judge_text(near[2:4], "a") == ("Only 1 of 2 neighbours are a, as was predicted.", "warn")
    assert judge_text((), "a")[1] == "dim"
