"""The comparison of bases, and the advice how much of one should learn."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.advice import late_block
from cnnstudio.core.events import Finished
from cnnstudio.core.jobs import BasesProbed, Probed
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network import probe as network_probe
from cnnstudio.gui.pages.network.freeze import FreezeCard
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.network.probe import ProbeDialog
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.jobs import Cancelled, Work
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.form import Form
from cnnstudio.workers.probe_jobs import probe_path, read_probe
from tests.gui.driving import part, parts, press

ROWS = (Probed(base="mobilenet_v2", accuracy=0.9, low=0.8, high=0.95, milliseconds=10, seconds=5),
        Probed(base="efficientnet_lite0", accuracy=0.8, low=0.7, high=0.9, milliseconds=5, seconds=3))


@pytest.fixture
def page(qtbot, window, project_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("network")
    return window.current


def open_dialog(page):
    page.show_view("gallery")
    press(page, "Find a base…")
    return next(dialog for dialog in page.canvas.window().findChildren(ProbeDialog) if dialog.isVisible())


def shown(dialog):
    return [(line.base.id, line.state) for line in dialog.table.rows.rows]


def keep(page, **more):
    """A result as it was kept for the project."""
    path = probe_path(page.session.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_event(BasesProbed(rows=ROWS, training=28, validation=6, classes=2, **more)))


def test_before_a_comparison_every_base_says_whether_it_is_here(page):
    dialog = open_dialog(page)
    states = dict(shown(dialog))
    assert set(states) == set(BASES.ids())
    assert shown(dialog)[0] == ("efficientnet_lite0", "Not compared yet")
    assert states["vgg16"] == "Weights not downloaded"
    dialog.reject()


def test_the_kept_comparison_is_shown_best_first_with_what_failed(page):
    problem = error("weights_unfit", Text("It is no weights file.", "No es un archivo de pesos."), "network")
    keep(page, absent=("vgg16",), failed={"resnet50": problem}, key="other")
    dialog = open_dialog(page)
    assert shown(dialog)[:3] == [("mobilenet_v2", "80.0% to 95.0%"), ("efficientnet_lite0", "70.0% to 90.0%"),
                                 ("resnet50", "Could not be used")]
    assert len(shown(dialog)) == len(BASES)
    assert dialog.table.selected.base.id == "mobilenet_v2"
    assert "Pictures for training: 28, for validation: 6" in dialog.note.text()
    assert "compare again" in dialog.note.text()
    dialog.table.select(dialog.table.rows.rows[2])
    assert dialog.take.toolTip() == "It is no weights file."
    dialog.table.select(dialog.table.rows.rows[1])
    dialog.take.click()
    assert page.session.project.network.origin == "efficientnet_lite0"
    page.session.undo()
    assert page.session.project.network.origin == "lenet5"


def test_the_button_compares_and_rows_come_one_by_one(qtbot, page, monkeypatch):
    jobs = []

    def child(job, label, kind, **more):
        jobs.append(job)

        def work(report):
            for count in (1, 2):
                report.event(BasesProbed(rows=ROWS[:count], training=28, validation=6, key=job.key))

        return Work(work, label, kind, **more)

    monkeypatch.setattr(network_probe, "ChildJob", child)
    dialog = open_dialog(page)
    numbers = []
    show = dialog.show_result
    monkeypatch.setattr(dialog, "show_result", lambda result: (numbers.append(len(result.rows)), show(result)))
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: numbers == [1, 2] and not len(page.session.jobs), timeout=10_000)
    assert jobs[0].bases == ("efficientnet_lite0",)
    assert "compare again" not in dialog.note.text()
    assert dialog.primary.isEnabled()
    dialog.reject()


def test_a_comparison_that_was_stopped_shows_what_it_kept(qtbot, page, monkeypatch):
    def child(job, label, kind, **more):
        def work(report):
            keep(page, key=job.key)
            while not report.cancelled:
                pass
            raise Cancelled

        return Work(work, label, kind, **more)

    monkeypatch.setattr(network_probe, "ChildJob", child)
    dialog = open_dialog(page)
    dialog.primary.click()
    qtbot.waitUntil(lambda: read_probe(page.session.folder) is not None, timeout=10_000)
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=10_000)
    assert shown(dialog)[0] == ("mobilenet_v2", "80.0% to 95.0%")
    dialog.reject()


def test_what_cannot_be_compared_is_told_in_the_dialog(qtbot, page, monkeypatch):
    monkeypatch.setattr(type(page.workspace.collection.index), "counts", lambda _index: {})
    dialog = open_dialog(page)
    dialog.primary.click()
    qtbot.waitUntil(lambda: bool(parts(dialog, Banner)), timeout=10_000)
    assert not isinstance(dialog.job.last, Finished)
    assert dialog.primary.isEnabled()
    dialog.reject()


def base_node(page):
    return next(node for node in page.session.project.network.nodes if node.type == "PretrainedBase")


@pytest.fixture
def advice(page):
    """The advice in the inspector of a base."""
    part(page, Gallery).base_chosen.emit("efficientnet_lite0")
    page.editor.scene.choose([base_node(page).id])
    return part(page, NetworkInspector).findChild(FreezeCard)


def freezing(page):
    return base_node(page).params.get("trainable_from", "none")


def test_the_advice_is_followed_in_one_undo_step(qtbot, page, advice):
    base = BASES["efficientnet_lite0"]
    assert "Few pictures (28)" in advice.reason.text()
    assert not advice.take.isEnabled()
    advice.choice.chosen.emit("different")
    assert base.blocks[-1] in advice.reason.text()
    qtbot.mouseClick(advice.take, Qt.MouseButton.LeftButton)
    assert freezing(page) == base.blocks[-1]
    assert not advice.take.isEnabled()
    assert part(part(page, NetworkInspector), Form).values["trainable_from"] == base.blocks[-1]
    page.session.undo()
    assert freezing(page) == "none"
    assert advice.take.isEnabled()
    page.editor.scene.choose([])
    page.editor.scene.choose([base_node(page).id])
    assert "unlike" in part(page, NetworkInspector).findChild(FreezeCard).reason.text()


def test_a_base_that_ends_earlier_learns_within_what_is_left(page, advice):
    base = BASES["efficientnet_lite0"]
    end = base.blocks[4]
    part(part(page, NetworkInspector), Form).value_changed.emit("ends_at", end)
    advice.choice.chosen.emit("different")
    advice.take.click()
    assert freezing(page) == end
    assert not [problem for problem in page.editor.problems if problem.blocks]
    assert base.until("all") is base
    assert late_block(base.until(end)) in base.blocks[:5]
