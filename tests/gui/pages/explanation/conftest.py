"""Pictures, a model and the scripted server."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.gui.state.prediction_server import PredictionServer
from tests.gui.pages.explanation.scripted import TARGET


@pytest.fixture
def files(tmp_path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.png", "b.png", "broken.png")]
    for path in paths:
        cv2.imwrite(str(path), np.full((24, 24, 3), 60, np.uint8))
    return paths


@pytest.fixture
def model(qtbot, session, tmp_path, monkeypatch):
    monkeypatch.setattr(PredictionServer, "target", TARGET)
    path = tmp_path / "model.keras"
    path.write_bytes(b"a model")
    yield str(path), ""
    session.findChild(PredictionServer).stop()
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)


@pytest.fixture
def dense(model):
    """A model without a convolution."""
    path = Path(model[0]).with_name("dense.keras")
    path.write_bytes(b"a model")
    return str(path), ""
