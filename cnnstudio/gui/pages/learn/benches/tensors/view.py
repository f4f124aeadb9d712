"""The bench of tensors."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.tensors.shape_editor import ShapeEditor
from cnnstudio.gui.pages.learn.benches.tensors.tensor_view import TensorView
from cnnstudio.gui.pages.learn.drawing.beside import Beside
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled, titled
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Caption, Label, box, clear, column, row
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.tensors.broadcasting import broadcast_steps
from cnnstudio.learning.benches.tensors.operations import (
    LABELS,
    OPERATIONS,
    SIGNS,
    TensorSettings,
    calculate,
    codes,
    is_drawable,
    numbers,
    output_values,
    run_program,
    second_tensor,
    source_index,
    to_tensor_settings,
    transposed_axes,
)

_EXAMPLES: Final = (
    (Text("A bias for each channel", "Un sesgo por canal"), (2, 3, 4), (4,), "+"),
    (Text("Each row with each column", "Cada fila con cada columna"), (4, 1), (1, 5), "*"),
    (Text("A number for all", "Un número para todos"), (3, 4), (), "*"),
    (Text("Mean of each picture", "La media de cada imagen"), (2, 3, 3, 2), (2, 1, 1, 2), "-"),
    (Text("Does not fit", "No encaja"), (2, 3), (2,), "+"),
)
_CHANNEL_SHAPES: Final = {True: ((2, 3, 4, 3), (4, 4, 3)), False: ((2, 3, 3, 4), (3, 4, 4))}
_PALE: Final = 0.42


class TensorsView(BenchView):
    """Tensors in, an operation, the tensor that comes out, and the program with its output."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._settings = TensorSettings()
        self._first, self._second, self._output = TensorView("a"), TensorView("c"), TensorView("b")
        self._first.pointed.connect(lambda index: self._on_input_pointed(0, index))
        self._second.pointed.connect(lambda index: self._on_input_pointed(1, index))
        self._output.pointed.connect(self._on_output_pointed)
        self._reason = Label("", "body", "error", wrap=True)
        self._where = Label("", "secondary", "dim", wrap=True)
        self._steps_layout = column(spacing=4)
        self._steps = titled(tr("Broadcasting, axis by axis from the last", "Broadcasting, eje a eje desde el último"),
                             box(self._steps_layout))
        self._code = CodeEditor(tr("Program", "Programa"))
        self._printed = CodeEditor(tr("Its output", "Su salida"))
        for editor in (self._code, self._printed):
            editor.setMinimumHeight(110)
            editor.setMinimumWidth(180)
        self.setLayout(column(Board(self._make_board(), self._make_controls())))
        self._refresh()

    # Building ------------------------------------------------------------------------------------

    def _make_board(self) -> QWidget:
        inputs = column(self._first, self._second, spacing=8)
        inputs.setStretch(0, 1)
        inputs.setStretch(1, 1)
        results = column(self._output, self._reason, self._steps, spacing=8)
        results.setStretch(0, 1)
        self._results = box(results)
        upper = Beside(box(inputs), self._results)
        lower = Beside(titled(tr("Program", "Programa"), self._code), titled(tr("Its output", "Su salida"), self._printed))
        layout = column(upper, self._where, lower, spacing=10)
        layout.setStretch(0, 3)
        layout.setStretch(2, 2)
        self._where.setMinimumWidth(240)
        self._reason.setMinimumWidth(200)
        return box(layout)

    def _make_controls(self) -> QWidget:
        self._operation = Select([(name, str(LABELS[name])) for name in OPERATIONS], "look")
        self._operation.setAccessibleName(tr("Operation", "Operación"))
        self._operation.chosen.connect(self._choose_operation)
        self._shape = ShapeEditor(tr("Shape of a", "Forma de a"))
        self._shape.edited.connect(lambda shape: self._set(shape=shape))
        self._target = ShapeEditor(tr("New shape", "Forma nueva"), open_side=True)
        self._target.edited.connect(lambda shape: self._set(target=shape))
        self._axes = Select()
        self._axes.setAccessibleName(tr("Order of the axes", "Orden de los ejes"))
        self._axes.chosen.connect(lambda axes: self._set(axes=axes))
        self._other = ShapeEditor(tr("Shape of c", "Forma de c"))
        self._other.edited.connect(lambda shape: self._set(other=shape))
        self._sign = SegmentedControl([(sign, {"*": "×", "-": "−", "maximum": "max"}.get(sign, sign)) for sign in SIGNS], "+")
        self._sign.setAccessibleName(tr("Operation with both", "Operación con ambos"))
        self._sign.chosen.connect(lambda sign: self._set(sign=sign))
        self._example = Select([(place, str(example[0])) for place, example in enumerate(_EXAMPLES)])
        self._example.setPlaceholderText(tr("Choose an example", "Elija un ejemplo"))
        self._example.setAccessibleName(tr("Examples", "Ejemplos"))
        self._example.chosen.connect(self._take_example)
        self._channels = SegmentedControl([(True, tr("To the front", "Al principio")), (False, tr("To the end", "Al final"))],
                                          True)
        self._channels.setAccessibleName(tr("Where the channels go", "Adónde van los canales"))
        self._channels.chosen.connect(lambda first: self._choose_channels(bool(first)))
        self._limits = Label("", "secondary", "warn", wrap=True)
        self._parts = {"reshape": (self._target,), "transpose": (self._axes_box(),), "channels": (self._channels_box(),),
                       "broadcast": (self._broadcast_box(),)}
        return controls(
            group(tr("Operation", "Operación"), self._operation),
            group("Tensor", self._shape, self._limits),
            *(part for parts in self._parts.values() for part in parts))

    def _axes_box(self) -> QWidget:
        return labelled(tr("Order of the axes", "Orden de los ejes"), self._axes)

    def _channels_box(self) -> QWidget:
        text = Label(tr("Keras keeps channels last: (height, width, channels). PyTorch keeps them first.",
                        "Keras pone los canales al final: (alto, ancho, canales). PyTorch, al principio."), "secondary", "dim",
                     wrap=True)
        return box(column(self._channels, text, spacing=8))

    def _broadcast_box(self) -> QWidget:
        return box(column(Caption(tr("Second tensor", "Segundo tensor")), self._other, self._sign, self._example, spacing=8))

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        return dict(msgspec.to_builtins(self._settings))

    def restore(self, settings: dict[str, Any]) -> None:
        self._settings = to_tensor_settings(settings)
        self._refresh()
        self.changed.emit()

    def code(self) -> tuple[Code, ...]:
        return codes(self._settings)

    def _set(self, **values: Any) -> None:
        wanted = msgspec.structs.replace(self._settings, **values)
        result = output_values(wanted)
        if not (is_drawable(wanted.shape) and is_drawable(wanted.other)) or (result is not None and result.size > 400):
            self._limits.setText(tr("A larger tensor cannot be shown number by number.",
                                    "Un tensor mayor no se puede mostrar número a número."))
            self._limits.show()
            self._show_controls()
            return
        self._settings = wanted
        self._limits.hide()
        self._refresh()
        self.changed.emit()

    def _choose_operation(self, name: object) -> None:
        values: dict[str, Any] = {"operation": name}
        if name == "channels" and len(self._settings.shape) not in (3, 4):
            values["shape"] = _CHANNEL_SHAPES[self._settings.first][0]
        self._set(**values)

    def _choose_channels(self, first: bool) -> None:
        """The other way round on the tensor that came out."""
        output = output_values(self._settings)
        shape = output.shape if output is not None and len(output.shape) in (3, 4) else _CHANNEL_SHAPES[first][0]
        self._set(first=first, shape=shape)

    def _take_example(self, place: object) -> None:
        _label, shape, other, sign = _EXAMPLES[int(str(place))]
        self._set(operation="broadcast", shape=shape, other=other, sign=sign)

    # What is shown -------------------------------------------------------------------------------

    def _show_controls(self) -> None:
        settings = self._settings
        self._operation.set_value(settings.operation)
        self._shape.set_shape(settings.shape)
        self._target.set_shape(settings.target)
        self._other.set_shape(settings.other)
        orders = list(permutations(range(len(settings.shape))))
        self._axes.set_choices([(order, str(order)) for order in orders], transposed_axes(settings))
        self._sign.set_value(settings.sign)
        self._channels.set_value(settings.first)
        for name, parts in self._parts.items():
            for part in parts:
                part.setVisible(name == settings.operation)

    def _refresh(self) -> None:
        settings = self._settings
        self._show_controls()
        self._limits.setVisible(bool(self._limits.text()) and not self._limits.isHidden())
        result = calculate(settings)
        values = output_values(settings)
        two = settings.operation == "broadcast"
        tensor = numbers(settings.shape)
        self._first.show_values(tensor, lambda index: _shade(tensor.size, int(tensor[index])))
        self._second.setVisible(two)
        if two:
            other = second_tensor(settings)
            self._second.show_values(other, lambda index: _shade(other.size, int(other[index]) // 100, warm=True))
        self._results.setVisible(settings.operation != "look")
        self._output.setVisible(values is not None)
        if values is not None:
            self._output.show_values(values, self._output_color)
        self._reason.setVisible(result.reason is not None)
        self._reason.setText("" if result.reason is None else str(result.reason))
        self._steps.setVisible(two)
        self._show_steps()
        self._code.show_text(result.code)
        printed, failed = run_program(settings)
        self._printed.show_text(printed + failed)
        self._on_output_pointed(None)

    def _output_color(self, index: tuple[int, ...]) -> QColor | None:
        source = source_index(self._settings, 0, index)
        if source is None:
            return None
        tensor = numbers(self._settings.shape)
        return _shade(tensor.size, int(tensor[source]))

    def _show_steps(self) -> None:
        clear(self._steps_layout)
        settings = self._settings
        for step in broadcast_steps(settings.shape, settings.other):
            sizes = " · ".join("–" if size is None else str(size) for size in (step.left, step.right))
            arrow = "✗" if step.size is None else str(step.size)
            head = Label(f"{-1 - step.axis}:  {sizes} → {arrow}", "body_strong", "error" if step.size is None else "")
            text = Label(str(step.text), "secondary", "error" if step.size is None else "dim", wrap=True)
            line = row(head, text, spacing=10)
            line.setStretch(1, 1)
            text.setMinimumWidth(120)
            self._steps_layout.addLayout(line)
        self._steps_layout.addStretch(1)

    def _on_output_pointed(self, index: object) -> None:
        if not isinstance(index, tuple):
            self._mark(frozenset(), frozenset(), frozenset())
            self._where.setText(_about(self._settings))
            return
        first, second = (source_index(self._settings, place, index) for place in (0, 1))
        self._mark(_one(first), _one(second), frozenset({index}))
        values = output_values(self._settings)
        assert values is not None
        sources = f"a{list(first)}" if first is not None else ""
        if second is not None:
            sources += f", c{list(second)}"
        self._where.setText(tr("b{index} = {value}, from {sources}", "b{index} = {value}, de {sources}", index=list(index),
                               value=int(values[index]), sources=sources))

    def _on_input_pointed(self, place: int, index: object) -> None:
        values = output_values(self._settings)
        if not isinstance(index, tuple) or values is None:
            self._on_output_pointed(None)
            return
        reached = frozenset(target for target in np.ndindex(*values.shape)
                            if source_index(self._settings, place, target) == index)
        own = frozenset({index})
        self._mark(own if place == 0 else frozenset(), own if place else frozenset(), reached)
        tensor = second_tensor(self._settings) if place else numbers(self._settings.shape)
        self._where.setText(tr("{name}{index} = {value}: used {n} times", "{name}{index} = {value}: se usa {n} veces",
                               name="c" if place else "a", index=list(index), value=int(tensor[index]), n=len(reached)))

    def _mark(self, first: frozenset[Any], second: frozenset[Any], output: frozenset[Any]) -> None:
        self._first.mark(first)
        self._second.mark(second)
        self._output.mark(output)


def _one(index: tuple[int, ...] | None) -> frozenset[tuple[int, ...]]:
    return frozenset() if index is None else frozenset({index})


def _shade(count: int, place: int, *, warm: bool = False) -> QColor:
    """The colour of a value by its place in memory: a value keeps it wherever it goes."""
    hue = (0.08 if warm else 0.5) + 0.36 * place / max(1, count) * (0.3 if warm else 1)
    light = 0.86 - 0.24 * place / max(1, count)
    if theme.name() == "dark":
        light = 1 - light + 0.12
    return QColor.fromHslF(hue % 1, _PALE, light)


def _about(settings: TensorSettings) -> str:
    """What the operation does, in a sentence."""
    return {
        "look": tr("A number has no axis, a vector one, a grey picture two (height, width), a colour picture three, and a "
                   "batch of them four: (batch, height, width, channels).",
                   "Un número no tiene ejes; un vector, uno; una imagen gris, dos (alto, ancho); una de color, tres, y un lote "
                   "de ellas, cuatro: (lote, alto, ancho, canales)."),
        "reshape": tr("The values stay in the same order in memory; only the lines are broken elsewhere. Point at a value.",
                      "Los valores siguen en el mismo orden en memoria; solo cambian los saltos de línea. Señale un valor."),
        "transpose": tr("The axes change places: the values come in another order. Point at a value.",
                        "Los ejes cambian de sitio: los valores quedan en otro orden. Señale un valor."),
        "broadcast": tr("What lacks an axis, or has 1 there, is repeated. Nothing is copied in memory. Point at a value.",
                        "Lo que no tiene un eje, o tiene 1 en él, se repite. En memoria no se copia nada. Señale un valor."),
        "channels": tr("The same picture, its channels elsewhere: a transpose, not a reshape. Point at a value.",
                       "La misma imagen con los canales en otro sitio: es un transpose, no un reshape. Señale un valor."),
    }[settings.operation]
