"""Fit, undo and the palette of the Network page."""

from __future__ import annotations

import pytest

from cnnstudio.gui.pages.network.canvas.corners import ZoomBar
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.palette import LayerPalette
from cnnstudio.gui.widgets.inputs import SearchBox
from tests.gui.driving import open_project, part, press


@pytest.fixture
def page(qtbot, window, project_folder):
    return open_project(qtbot, window, project_folder, "network")


def whole(page) -> bool:
    return page.canvas.visible_part().contains(page.editor.scene.bounds())


def test_fit_shows_a_large_network_whole_and_undo_the_small_one_as_before(page):
    canvas = page.canvas
    before = canvas.zoom
    assert whole(page)
    part(page, Gallery).template_chosen.emit("resnet50")
    assert canvas.zoom == pytest.approx(0.45), "its texts can be read at the beginning"
    assert not whole(page)
    press(part(canvas, ZoomBar), "Fit")
    assert whole(page)
    page.session.undo()
    assert whole(page)
    assert canvas.zoom == pytest.approx(before)
    page.session.redo()
    canvas.set_zoom(1.0)
    canvas.verticalScrollBar().setValue(canvas.verticalScrollBar().maximum())
    page.session.undo()
    part_shown = canvas.visible_part()
    assert any(part_shown.intersects(item.sceneBoundingRect()) for item in page.editor.scene.nodes.values())


def test_the_palette_is_beside_the_canvas_only_and_has_no_gaps_while_searching(page, qtbot):
    palette = part(page, LayerPalette)
    for view, shown in (("table", False), ("code", False), ("canvas", True), ("gallery", False)):
        page.show_view(view)
        assert page.needs_side is shown, view
        assert palette.isVisible() is shown, view
    page.show_view("canvas")
    part(palette, SearchBox).setText("softmax")
    qtbot.wait(20)
    rows = sorted((row.mapTo(palette, row.rect().topLeft()).y(), row) for row in palette._rows if row.isVisible())
    assert rows
    for (upper, one), (lower, _other) in zip(rows, rows[1:], strict=False):
        assert lower - upper - one.height() <= 48, "no more than the caption of a family between two rows"
    assert rows[0][0] <= 96


def test_the_layers_of_a_network_that_is_shown_whole_can_still_be_seen(page):
    page.starting.start_from_template("resnet152")
    page.canvas.fit()
    assert page.canvas.zoom < 0.1
    image = page.canvas.viewport().grab().toImage()
    middle = image.width() // 2
    colored = [image.pixelColor(x, y).hsvSaturation() > 60
               for x in range(middle - 4, middle + 5) for y in range(image.height())]
    assert sum(colored) > image.height() // 2
