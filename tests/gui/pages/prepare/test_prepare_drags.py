"""What is dragged on Prepare."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.core.jobs import AugmentationMeasured, Changed

ROWS = (
    Changed(step="random_flip", type="random_flip", class_name="dog", pictures=40, draws=3, plain=0.95, changed=0.4,
            called="cat", called_share=0.6),
    Changed(step="random_flip", type="random_flip", class_name="cat", pictures=40, draws=3, plain=0.95, changed=0.5),
    Changed(step="missing", type="random_rotation", class_name="cat", pictures=40, draws=3, plain=0.9, changed=0.6),
    Changed(step="random_hue", type="random_hue", class_name="cat", pictures=40, draws=3, plain=0.9, changed=0.88),
    Changed(step="random_hue", type="random_hue", class_name="dog", pictures=40, draws=3, plain=0.9, changed=0.93),
)


def settled(qtbot, page):
    qtbot.waitUntil(lambda: len(page.session.jobs) == 0)


def test_what_a_model_says_about_the_augmentations_is_shown_worst_first(qtbot, page):
    from cnnstudio.core.messages import encode_event
    from cnnstudio.workers.runs.folder import create_run

    card = page.recipe_panel.measured
    page.session.announce("runs")
    assert card.button.isHidden()
    for kind in ("random_flip", "random_hue"):
        if kind not in page.recipe_panel.augmentation.cards:
            page.recipe_panel.augmentation.add(kind)
    run = create_run(page.session.folder, page.session.project, lambda path: path.write_text(""))
    run.model_path.write_bytes(b"")
    page.session.announce("runs")
    assert not card.button.isHidden()
    assert card.lines == []
    run.augmentation_path.write_bytes(encode_event(AugmentationMeasured(run=run.id, split="validation", rows=ROWS)))
    page.session.announce("runs")
    assert card.lines == [
        "Flip · dog: 95% → 40%, predicted as cat (60%)", "Flip · cat: 95% → 50%",
        "Rotation · cat: 90% → 60%", "Hue · cat: 90% → 88%"]
    cards = page.recipe_panel.augmentation.cards
    assert cards["random_flip"].evidence.text() == (
        "Measured: dog: 95% → 40%, predicted as cat (60%). Other classes with a loss: 1.")
    assert cards["random_hue"].evidence.isHidden()
    settled(qtbot, page)


def drag(qtbot, widget, start, end):
    """Press, move in two steps and release with the left button, as a hand does."""
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for point in ((start + end) / 2, end):
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(point.toPoint()), widget.mapToGlobal(point),
                            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end.toPoint())


def test_the_crop_is_dragged_on_the_picture(qtbot, page):
    form, view = page.recipe_panel.crop.forms[0], page.recipe_panel.crop.view
    assert view.isHidden()
    form.value_changed.emit("crop", "box")
    qtbot.waitUntil(lambda: not view.isHidden() and "crop" in page.preview.strip.tiles[2].title.lower())
    high, wide = page.preview.strip.tiles[1].look.height, page.preview.strip.tiles[1].look.width
    assert (high, wide) == (24, 24)
    pixels = view.part()
    scale = pixels.width() / wide
    drag(qtbot, view, pixels.topLeft(), pixels.topLeft() + QPointF(6 * scale, 4 * scale))
    assert page.session.project.recipe.crop_box == (4, 6, 0, 0)
    assert form.values["crop_box"] == (4, 6, 0, 0)
    drag(qtbot, view, view.part().bottomRight(), pixels.topLeft() + QPointF(16 * scale, 20 * scale))
    assert page.session.project.recipe.crop_box == (4, 6, 16, 10)
    qtbot.waitUntil(lambda: page.preview.strip.tiles[2].look.width == 10)
    drag(qtbot, view, view.part().center(), view.part().center() + QPointF(-100 * scale, 2 * scale))
    assert page.session.project.recipe.crop_box == (6, 0, 16, 10)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert page.session.project.recipe.crop_box == (6, 1, 15, 10)
    page.session.undo()
    page.session.undo()
    assert page.session.project.recipe.crop_box == (6, 0, 16, 10)
    assert view.part().width() == pytest.approx(10 * scale)
    page.session.undo()
    page.session.undo()
    assert page.session.project.recipe.crop_box == (4, 6, 0, 0), "every drag is one step"
    outside = pixels.topLeft() + QPointF(1, 1) * scale
    drag(qtbot, view, outside, outside + QPointF(2, 1) * scale)
    assert page.session.project.recipe.crop_box == (1, 1, 1, 2), "a new part"
    settled(qtbot, page)


def test_the_middle_is_dragged_by_its_edges(qtbot, page):
    form, view = page.recipe_panel.crop.forms[0], page.recipe_panel.crop.view
    form.value_changed.emit("crop", "share")
    qtbot.waitUntil(lambda: not view.isHidden())
    form.value_changed.emit("crop_share", 1.0)
    part = view.part()
    drag(qtbot, view, QPointF(part.right(), part.center().y()), QPointF(part.right() - part.width() / 4, part.center().y()))
    assert page.session.project.recipe.crop_share == pytest.approx(0.5, abs=0.02)
    assert view.part().width() == pytest.approx(part.width() / 2, abs=part.width() / 20)
    drag(qtbot, view, part.center(), part.topLeft())
    assert page.session.project.recipe.crop_share == pytest.approx(0.5, abs=0.02), "the middle stays in the middle"
    settled(qtbot, page)
