"""Fields in a page that scrolls, lists that open, rows of segments, chips, tables and splitters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QCompleter, QDialogButtonBox, QLineEdit, QWidget

import cnnstudio.gui
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.basics import Button, Label, MenuButton, Stack, column
from cnnstudio.gui.widgets.cards import FilterLine
from cnnstudio.gui.widgets.dialog import Dialog, fitting_geometry, free_screen
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.splitter import GRIP, Splitter
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.gui.widgets.wheel import Slider

GUI = Path(cnnstudio.gui.__file__).parent


@pytest.fixture
def area(qtbot, qapp):
    theme.apply(qapp, "light")
    result = QWidget()
    theme.style(result)
    qtbot.addWidget(result)
    result.resize(400, 300)
    result.show()
    qtbot.waitExposed(result)
    return result


def turn(field: QWidget, steps: int = -1) -> bool:
    """Turn the wheel over a field; whether it took the turn."""
    where = QPointF(field.rect().center())
    event = QWheelEvent(where, QPointF(field.mapToGlobal(where.toPoint())), QPoint(), QPoint(0, 120 * steps),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(field, event)
    return event.isAccepted()


def point_at(field: QWidget) -> None:
    """Move the mouse over a field."""
    where = QPointF(field.rect().center())
    QApplication.sendEvent(field, QMouseEvent(QEvent.Type.MouseMove, where, QPointF(field.mapToGlobal(where.toPoint())),
                                              Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
                                              Qt.KeyboardModifier.NoModifier))


def value(field):
    return field.value() if callable(field.value) else field.value


@pytest.mark.parametrize("kind", [NumberBox, Slider])
def test_a_field_takes_the_wheel_with_the_focus_and_the_pointer_moved_onto_it(area, qtbot, kind):
    field = kind(parent=area)
    if kind is NumberBox:
        field.set_value(5)
    field.setGeometry(10, 10, 120, 32)
    field.show()
    before = value(field)
    point_at(field)
    assert not turn(field, 1)
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    assert turn(field, 1)
    assert value(field) != before
    # The page scrolls: the field with the focus comes below a pointer that nobody moved.
    before = value(field)
    field.move(10, 90)
    assert not turn(field, 1)
    assert value(field) == before
    point_at(field)
    assert turn(field, 1)


def test_a_list_never_takes_the_wheel(area, qtbot):
    select = Select([(number, str(number)) for number in range(5)], 2, area)
    select.show()
    select.setFocus()
    qtbot.waitUntil(select.hasFocus)
    assert not turn(select)
    assert select.value == 2


def test_no_part_of_the_window_uses_a_field_without_the_guard():
    bare = re.compile(r"\b(QSlider|QSpinBox|QDoubleSpinBox|QDial|QComboBox|QSplitter)\(")
    allowed = {"widgets/inputs.py", "widgets/wheel.py", "widgets/splitter.py"}
    used = {path.relative_to(GUI).as_posix() for path in GUI.rglob("*.py") if bare.search(path.read_text("utf-8"))}
    assert used <= allowed


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("count", [2, 3, 6, 9])
def test_the_last_row_of_a_list_is_whole(area, qapp, look, count):
    theme.apply(qapp, look)
    select = Select([(number, f"choice {number}") for number in range(count)], 0, area)
    select.setGeometry(10, 10, 160, 32)
    select.show()
    select.showPopup()
    qapp.processEvents()
    view = select.view()
    last = view.visualRect(select.model().index(count - 1, 0))
    assert last.height() >= 24
    assert view.viewport().rect().contains(last)
    assert view.verticalScrollBar().maximum() == 0
    select.hidePopup()


def test_segments_are_not_cut_off_at_the_height_of_a_control(area, qapp):
    control = SegmentedControl([("a", "Canvas"), ("b", "Table")], "a", parent=area)
    control.setFixedHeight(tokens.CONTROL_HEIGHT)
    control.show()
    qapp.processEvents()
    for button in control.findChildren(Button):
        assert button.height() >= button.minimumSizeHint().height()
        assert control.rect().contains(button.geometry()), button.geometry()
    assert control.sizeHint().height() <= tokens.CONTROL_HEIGHT


def test_a_chip_does_not_light_up_when_its_menu_is_left(area, qtbot):
    chip = MenuButton(parent=area)
    chip.set_choices([((), "All classes"), (("cat",), "cat")], ())
    chip.setCheckable(True)
    chip.setChecked(False)
    chip.show()
    chip.click()
    menu = chip._menu
    assert menu.isVisible()
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    assert not chip.isChecked()


def test_the_last_column_of_a_table_is_never_cut_off(area, qapp):
    table = Table([Column("Layer", text=lambda row: row), Column("Name", text=lambda row: row),
                   *(Column(f"Number {n}", text=lambda _row: "12 345", right=True) for n in range(3))], parent=area)
    table.set_rows(["a_very_long_name_of_a_layer_that_goes_on_and_on"] * 3)
    for width in (900, 520, 470):
        table.resize(width, 200)
        table.show()
        qapp.processEvents()
        header = table.horizontalHeader()
        last = header.sectionViewportPosition(4) + header.sectionSize(4)
        assert last <= table.viewport().width(), width
        assert header.sectionSize(4) >= table.sizeHintForColumn(4)


def test_a_splitter_gives_the_wanted_widths_back_when_the_window_grows(area, qapp):
    splitter = Splitter(1, (232, 0, 304), area)
    for least in (180, 300, 240):
        panel = QWidget()
        panel.setMinimumWidth(least)
        splitter.addWidget(panel)
    for width in (1300, 760, 1300, 740, 1300):
        splitter.resize(width, 200)
        splitter.show()
        qapp.processEvents()
    assert splitter.sizes() == [232, 1300 - 232 - 304 - 2 * GRIP, 304]
    assert splitter.handle(1).width() >= 8
    splitter.widget(0).hide()
    splitter.restore_widths()
    assert splitter.sizes()[2] == 304
    splitter.widget(0).show()
    splitter.restore_widths()
    assert splitter.sizes()[0] == 232


def test_a_hidden_page_does_not_widen_the_one_on_screen(area):
    stack = Stack(area)
    wide, narrow = QWidget(), QWidget()
    wide.setMinimumWidth(900)
    for page in (narrow, wide):
        stack.addWidget(page)
    assert stack.minimumSizeHint().width() < 300
    stack.setCurrentWidget(wide)
    assert stack.minimumSizeHint().width() >= 900


def test_a_window_fits_the_screen():
    small = QRect(0, 24, 1366, 744)
    fitted = fitting_geometry(QSize(1440, 900), small)
    assert small.contains(fitted)
    assert fitted.width() == 1366
    assert fitting_geometry(QSize(800, 500), small).size() == QSize(800, 500)
    tiny = QRect(0, 0, 683, 384)
    assert tiny.contains(fitting_geometry(QSize(1440, 900), tiny))


def test_a_dialog_is_never_larger_than_the_screen(qtbot, qapp):
    theme.apply(qapp, "light")
    dialog = Dialog()
    qtbot.addWidget(dialog)
    dialog.setMinimumWidth(5000)
    dialog.resize(5000, 4000)
    dialog.show()
    assert dialog.width() <= free_screen(dialog).width()
    assert dialog.height() <= free_screen(dialog).height()
    dialog.close()


def test_every_dialog_of_the_window_fits_the_screen():
    plain = {path.relative_to(GUI).as_posix() for path in GUI.rglob("*.py")
             if re.search(r"^class \w+\(QDialog\)", path.read_text("utf-8"), re.M)}
    assert plain == {"widgets/dialog.py", "widgets/command_palette.py"}


def test_the_wheel_over_a_choice_does_not_move_the_focus(area):
    select = Select((("a", "A"), ("b", "B")), "a", area)
    select.show()
    assert not turn(select)
    assert not select.focusPolicy() & Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.StrongFocus


def test_completions_can_be_read_and_buttons_have_no_pictures_of_the_style(qtbot, qapp):
    for name in ("light", "dark"):
        theme.apply(qapp, name)
        line = QLineEdit()
        theme.style(line)
        qtbot.addWidget(line)
        completer = QCompleter(["cat", "dog"], line)
        line.setCompleter(completer)
        line.show()
        completer.complete()
        popup = completer.popup()
        shade = popup.viewport().grab().toImage().pixelColor(popup.viewport().width() - 3, 12)
        assert theme.contrast(theme.colors().text, shade.name()) >= 4.5, (name, shade.name())
        popup.hide()
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    theme.style(box)
    qtbot.addWidget(box)
    box.show()
    assert box.button(QDialogButtonBox.StandardButton.Cancel).icon().isNull()


def test_the_sorted_column_is_marked_beside_its_title(area):
    table = Table([Column("Run", str, stretch=True), Column("Duration", str, right=True)], parent=area)
    table.resize(300, 120)
    table.show()
    table.set_rows(["a", "b"])
    header = table.horizontalHeader()

    def drawn():
        QApplication.processEvents()
        assert header.sectionSize(1) >= header.sectionSizeHint(1)
        return [table.model().headerData(place, Qt.Orientation.Horizontal) for place in (0, 1)]

    assert drawn() == ["Run", "Duration"]
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert drawn() == ["Run", "Duration ▾"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert drawn() == ["Run ▴", "Duration"]


def test_a_title_stands_over_the_texts_of_its_column(area):
    table = Table([Column("HHH", str, stretch=True)], sortable=False, parent=area)
    table.resize(300, 120)
    table.show()
    table.set_rows(["HHH"])

    def left(widget):
        image = QImage(widget.size(), QImage.Format.Format_RGB32)
        image.fill(theme.color("surface"))
        widget.render(image)
        return next(x for x in range(image.width()) if any(image.pixelColor(x, y).lightness() < 160 for y in range(8, 24)))

    assert abs(left(table.horizontalHeader()) - left(table.viewport())) <= 1


def test_an_open_choice_has_its_own_ground(area):
    select = Select((("a", "A"), ("b", "B")), "a", area)
    select.show()
    select.showPopup()
    try:
        image = select.view().viewport().grab().toImage()
        assert image.pixelColor(image.width() - 2, image.height() - 2).name() == theme.color("raised").name()
    finally:
        select.hidePopup()


def test_lines_that_belong_together_show_their_shares_or_none_does(area):
    lines = [FilterLine(name, split=split) for name, split in
             (("Entrenamiento", "train"), ("Validación", "validation"), ("Prueba", "test"))]
    for line in lines:
        line.show_alike(lines)
        line.setParent(area)
        line.show()

    def shares(width):
        for line in lines:
            line.resize(width, 32)
            line.show_value("198", on=False, share="66 %")
        return {any("%" in label.text() and label.isVisible() for label in line.findChildren(Label)) for line in lines}

    assert shares(400) == {True}
    assert all(len(shares(width)) == 1 for width in range(120, 260, 5))


def test_enter_presses_the_primary_button_of_a_dialog(qtbot, qapp):
    theme.apply(qapp, "light")
    pressed: list[str] = []
    dialog = Dialog()
    qtbot.addWidget(dialog)
    box = NumberBox(1.0, minimum=0, maximum=9)
    dialog.setLayout(column(box, Button("× 2", on_click=lambda: pressed.append("× 2")),
                            Button("Change", "primary", on_click=lambda: pressed.append("Change"))))
    dialog.show()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert pressed == ["Change"]
    dialog.close()


def test_a_switch_has_its_own_height(area, qapp):
    switch = Switch(parent=area)
    switch.show()
    qapp.processEvents()
    assert switch.size() == switch.sizeHint()


def test_a_button_is_read_aloud_as_it_is_written(area):
    button = Button("Start", parent=area)
    button.setText("Stop & keep")
    assert (button.accessibleName(), button.text()) == ("Stop & keep", "Stop && keep")
    icon = Button("", "link", tooltip="Undo", parent=area)
    icon.setAccessibleName("Undo the last step")
    icon.setText("↶")
    assert icon.accessibleName() == "Undo the last step"


def test_a_choice_without_a_value_shows_its_hint(qtbot):
    select = Select([("cat", "Cat"), ("dog", "Dog")], "")
    qtbot.addWidget(select)
    select.show()
    assert select.value is None
    empty = select.grab().toImage()
    select.setPlaceholderText("Several")
    assert select.grab().toImage() != empty
