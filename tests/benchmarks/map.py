"""The map: how long a repaint of 100,000 dots takes while panning, zooming and selecting; features and layout a second."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

DOTS = 100_000
FRAMES = 60
ROWS = 10_000


def dots(number: int = DOTS, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """(positions, class numbers) of a collection that looks like a t-SNE: clouds that touch."""
    rng = np.random.default_rng(0)
    middle = rng.uniform(-0.75, 0.75, (classes * 3, 2))
    cloud = rng.integers(0, len(middle), number)
    return (middle[cloud] + rng.normal(0, 0.09, (number, 2))).astype(np.float32), cloud % classes


def repaints() -> dict[str, list[float]]:
    """Seconds of every repaint of a window's map of 1200 x 800 pixels, by what the user does."""
    from PySide6.QtCore import QPointF

    from cnnstudio.app import make_application
    from cnnstudio.gui.look import theme
    from cnnstudio.gui.widgets.map.gestures import MapView

    application = make_application([])
    position, classes = dots()
    table = np.asarray([theme.class_color(each).getRgb() for each in range(10)], np.uint8)
    view = MapView()
    view.resize(1200, 800)
    view.set_points(position, np.arange(DOTS), table[classes])
    view.show()
    application.processEvents()
    doings: dict[str, Callable[[int], object]] = {
        "pan": lambda turn: view.pan_by(7 if turn % 20 < 10 else -7, 3),
        "zoom": lambda turn: view.zoom_by(1.08 if turn % 30 < 15 else 1 / 1.08, QPointF(500, 300)),
        "select": lambda turn: view.set_selected(range(turn * 100, turn * 100 + 30_000)),
        "hover": lambda turn: view._hover_to(QPointF(300 + 5 * turn, 400)),
    }
    taken: dict[str, list[float]] = {}
    for name, do in doings.items():
        taken[name] = []
        for turn in range(FRAMES):
            start = time.perf_counter()
            do(turn)
            view.repaint()
            taken[name].append(time.perf_counter() - start)
            application.processEvents()
    view.close_threads()
    view.close()
    return taken


def layout() -> tuple[float, float]:
    """(seconds of the nearest pictures, seconds of t-SNE) for 10,000 rows of 64 numbers."""
    from cnnstudio.engine import projection

    rng = np.random.default_rng(0)
    middle = rng.normal(0, 3, (10, 64))
    rows = (middle[rng.integers(0, 10, ROWS)] + rng.normal(0, 1, (ROWS, 64))).astype(np.float32)
    start = time.perf_counter()
    projection.nearest_neighbours(rows)
    between = time.perf_counter()
    projection.project_features(rows, "tsne")
    return between - start, time.perf_counter() - between


def run() -> list[dict[str, Any]]:
    """A row for what is seen sixty times a second, and one for the layout; the target is absolute."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = []
    for name, seconds in repaints().items():
        middle, late = statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000
        found.append({"work": f"map, {DOTS:,} dots, {name}: repaint, median and 95th percentile",
                      "ours": f"{middle:.1f} / {late:.1f} ms", "script": "16.7 ms", "ratio": 16.7 / late,
                      "target": ">= 1"})
    near, arranged = layout()
    found.append({"work": f"layout of {ROWS:,} pictures: nearest, t-SNE", "ours": f"{near:.1f} + {arranged:.0f} s",
                  "script": "-", "ratio": 1.0, "target": "-"})
    return found


if __name__ == "__main__":
    for row in run():
        print(f"{row['work']}: {row['ours']} (target {row['target']}, {row['ratio']:.2f})")
