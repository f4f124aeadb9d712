"""The film of the README, from the real window: `python -m tests.e2e.film OUT.webp [LANGUAGE] [THEME]` under Xvfb.

It walks the tour: the sample, ten seconds of training, a drawn digit, and why. Waiting is cut.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from tests.e2e.drive import Driver

SIZE = (1120, 700)
RATE = 8
"""Frames of a second of the film."""
LARGEST = 3_000_000
SEVEN = [(0.27, 0.25), (0.42, 0.245), (0.58, 0.24), (0.72, 0.24), (0.66, 0.38), (0.58, 0.52), (0.51, 0.66), (0.46, 0.8)]


class Film:
    """Frames of a window; equal ones in a row become one that lasts longer."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._frames: list[Image.Image] = []
        self._durations: list[int] = []

    @property
    def seconds(self) -> float:
        return sum(self._durations) / 1000

    def shoot(self, milliseconds: int = 1000 // RATE) -> None:
        """Add the window as it is now."""
        image = self._driver.window.grab().toImage().scaled(
            *SIZE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        frame = Image.frombuffer("RGB", SIZE, bytes(image.constBits()), "raw", "RGB", image.bytesPerLine(), 1)
        if self._frames and frame.tobytes() == self._frames[-1].tobytes():
            self._durations[-1] += milliseconds
        else:
            self._frames.append(frame)
            self._durations.append(milliseconds)

    def run(self, seconds: float, speed: float = 1.0) -> None:
        """Film so many seconds of the window, shown `speed` times as fast."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = time.monotonic()
            self.shoot()
            self._driver.settle(max(0.0, speed / RATE - (time.monotonic() - before)))

    def save(self, path: Path) -> None:
        """Write it as an animated WebP that stays below the limit."""
        for quality in (84, 72, 60, 48, 36):
            self._frames[0].save(path, save_all=True, append_images=self._frames[1:], duration=self._durations, loop=0,
                                 quality=quality, method=4, minimize_size=True)
            if path.stat().st_size <= LARGEST:
                return
        raise ValueError(f"{path} has {path.stat().st_size} bytes")


def draw(film: Film, driver: Driver, points: list[tuple[float, float]]) -> None:
    """Draw with the mouse, as slowly as a hand."""
    pad = driver.window.current.drawing.pad
    sheet = pad._sheet()
    places = [QPoint(round(sheet.x() + x * sheet.width()), round(sheet.y() + y * sheet.height())) for x, y in points]
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=places[0])
    for before, after in zip(places, places[1:], strict=False):
        for part in (0.5, 1.0):
            QTest.mouseMove(pad, before + (after - before) * part)
            film.run(1 / RATE)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=places[-1])


def make_film(out: Path, language: str, theme: str, look: Callable[[Driver, str], None] = lambda _driver, _name: None) -> float:
    """Walk the tour and write the film; its seconds. `look` is called at every step."""
    from cnnstudio.gui.state.commands import StartTour
    from cnnstudio.gui.window.tour.tour import Tour

    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNNSTUDIO_PROJECTS"] = folder
        driver = Driver(out.parent, language, theme)
        film = Film(driver)
        driver.window.perform(StartTour())
        tour = driver.window.findChild(Tour)
        driver.settle(0.5)
        look(driver, "1-welcome")
        film.run(2.4)
        tour.go_on()
        driver.until(lambda: tour.step == "data" and not [job for job in driver.session.jobs if not job.quiet], "the sample")
        driver.settle(1.0)
        look(driver, "2-data")
        film.run(2.4)
        tour.go_on()
        driver.until(tour._training._clock.isActive, "the first step of the training")
        film.run(6.0, speed=1.6)
        look(driver, "3-train")
        driver.until(lambda: tour.step == "trained", "the end of the training")
        driver.settle(1.5)
        look(driver, "4-trained")
        film.run(2.0)
        tour.go_on()
        page = driver.window.current
        driver.until(lambda: page.server.ready is not None, "the model")
        driver.settle(0.5)
        film.run(0.8)
        draw(film, driver, SEVEN)
        driver.until(lambda: page.drawing.answer is not None and not page.drawing._asking, "an answer")
        look(driver, "5-draw")
        film.run(1.8)
        tour.go_on()
        driver.until(lambda: page.answers and not driver.session.jobs.of_kind("drawing"), "the picture")
        driver.until(lambda: page._pictures.results.explaining.panel.overlay(0) is not None, "the explanation")
        driver.settle(0.5)
        look(driver, "6-why")
        film.run(3.5)
        tour.go_on()
        driver.settle(0.3)
        look(driver, "7-end")
        film.run(2.6)
        film.save(out)
        answer = page.answers[0].label
        driver.session.save_now()
        driver.window.close()
        driver.workspace.end()
    print(f"{out}: {film.seconds:.1f} s, {out.stat().st_size / 1e6:.2f} MB; the drawn seven is read as {answer}")
    return film.seconds


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    make_film(target, *(sys.argv[2:4] or ("en", "light")))
