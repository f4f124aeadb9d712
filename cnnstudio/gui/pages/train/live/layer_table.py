"""All layers of a run, one below the other: what is in them over the epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.events import Histogram, LayersObserved, LayerState
from cnnstudio.core.layer_readings import USUAL_RATIO, readings
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.live.layer_cells import common_range, paint_line, paint_share, paint_strip
from cnnstudio.gui.widgets.formatting import format_percent

_HEAD: Final = 26.0
_TALL: Final = 50.0
_FLAT: Final = 26.0
_FEW: Final = 12
"""So many layers have tall rows."""
_GAP: Final = 14.0
_RATIOS: Final = (1e-6, 1.0)
"""The scale of the update ratio."""


class _Column(NamedTuple):
    """A title, what it means, its share of the width, and how much of it is text."""

    id: str
    title: Text
    meaning: Text
    share: float
    text: float


_COLUMNS: Final = (
    _Column("layer", Text("Layer", "Capa"), Text(
        "The layers that have weights, and activations, in the order of the network.",
        "Las capas que tienen pesos y las activaciones, en el orden de la red."), 0.2, 0.0),
    _Column("activations", Text("Activations", "Activaciones"), Text(
        "How the outputs of the layer for validation pictures are distributed, epoch after epoch: the stronger the colour, the "
        "more outputs have that value. A strip that shrinks to a thin line, or clings to its borders, hardly tells pictures "
        "apart.",
        "Cómo se distribuyen las salidas de la capa para imágenes de validación, época tras época: cuanto más intenso el "
        "color, más salidas tienen ese valor. Una franja que se reduce a una línea fina, o que se pega a sus bordes, apenas "
        "distingue las imágenes."), 0.2, 0.0),
    _Column("weights", Text("Weights", "Pesos"), Text(
        "How the weights of the layer are distributed, epoch after epoch. They should move and widen slowly.",
        "Cómo se distribuyen los pesos de la capa, época tras época. Deberían moverse y ensancharse despacio."), 0.2, 0.0),
    _Column("gradient_norm", Text("Gradient", "Gradiente"), Text(
        "The norm of the gradient of the loss by the weights of the layer, on a logarithmic scale that all layers share. "
        "Where it is many powers of ten smaller than elsewhere, the layer hardly learns.",
        "La norma del gradiente de la pérdida respecto a los pesos de la capa, en una escala logarítmica común a todas. Donde "
        "es muchas potencias de diez menor que en otras, la capa apenas aprende."), 0.15, 58.0),
    _Column("update_ratio", Text("Update ratio", "Cambio relativo"), Text(
        "By how much one step changes the weights, relative to their size, on a logarithmic scale. A thousandth is a good rule "
        "of thumb (CS231n); the green band is a power of ten on either side. Above it the learning rate may be too high, below "
        "it too low.",
        "Cuánto cambia un paso los pesos, en relación con su tamaño, en una escala logarítmica. Una milésima es una buena "
        "regla (CS231n); la banda verde abarca una potencia de diez a cada lado. Por encima, la tasa de aprendizaje puede ser "
        "demasiado alta; por debajo, demasiado baja."), 0.15, 58.0),
    _Column("dead", Text("Dead units", "Muertas"), Text(
        "The share of units (channels of feature maps) that answer exactly 0 to every picture. With ReLU such units get no "
        "gradient and never learn again.",
        "La proporción de unidades (canales de los mapas de características) que responden exactamente 0 a todas las imágenes. "
        "Con ReLU, esas unidades no reciben gradiente y no vuelven a aprender."), 0.1, 44.0),
)


class LayerTable(QWidget):
    """A row for every layer of the newest event; an event without that layer leaves a gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._observed: tuple[LayersObserved, ...] = ()
        self._history: list[list[LayerState | None]] = []
        self._gradients = (1e-6, 1.0)
        self._unusual: dict[str, str] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Inside the layers", "Dentro de las capas"))

    def show_layers(self, observed: Sequence[LayersObserved]) -> None:
        """Show the states of the layers, oldest first."""
        self._observed = tuple(observed)
        by_name = [{layer.name: layer for layer in event.layers} for event in observed]
        self._history = [[known.get(layer.name) for known in by_name] for layer in observed[-1].layers] if observed else []
        norms = [layer.gradient_norm for event in observed for layer in event.layers if layer.gradient_norm]
        self._gradients = (min(norms) / 2, max(norms) * 2) if norms else (1e-6, 1.0)
        self._unusual = {}
        for reading in readings(observed[-1]) if observed else ():
            for name in reading.layers:
                self._unusual[name] = f"{self._unusual.get(name, '')}\n{reading.text}".strip()
        # For a screen reader, which sees no strips.
        self.setAccessibleDescription("; ".join(self._words(states[-1]) for states in self._history if states[-1] is not None))
        self.updateGeometry()
        self.update()

    @property
    def _row(self) -> float:
        return _TALL if len(self._history) <= _FEW else _FLAT

    def sizeHint(self) -> QSize:
        return QSize(760, round(_HEAD + self._row * len(self._history)) if self._history else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, self.sizeHint().height())

    def _places(self) -> list[tuple[_Column, QRectF]]:
        """The columns and where they are, as high as the head."""
        free = self.width() - _GAP * (len(_COLUMNS) - 1)
        left, places = 0.0, []
        for column in _COLUMNS:
            places.append((column, QRectF(left, 0, free * column.share, _HEAD)))
            left += free * column.share + _GAP
        return places

    # Painted --------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._history:
            return
        painter = QPainter(self)
        places = self._places()
        for column, place in places:
            painter.setFont(theme.font("secondary"))
            painter.setPen(theme.color("dim"))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
                str(column.title), Qt.TextElideMode.ElideRight, int(place.width())))
        for number, states in enumerate(self._history):
            top = _HEAD + number * self._row
            if not event.rect().intersects(QRectF(0, top, self.width(), self._row).toAlignedRect()):
                continue
            for column, place in places:
                self._paint_cell(painter, column, QRectF(place.left(), top + 3, place.width(), self._row - 6), states)

    def _paint_cell(self, painter: QPainter, column: _Column, room: QRectF, states: Sequence[LayerState | None]) -> None:
        last = states[-1]
        assert last is not None
        if column.id == "layer":
            self._paint_name(painter, room, last)
            return
        graph = room.adjusted(0, 0, -column.text, 0)
        values = [None if state is None else getattr(state, column.id) for state in states]
        if all(value is None for value in values):
            self._paint_text(painter, room, "–", "faint", Qt.AlignmentFlag.AlignLeft)
        elif column.id in ("activations", "weights"):
            paint_strip(painter, graph, values, theme.color("accent"))
        elif column.id == "dead":
            paint_share(painter, graph, values, theme.color("warn"))
        else:
            ratios = column.id == "update_ratio"
            paint_line(painter, graph, values, _RATIOS if ratios else self._gradients, theme.color("accent"),
                       USUAL_RATIO if ratios else None)
        value = next((item for item in reversed(values) if item is not None), None)
        if column.text and value is not None:
            words = format_percent(value) if column.id == "dead" else format_number(value, ".2g")
            outside = column.id == "update_ratio" and not USUAL_RATIO[0] <= value <= USUAL_RATIO[1]
            tone = "warn" if outside or (column.id == "dead" and value >= 0.5) else "text"
            self._paint_text(painter, room, words, tone, Qt.AlignmentFlag.AlignRight)

    def _paint_name(self, painter: QPainter, room: QRectF, state: LayerState) -> None:
        tall = self._row == _TALL
        lines = [(state.name, "body_strong", "warn" if state.name in self._unusual else "text")]
        if tall:
            lines.append((self._kind(state), "secondary", "dim"))
        height = room.height() / len(lines)
        for number, (text, font, tone) in enumerate(lines):
            painter.setFont(theme.font(font if tall else "secondary"))
            painter.setPen(theme.color(tone))
            place = QRectF(room.left(), room.top() + number * height, room.width(), height)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideMiddle, int(place.width())))

    def _paint_text(self, painter: QPainter, room: QRectF, text: str, tone: str, side: Qt.AlignmentFlag) -> None:
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color(tone))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side, text)

    def _kind(self, state: LayerState) -> str:
        if state.layers > 1:
            return tr("{n} layers", "{n} capas", n=state.layers)
        return state.kind

    # Told -----------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.words_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def words_at(self, x: float, y: float) -> str:
        """The tooltip of that point: what the column means, and the values of the layer."""
        column = next((column for column, place in self._places() if place.left() <= x <= place.right() + _GAP), None)
        if column is None or not self._history:
            return ""
        if y < _HEAD:
            return str(column.meaning)
        number = int((y - _HEAD) // self._row)
        if not 0 <= number < len(self._history):
            return ""
        states = self._history[number]
        state = states[-1]
        assert state is not None
        told = {"layer": self._layer_words, "activations": self._range_words, "weights": self._range_words}
        words = told.get(column.id, self._value_words)
        return f"{state.name}\n{words(column, states)}"

    def _layer_words(self, _column: _Column, states: Sequence[LayerState | None]) -> str:
        state = states[-1]
        assert state is not None
        lines = [f"{self._kind(state)}, " + tr("{n} parameters", "{n} parámetros", n=format_number(state.parameters, ",")),
                 self._unusual.get(state.name, "")]
        if state.gradient_norm is None and state.parameters:
            lines.append(tr("Frozen: it does not learn.", "Congelada: no aprende."))
        return "\n".join(line for line in lines if line)

    def _range_words(self, column: _Column, states: Sequence[LayerState | None]) -> str:
        told: list[Histogram | None] = [None if state is None else getattr(state, column.id) for state in states]
        bounds, last = common_range(told), told[-1]
        if bounds is None:
            return "–"
        words = [tr("{title}: shown from {low} to {high}", "{title}: se muestra de {low} a {high}", title=column.title,
                    low=format_number(bounds[0], ".3g"), high=format_number(bounds[1], ".3g"))]
        if last is not None:
            words.append(tr("now from {low} to {high}", "ahora de {low} a {high}", low=format_number(last.low, ".3g"),
                            high=format_number(last.high, ".3g")))
        return "\n".join(words)

    def _value_words(self, column: _Column, states: Sequence[LayerState | None]) -> str:
        shape: Callable[[float], str] = format_percent if column.id == "dead" else lambda value: format_number(value, ".2e")
        values = [(event, getattr(state, column.id)) for event, state in zip(self._observed, states, strict=True)
                  if state is not None and getattr(state, column.id) is not None]
        lines = [tr("epoch {n}: {value}", "época {n}: {value}", n=event.epoch, value=shape(value))
                 for event, value in values[-6:]]
        return "\n".join([str(column.title), *(lines or ["–"])])

    def _words(self, state: LayerState) -> str:
        parts = [state.name]
        if state.gradient_norm is not None:
            parts.append(tr("gradient {value}", "gradiente {value}", value=format_number(state.gradient_norm, ".2g")))
        if state.update_ratio is not None:
            parts.append(tr("update ratio {value}", "cambio relativo {value}", value=format_number(state.update_ratio, ".2g")))
        if state.dead is not None:
            parts.append(tr("dead {value}", "muertas {value}", value=format_percent(state.dead)))
        return ", ".join(parts)
