"""Painted pictures, and what the Data page shows of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write(path: Path, pixels: np.ndarray, quality: int = 92) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())


def scene(seed: int) -> np.ndarray:
    """A sharp picture of its own: blocks, lines and grain."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.integers(40, 220, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST)
    return np.clip(coarse.astype(int) + random.integers(-30, 31, coarse.shape), 0, 255).astype(np.uint8)


def shown(page) -> list[str]:
    return [picture.name for picture in page.workspace.collection.rows(list(page.views.grid.ids))]


def idle(qtbot, page) -> None:
    qtbot.wait(150)
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)
