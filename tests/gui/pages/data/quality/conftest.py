"""An audited project of painted pictures with defects, on the Data page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cnnstudio.gui.state.commands import OpenProject
from tests.gui.pages.data.quality.painted import scene, write


@pytest.fixture
def pictures_folder(tmp_path):
    root = tmp_path / "pictures"
    for number in range(24):
        write(root / "ab"[number % 2] / f"{number:02d}.jpg", scene(number))
    write(root / "a" / "blurred.jpg", cv2.GaussianBlur(scene(50), (0, 0), 4))
    write(root / "a" / "dark.jpg", (scene(51) * 0.15).astype(np.uint8))
    (root / "a" / "copy.jpg").write_bytes((root / "a" / "00.jpg").read_bytes())
    write(root / "b" / "small copy.jpg", cv2.resize(scene(3), (100, 75), interpolation=cv2.INTER_AREA), 70)
    (root / "b" / "cut.jpg").write_bytes((root / "b" / "05.jpg").read_bytes()[:1500])
    return root


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    window.workspace.audit.start(labels=False)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=30_000)
    return window.current
