"""Classes are merged, hidden, renamed and filtered."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.pages.data.filters import FilterBar
from cnnstudio.gui.pages.data.side import DataSide
from tests.gui.driving import field, open_menu, part, press
from tests.gui.pages.data.quality.painted import idle, shown


def test_classes_are_merged_hidden_and_moved(page):
    session = page.session
    assert page.workspace.classes.rename("b", "a")
    assert page.workspace.counts.class_names == ("a",)
    session.undo()
    assert page.workspace.counts.class_names == ("a", "b")
    page.workspace.classes.hide("b", True)
    assert page.workspace.counts.class_names == ("a",)
    assert all(picture.class_name == "a" for picture in page.workspace.collection.rows(list(page.views.grid.ids)))
    assert page.workspace.counts.color_index("a") == 0
    part(page, DataSide).filter_toggled.emit("class", "b", False)
    assert len(shown(page)) == 14
    session.undo()
    page.workspace.classes.move("b", 0)
    assert page.workspace.counts.class_names == ("b", "a")


def rename(monkeypatch, page, old, new):
    """Rename a class by the menu of its line."""
    side = part(page, DataSide)
    monkeypatch.setattr("cnnstudio.gui.pages.data.side.QInputDialog.getText", lambda *_arguments, **_more: (new, True))
    side.classes.menu_requested.emit(old, QPoint())
    menu = open_menu(side)
    next(action for action in menu.actions() if action.text().startswith("Rename…")).trigger()
    menu.close()


def test_a_filter_follows_the_name_of_its_class(page, monkeypatch):
    session = page.session
    part(page, FilterBar).chosen.emit("classes", ("a",))
    names = shown(page)
    rename(monkeypatch, page, "a", "á & c")
    assert page.state["classes"] == ("á & c",)
    assert shown(page) == names
    session.undo()
    assert "classes" not in page.state
    assert len(shown(page)) == 29
    part(page, FilterBar).chosen.emit("classes", ("a", "b"))
    rename(monkeypatch, page, "a", "b")
    assert page.state["classes"] == ("b",)
    assert len(shown(page)) == 29


def test_charts_filter(qtbot, page):
    press(page, "Charts")
    idle(qtbot, page)
    charts = part(page, DataCharts)
    charts.class_chosen.emit("b", "train")
    assert page.state["classes"] == ("b",)
    assert page.state["splits"] == ("train",)
    page.views.all_requested.emit()
    idle(qtbot, page)
    histogram = charts.histograms["side"]
    assert sum(histogram.counts) == 28
    first = next(position for position, count in enumerate(histogram.counts) if count)
    field(charts, "Longer side").chosen.emit(first, first)
    assert len(page.views.grid.ids) == histogram.counts[first]
    idle(qtbot, page)
    press(charts, "All")
    assert len(page.views.grid.ids) == 29
