"""The shares of the splits as a bar whose borders can be dragged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS, Split
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures
from cnnstudio.gui.widgets.settling import Settling

_HEIGHT: Final = 30
_GRIP: Final = 14
_LEAST_TRAINING: Final = 0.01
_KEYS: Final = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1,
                Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}


class SplitBar(QWidget):
    """Three segments in the shades of the splits. `shares_changed(train, validation, test)` follows every step of a
    border and adds up to 1; `settled` when the border is let go.

    Splits that folders name have their real share and no border that moves; nor has the border that folds decide.
    """

    shares_changed = Signal(float, float, float)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: dict[Split, float] = dict.fromkeys(SPLITS, 0.0)
        self._counts: Mapping[str, int] = {}
        self._named: frozenset[str] = frozenset()
        self._folds = 0
        self.borders = (_Border(self, 0), _Border(self, 1))
        for border in self.borders:
            border.moved.connect(self._move)
            border.settled.connect(self.settled)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_shares(self, shares: Mapping[Split, float], counts: Mapping[str, int], named: Collection[str] = (),
                    folds: int = 0) -> None:
        """Show the wanted `shares` and the present `counts`; `named` are the splits that folders name, `folds` 0 or the
        number of parts that training and validation are divided into."""
        self._shares = {split: shares[split] for split in SPLITS}
        self._counts, self._named, self._folds = counts, frozenset(named) - {"train"}, folds if folds >= 2 else 0
        self._describe()
        self._place()
        self.update()

    @property
    def fractions(self) -> dict[Split, float]:
        """The share of each split of the whole, as drawn: 0 to 1, together 1."""
        total = sum(self._counts.values())
        result = {split: (self._counts.get(split, 0) / total if total else 0.0) for split in SPLITS if split in self._named}
        rest = 1.0 - sum(result.values())
        free = {split: share for split, share in self._shares.items() if split not in self._named}
        wanted = sum(free.values())
        for split, share in free.items():
            result[split] = rest * (share / wanted if wanted else float(split == "train"))
        if self._folds and "validation" not in self._named:
            both = result["train"] + result["validation"]
            result["validation"] = both / self._folds
            result["train"] = both - result["validation"]
        return {split: result[split] for split in SPLITS}

    def _sides(self, number: int) -> tuple[Split, Split] | None:
        """The splits that grow and shrink with a border; None where something else decides."""
        if number == 0:
            return None if self._named & {"validation"} or self._folds else ("train", "validation")
        if "test" in self._named:
            return None
        return ("train" if self._folds or "validation" in self._named else "validation"), "test"

    @property
    def named(self) -> frozenset[str]:
        """The splits that folders name, besides training."""
        return self._named

    @property
    def reason(self) -> str:
        """Why a border cannot be moved, or ""."""
        if {"validation", "test"} <= self._named:
            return tr("The folders define all splits, so there are no shares to set.",
                      "Las carpetas definen todas las divisiones: no hay proporciones que fijar.")
        if self._named:
            return tr("The folders define the split {names}: only the shares of the others can be set.",
                      "Las carpetas definen la división {names}: solo se pueden fijar las proporciones de las demás.",
                      names=", ".join(str(SPLIT_NAMES[split]) for split in SPLITS if split in self._named))
        if self._folds:
            return tr("The folds divide training and validation; only the share of the test split can be changed.",
                      "Los pliegues dividen entrenamiento y validación; solo se puede cambiar la proporción de la prueba.")
        return ""

    def _describe(self) -> None:
        fractions = self.fractions
        parts = [f"{SPLIT_NAMES[split]}: {format_percent(fractions[split], 0)} · "
                 f"{format_pictures(self._counts.get(split, 0))}" for split in SPLITS]
        self.setAccessibleName(tr("Shares of the splits", "Proporciones de las divisiones") + ". " + ", ".join(parts))
        self.setToolTip("\n".join([*parts, *([self.reason] if self.reason else [])]))
        for border in self.borders:
            border.setVisible(self._sides(border.number) is not None)
            before, after = SPLITS[border.number], SPLITS[border.number + 1]
            border.setAccessibleName(tr("Border between {one} and {other}: {share} and {rest}",
                                        "Borde entre {one} y {other}: {share} y {rest}",
                                        one=SPLIT_NAMES[before], other=SPLIT_NAMES[after],
                                        share=format_percent(fractions[before], 0), rest=format_percent(fractions[after], 0)))
            border.setToolTip("\n".join([*parts, tr("Drag the border, or use the arrow keys: 1% per step, or 5% with the "
                                                    "Page keys.",
                                                    "Arrastre el borde o use las flechas: un 1 % por paso o un 5 % con las "
                                                    "teclas de página.")]))

    # Moving --------------------------------------------------------------------------------------

    def _move(self, number: int, to: float) -> None:
        """Bring a border to a place, 0 to 1 of the bar; whole per cents of what is shared out."""
        sides = self._sides(number)
        if sides is None:
            return
        fractions = self.fractions
        free = [split for split in SPLITS if split not in self._named]
        rest = sum(fractions[split] for split in free)
        if rest <= 0:
            return
        shares = {split: fractions[split] / rest for split in free}
        before, after = sides
        # Per cents of what is shared out; with folds training and validation shrink together.
        present = sum(fractions[split] for split in SPLITS[:number + 1])
        folded = self._folds > 0 and "validation" in free
        both = (shares["train"] + shares["validation"] if folded else shares[before]) + shares[after]
        least = _LEAST_TRAINING if before == "train" else 0.0
        left = round(both - shares[after] + (to - present) / rest, 2)
        left = min(max(left, least), both)
        if folded:
            kept = self._shares["train"] + self._shares["validation"]
            train = self._shares["train"] / kept if kept else 1.0
            shares = {"train": left * train, "validation": left * (1 - train), "test": both - left}
        else:
            shares[before], shares[after] = left, both - left
        wanted = {split: round(shares.get(split, self._shares[split]), 4) for split in SPLITS}
        if any(abs(wanted[split] - self._shares[split]) > 1e-9 for split in SPLITS):
            self.shares_changed.emit(wanted["train"], wanted["validation"], wanted["test"])

    # Drawing -------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _places(self) -> tuple[float, float]:
        """The borders, in pixels from the left."""
        fractions = self.fractions
        first = fractions["train"] * self.width()
        return first, first + fractions["validation"] * self.width()

    def _place(self) -> None:
        """Put the grips onto their borders, side by side where a segment between them has no width."""
        first, second = self._places()
        if all(border.isVisibleTo(self) for border in self.borders) and second - first < _GRIP:
            middle = (first + second) / 2
            first, second = middle - _GRIP / 2, middle + _GRIP / 2
            outside = max(0.0, _GRIP / 2 - first) - max(0.0, second + _GRIP / 2 - self.width())
            first, second = first + outside, second + outside
        for border, place in zip(self.borders, (first, second), strict=True):
            left = min(max(0.0, place - _GRIP / 2), float(self.width() - _GRIP))
            border.setGeometry(round(left), 0, _GRIP, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        bar = QRectF(0, 4, self.width(), _HEIGHT - 8)
        frame = QPainterPath()
        frame.addRoundedRect(bar, 5, 5)
        painter.setClipPath(frame)
        left, fractions = 0.0, self.fractions
        grips = [QRectF(border.geometry()) for border in self.borders if not border.isHidden()]
        for split in SPLITS:
            width = fractions[split] * self.width()
            color = theme.split_color(split)
            segment = QRectF(left, bar.top(), width, bar.height())
            painter.fillRect(segment, color)
            text, middle = format_percent(fractions[split], 0), segment.center().x()
            # The grips stand on the ends of the segment, or on all of a narrow one.
            free = QRectF(max([left, *(grip.right() - 3 for grip in grips if grip.center().x() <= middle)]), bar.top(), 0,
                          bar.height())
            free.setRight(min([left + width, *(grip.left() + 3 for grip in grips if grip.center().x() > middle)]))
            if painter.fontMetrics().horizontalAdvance(text) + 2 <= free.width():
                painter.setPen(theme.on_color(color))
                painter.drawText(free, Qt.AlignmentFlag.AlignCenter, text)
            left += width


class _Border(QWidget):
    """A grip between two segments. `moved(number, place)`: where it shall be, 0 to 1 of the bar."""

    moved = Signal(int, float)
    settled = Signal()

    def __init__(self, bar: SplitBar, number: int) -> None:
        super().__init__(bar)
        self._bar, self.number = bar, number
        self._offset: float | None = None
        self._settling = Settling(self)
        self._settling.settled.connect(self.settled)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def _present(self) -> float:
        fractions = self._bar.fractions
        return sum(fractions[split] for split in SPLITS[:self.number + 1])

    def _send(self, place: float) -> None:
        self._settling.change()
        self.moved.emit(self.number, place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._offset = self._x(event) - self._present() * self._bar.width()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._offset is not None:
            self._send((self._x(event) - self._offset) / max(1, self._bar.width()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._offset = None
        self._settling.settle()

    def _x(self, event: QMouseEvent) -> float:
        return self.mapToParent(event.position()).x()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _KEYS.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
            return
        free = sum(share for split, share in self._bar.fractions.items() if split not in self._bar.named)
        self._send(self._present() + steps / 100 * free)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QRectF(self.rect()).center()
        active = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(theme.color("accent" if self.hasFocus() else "text" if active else "dim"),
                            2 if self.hasFocus() else 1))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(middle.x() - 4, 2, 8, self.height() - 4), 4, 4)
        painter.setPen(QPen(theme.color("dim"), 1))
        painter.drawLine(QPointF(middle.x(), middle.y() - 5), QPointF(middle.x(), middle.y() + 5))
