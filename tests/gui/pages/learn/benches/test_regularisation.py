"""The regularisation bench in the window, its trainings by a scripted child."""

from __future__ import annotations

from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.learn.benches.regularisation.networks import NetworkCard
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from tests.gui.driving import choose, field, parts, press, says

CHILDREN = "tests.gui.pages.learn.benches.children"


def test_the_networks_learn_live_and_the_gap_is_told(qtbot, open_bench) -> None:
    view = open_bench("regularisation")
    view.target = f"{CHILDREN}:learns"
    view.restore({"set": "dropout", "epochs": 10, "per_class": 5})
    assert not view.code() and says(view, "Not trained yet")
    press(view, "Train")
    qtbot.waitUntil(lambda: len(view.epochs) == 3 and all(len(epochs) == 10 for epochs in view.epochs), timeout=20_000)
    qtbot.waitUntil(lambda: not parts(view, ChildBar)[0].running, timeout=20_000)
    assert says(view, "Gap: 45.0 points") and says(view, "Gap: 9.0 points") and says(view, "the smallest gap")
    assert len(view.code()) == 3 and "Dropout(0.5)" in view.code()[2].source
    frames = list(view.frames())
    assert len(frames) == 10 and frames[0] != frames[-1]
    press(view, "Loss")
    assert view.settings()["losses"]
    choose(field(view, "What is compared"), "L1 and L2")
    assert not view.epochs and not view.code() and len(parts(view, NetworkCard)) == 3


def test_networks_are_added_changed_and_removed(open_bench) -> None:
    view = open_bench("regularisation")
    press(view, "Add a network")
    assert len(view.settings()["remedies"]) == 4
    press(view, "Network 4")
    dropout = field(view, "Dropout")
    dropout.setText("0.7")
    dropout.editingFinished.emit()
    press(view, "Augmentation")
    assert view.settings()["remedies"][3]["dropout"] == 0.7 and view.settings()["remedies"][3]["augmentation"]
    press(view, "Remove No remedy")
    assert [remedy["dropout"] for remedy in view.settings()["remedies"]] == [0.25, 0.5, 0.7]


def test_a_training_that_is_cancelled_keeps_what_it_has(qtbot, open_bench) -> None:
    view = open_bench("regularisation")
    view.target = "tests.workers.children:obeys"
    press(view, "Train")
    bar = parts(view, ChildBar)[0]
    qtbot.waitUntil(lambda: bar.running, timeout=20_000)
    press(view, "Cancel")
    qtbot.waitUntil(lambda: not bar.running, timeout=20_000)
    assert [len(epochs) for epochs in view.epochs] == [0, 0, 0]


def test_without_a_project_there_are_only_digits_and_in_spanish_too(open_bench) -> None:
    set_language("es")
    view = open_bench("regularisation")
    view.restore({"pictures": "project", "set": "batches"})
    assert says(view, "con lotes de 2 las estadísticas son ruido")
    assert not field(view, "Imágenes").isVisible()
