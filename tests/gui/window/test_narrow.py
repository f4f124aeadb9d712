"""The smallest window in Spanish: nothing on Data, Prepare and Network is cut off or squeezed."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit, QScrollArea, QWidget

from cnnstudio.core.events import Finished
from cnnstudio.gui.pages.prepare import pipeline as prepare_pipeline
from cnnstudio.gui.pages.prepare.pipeline import BatchRequest, make_batch
from cnnstudio.gui.pages.prepare.preview import GridRequest
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.basics import Button, MenuButton
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.window.rail import RailButton
from tests.gui.driving import part
from tests.gui.pages.train.recorded_runs import recorded


@pytest.fixture
def narrow(qtbot, window, project_folder):
    window.session.set_setting("language", "es")
    window.resize(960, 600)
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    yield window
    window.session.set_setting("language", "en")


def wrong(window):
    """Buttons that are squeezed or reach out of what is shown."""
    cut_off = []
    for button in window.findChildren(Button):
        if not button.isVisible():
            continue
        fixed = button.minimumWidth() == button.maximumWidth()
        squeezed = not fixed and button.width() < button.minimumSizeHint().width()
        above = button.parentWidget()
        while above is not window and above.objectName() != "scrolled":
            above = above.parentWidget()
        room = above.parentWidget().width() if above.objectName() == "scrolled" else window.width()
        if squeezed or button.mapTo(above, QPoint(button.width(), 0)).x() > room:
            cut_off.append(button.text() or button.accessibleName())
    return cut_off


@pytest.mark.parametrize(("page", "views"), [("prepare", ("cards", "pipeline")),
                                             ("network", ("canvas", "table", "code", "gallery"))])
def test_every_button_is_whole(qtbot, narrow, page, views):
    assert narrow.go(page)
    for view in views:
        narrow.current.show_view(view)
        qtbot.waitUntil(lambda: not len(narrow.session.jobs), timeout=20_000)
        assert wrong(narrow) == [], view


def test_buttons_of_the_header_show_their_icons_alone_where_words_have_no_room(qtbot, narrow):
    assert narrow.go("train")
    page = narrow.current
    narrow.header.add_page("long", [Button("Tasa de aprendizaje…"), Button("Pausar", icon="pause"),
                                    Button("Detener y conservar", icon="stop"), Button("Entrenar después", icon="play")])
    narrow.header.show_page("long")
    qtbot.wait(50)
    buttons = {button.accessibleName(): button for button in narrow.header.findChildren(Button) if button.isVisible()}
    assert (buttons["Pausar"].text(), buttons["Pausar"].toolTip()) == ("", "Pausar")
    places = sorted((button.mapTo(narrow.header, QPoint(0, 0)).x(), button.width()) for button in buttons.values())
    assert all(left + width <= after for (left, width), (after, _width) in itertools.pairwise(places))
    narrow.resize(1500, 600)
    qtbot.waitUntil(lambda: buttons["Pausar"].text() == "Pausar")
    assert buttons["Pausar"].toolTip() == ""
    narrow.header.show_page(page.id)


def test_in_a_still_smaller_window_everything_on_train_can_be_reached(qtbot, narrow):
    """That of 200 % on a screen of 1440 x 900."""
    assert narrow.go("train")
    recorded(narrow.current, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    narrow.setMinimumSize(720, 450)
    narrow.resize(720, 450)
    qtbot.wait(100)
    buttons = sorted((button.mapTo(narrow.header, QPoint(0, 0)).x(), button.width(), button.accessibleName())
                     for button in narrow.header.findChildren(Button) if button.isVisible())
    assert all(left + width <= after for (left, width, _name), (after, *_more) in itertools.pairwise(buttons)), buttons
    pages = sorted((button.y(), button.height()) for button in narrow.rail.findChildren(RailButton))
    assert all(top + height <= after for (top, height), (after, _height) in itertools.pairwise(pages)), pages
    assert sum(pages[-1]) <= narrow.rail.height()
    area = part(narrow.current, RunsTable)
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    content = area.widget()
    assert content.minimumSizeHint().width() <= area.viewport().width() + area.horizontalScrollBar().maximum()
    inspector = narrow.pages.widget(2)
    assert inspector.mapTo(narrow, QPoint(inspector.width(), 0)).x() <= narrow.width()


def test_counts_of_classes_and_the_choice_of_a_view_are_whole(qtbot, narrow):
    assert narrow.go("data")
    page = narrow.current
    qtbot.waitUntil(lambda: page.filters.isVisible() and not len(narrow.session.jobs), timeout=20_000)
    qtbot.wait(100)
    assert wrong(narrow) == []
    classes = part(page, ClassList)
    area = classes
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    assert classes.mapTo(area, QPoint(classes.width(), 0)).x() <= area.viewport().width()
    bar = page.filters.parentWidget()
    for button in bar.findChildren(Button):
        if button.isVisible():
            assert bar.rect().contains(button.mapTo(bar, button.rect().bottomRight())), button.text()


def test_a_choice_with_a_long_name_is_shortened(qtbot):
    chip = MenuButton("Class: ")
    qtbot.addWidget(chip)
    chip.set_choices([("a", "cat"), ("b", "a photo of a German shepherd on a meadow")], "a")
    assert (chip.text(), chip.toolTip()) == ("Class: cat  ▾", "")
    chip.set_value("b")
    assert chip.text() == "Class: a photo of a German shepherd on a m…  ▾"
    assert chip.toolTip() == chip.accessibleName() == "Class: a photo of a German shepherd on a meadow"


def test_what_stands_apart_is_at_the_right_until_the_line_breaks(qtbot):
    widgets = [QWidget() for _ in range(3)]
    for widget in widgets:
        widget.setFixedSize(100, 20)
    line = flow_row(*widgets, spacing=10, apart=1)
    qtbot.addWidget(line)
    line.resize(500, 20)
    line.show()
    assert [widget.x() for widget in widgets] == [0, 290, 400]
    line.resize(250, 60)
    assert [(widget.x(), widget.y()) for widget in widgets] == [(0, 0), (110, 0), (0, 30)]


def test_numbers_of_a_batch_have_the_signs_of_the_language(narrow, pictures_folder):
    files = sorted(pictures_folder.rglob("*.png"))[18:22]
    recipe = {**narrow.session.project.recipe.as_dictionary(), "height": 24, "width": 24}
    grid = GridRequest(files=lambda places: [files[place] for place in places], pictures=4, recipe=recipe, steps=[], seed=1,
                     epoch=1, batch_size=4)
    request = BatchRequest(grid, lambda places: [int(place > 1) for place in places], "int", ("v1.0", "v2.0"))
    facts = dict(make_batch(request, _Report()).facts)
    assert facts["Imágenes de cada clase"] == "v1.0: 2 · v2.0: 2"
    assert "," in facts["Media de cada canal"] and "." not in facts["Media de cada canal"]


def test_a_batch_of_large_pictures_is_looked_at_as_far_as_there_is_room(narrow, pictures_folder, monkeypatch):
    monkeypatch.setattr(prepare_pipeline, "ROOM", 3 * 4 * 24 * 24)
    files = sorted(pictures_folder.rglob("*.png"))[18:22]
    recipe = {**narrow.session.project.recipe.as_dictionary(), "height": 24, "width": 24}
    grid = GridRequest(files=lambda places: [files[place] for place in places], pictures=4, recipe=recipe, steps=[], seed=1,
                     epoch=1, batch_size=4)
    assert len(make_batch(BatchRequest(grid, lambda places: [0 for _ in places], "int", ("a", "b")), _Report()).images) == 3


class _Report:
    def check(self):
        pass

    def progress(self, *_numbers):
        pass


def test_all_the_filters_under_more_have_their_room(qtbot, narrow):
    narrow.resize(1100, 700)
    assert narrow.go("data")
    qtbot.waitUntil(lambda: narrow.current.filters.isVisible() and not len(narrow.session.jobs), timeout=20_000)
    page = narrow.current
    page.filters._more.click()
    panel = page.filters.panel
    qtbot.wait(100)
    assert panel.height() >= panel.heightForWidth(panel.width()) > 0
    for box in panel.findChildren(QLineEdit):
        assert panel.rect().contains(box.mapTo(panel, box.rect().bottomRight())), box.accessibleName()
