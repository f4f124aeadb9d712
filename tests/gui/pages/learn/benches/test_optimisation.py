"""The optimisation bench in the window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.core.learning_jobs import SliceLoss
from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.learn.benches.optimisation.loss_plot import LossPlot
from cnnstudio.gui.pages.learn.benches.optimisation.map_view import SurfaceMap
from cnnstudio.gui.pages.learn.benches.optimisation.view import KIND
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.state.commands import ShowBench
from cnnstudio.gui.widgets.basics import Label
from cnnstudio.learning.benches.optimisation.race import run_all, to_race
from tests.gui.driving import button, choose, field, parts, press, says


def test_every_control_changes_the_race(open_bench) -> None:
    view = open_bench("optimisation")
    choose(field(view, "Loss surface"), "Four minima (Himmelblau)")
    press(view, "Too large")
    press(view, "Lion")
    press(view, "RMSprop")
    choose(field(view, "Schedule of the learning rate"), "Cosine decay")
    kept = view.settings()
    assert (kept["surface"], kept["preset"], kept["schedule"]) == ("himmelblau", "large", "CosineDecay")
    assert list(kept["rules"]) == ["sgd", "momentum", "adam", "lion"]
    assert [run.rule for run in view.runs] == list(kept["rules"])
    rate = field(view, "Learning rate of Adam")
    rate.setText("0.5")
    rate.editingFinished.emit()
    assert view.settings()["rates"] == {"adam": 0.5}
    expected = run_all(to_race(view.settings()))
    assert [run.places.tolist() for run in view.runs] == [run.places.tolist() for run in expected]
    assert len(view.code()) == 8


def test_the_start_is_dragged_and_moved_with_keys(qtbot, open_bench) -> None:
    view = open_bench("optimisation")
    surface = parts(view, SurfaceMap)[0]
    middle = QPoint(surface.width() // 2, surface.height() // 2)
    qtbot.mousePress(surface, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    qtbot.mouseMove(surface, middle)
    qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, pos=middle)
    assert view.settings()["start"] == pytest.approx([0, 0], abs=0.1)
    qtbot.keyClick(surface, Qt.Key.Key_Up)
    qtbot.keyClick(surface, Qt.Key.Key_Left)
    x, y = view.settings()["start"]
    assert x < 0 < y and view.runs[0].places[0].tolist() == [x, y]


def test_steps_are_played_and_scrubbed_and_a_film_has_them_all(qtbot, open_bench) -> None:
    view = open_bench("optimisation")
    view.restore({"steps": 12, "step": 3})
    player = parts(view, Playback)[0]
    assert player.position == 3 and says(view, "SGD")
    press(player, "One step on")
    assert player.position == 4
    player.set_speed(120)
    press(player, "Play")
    qtbot.waitUntil(lambda: player.position == 12 and not player.playing)
    frames = list(view.frames())
    assert len(frames) == 13 and frames[0] != frames[-1]


def test_a_slice_is_measured_in_a_child_and_its_program_carries_it(qtbot, open_bench) -> None:
    view = open_bench("optimisation")
    choose(field(view, "Loss surface"), "A trained network")
    bar = parts(view, ChildBar)[0]
    assert not bar.button.isEnabled() and says(view, "Open a project with a trained network")
    bar.start(SliceLoss(run_folder="none"), "tests.gui.pages.learn.benches.children:slices")
    qtbot.waitUntil(lambda: view.surface.id == "slice", timeout=20_000)
    qtbot.waitUntil(lambda: not bar.running, timeout=20_000)
    assert says(view, "7 training pictures") and view.surface.minima[0] == pytest.approx((0.25, 0))
    assert "LOSSES" in view.code()[0].source
    assert view.runs[0].losses[-1] < view.runs[0].losses[0]


def test_a_child_that_fails_says_why_and_one_that_works_is_cancelled(qtbot, open_bench) -> None:
    view = open_bench("optimisation")
    choose(field(view, "Loss surface"), "A trained network")
    bar = parts(view, ChildBar)[0]
    bar.start(SliceLoss(run_folder="none"), "no_such_module:main")
    qtbot.waitUntil(lambda: not bar.running, timeout=20_000)
    assert any(label.property("tone") == "error" and label.text() for label in parts(bar, Label))
    bar.start(SliceLoss(run_folder="none"), "tests.workers.children:obeys")
    assert bar.running
    press(bar, "Cancel")
    qtbot.waitUntil(lambda: not bar.running, timeout=20_000)
    assert button(bar, "Measure the slice").isVisible()


def test_the_loss_is_drawn_as_it_is_however_small(open_bench) -> None:
    view = open_bench("optimisation")
    view.restore({"steps": 300, "rules": ["sgd", "momentum"], "preset": "right"})
    plot = parts(view, LossPlot)[0]
    assert min(run.losses.min() for run in view.runs) < 1e-7, "the bowl is left far below a millionth"
    for run, curve in zip(view.runs, plot._curves, strict=False):
        drawn = curve.yData
        kept = run.losses > 0
        assert drawn[kept].tolist() == run.losses[kept].tolist() and np.isnan(drawn[~kept]).all()


def test_a_slice_goes_on_in_another_language(qtbot, window) -> None:
    window.perform(ShowBench("optimisation"))
    view = window.current.frame.view
    choose(field(view, "Loss surface"), "A trained network")
    parts(view, ChildBar)[0].start(SliceLoss(run_folder="none"), "tests.gui.pages.learn.benches.children:slices_slowly")
    job = window.session.jobs.of_kind(KIND)
    before = window.current
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.current is not before)
    after = window.current.frame.view
    assert job.running and parts(after, ChildBar)[0].running
    qtbot.waitUntil(lambda: button(after, "Cancelar").isVisible())
    window.perform(ShowBench("pooling"))
    qtbot.waitUntil(lambda: not job.running, timeout=20_000)
    window.perform(ShowBench("optimisation"))
    assert window.current.frame.view.surface.id == "slice" and says(window.current.frame.view, "7 imágenes de entrenamiento")
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: window.current.frame.view is not None and says(window.current.frame.view, "7 training pictures"))


def test_in_spanish(open_bench) -> None:
    set_language("es")
    view = open_bench("optimisation")
    view.restore({"surface": "noisy", "schedule": "OneCycle", "preset": "small"})
    assert says(view, "El cuenco tal como lo ve un lote") and button(view, "Muy baja").isChecked()
