"""The gallery: every base and architecture can be found, understood and taken."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network import architectures
from cnnstudio.gui.pages.network.base_plot import BasePlot, format_point
from cnnstudio.gui.pages.network.base_table import format_weights
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.network.palette import LayerPalette
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.diagram import NetworkDiagram
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.scatter import ScatterChart
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
    assert not button(gallery, "Use this base").isEnabled()


def test_the_table_sorts_by_numbers(gallery):
    bases = table(gallery)
    model = bases.model()
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    for title, value in (("Parameters", lambda base: base.parameters), ("ImageNet", lambda base: base.top1),
                         ("MB", lambda base: base.megabytes), ("Input", lambda base: base.input_size)):
        bases.sortByColumn(titles.index(title), Qt.SortOrder.AscendingOrder)
        shown = [bases.row_at(model.index(row, 0)) for row in range(model.rowCount())]
        assert [value(base) for base in shown] == sorted(value(base) for base in BASES)


def test_weights_that_came_are_shown_and_no_longer_fetched(qtbot, gallery):
    base = BASES["resnet50"]
    table(gallery).select(base)
    fetch = button(gallery, "Download weights")
    assert fetch.isVisible() and format_weights(base) == "Not downloaded"
    with qtbot.waitSignal(gallery.fetch_requested) as requested:
        qtbot.mouseClick(fetch, Qt.MouseButton.LeftButton)
    assert requested.args == ["resnet50"]
    base.weights.cached.parent.mkdir(parents=True)
    base.weights.cached.write_bytes(b"weights")
    gallery.refresh()
    assert table(gallery).selected is base
    assert not fetch.isVisible() and format_weights(base) == "Downloaded"
    assert format_weights(BASES["efficientnet_lite0"]) == "Bundled"


def test_a_base_is_taken_by_the_button_and_by_opening_its_row(qtbot, gallery):
    table(gallery).select(BASES["xception"])
    with qtbot.waitSignal(gallery.base_chosen) as taken:
        qtbot.mouseClick(button(gallery, "Use this base"), Qt.MouseButton.LeftButton)
    assert taken.args == ["xception"]
    with qtbot.waitSignal(gallery.base_chosen) as taken:
        table(gallery).activated.emit(table(gallery).currentIndex())
    assert taken.args == ["xception"]


def test_every_architecture_has_a_card_with_its_numbers_and_source(qtbot, gallery, monkeypatch):
    opened = []
    monkeypatch.setattr(architectures.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    press(gallery, "Architectures")
    cards = [card for card in parts(gallery, Card) if card.findChildren(NetworkDiagram)]
    assert len(cards) == len(TEMPLATES)
    for card, template in zip(cards, TEMPLATES, strict=True):
        text = " ".join(label.text() for label in card.findChildren(QLabel))
        assert str(template.label) in text and str(template.about) in text and str(template.year) in text
        assert "parameters" in text
        with qtbot.waitSignal(gallery.template_chosen) as taken:
            button(card, "Use this").click()
        assert taken.args == [template.id]
        button(card, "Source").click()
    assert opened == [template.source for template in TEMPLATES]


def test_every_architecture_is_drawn_and_a_click_on_the_drawing_takes_it(qtbot, gallery):
    press(gallery, "Architectures")
    drawings = parts(gallery, NetworkDiagram)
    assert len(drawings) == len(TEMPLATES)
    qtbot.waitUntil(lambda: drawings[0].picture is not None, timeout=10_000)
    assert drawings[-1].picture is None, "what is not seen is not computed"
    for drawing in drawings:
        drawing.grab()
    qtbot.waitUntil(lambda: all(drawing.picture is not None for drawing in drawings), timeout=10_000)
    pictures = [drawing.grab().toImage() for drawing in drawings]
    assert all(one != other for one, other in itertools.combinations(pictures, 2)), "they can be told apart"
    for drawing in drawings:
        assert all(drawing.rect().toRectF().contains(shown.rect) for shown in drawing.picture.blocks)
    described = {template.id: drawing.accessibleDescription() for template, drawing in zip(TEMPLATES, drawings, strict=True)}
    assert described["resnet50"] == "Convolution: 53, Pooling: 2, Core: 1, skip connections: 16"
    assert described["vgg16"] == "Convolution: 13, Pooling: 5, Core: 3"
    with qtbot.waitSignal(gallery.template_chosen) as taken:
        qtbot.mouseClick(drawings[3], Qt.MouseButton.LeftButton)
    assert taken.args == [list(TEMPLATES)[3].id]


def test_the_plot_and_the_table_select_the_same_base(qtbot, gallery):
    chart = part(gallery, ScatterChart)
    table(gallery).select(BASES["xception"])
    assert chart.selected == "xception"
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.place_of("vgg19").toPoint())
    assert table(gallery).selected is BASES["vgg19"]
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.selected == table(gallery).selected.id != "vgg19"
    with qtbot.waitSignal(gallery.base_chosen) as taken:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert taken.args == [chart.selected]


def test_a_narrow_gallery_shows_the_table_or_the_plot(qtbot, gallery):
    table(gallery).select(BASES["xception"])
    assert parts(gallery, Table) and parts(gallery, ScatterChart)
    gallery.resize(700, 700)
    qtbot.waitUntil(lambda: not parts(gallery, ScatterChart))
    press(gallery, "Plot")
    assert not parts(gallery, Table)
    (chart,) = parts(gallery, ScatterChart)
    assert chart.selected == "xception"
    gallery.resize(1000, 700)
    qtbot.waitUntil(lambda: bool(parts(gallery, Table)))


def test_a_point_tells_its_figures_and_whether_its_weights_are_here():
    here, away = format_point(BASES["efficientnet_lite0"]), format_point(BASES["nasnet_large"])
    assert "are on this computer" in here and "must be downloaded (324 MB)" in away
    assert "82.5" in away and "84.9 M parameters" in away and "331 × 331" in away and "keras.io" in away
    assert "tensorflow/tpu" in here


def test_a_search_fades_the_other_points(qtbot, gallery):
    chart = part(gallery, ScatterChart)
    part(gallery, SearchBox).setText("resnet")
    place = chart.place_of("convnext_xlarge").toPoint()
    before = chart.selected
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=place)
    assert chart.selected == before
    assert {point.id for point, _rect in chart.labels()} <= set(rows(gallery))


def test_a_base_without_a_published_figure_is_named_beside_the_plot(qtbot):
    plot = BasePlot()
    qtbot.addWidget(plot)
    unknown = msgspec.structs.replace(BASES["vgg16"], id="mine", label=Text("Mine", "La mía"), top1=0.0)
    plot.show_bases([unknown, *BASES], [unknown, *BASES])
    assert plot.without.text() == "No published figure: Mine." and plot.chart.place_of("mine") is None
    plot.select(unknown)
    plot.show_bases(list(BASES), list(BASES))
    assert not plot.without.isVisibleTo(plot)


def test_the_gallery_has_the_room_of_the_palette(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    window.go("network")
    page = window.current
    assert parts(window, LayerPalette)
    page.show_view("gallery")
    assert not parts(window, LayerPalette) and not parts(window, NetworkInspector)
    window.go("train")
    window.go("network")
    assert not parts(window, LayerPalette), "the gallery is still in view"
    assert not parts(window, NetworkInspector)
    assert not any(button(window, name).isChecked() for name in ("Canvas", "Table", "Code"))
    button(window, "Canvas").click()
    assert parts(window, LayerPalette) and parts(window, NetworkInspector)


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
