"""Adding, recording, downloading and exporting pictures in the window, without a network or a camera."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest

from cnnstudio.core.files import read_project
from cnnstudio.gui.pages.data.dialogs import download as download_module
from cnnstudio.gui.pages.data.dialogs.add import AddPicturesDialog, open_add_pictures, takes
from cnnstudio.gui.pages.data.dialogs.base import ModeChoice, PathField
from cnnstudio.gui.pages.data.dialogs.camera import Camera
from cnnstudio.gui.pages.data.dialogs.collect import open_export_collection
from cnnstudio.gui.pages.data.dialogs.download import open_download
from cnnstudio.gui.pages.data.dialogs.sources import SourcesList, join, remove, sources_summary
from cnnstudio.gui.pages.data.dialogs.webcam import FOLDER, WebcamDialog
from cnnstudio.gui.state.commands import (
    AddPictures,
    DownloadCollection,
    ExportCollection,
    NewProject,
    OpenPaths,
    OpenProject,
    RecordPictures,
)
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.picture import PictureView
from tests.datasets.test_archives import files, zipped
from tests.datasets.test_arrays import GREY, LABELS
from tests.datasets.test_datasets import draw
from tests.gui.driving import button, card, field, part, parts, press, says, texts, write


@pytest.fixture
def opened(qtbot, workspace: Workspace, project_folder: Path):
    """A project of forty pictures, after its first scan."""
    session = workspace.session
    assert session.open(project_folder)
    qtbot.waitUntil(lambda: workspace.counts.total == 40 and len(session.jobs) == 0, timeout=20_000)
    yield workspace
    qtbot.waitUntil(lambda: len(session.jobs) == 0, timeout=20_000)


def end(dialog) -> None:
    """Close a dialog and delete it, as the window's event loop would."""
    dialog.close()
    QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)


def place(dialog) -> PathField:
    """Where the dialog writes to."""
    return part(dialog, PathField)


def recorded(dialog: WebcamDialog, name: str = "") -> int:
    """How many pictures the dialog says were recorded, of a class or of all."""
    lines = dict(line.rsplit(": ", 1) for line in texts(dialog) if ": " in line)
    return int(lines.get(name, 0)) if name else sum(map(int, lines.values()))


def settled(qtbot, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: len(workspace.session.jobs) == 0, timeout=20_000)


def test_takes(tmp_path, pictures_folder):
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    assert takes([str(pictures_folder)])
    assert takes([tmp_path / "notes.txt", tmp_path / "a.csv"])
    assert not takes([tmp_path / "notes.txt", pictures_folder / "cat" / "cat00.png", tmp_path / "missing"])


def test_anything_is_looked_at_unpacked_and_joined_as_one_step(qtbot, opened, tmp_path):
    archive = zipped(tmp_path / "more.zip", ["x/cat/1.png", "x/fox/2.png"])
    np.savez(tmp_path / "arrays.npz", x=GREY, y=LABELS)
    dialog = open_add_pictures(opened, None, [archive, tmp_path / "arrays.npz", draw(tmp_path / "birds", "owl/1.png")])
    qtbot.waitUntil(dialog.primary.isEnabled, timeout=10_000)
    assert place(dialog).isVisibleTo(dialog)
    dialog.primary.click()
    qtbot.waitUntil(lambda: opened.counts.total == 49, timeout=20_000)
    settled(qtbot, opened)
    assert opened.session.project.dataset.joined == ("pictures/more", "pictures/arrays", str(tmp_path / "birds"))
    assert set(opened.counts.class_names) == {"cat", "dog", "fox", "owl", "0", "1", "2"}
    opened.session.undo()
    qtbot.waitUntil(lambda: opened.counts.total == 40, timeout=20_000)
    opened.session.redo()
    qtbot.waitUntil(lambda: opened.counts.total == 49, timeout=20_000)
    opened.session.save_now()
    assert len(read_project(opened.session.folder).dataset.joined) == 3


def test_what_cannot_be_used_says_why_and_can_be_removed(qtbot, opened, tmp_path):
    evil = zipped(tmp_path / "evil.zip", ["../up.png"])
    good = draw(tmp_path / "birds", "owl/1.png")
    dialog = open_add_pictures(opened, None, [evil, good])
    settled(qtbot, opened)
    assert not dialog.primary.isEnabled()
    assert says(dialog, "Remove the sources that cannot be used")
    press(card(dialog, "evil.zip"), "Remove")
    assert dialog.primary.isEnabled()
    end(dialog)
    assert opened.session.project.dataset.joined == ()


def test_start_a_project_with_it(qtbot, opened, tmp_path):
    requested = []
    opened.session.command_requested.connect(requested.append)
    dialog = open_add_pictures(opened, None, [zipped(tmp_path / "more.zip", ["cat/1.png", "fox/2.png"])])
    qtbot.waitUntil(dialog.primary.isEnabled, timeout=10_000)
    part(dialog, ModeChoice).set_value("start")
    dialog.primary.click()
    qtbot.waitUntil(lambda: bool(requested), timeout=10_000)
    assert requested == [NewProject(str(opened.session.folder / "pictures" / "more"))]
    assert opened.session.project.dataset.joined == ()


def test_closing_while_it_works_cancels_and_leaves_nothing(qtbot, opened, tmp_path):
    archive = zipped(tmp_path / "more.zip", [f"cat/{number}.png" for number in range(3000)])
    dialog = open_add_pictures(opened, None, [archive])
    qtbot.waitUntil(dialog.primary.isEnabled, timeout=10_000)
    dialog.primary.click()
    end(dialog)
    settled(qtbot, opened)
    assert opened.session.project.dataset.joined == ()
    place = opened.session.folder / "pictures"
    assert not place.exists() or not os.listdir(place)


def test_the_list_of_sources(qtbot, opened, tmp_path, pictures_folder):
    (tmp_path / "list.csv").write_text(f"file,class\n{pictures_folder}/cat/cat00.png,lynx\n")
    birds = draw(tmp_path / "birds", "owl/1.png", "owl/2.png")
    shown = SourcesList(opened)
    qtbot.addWidget(shown)
    assert join(opened.session, opened.scanner, [birds, tmp_path / "list.csv"])
    qtbot.waitUntil(lambda: opened.counts.total == 43, timeout=20_000)
    summary = sources_summary(opened.session.project, opened.session.folder, opened.collection.index)
    assert [text for text, _number in summary] == [str(pictures_folder), str(birds), str(tmp_path / "list.csv")]
    assert summary[1][1] == 2
    assert sum(number for _text, number in summary) == 43
    amounts = [format_pictures(number) for _text, number in summary]
    assert [label for label in texts(shown) if label in amounts] == amounts
    settled(qtbot, opened)
    assert remove(opened.session, str(birds))
    qtbot.waitUntil(lambda: opened.counts.total == 41, timeout=20_000)
    assert files(birds) == {"owl/1.png", "owl/2.png"}
    settled(qtbot, opened)
    opened.session.undo()
    qtbot.waitUntil(lambda: opened.counts.total == 43, timeout=20_000)
    settled(qtbot, opened)
    assert join(opened.session, opened.scanner, [birds])
    assert opened.session.project.dataset.joined == (str(birds), str(tmp_path / "list.csv"))


@pytest.mark.parametrize("form", ["folders", "csv", "zip"])
def test_export_writes_and_counts(qtbot, opened, tmp_path, form):
    opened.decisions.exclude(list(opened.collection.index.ids())[:3], True)
    dialog = open_export_collection(opened)
    dialog.choose(form)
    ending = {"csv": ".csv", "zip": ".zip"}.get(form, "")
    assert str(place(dialog).path).endswith(f"curated{ending}")
    place(dialog).set_path(tmp_path / f"out{ending}")
    dialog.primary.click()
    qtbot.waitUntil(lambda: says(dialog, "37 pictures written"), timeout=20_000)
    assert (tmp_path / f"out{ending}").exists()
    dialog.primary.click()
    assert parts(dialog, Banner)
    end(dialog)


class _Film:
    """A camera of numbered pictures that breaks off after `length`."""

    def __init__(self, length: int = 10**9, opens: bool = True):
        self.length, self.opens, self.released = length, opens, threading.Event()

    def isOpened(self):
        return self.opens

    def read(self):
        threading.Event().wait(0.004)
        self.length -= 1
        return (True, np.full((48, 64, 3), self.length % 256, np.uint8)) if self.length > 0 else (False, None)

    def release(self):
        self.released.set()


def test_recording_while_the_button_or_space_is_held(qtbot, opened):
    film = _Film()
    dialog = WebcamDialog(opened, None, lambda _number: film, [(0, "Film")])
    dialog.open()
    qtbot.waitUntil(lambda: part(dialog, PictureView).image is not None, timeout=5000)
    rate = part(dialog, NumberBox)
    rate.set_value(30)
    rate.value_changed.emit(30)
    write(dialog, "Class", "cup / taza")
    button(dialog, "Hold to record").pressed.emit()
    qtbot.waitUntil(lambda: recorded(dialog) >= 4, timeout=5000)
    button(dialog, "Recording…").released.emit()
    qtbot.wait(150)
    held = recorded(dialog)
    qtbot.wait(200)
    assert recorded(dialog) == held
    write(dialog, "Class", "dog")
    press(dialog, "PNG")
    dialog.activateWindow()
    view = part(dialog, PictureView)
    view.setFocus()
    QTest.keyPress(view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: recorded(dialog, "dog") >= 2, timeout=5000)
    QTest.keyRelease(view, Qt.Key.Key_Space)
    total = recorded(dialog)
    dialog.accept()
    assert film.released.is_set()
    qtbot.waitUntil(lambda: opened.counts.total == 40 + total, timeout=20_000)
    settled(qtbot, opened)
    assert opened.session.project.dataset.joined == (FOLDER,)
    place = opened.session.folder / FOLDER
    assert {path.parent.name for path in place.rglob("*.jpg")} == {"cup _ taza"}
    assert {path.parent.name for path in place.rglob("*.png")} == {"dog"}
    assert len(files(place)) == total


@pytest.mark.parametrize(("film", "message"), [(_Film(opens=False), "No camera"), (_Film(5), "unplugged")])
def test_no_camera_and_one_that_is_unplugged_are_told(qtbot, opened, film, message):
    dialog = WebcamDialog(opened, None, lambda _number: film, [(0, "Film")])
    dialog.open()
    qtbot.waitUntil(lambda: message in part(dialog, PictureView).message, timeout=5000)
    assert not button(dialog, "Hold to record").isEnabled()
    assert film.released.is_set()
    film.opens, film.length = True, 10**9
    press(dialog, "Try again")
    qtbot.waitUntil(lambda: part(dialog, PictureView).image is not None, timeout=5000)
    end(dialog)
    assert opened.session.project.dataset.joined == ()


def test_no_camera_at_all_and_a_driver_that_raises(qtbot, opened, tmp_path):
    dialog = WebcamDialog(opened, None, lambda _number: _Film(), [])
    dialog.open()
    assert "No camera" in part(dialog, PictureView).message
    end(dialog)
    problems = []

    def broken():
        raise RuntimeError("driver")

    camera = Camera(broken, tmp_path)
    camera.failed.connect(problems.append, Qt.ConnectionType.DirectConnection)
    camera.start()
    camera.stop()
    assert [problem.code for problem in problems] == ["camera_lost"]
    assert camera.isFinished()
    assert qtbot


def test_lists_and_archives_may_be_dropped_anywhere(qtbot, window, tmp_path):
    (tmp_path / "birds.csv").write_text("path,class\nowl/1.png,owl\nhen/1.png,hen\n")
    draw(tmp_path, "owl/1.png", "hen/1.png")
    window.perform(OpenPaths((str(tmp_path / "birds.csv"),)))
    (dialog,) = [dialog for dialog in window.findChildren(AddPicturesDialog) if dialog.isVisible()]
    qtbot.waitUntil(dialog.primary.isEnabled, timeout=10_000)
    assert not parts(dialog, ModeChoice)
    dialog.primary.click()
    page = window.current
    qtbot.waitUntil(lambda: page.state.get("source") == str(tmp_path / "birds.csv"), timeout=10_000)
    assert field(page, "Name").text() == "birds"
    press(page, "Create project")
    qtbot.waitUntil(lambda: window.session.is_open, timeout=30_000)
    qtbot.waitUntil(lambda: window.workspace.counts.total == 2 and len(window.session.jobs) == 0, timeout=20_000)
    assert window.workspace.counts.class_names == ("hen", "owl")
    assert window.workspace.collection.root == tmp_path


def test_a_film_through_opencv(qtbot, opened, tmp_path):
    import cv2

    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no films")
    for number in range(60):
        writer.write(np.full((48, 64, 3), number * 4, np.uint8))
    writer.release()
    dialog = WebcamDialog(opened, None, lambda _number: cv2.VideoCapture(str(tmp_path / "film.avi")), [(0, "Film")])
    # At once: the film is short, and its class is the first one.
    next(child for child in dialog.findChildren(Button) if child.text() == "Hold to record").pressed.emit()
    dialog.open()
    qtbot.waitUntil(lambda: "unplugged" in part(dialog, PictureView).message, timeout=10_000)
    count = recorded(dialog)
    assert count >= 1
    dialog.accept()
    qtbot.waitUntil(lambda: opened.counts.total == 40 + count, timeout=20_000)


@pytest.mark.parametrize(("command", "name"), [
    (AddPictures(), "AddPicturesDialog"), (RecordPictures(), "WebcamDialog"), (DownloadCollection(), "DownloadDialog"),
    (ExportCollection(), "ExportCollectionDialog")])
def test_the_window_opens_each_and_closes_with_it(qtbot, window, project_folder, monkeypatch, command, name):
    from PySide6.QtWidgets import QDialog

    from cnnstudio.gui.pages.data.dialogs import webcam

    monkeypatch.setattr(webcam, "cameras", list)
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.workspace.counts.total == 40 and len(window.session.jobs) == 0, timeout=20_000)
    window.perform(command)
    (dialog,) = [dialog for dialog in window.findChildren(QDialog) if type(dialog).__name__ == name]
    assert dialog.isVisible()
    assert dialog.width() <= 900
    assert dialog.height() <= 760
    end(dialog)


def test_download_and_join(qtbot, opened, tmp_path, monkeypatch):
    def fetched(entry, target, _cache, on_progress, check, on_phase):
        on_phase(download_module.FETCHING)
        on_progress(entry.bytes, entry.bytes)
        check()
        return draw(target, "owl/1.png", "hen/1.png")

    monkeypatch.setattr(download_module, "fetch_dataset", fetched)
    dialog = open_download(opened)
    dialog.choose("cifar10")
    assert place(dialog).path.name == "cifar10"
    place(dialog).set_path(tmp_path / "cifar")
    part(dialog, ModeChoice).set_value("join")
    dialog.primary.click()
    qtbot.waitUntil(lambda: opened.counts.total == 42, timeout=20_000)
    settled(qtbot, opened)
    assert opened.session.project.dataset.joined == (str(tmp_path / "cifar"),)


def test_offline_is_told_in_the_dialog(qtbot, opened, monkeypatch):
    from cnnstudio.core.problems import ProblemError, error
    from cnnstudio.core.text import Text

    def offline(*_arguments):
        raise ProblemError(error("offline", Text("No connection.", "Sin conexión."), "dataset"))

    monkeypatch.setattr(download_module, "fetch_dataset", offline)
    dialog = open_download(opened)
    dialog.primary.click()
    qtbot.waitUntil(lambda: bool(parts(dialog, Banner)), timeout=5000)
    assert dialog.primary.isEnabled()
    end(dialog)
