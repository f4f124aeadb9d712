"""The camera with its answers, through a source that needs no device."""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.camera.rhythm import Rhythm, Smoother
from cnnstudio.imaging.frames import FrameInfo, no_camera_problem
from tests.gui.driving import button, choose, field, press, says
from tests.gui.pages.predict.test_predict import opened, page  # noqa: F401


class Recorded:
    """A camera that sends frames of these greys, again and again, a hundred a second."""

    info = FrameInfo(width=64, height=48, rate=100.0)

    def __init__(self, values=(240,), dies_after=0):
        self.values, self.dies_after = values, dies_after
        self.number = -1
        self.closed = threading.Event()
        self.thread = threading.current_thread()

    def advance(self):
        self.number += 1
        time.sleep(0.01)
        return None if self.dies_after and self.number >= self.dies_after else self.number / 100

    def pixels(self):
        pixels = np.full((48, 64, 3), self.values[self.number % len(self.values)], np.uint8)
        pixels[:, :8] = (255, 0, 0)
        return pixels

    def seek(self, seconds):
        pass

    def close(self):
        self.closed.set()


@pytest.fixture
def camera(qtbot, page):  # noqa: F811
    mode = page.camera
    mode.opened = []

    def opener(_number):
        mode.opened.append(Recorded())
        return mode.opened[-1]

    mode.opener, mode.lister = opener, lambda: [(0, "Front"), (2, "Back")]
    press(page, "Camera")
    yield mode
    mode.stop()
    qtbot.waitUntil(lambda: not mode._ending)


def test_the_camera_opens_on_a_click_alone_and_its_frames_are_answered(qtbot, page, camera):  # noqa: F811
    assert not camera.running and not camera.opened, "looking at the mode opens nothing"
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: says(camera.widget, "answers a second") and says(camera.widget, "dog"), timeout=10_000)
    assert camera.picture.image is not None and camera.picture.image.width() == 64
    (source,) = camera.opened
    assert source.thread is not threading.main_thread()
    press(page, "Stop the camera")
    qtbot.waitUntil(source.closed.is_set)
    assert camera.picture.image is None and says(page, "Start the camera") is False


def test_the_camera_is_off_when_the_mode_or_the_page_is_left(qtbot, page, camera, opened):  # noqa: F811
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: bool(camera.opened))
    press(page, "Pictures")
    qtbot.waitUntil(camera.opened[0].closed.is_set)
    press(page, "Camera")
    assert not camera.running
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: len(camera.opened) == 2)
    opened.go("data")
    qtbot.waitUntil(camera.opened[1].closed.is_set)
    opened.go("predict")
    assert not camera.running


def test_only_the_screen_is_mirrored(qtbot, page, camera):  # noqa: F811
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: camera.picture.image is not None)
    assert camera._mirror.isChecked()
    qtbot.waitUntil(lambda: camera.picture.image.pixelColor(62, 20).blue() == 255)
    camera._mirror.click()
    qtbot.waitUntil(lambda: camera.picture.image.pixelColor(2, 20).blue() == 255)
    qtbot.keyClick(camera.widget, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: button(camera.widget, "Add to the pictures").isEnabled())
    pixels = camera._feed.held_pixels()
    assert pixels[20, 2].tolist() == [255, 0, 0], "the model and the file get it as it is"


def test_a_frozen_frame_is_saved_and_goes_to_the_pictures(qtbot, page, camera, tmp_path):  # noqa: F811
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: says(camera.widget, "dog"))
    assert not button(camera.widget, "Add to the pictures", hidden=True).isVisible()
    press(page, "Freeze")
    qtbot.waitUntil(lambda: button(camera.widget, "Add to the pictures").isEnabled())
    frozen, held = camera._frozen_answer, camera._feed.held_pixels()
    qtbot.wait(100)  # the screen gets the held frame at its own rate
    shown = camera.picture.image
    qtbot.wait(100)
    assert camera.picture.image is shown and camera._feed.held_pixels() is held
    saved = []
    camera.save_frame(tmp_path / "frame.png", lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved))
    assert np.array_equal(cv2.imread(str(tmp_path / "frame.png")), held)
    press(page, "Add to the pictures")
    qtbot.waitUntil(lambda: len(page.answers) == 1)
    assert page.answers[0].best.probability == pytest.approx(frozen.top[0].probability)
    assert np.array_equal(cv2.imread(page.answers[0].path), held)
    assert not camera.running, "the camera is off when the pictures are shown"
    qtbot.waitUntil(lambda: page.session.jobs.of_kind("predict-picture") is None)


def test_a_frozen_frame_goes_on(qtbot, page, camera):  # noqa: F811
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: says(camera.widget, "dog"))
    for _time in range(3):
        qtbot.keyClick(camera.widget, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: camera._frozen_answer is not None)
        qtbot.keyClick(camera.widget, Qt.Key.Key_Space)
        before = camera.opened[0].number
        qtbot.waitUntil(lambda before=before: camera.opened[0].number > before + 5 and camera._rhythm.rate > 0)


def test_the_mean_of_the_last_answers_is_stated(qtbot, page, camera):  # noqa: F811
    camera.opener = lambda _number: Recorded((255, 0))
    press(page, "Start the camera")
    choose(field(camera.widget, "Smoothing"), "Mean of 10 answers")
    qtbot.waitUntil(lambda: says(camera.widget, "mean of the last 10 answers"), timeout=10_000)
    bars = camera.widget.findChild(AnswerCard).bars
    qtbot.waitUntil(lambda: bool(bars.ranked) and 0.3 < bars.ranked[0].probability < 0.7, timeout=10_000)


def test_another_camera_is_chosen_after_the_first_let_go(qtbot, page, camera):  # noqa: F811
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: len(camera.opened) == 1)
    choose(field(camera.widget, "Camera"), "Back")
    qtbot.waitUntil(lambda: len(camera.opened) == 2)
    assert camera.opened[0].closed.is_set()


def test_no_camera_a_busy_one_and_one_that_is_unplugged_are_told(qtbot, page, camera):  # noqa: F811
    def busy(_number):
        raise ProblemError(no_camera_problem())

    camera.opener = busy
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: "close other programs" in camera.picture.message)
    assert not camera.running and button(page, "Start the camera").isEnabled()
    camera.opener = lambda _number: Recorded(dies_after=3)
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: "stopped sending pictures" in camera.picture.message, timeout=10_000)

    def odd(_number):
        raise RuntimeError("driver")

    camera.opener = odd
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: not camera.running)
    camera.lister = list
    camera.enter()
    assert not button(page, "Start the camera").isEnabled()


class Slow(Recorded):
    """A driver that lets go of the camera only when it is told."""

    def __init__(self):
        super().__init__()
        self.release = threading.Event()

    def close(self):
        self.release.wait(10)
        super().close()


@pytest.fixture
def slow(qtbot, page, camera):  # noqa: F811
    """The camera was stopped and started again while its driver still holds it."""
    sources = [Slow()]
    camera.opener = lambda number: sources[0] if not camera.opened.append(number) and len(camera.opened) == 1 else Recorded()
    press(page, "Start the camera")
    qtbot.waitUntil(lambda: len(camera.opened) == 1 and sources[0].number > 0)
    press(page, "Stop the camera")
    press(page, "Start the camera")
    assert camera.running and len(camera.opened) == 1
    yield sources[0]
    sources[0].release.set()


def let_go(qtbot, slow):
    slow.release.set()
    qtbot.waitUntil(slow.closed.is_set)
    qtbot.wait(100)


def test_a_camera_waited_for_is_not_opened_once_the_page_is_left(qtbot, camera, slow):
    camera.leave()
    let_go(qtbot, slow)
    assert camera.opened == [0] and not camera.running


def test_a_camera_waited_for_is_given_up_where_the_list_is_empty(qtbot, page, camera, slow):  # noqa: F811
    camera.lister = list
    camera.enter()
    let_go(qtbot, slow)
    assert camera.opened == [0] and not button(page, "Start the camera").isEnabled()


def test_the_button_stops_waiting_for_a_camera(qtbot, page, camera, slow):  # noqa: F811
    press(page, "Stop the camera")
    let_go(qtbot, slow)
    assert camera.opened == [0] and button(page, "Start the camera").isEnabled()


def test_another_camera_may_be_chosen_while_one_is_waited_for(qtbot, camera, slow):
    choose(field(camera.widget, "Camera"), "Back")
    slow.release.set()
    qtbot.waitUntil(lambda: camera.opened == [0, 2])


def test_the_rhythm_counts_the_last_two_seconds():
    rhythm = Rhythm()
    assert rhythm.rate == rhythm.latency == 0
    for number in range(50):
        rhythm.add(number / 10, number / 10 + 0.03)
    assert rhythm.rate == pytest.approx(10) and rhythm.latency == pytest.approx(0.03)


def test_the_mean_is_of_the_last_answers_alone():
    from cnnstudio.core.jobs import Prediction, Ranked

    def answer(share):
        return Prediction(request=1, path="", top=(Ranked(label="cat", probability=share),
                                                   Ranked(label="dog", probability=1 - share)))

    smoother = Smoother(("cat", "dog"))
    smoother.set_count(2)
    smoother.add(answer(1.0))
    smoother.add(answer(0.5))
    (first, _second) = smoother.add(answer(0.0))
    assert (first.label, first.probability) == ("dog", 0.75)
