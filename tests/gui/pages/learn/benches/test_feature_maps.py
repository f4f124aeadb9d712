"""The feature maps bench in the window, its model answered by a scripted server."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.network import NetworkSpec
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.datasets.opening import create_project
from cnnstudio.gui.pages.learn.benches.feature_maps.depth_bars import DepthBars
from cnnstudio.gui.pages.learn.drawing.field_picture import FieldPicture
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.workers.runs.folder import create_run
from tests.gui.driving import parts, press, says


def network() -> NetworkSpec:
    builder = network_builder()
    builder.add("Input")
    builder.add("Conv2D", filters=3, kernel_size=(3, 3))
    builder.add("MaxPooling2D", id="pool")
    builder.add("Flatten")
    builder.add("Output")
    return builder.network()


@pytest.fixture
def project(qtbot, workspace, tmp_path) -> Path:
    """An open project with a run; its model is a file that nobody reads."""
    root = tmp_path / "pictures"
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for place in range(3):
            cv2.imwrite(str(root / name / f"{place}.png"), np.full((9, 9), 60 * place, np.uint8))
    created, index = create_project(tmp_path / "project", root, template="lenet5")
    index.close()
    recipe = msgspec.structs.replace(created.project.recipe, height=8, width=8, color_mode="grayscale")
    spec = msgspec.structs.replace(created.project, network=network(), recipe=recipe)
    entries = [Entry(path=f"{name}/{place}.png", label=number, split="test" if place else "train")
               for number, name in enumerate(("a", "b")) for place in range(3)]
    header = Header(root=str(root), class_names=("a", "b"), label_mode="categorical")
    run = create_run(tmp_path / "project", spec, lambda path: write_manifest(path, header, entries))
    run.model_path.write_bytes(b"a model")
    assert workspace.session.open(tmp_path / "project")
    qtbot.waitUntil(lambda: not len(workspace.session.jobs), timeout=20_000)
    return tmp_path / "project"


@pytest.mark.usefixtures("project")
def test_along_the_depth_a_value_sees_more(qtbot, monkeypatch, open_bench, workspace) -> None:
    monkeypatch.setattr(PredictionServer, "target", "tests.gui.pages.learn.benches.children:looks_inside")
    view = open_bench("feature_maps")
    qtbot.waitUntil(lambda: view.maps is not None and bool(parts(view, FieldPicture)[0].boxes), timeout=30_000)
    picture, bars = parts(view, FieldPicture)[0], parts(view, DepthBars)[0]
    assert [bar.layer for bar in bars.bars] == ["input", "conv", "pool"]
    assert view.layer == "conv" and picture.boxes[-1][:4] == (2, 2, 3, 3)
    assert [bar.share for bar in bars.bars] == pytest.approx([1 / 64, 9 / 64, 16 / 64])
    assert says(view, "sees 3 × 3 pixels; 50% of its gradient")
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert view.layer == "pool"
    qtbot.waitUntil(lambda: bool(picture.boxes) and picture.boxes[-1].height == 4, timeout=30_000)
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=picture.rect().center())
    qtbot.waitUntil(lambda: bool(picture.boxes), timeout=30_000)
    (code,) = view.code()
    assert "get_layer('pool')" in code.source and "load_model" in code.source
    before = view.settings()["file"]
    press(view, "Next picture")
    assert view.settings()["file"] != before
    qtbot.waitUntil(lambda: view.maps is not None, timeout=30_000)
    assert view.settings()["layer"] == "pool" and list(view.frames())
    workspace.session.jobs.end_all()


def test_without_a_run_it_says_what_to_do(open_bench) -> None:
    view = open_bench("feature_maps")
    assert says(view, "Open a project with a trained network") and not view.code() and view.layer == ""


@pytest.mark.usefixtures("project")
def test_a_file_that_cannot_be_read_takes_the_old_picture_away(qtbot, monkeypatch, open_bench, tmp_path) -> None:
    monkeypatch.setattr(PredictionServer, "target", "tests.gui.pages.learn.benches.children:looks_inside")
    view = open_bench("feature_maps")
    qtbot.waitUntil(lambda: view.maps is not None and len(view.code()) == 1, timeout=30_000)
    widths = [bar.share for bar in parts(view, DepthBars)[0]._bars]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for path, words in ((broken, "not a picture in a format"), (tmp_path / "nowhere.png", "no longer exists")):
        view.take_paths([str(path)])
        assert parts(view, FieldPicture)[0]._image.isNull() and view.maps is None
        assert view.code() == () and words in view.no_code_text()
        assert [bar.share for bar in parts(view, DepthBars)[0]._bars] == widths
    press(view, "Next picture")
    qtbot.waitUntil(lambda: view.maps is not None and len(view.code()) == 1, timeout=30_000)
