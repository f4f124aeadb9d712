"""The tour walks through the real window: sample, training, drawing, explanation."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cnnstudio import app
from cnnstudio.core.events import Batch, Epoch, Failed, Finished, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.datasets.opening import create_project
from cnnstudio.gui.state import creation
from cnnstudio.gui.state.commands import OpenProject, StartTour
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.window.tour.card import TourCard
from cnnstudio.gui.window.tour.tour import OFFERED, Tour
from cnnstudio.gui.window.tour.training import SECONDS
from tests.gui.driving import button, press, says
from tests.gui.pages.predict.children import SERVES
from tests.gui.pages.predict.test_predict import add_run


class Training(ChildJob):
    """A training that does nothing, and remembers how it was stopped."""

    def __init__(self, folder):
        self.__dict__["stopped"] = None
        super(ChildJob, self).__init__(same("Training"), "train", page="train")
        self.run_folder = str(folder)

    def stop(self, keep=True):
        self.stopped = keep
        self.cancelling = True


@pytest.fixture
def walk(window, tmp_path, pictures_folder, monkeypatch):
    """The tour at its first step; the sample is a small project, and no child process starts."""
    monkeypatch.setenv("CNNSTUDIO_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setattr(PredictionServer, "target", SERVES)
    folder = tmp_path / "projects" / "Sample digits"

    def make_sample(_session, done):
        _project, index = create_project(folder, pictures_folder, template="lenet5")
        index.close()
        done(folder)

    monkeypatch.setattr(creation, "make_sample", make_sample)
    window.perform(StartTour())
    tour = window.findChild(Tour)
    yield tour
    for left in window.findChildren(Tour):
        left.end()


def card(window) -> TourCard:
    return next(child for child in window.findChildren(TourCard) if child.isVisible())


def batch(number: int) -> Batch:
    return Batch(epoch=1, batch=number, batches=4, metrics={"loss": 1.0}, pictures_per_second=100.0)


def epoch(accuracy: float) -> Epoch:
    return Epoch(epoch=1, epochs=10, metrics={"loss": 0.5, "val_accuracy": accuracy}, seconds=1.0, pictures_per_second=100.0)


def open_sample(qtbot, window) -> None:
    press(card(window), "Show me around")
    qtbot.waitUntil(lambda: window.findChild(Tour).step == "data" and not len(window.session.jobs), timeout=20_000)


def test_the_whole_way(qtbot, window, walk, monkeypatch):
    launcher = window.workspace.launcher
    started = []
    monkeypatch.setattr(type(launcher), "start", lambda _self: started.append(True))
    monkeypatch.setattr(type(launcher), "preparing", property(lambda _self: True))
    open_sample(qtbot, window)
    assert window.current.id == "data"
    press(card(window), f"Train for {SECONDS} seconds")
    assert window.current.id == "train" and started == [True]
    folder = window.session.folder
    job = Training(folder)
    launcher.launched.disconnect(window.current._on_launched)
    launcher.launched.emit(None, job)
    job.event.emit(batch(1))
    training = walk._training
    for _second in range(SECONDS - 1):
        training._on_second()
    assert says(card(window), "1 seconds left") and job.stopped is None
    training._on_second()
    assert job.stopped is None, "without an epoch there is no figure yet"
    job.event.emit(epoch(0.973))
    assert job.stopped is True
    add_run(folder)
    training._on_ended(job, Stopped(kept=True))
    assert walk.step == "trained" and says(card(window), "97.3")
    window.session.announce("runs")
    press(card(window), "Draw a digit")
    page = window.current
    assert page.id == "predict"
    qtbot.waitUntil(lambda: page.server.ready is not None, timeout=20_000)
    assert not button(card(window), "Why?").isEnabled()
    page.drawing.pad.draw([(0.3, 0.2), (0.6, 0.8)])
    qtbot.waitUntil(lambda: button(card(window), "Why?").isEnabled(), timeout=10_000)
    press(card(window), "Why?")
    qtbot.waitUntil(lambda: len(page.answers) == 1, timeout=10_000)
    assert page._pictures.results.explaining.on
    press(card(window), "Go on")
    press(card(window), "Close")
    assert not window.findChildren(Tour)
    page._pictures.results.explaining.toggle()
    qtbot.waitUntil(lambda: not [job for job in window.session.jobs if job.kind != "serve"], timeout=20_000)


def test_a_training_that_fails_can_be_tried_again(qtbot, window, walk, monkeypatch):
    launcher = window.workspace.launcher
    monkeypatch.setattr(type(launcher), "start", lambda _self: None)
    monkeypatch.setattr(type(launcher), "preparing", property(lambda _self: True))
    open_sample(qtbot, window)
    walk.go_on()
    job = Training(window.session.folder)
    walk._training._on_launched(None, job)
    walk._training._on_ended(job, Failed(problem=error("out_of_memory", same("No memory"), "machine")))
    assert says(card(window), "The training did not begin")
    press(card(window), "Try again")
    assert says(card(window), "It learns")
    job = Training(window.session.folder)
    walk._training._on_launched(None, job)
    job.event.emit(epoch(0.5))
    walk._training._on_ended(job, Finished())
    assert walk.step == "trained"


@pytest.mark.usefixtures("walk")
def test_escape_leaves_it_and_another_project_ends_it(qtbot, window, project_folder):
    QTest.keyClick(card(window), Qt.Key.Key_Escape)
    assert not window.findChildren(Tour)
    window.perform(StartTour())
    open_sample(qtbot, window)
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.folder == project_folder and not len(window.session.jobs), timeout=20_000)
    assert not window.findChildren(Tour)


@pytest.mark.usefixtures("walk")
def test_another_language_keeps_the_step(qtbot, window):
    open_sample(qtbot, window)
    before = window.current
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.current is not before)
    assert window.findChild(Tour).step == "data"
    assert says(card(window), "5000 dígitos en diez clases")
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: says(card(window), "5,000 digits"))


def test_it_is_offered_once_and_only_to_a_newcomer(window):
    app.offer_tour(window)
    (tour,) = window.findChildren(Tour)
    tour.end()
    app.offer_tour(window)
    assert not window.findChildren(Tour) and window.session.recall(OFFERED) is True


def test_who_has_a_project_is_not_asked(window, tmp_path):
    window.session.set_setting("recent", (str(tmp_path),))
    app.offer_tour(window)
    assert not window.findChildren(Tour)


def test_it_is_among_the_actions(window):
    assert any(entry.command == StartTour() for entry, _action in window.action_set.palette_actions())


@pytest.mark.usefixtures("walk")
def test_the_card_covers_the_least_of_what_it_points_at(window):
    shown = card(window)
    shown.show_step("1", "Title", "Text", "Next", "Skip", window.rail)
    assert shown.light.target.size() == window.rail.size() and shown.light.isVisible()
    assert not shown.geometry().intersects(shown.light.target)


@pytest.mark.usefixtures("walk")
def test_the_light_stays_where_the_control_is_seen(window):
    window.setMinimumSize(720, 470)
    window.resize(720, 470)
    inside = window.pages.centre
    tall = QWidget(inside)
    tall.setGeometry(20, 20, 100, 4000)
    tall.show()
    shown = card(window)
    shown.show_step("1", "Title", "Text", "Next", "Skip", tall)
    place = inside.mapTo(window, QPoint(0, 0))
    assert QRect(place, inside.size()).contains(shown.light.target) and shown.light.target.height() > 100
    tall.deleteLater()


@pytest.mark.parametrize("step", ["data", "train", "trained", "draw"])
@pytest.mark.usefixtures("walk")
def test_it_is_left_in_the_middle_and_what_it_began_goes_on(qtbot, window, monkeypatch, step):
    launcher = window.workspace.launcher
    monkeypatch.setattr(type(launcher), "start", lambda _self: None)
    monkeypatch.setattr(type(launcher), "preparing", property(lambda _self: True))
    open_sample(qtbot, window)
    tour = window.findChild(Tour)
    job = Training(window.session.folder)
    if step != "data":
        tour.go_on()
        tour._training._on_launched(None, job)
        job.event.emit(epoch(0.9))
    if step in ("trained", "draw"):
        add_run(window.session.folder)
        tour._training._on_ended(job, Finished())
    if step == "draw":
        tour.go_on()
    assert tour.step == step
    press(card(window), "Skip")
    assert not window.findChildren(Tour) and not [shown for shown in window.findChildren(TourCard) if shown.isVisible()]
    assert job.stopped is None and window.session.is_open
    # What comes later finds nobody who would answer it.
    job.event.emit(epoch(0.95))
    QTest.keyClick(window.centralWidget(), Qt.Key.Key_Escape)


@pytest.mark.usefixtures("walk")
def test_the_window_closes_in_the_middle(qtbot, window):
    open_sample(qtbot, window)
    assert window.close()
    qtbot.wait(300)
    assert not window.isVisible()
