"""The gallery: every base and architecture can be found, understood and taken."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.gui.pages.network import gallery as network_gallery
from cnnstudio.gui.pages.network.gallery import Gallery, format_weights
from cnnstudio.gui.pages.network.palette import LayerPalette
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.table import Table
from tests.gui.driving import button, part, parts, press


@pytest.fixture
def gallery(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path))
    widget = Gallery(lambda: BUILT_IN)
    qtbot.addWidget(widget)
    widget.resize(900, 700)
    widget.show()
    return widget


def rows(gallery):
    return [base.id for base in table(gallery).rows.rows]


def table(gallery) -> Table:
    """The table of all bases."""
    return next(child for child in gallery.findChildren(Table) if child.accessibleName() == "Pretrained bases")


def test_the_table_has_every_base_and_finds_by_words(gallery):
    assert rows(gallery) == list(BASES.ids())
    part(gallery, SearchBox).setText("resnet v2 152")
    assert rows(gallery) == ["resnet152v2"]
    part(gallery, SearchBox).setText("nothing like it")
    assert rows(gallery) == []
    assert not button(gallery, "Start from it").isEnabled()


def test_the_table_sorts_by_numbers(gallery):
    bases = table(gallery)
    model = bases.model()
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    for title, value in (("Parameters", lambda base: base.parameters), ("Top-1", lambda base: base.top1),
                         ("MB", lambda base: base.megabytes), ("Input", lambda base: base.input_size)):
        bases.sortByColumn(titles.index(title), Qt.SortOrder.AscendingOrder)
        shown = [bases.row_at(model.index(row, 0)) for row in range(model.rowCount())]
        assert [value(base) for base in shown] == sorted(value(base) for base in BASES)


def test_weights_that_came_are_shown_and_no_longer_fetched(qtbot, gallery):
    base = BASES["resnet50"]
    table(gallery).select(base)
    fetch = button(gallery, "Download weights")
    assert fetch.isVisible() and format_weights(base) == "not downloaded"
    with qtbot.waitSignal(gallery.fetch_requested) as requested:
        qtbot.mouseClick(fetch, Qt.MouseButton.LeftButton)
    assert requested.args == ["resnet50"]
    base.weights.cached.parent.mkdir(parents=True)
    base.weights.cached.write_bytes(b"weights")
    gallery.refresh()
    assert table(gallery).selected is base
    assert not fetch.isVisible() and format_weights(base) == "downloaded"
    assert format_weights(BASES["efficientnet_lite0"]) == "bundled"


def test_a_base_is_taken_by_the_button_and_by_opening_its_row(qtbot, gallery):
    table(gallery).select(BASES["xception"])
    with qtbot.waitSignal(gallery.base_chosen) as taken:
        qtbot.mouseClick(button(gallery, "Start from it"), Qt.MouseButton.LeftButton)
    assert taken.args == ["xception"]
    with qtbot.waitSignal(gallery.base_chosen) as taken:
        table(gallery).activated.emit(table(gallery).currentIndex())
    assert taken.args == ["xception"]


def test_every_architecture_has_a_card_with_its_numbers_and_source(qtbot, gallery, monkeypatch):
    opened = []
    monkeypatch.setattr(network_gallery.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    press(gallery, "Architectures")
    cards = parts(gallery, Card)
    assert len(cards) == len(TEMPLATES)
    for card, template in zip(cards, TEMPLATES, strict=True):
        text = " ".join(label.text() for label in card.findChildren(QLabel))
        assert str(template.label) in text and str(template.about) in text and str(template.year) in text
        assert "parameters" in text
        with qtbot.waitSignal(gallery.template_chosen) as taken:
            button(card, "Start from it").click()
        assert taken.args == [template.id]
        button(card, "Source").click()
    assert opened == [template.source for template in TEMPLATES]


def test_the_gallery_has_the_room_of_the_palette(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    window.go("network")
    page = window.current
    assert parts(window, LayerPalette)
    page.show_view("gallery")
    assert not parts(window, LayerPalette)
    window.go("train")
    window.go("network")
    assert not parts(window, LayerPalette), "the gallery is still in view"
    page.show_view("canvas")
    assert parts(window, LayerPalette)


def test_an_architecture_takes_the_size_and_the_colours_of_the_pictures(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    window.go("network")
    emit, session = part(window, Gallery).template_chosen.emit, window.session
    emit("small_cnn")
    assert session.project.recipe.shape == (24, 33, 3)
    # LeNet-5 wants grey; what is chosen after it sees the colours again.
    emit("lenet5")
    assert session.project.recipe.shape == (28, 28, 1)
    emit("resnet18")
    assert session.project.recipe.shape == (32, 33, 3)
    session.undo()
    assert session.project.recipe.shape == (28, 28, 1)
