"""The explanation of one picture: what a user sees and chooses, answered by a scripted server."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from cnnstudio.core.jobs import Answered, Ranked
from cnnstudio.gui.pages.explanation import saving
from cnnstudio.gui.pages.explanation.checks import ChecksView
from cnnstudio.gui.pages.explanation.legend import Legend
from cnnstudio.gui.pages.explanation.maps import MapLook
from cnnstudio.gui.pages.explanation.panel import ExplanationPanel
from tests.gui.driving import button, choose, part, press, says

RANKED = (Ranked(label="cat", probability=0.9), Ranked(label="dog", probability=0.1))


@pytest.fixture
def panel(qtbot, session, model):
    assert model, "the server is ready to be started"
    widget = ExplanationPanel(session)
    qtbot.addWidget(widget)
    widget.resize(300, 900)
    widget.show()
    yield widget
    widget.clear()


def mapped(qtbot, panel, number=0):
    qtbot.waitUntil(lambda: not panel.slots[number].busy and panel.slots[number].map is not None, timeout=20_000)
    return panel.slots[number].map.values


def asked(panel) -> int:
    """How many requests the server got."""
    return panel._server._requests


def test_the_map_comes_with_its_caption_and_the_layers(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    assert panel.overlay() is None
    assert says(panel, "Loading the model…")
    mapped(qtbot, panel)
    assert panel.overlay() is not None
    assert panel.caption() == "Grad-CAM · cat 90.0% · late"
    assert [panel.form.layer.itemText(row) for row in range(panel.form.layer.count())] == [
        "Last: late", "late · 4 × 4 × 8", "conv · 8 × 8 × 4"]
    assert panel.form.class_list.currentText() == "Predicted: cat"


def test_nothing_is_shown_in_a_window_of_its_own(panel):
    panel.compare.click()
    choose(panel.other_form.method, "Grad-CAM")
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == [panel]


def test_another_method_layer_and_class_ask_again_and_a_known_map_comes_at_once(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    first = mapped(qtbot, panel)
    choose(panel.form.method, "HiRes-CAM")
    assert not np.array_equal(mapped(qtbot, panel), first)
    choose(panel.form.layer, "conv · 8 × 8 × 4")
    mapped(qtbot, panel)
    assert panel.caption().endswith("conv")
    choose(panel.form.class_list, "dog · 10.0%")
    mapped(qtbot, panel)
    assert "dog" in panel.caption()
    before = asked(panel)
    choose(panel.form.class_list, "Predicted: cat")
    choose(panel.form.layer, "Last: late")
    choose(panel.form.method, "Grad-CAM")
    assert not panel.slots[0].busy
    assert np.array_equal(panel.slots[0].map.values, first)
    assert asked(panel) == before


def test_strength_colours_and_the_picture_alone_need_no_server(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    before = asked(panel)
    with qtbot.waitSignal(panel.changed):
        panel.look_form._strength.setValue(30)
    assert panel.overlay().opacity == pytest.approx(0.3)
    turbo = panel.overlay().image
    palettes = panel.look_form.palette_list
    choose(palettes, palettes.itemText(1 - palettes.currentIndex()))
    assert panel.overlay().image != turbo
    panel.toggle_map()
    assert panel.overlay() is None
    assert asked(panel) == before


def test_the_check_shows_its_verdict(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    assert not part(panel, ChecksView).isVisible()
    press(panel, "Check this map")
    qtbot.waitUntil(lambda: says(panel, "This map means nothing."), timeout=20_000)
    checks = part(panel, ChecksView)
    assert checks.similarity.accessibleName() == "Like shuffled weights: 0.90, limit 0.5"
    assert checks.insertion.accessibleName() == "Insertion: 50%, chance 50%"
    assert not checks.grab().isNull()
    assert panel.overlay() is not None, "the map stays while it is checked"


def test_two_maps_side_by_side(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    button(panel, "Compare two maps").click()
    other = mapped(qtbot, panel, 1)
    assert panel.comparing
    assert panel.caption(1).startswith("Grad-CAM++")
    assert not np.array_equal(other, panel.slots[0].map.values)
    button(panel, "Compare two maps").click()
    assert panel.overlay(1) is None


def test_the_first_quick_map_does_not_tell_how_long_others_take(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    answer = Answered(request=99, pictures=1, seconds=4.0, engine="keras", passes=4)
    panel._server._on_event(answer)
    choose(panel.form.method, "Integrated gradients")
    assert panel.form.cost.text() == "About 97 passes through the network"
    panel._server._on_event(msgspec.structs.replace(answer, seconds=10.0, passes=100))
    assert panel.form.cost.text() == "Takes about 10 s"


def test_what_is_below_does_not_move_while_a_map_is_computed(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    assert panel.cancel_button.isVisible()
    QCoreApplication.sendPostedEvents()
    before = panel.form.pos()
    mapped(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.cancel_button.isVisible())
    QCoreApplication.sendPostedEvents()
    assert panel.form.pos() == before


def test_cancel_stops_and_offers_to_explain(qtbot, panel, model, files):
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    choose(panel.form.method, "Occlusion")
    assert says(panel, "passes through the network") or says(panel, "Takes about")
    qtbot.waitUntil(lambda: says(panel, "40 s"), timeout=20_000)
    press(panel, "Cancel")
    assert says(panel, "Cancelled")
    choose(panel.form.method, "Grad-CAM")
    mapped(qtbot, panel)
    assert panel._server.ready is not None, "the model stays loaded"


def test_what_is_wrong_is_said(qtbot, panel, model, files):
    panel.show_picture(model, files[2], RANKED)
    qtbot.waitUntil(lambda: says(panel, "It cannot be read."), timeout=20_000)
    assert panel.overlay() is None
    panel.show_picture((str(files[0].with_name("gone.keras")), ""), files[0], RANKED)
    qtbot.waitUntil(lambda: panel.slots[0].problem is not None, timeout=20_000)
    assert "gone.keras" in panel.caption()


def test_without_a_convolution_other_methods_are_offered(qtbot, panel, dense, files):
    panel.show_picture(dense, files[0], RANKED)
    qtbot.waitUntil(lambda: says(panel, "Grad-CAM needs feature maps."), timeout=20_000)
    press(panel, "SmoothGrad")
    mapped(qtbot, panel)
    assert panel.caption().startswith("SmoothGrad")


def test_choices_are_remembered_and_other_panels_follow(qtbot, session, panel, model, files):
    other = ExplanationPanel(session)
    qtbot.addWidget(other)
    panel.show_picture(model, files[0], RANKED)
    choose(panel.form.method, "SmoothGrad")
    panel.look_form._strength.setValue(80)
    mapped(qtbot, panel)
    assert other.form.question.method == "gradcam"
    before = asked(panel)
    other.show_picture(model, files[0], RANKED)
    assert other.form.question.method == "smoothgrad"
    assert other.look_form.look.strength == pytest.approx(0.8)
    assert other.slots[0].map is not None and asked(panel) == before, "what one panel asked, the other knows"
    other.clear()


def test_a_copy_and_a_file_have_the_map_over_the_whole_picture(qtbot, panel, session, model, files, tmp_path, monkeypatch):
    target = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(target), ""))
    panel.show_picture(model, files[0], RANKED)
    mapped(qtbot, panel)
    panel.save()
    qtbot.waitUntil(lambda: target.with_suffix(".png").is_file() and session.jobs.of_kind("save-explained") is None,
                    timeout=20_000)
    picture = cv2.imread(str(target.with_suffix(".png")))
    assert picture.shape == (24, 24, 3)
    assert not (picture == 60).all()
    panel.copy()
    qtbot.waitUntil(lambda: session.jobs.of_kind("copy-explained") is None, timeout=20_000)
    assert QGuiApplication.clipboard().image().width() == 24


def test_a_sheet_leaves_out_what_cannot_be_read(files, tmp_path):
    class Report:
        def check(self) -> None:
            pass

        def progress(self, done: int, total: int) -> None:
            pass

    gone = saving.ToDraw(tmp_path / "gone.png", None, "gone")
    sheet = saving.draw_sheet([saving.ToDraw(files[0], None, "a"), gone], MapLook(), Report())
    assert sheet.shape[0] > 240
    with pytest.raises(saving.ProblemError):
        saving.draw_sheet([gone], MapLook(), Report())


def test_the_legend_names_both_ends(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    assert legend.accessibleName() == "Colours from “no part in it” to “decisive”"
    legend.show_look(MapLook(), signed=True)
    assert legend.accessibleName() == "Colours from “against the class” to “for the class”"
    assert not legend.grab().isNull()
