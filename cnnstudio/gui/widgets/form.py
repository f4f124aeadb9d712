"""A form from declarations: this one widget edits every parameter of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from cnnstudio.core.params import (
    Bool,
    Choice,
    Color,
    Factor,
    Float,
    Int,
    Ints,
    Line,
    Numbers,
    Padding4,
    Pair,
    Param,
    Seed,
    Value,
    is_relevant,
    with_defaults,
)
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, set_property
from cnnstudio.gui.widgets.cards import Expander
from cnnstudio.gui.widgets.factor import FactorEditor
from cnnstudio.gui.widgets.inputs import ColorButton, SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.tab_order import focusable_before, tab_after


class Form(QWidget):
    """Fields for `params`, each with its help as tooltip and its problem below it.

    `value_changed(name, value)` follows every step of the user, with values that the declaration allows;
    `settled(name)` when a drag or a typed value is complete (seal the history then). The fields of a `lazy` form, one that is
    folded away, are made when it is first shown.
    """

    value_changed = Signal(str, object)
    settled = Signal(str)

    def __init__(self, params: Sequence[Param], values: Mapping[str, Value], *, lazy: bool = False,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = {param.name: param for param in params}
        self._values = with_defaults(params, values)
        self._fields: dict[str, _Field] = {}
        self._problems: dict[str, Problem] = {}
        self._choices: dict[str, list[tuple[object, str]]] = {}
        self._more: Expander | None = None
        self._main = column(spacing=12)
        self.setLayout(self._main)
        if not lazy:
            self._build()

    def _build(self) -> None:
        """Make the fields, once."""
        if self._fields or not self._params:
            return
        more = column(spacing=12)
        for param in self._params.values():
            field = _Field(param, self._values[param.name])
            field.changed.connect(partial(self._take, param.name))
            field.settled.connect(partial(self.settled.emit, param.name))
            self._fields[param.name] = field
            (more if param.advanced else self._main).addWidget(field)
        if any(param.advanced for param in self._params.values()):
            self._more = Expander(tr("More", "Más"), box(more))
            self._main.addWidget(self._more)
        self._update_visibility()
        for name, choices in self._choices.items():
            self._fields[name].set_choices(choices, self._values[name])
        self._show_problems()

    def showEvent(self, event: QShowEvent) -> None:
        if not self._fields:
            before = focusable_before(self)
            self._build()
            tab_after(before, self)
        super().showEvent(event)

    def _field(self, name: str) -> _Field:
        self._build()
        return self._fields[name]

    @property
    def values(self) -> dict[str, Value]:
        """All values of the form, including defaults."""
        return dict(self._values)

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Set values without emitting signals."""
        wanted = with_defaults(list(self._params.values()), values)
        for name, field in self._fields.items():
            if wanted[name] != self._values.get(name):
                field.set_value(wanted[name])
                field.show_problem("")
        self._values = wanted
        self._update_visibility()

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the fields of these problems (`where.field`); the others are cleared."""
        self._problems = {problem.where.field: problem for problem in problems if problem.where.field}
        self._show_problems()

    def _show_problems(self) -> None:
        for name, field in self._fields.items():
            problem = self._problems.get(name)
            field.show_problem(str(problem.text) if problem else "",
                               "error" if problem is None or problem.blocks else "warn")

    def set_choices(self, name: str, choices: Iterable[tuple[object, str]]) -> None:
        """Replace the choices of a Choice or Line by a list, such as the layers of a base."""
        self._choices[name] = list(choices)
        if self._fields:
            self._fields[name].set_choices(self._choices[name], self._values[name])

    def editor(self, name: str) -> QWidget:
        """The widget that edits a parameter; `set_choices` may replace it."""
        return self._field(name).editor

    def insert_above(self, name: str, widget: QWidget) -> None:
        """Put a widget, such as a drawing of the value, between a parameter's label and its editor."""
        self._field(name).insert_above(widget)

    def insert_below(self, name: str, widget: QWidget) -> None:
        """Put a widget, such as what belongs to the chosen value, below a parameter's editor."""
        self._field(name).insert_below(widget)

    def is_shown(self, name: str) -> bool:
        """Whether a parameter is relevant with the present values, and so has a field."""
        return not self._field(name).isHidden()

    def problem(self, name: str) -> str:
        """The problem below a field; "" without one."""
        return self._field(name).problem

    def _take(self, name: str, value: Value) -> None:
        refusal = self._params[name].error_text(value)
        field = self._fields[name]
        if refusal is not None:
            field.show_problem(str(refusal))
            return
        field.show_problem("")
        if value != self._values.get(name):
            self._values[name] = value
            self._update_visibility()
            self.value_changed.emit(name, value)

    def _update_visibility(self) -> None:
        for name, field in self._fields.items():
            field.setVisible(is_relevant(self._params[name], self._values))


class _Field(QWidget):
    """Label, editor and problem of one parameter."""

    changed = Signal(object)
    settled = Signal()

    def __init__(self, param: Param, value: Value) -> None:
        super().__init__()
        self._param = param
        label = Label(str(param.label), "secondary", "dim", wrap=True)
        label.setToolTip(str(param.help))
        self.editor, self._set = _editor(param, value, self)
        _set_accessible_names(self.editor, param)
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        if isinstance(param, Bool):
            label.setFont(theme.font("body"))
            label.set_tone("")
            line = row(label, self.editor, spacing=8)
            line.setStretch(0, 1)
            self._column = column(line, self._problem, spacing=4)
        else:
            self._column = column(label, self.editor, self._problem, spacing=4)
        self.setLayout(self._column)

    def take(self, value: Value) -> None:
        """Emit the value that the user chose."""
        self.changed.emit(value)

    def set_value(self, value: Value) -> None:
        self._set(value)

    def set_choices(self, choices: list[tuple[object, str]], value: Value) -> None:
        if isinstance(self.editor, Select):
            self.editor.set_choices(choices, value)
            return
        select = Select(choices, value)
        _set_accessible_names(select, self._param)
        select.chosen.connect(self.changed)
        select.chosen.connect(lambda _value: self.settled.emit())
        self._column.replaceWidget(self.editor, select)
        self.editor.hide()
        self.editor.deleteLater()
        self.editor, self._set = select, select.set_value

    def insert_above(self, widget: QWidget) -> None:
        before = focusable_before(self.editor)
        self._column.insertWidget(self._column.indexOf(self.editor), widget)
        tab_after(before, widget)

    def insert_below(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.indexOf(self._problem) + 1, widget)

    @property
    def problem(self) -> str:
        """The problem below the editor, "" without one."""
        return self._problem.text() if not self._problem.isHidden() else ""

    def show_problem(self, text: str, tone: str = "error") -> None:
        self._problem.setText(text)
        self._problem.set_tone(tone)
        self._problem.setVisible(bool(text))
        set_property(self.editor, "wrong", bool(text) and tone == "error")


def _set_accessible_names(editor: QWidget, param: Param) -> None:
    editor.setAccessibleName(str(param.label))
    # For screen readers: the focus is on one of the fields inside.
    inner = editor.findChildren(QLineEdit)
    for number, line_edit in enumerate(inner, start=1):
        place = tr("{label}, {number} of {count}", "{label}, {number} de {count}", label=param.label, number=number,
                   count=len(inner))
        line_edit.setAccessibleName(str(param.label) if len(inner) == 1 else place)
    editor.setToolTip(str(param.help))
    if isinstance(editor, SegmentedControl) and isinstance(param, Choice):
        editor.set_tooltips(str(option.help or param.help) for option in param.options)


def _number(param: Int | Float, value: Value) -> NumberBox:
    integer = isinstance(param, Int)
    return NumberBox(value, minimum=param.minimum, maximum=param.maximum, step=param.step, integer=integer,
                     decimals=0 if isinstance(param, Int) else param.decimals,
                     logarithmic=isinstance(param, Float) and param.logarithmic,
                     above=isinstance(param, Float) and param.above,
                     display=param.display if isinstance(param, Float) else None,
                     unit=str(param.unit) if param.unit else "", optional=param.optional)


def _editor(param: Param, value: Value, field: _Field) -> tuple[QWidget, Callable[[Any], None]]:
    if isinstance(param, Int | Float):
        number = _number(param, value)
        number.value_changed.connect(field.changed)
        number.settled.connect(field.settled)
        number.refused.connect(lambda text: field.show_problem(text, "warn"))
        if isinstance(param, Seed):
            return _add_draw_button(number, field), number.set_value
        return number, number.set_value
    if isinstance(param, Bool):
        switch = Switch(bool(value))
        switch.switched.connect(field.take)
        switch.switched.connect(lambda _on: field.settled.emit())
        return switch, switch.set_value
    if isinstance(param, Choice):
        choices = [(option.value, str(option.label)) for option in param.options]
        chooser: SegmentedControl | Select
        short = len(choices) <= 3 and sum(len(label) for _, label in choices) <= 24
        chooser = SegmentedControl(choices, value) if short else Select(choices, value)
        chooser.chosen.connect(field.changed)
        chooser.chosen.connect(lambda _value: field.settled.emit())
        return chooser, chooser.set_value
    if isinstance(param, Color):
        color = ColorButton(value)
        color.chosen.connect(field.changed)
        color.chosen.connect(lambda _value: field.settled.emit())
        return color, color.set_value
    if isinstance(param, Pair | Padding4):
        numbers = _Numbers(2 if isinstance(param, Pair) else 4, value, minimum=param.minimum, maximum=param.maximum,
                           integer=True, optional=isinstance(param, Pair) and param.optional)
        numbers.changed.connect(field.changed)
        numbers.settled.connect(field.settled)
        numbers.refused.connect(lambda text: field.show_problem(text, "warn"))
        return numbers, numbers.set_value
    if isinstance(param, Factor):
        ends = FactorEditor(param, value)
        ends.changed.connect(field.changed)
        ends.settled.connect(field.settled)
        ends.refused.connect(lambda text: field.show_problem(text, "warn"))
        return ends, ends.set_value
    return _line(param, value, field)


def _add_draw_button(number: NumberBox, field: _Field) -> QWidget:
    import random

    def draw() -> None:
        number.set_value(random.randrange(100_000))
        field.changed.emit(number.value)
        field.settled.emit()

    holder = box(row(number, Button(tr("New seed", "Semilla nueva"), "icon", "refresh", on_click=draw), spacing=4))
    holder.setFocusProxy(number)
    return holder


def _line(param: Param, value: Value, field: _Field) -> tuple[QWidget, Callable[[Any], None]]:
    line = QLineEdit(_format_value(value))
    line.setFont(theme.font())
    optional = isinstance(param, Line) and param.optional

    def on_typed() -> None:
        text = line.text()
        field.changed.emit(None if optional and not text and param.default is None else _parse_value(param, text))
        field.settled.emit()

    def show(text: Any) -> None:
        line.setText(_format_value(text))

    line.editingFinished.connect(on_typed)
    if not (isinstance(param, Line) and param.file):
        return line, show

    def browse() -> None:
        path = QFileDialog.getExistingDirectory(line.window(), str(param.label), line.text() or str(Path.home()))
        if path:
            line.setText(path)
            on_typed()

    holder = box(row(line, Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=browse), spacing=4))
    holder.setFocusProxy(line)
    return holder, show


def _format_value(value: Value) -> str:
    """A value as it is typed: several numbers are separated by commas."""
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _parse_value(param: Param, text: str) -> Value:
    """Parse the text of a line; text that contains no numbers stays text, and the parameter's check explains it."""
    if not isinstance(param, Numbers | Ints):
        return text
    try:
        return param.parse(text)
    except ValueError:
        return text


class _Numbers(QWidget):
    """Several numbers in a line, as one tuple."""

    changed = Signal(object)
    settled = Signal()
    refused = Signal(str)

    def __init__(self, count: int, value: Value, **limits: Any) -> None:
        super().__init__()
        self._boxes = [NumberBox(None if value is None else value[index], **limits) for index in range(count)]
        line = row(spacing=4)
        for index, item in enumerate(self._boxes):
            if count == 2 and index:
                line.addWidget(Label("×", "body", "dim"))
            line.addWidget(item, 1)
            item.value_changed.connect(self._on_changed)
            item.settled.connect(self.settled)
            item.refused.connect(self.refused)
        self.setLayout(line)
        self.setFocusProxy(self._boxes[0])

    def _on_changed(self) -> None:
        values = tuple(item.value for item in self._boxes)
        if all(value is None for value in values):
            self.changed.emit(None)
        elif None not in values:
            self.changed.emit(values)
        else:
            filled = next(value for value in values if value is not None)
            self.changed.emit(tuple(filled if value is None else value for value in values))
            self.set_value(tuple(filled if value is None else value for value in values))

    def set_value(self, value: Value) -> None:
        for index, item in enumerate(self._boxes):
            item.set_value(None if value is None else value[index])
