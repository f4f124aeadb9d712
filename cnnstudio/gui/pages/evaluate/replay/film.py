"""Films of the time machine, painted off screen as the window paints it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from cnnstudio.evaluation.replays import EpochReplay
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.replay.painting import paint_scene
from cnnstudio.gui.pages.evaluate.replay.scene import Scene, make_scene
from cnnstudio.imaging.film import write_film

SIZES: Final = ((854, 480), (1280, 720), (1920, 1080))
"""Width and height in pixels."""
_DRAWN: Final = (1280.0, 720.0)
"""The logical size of every film: larger ones are finer, not fuller."""


def frame_of(scene: Scene, index: int, size: tuple[int, int], theme_name: str) -> np.ndarray:
    """uint8 (height, width, 3): one epoch. May be called in any thread."""
    image = QImage(*size, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    painter.scale(size[0] / _DRAWN[0], size[1] / _DRAWN[1])
    paint_scene(painter, QRectF(0, 0, *_DRAWN), scene, index, theme_name)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(size[1], image.bytesPerLine())
    return rows[:, :3 * size[0]].reshape(size[1], size[0], 3).copy()


def write_scene_film(path: Path, scene: Scene, size: tuple[int, int], per_second: float, theme_name: str,
                     progress: Callable[[int, int], None] = lambda _done, _total: None) -> str:
    """Write a film with a frame for each epoch; answers the name of its format. Raises ProblemError."""
    def frames() -> Iterator[np.ndarray]:
        for index in range(len(scene)):
            yield frame_of(scene, index, size, theme_name)

    return write_film(path, frames(), len(scene), per_second, progress)


def write_replay_film(path: Path, replays: Sequence[EpochReplay], split: str, colors: Sequence[int], size: tuple[int, int],
                      per_second: float, theme_name: str,
                      progress: Callable[[int, int], None] = lambda _done, _total: None) -> str:
    """As `write_scene_film`, without a window; `colors` are the colour numbers of the classes."""
    application = QApplication.instance() or QApplication(["cnnstudio"])
    theme.load_fonts()
    scene = make_scene(replays, [theme.class_color(number) for number in colors], split)
    kind = write_scene_film(path, scene, size, per_second, theme_name, progress)
    del application
    return kind
