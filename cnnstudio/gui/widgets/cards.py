"""Cards, key figures, banners, empty states and facts: the building blocks of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QEvent, QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import (
    Button,
    Caption,
    Elided,
    Icon,
    Label,
    box,
    clear,
    column,
    row,
    set_property,
)
from cnnstudio.gui.widgets.flow import FlowLayout


class Card(QFrame):
    """A raised block with a border.

    With `clickable` it accepts the focus and emits `clicked`. `edge` colours its left border: ok, warn, error, accent.
    """

    clicked = Signal()

    def __init__(self, *items: QWidget, title: str = "", edge: str = "", clickable: bool = False, spacing: int = 8,
                 margins: tuple[int, int, int, int] = (16, 14, 16, 14), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        if edge:
            self.setProperty("edge", edge)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*margins)
        self.body.setSpacing(spacing)
        if title:
            self.body.addWidget(Label(title, "body_strong"))
        for item in items:
            self.body.addWidget(item)
        self._clickable = clickable
        if clickable:
            self.setProperty("hoverable", True)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_edge(self, edge: str) -> None:
        set_property(self, "edge", edge)

    def set_selected(self, selected: bool) -> None:
        set_property(self, "selected", selected)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self._clickable and event.button() == Qt.MouseButton.LeftButton and inside:
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
            return
        super().keyPressEvent(event)


class KeyFigure(Card):
    """A card with a caption, one large number and a secondary line below."""

    def __init__(self, caption: str, value: str = "–", note: str = "", parent: QWidget | None = None) -> None:
        self._value = Label(value, "figure")
        self._note = Label(note, "secondary", "dim", wrap=True)
        self._caption = Caption(caption, wrap=True)
        super().__init__(self._caption, self._value, self._note, spacing=2, parent=parent)
        self.body.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.set(value, note)

    @property
    def value(self) -> str:
        """The number on the card."""
        return self._value.text()

    def set_caption(self, caption: str) -> None:
        """Say what the number is."""
        self._caption.setText(caption)

    def set(self, value: str, note: str = "") -> None:
        """Set the number and the line below."""
        self._value.setText(value)
        self._note.setText(note)
        self.setAccessibleDescription(f"{value} {note}".strip())


class KeyFigures(QWidget):
    """Four key figures side by side from the width `wide` on, in a narrow window two by two."""

    def __init__(self, *figures: KeyFigure, wide: int = 640) -> None:
        super().__init__()
        self._figures, self._wide = figures, wide
        self._columns = 2
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        for place, figure in enumerate(figures):
            # A figure may become narrower than its texts: they are shortened.
            figure.setMinimumWidth(120)
            self._grid.addWidget(figure, place // 2, place % 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        columns = len(self._figures) if event.size().width() >= self._wide else 2
        if columns != self._columns:
            self._columns = columns
            for place, figure in enumerate(self._figures):
                self._grid.addWidget(figure, place // columns, place % columns)
                self._grid.setColumnStretch(place, 1 if place < columns else 0)
        super().resizeEvent(event)


_BESIDE = 28
"""With more letters of fixes they stand below the text of a banner, which would get too narrow a column."""


class Banner(Card):
    """A problem where it matters: its text, its fixes as links, and a close button if it is only advice."""

    fix_chosen = Signal(object)
    closed = Signal()

    def __init__(self, problem: Problem, *, closable: bool = False, parent: QWidget | None = None) -> None:
        edge = {"error": "error", "warning": "warn"}.get(problem.severity, "accent")
        super().__init__(edge=edge, margins=(14, 10, 10, 10), parent=parent)
        self.problem = problem
        symbol = {"error": "error", "warning": "warning"}.get(problem.severity, "info")
        text = Label(problem.located_text, wrap=True, selectable=True)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        line = row(spacing=10)
        line.addWidget(Icon(symbol, edge, 18))
        fixes = [Button(str(fix.label), "link", on_click=partial(self.fix_chosen.emit, fix)) for fix in problem.fixes]
        if sum(len(fix.text()) for fix in fixes) > _BESIDE:
            texts = column(text, row(*fixes, None, spacing=10), spacing=4)
            line.addLayout(texts, 1)
        else:
            line.addWidget(text, 1)
            for fix in fixes:
                line.addWidget(fix)
        if closable:
            line.addWidget(Button(tr("Close", "Cerrar"), "icon", "close", on_click=self.closed.emit))
        self.body.addLayout(line)
        self.setAccessibleName(problem.located_text)


class Banners(QWidget):
    """A stack of banners; it takes no room when empty."""

    fix_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = column(spacing=8, margins=(24, 12, 24, 0))
        self.setLayout(self._layout)
        self._current: tuple[Problem, ...] = ()
        self.hide()

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show problems, most severe first; at most three, the status bar counts the rest."""
        ranks = {"error": 0, "warning": 1, "info": 2}
        ranked = tuple(sorted(problems, key=lambda problem: ranks[problem.severity]))[:3]
        if ranked == self._current:
            return
        self._current = ranked
        clear(self._layout)
        for problem in ranked:
            banner = Banner(problem)
            banner.fix_chosen.connect(self.fix_chosen)
            self._layout.addWidget(banner)
        self.setVisible(bool(ranked))


class EmptyState(QWidget):
    """The contents of an empty page: an icon, one sentence, one button."""

    def __init__(self, icon: str, title: str, text: str = "", button: str = "",
                 on_click: Callable[[], object] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = column(spacing=10, margins=(32, 32, 32, 32))
        middle = Qt.AlignmentFlag.AlignHCenter
        layout.addStretch(2)
        layout.addWidget(Icon(icon, "faint", 48), alignment=middle)
        heading = Label(title, "title", wrap=True)
        heading.setAlignment(middle)
        layout.addWidget(heading)
        if text:
            line = Label(text, "body", "dim", wrap=True)
            line.setAlignment(middle)
            line.setMaximumWidth(520)
            layout.addLayout(row(None, line, None))
            layout.itemAt(layout.count() - 1).layout().setStretch(1, 8)  # type: ignore[union-attr]
        if button:
            layout.addSpacing(4)
            self.button = Button(button, "primary", on_click=on_click)
            layout.addWidget(self.button, alignment=middle)
        layout.addStretch(3)
        self.setLayout(layout)


_FACT_WIDTH = 130
"""The width in pixels that values of facts get before their names."""


class Facts(QWidget):
    """Rows of name and value with thin lines between, as in the inspector."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = column(spacing=0)
        self.setLayout(self._rows)
        self._current: list[tuple[str, str]] = []

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The pairs on screen."""
        return list(self._current)

    def set_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Set the pairs of name and value."""
        wanted = list(facts)
        if wanted == self._current:
            return
        self._current = wanted
        clear(self._rows)
        # Numbers matter most: a long name is shortened before them, a long value before its name. Each row on its own: a
        # long value in one row must not shorten the names of all the others.
        metrics = QFontMetrics(theme.font("body"))
        for name, value in wanted:
            key = Elided(name, "body", "dim")
            value_label = Elided(value, "body", "text", mode=Qt.TextElideMode.ElideMiddle,
                                 align=Qt.AlignmentFlag.AlignRight)
            key.setMinimumHeight(28)
            value_label.setMinimumWidth(min(metrics.horizontalAdvance(value) + 4, _FACT_WIDTH))
            line = QFrame()
            line.setObjectName("rule")
            line.setFixedHeight(1)
            pair = row(key, value_label, spacing=12)
            pair.setStretch(1, 1)
            self._rows.addLayout(pair)
            self._rows.addWidget(line)


class Expander(QWidget):
    """A line that expands more content below it."""

    def __init__(self, title: str, content: QWidget, *, open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._button = Button(title, "row", "chevron-right", on_click=self._toggle)
        self.setLayout(column(self._button, content, spacing=6))
        self._set(open)

    def open(self) -> None:
        """Expand the content below the line."""
        self._set(True)

    def _toggle(self) -> None:
        self._set(self._content.isHidden())

    def _set(self, opened: bool) -> None:
        self._content.setVisible(opened)
        self._button.set_icon("chevron-down" if opened else "chevron-right")


class FilterLine(Button):
    """A line of the panel that filters: text left, number right, and its share where there is room. `split` gives it a
    swatch in that split's shade."""

    def __init__(self, text: str, token: str = "dim", split: str = "") -> None:
        super().__init__("", "row", checkable=True)
        self._token = token
        self._name = text
        self._label = Elided(text)
        self._value = Label("", tone="dim")
        self._share = Label("", tone="dim")
        self._share.hide()
        self._alike: tuple[FilterLine, ...] = (self,)
        line = row(self._label, self._value, self._share, spacing=4, margins=(8, 0, 8, 0))
        line.setStretch(0, 1)
        self._swatch_room = 18 if split else 0
        if split:
            line.insertWidget(0, _Swatch(split))
            line.insertSpacing(1, 4)
        self.setLayout(line)
        self.setFixedHeight(32)

    def show_value(self, text: str, *, on: bool, warn: bool = False, share: str = "") -> None:
        self._value.setText(text)
        self._value.set_tone(self._token if warn else "dim")
        self._share.setText(f"· {share}" if share else "")
        self.setChecked(on)
        self.setAccessibleName(": ".join((self._name, " · ".join(item for item in (text, share) if item))))
        self._fit()

    def show_alike(self, lines: Iterable[FilterLine]) -> None:
        """Show the share only where each of these lines has room for its own."""
        self._alike = tuple(lines)

    def _has_room(self) -> bool:
        label_width = self._label.fontMetrics().horizontalAdvance(self._name)
        numbers = self._value.sizeHint().width() + self._share.sizeHint().width()
        return label_width + numbers + 26 + self._swatch_room <= self.width()

    def _fit(self) -> None:
        fits = all(line._has_room() for line in self._alike)
        for line in self._alike:
            line._share.setVisible(fits and bool(line._share.text()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class _Swatch(QWidget):
    """A small square in the shade of a split."""

    def __init__(self, split: str) -> None:
        super().__init__()
        self._split = split
        self.setFixedSize(10, 10)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.split_color(self._split))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)


class DropArea(QFrame):
    """A dashed area that accepts dropped files and folders; `dropped(list of paths)`. It is highlighted during the
    drag."""

    dropped = Signal(list)

    def __init__(self, *items: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drop")
        self.setAcceptDrops(True)
        self.body = column(*items, spacing=8, margins=(24, 24, 24, 24))
        self.setLayout(self.body)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_of(event.mimeData()):
            event.acceptProposedAction()
            set_property(self, "over", True)

    def dragLeaveEvent(self, event: QEvent) -> None:
        set_property(self, "over", False)

    def dropEvent(self, event: QDropEvent) -> None:
        set_property(self, "over", False)
        paths = paths_of(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


def paths_of(mime: QMimeData) -> list[str]:
    """The local files and folders of a drag or of the clipboard."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


def fix_row(fixes: Iterable[Fix], chosen: Callable[[Fix], object]) -> QWidget:
    """Fixes as links that wrap onto the next line."""
    widget = QWidget()
    layout = FlowLayout(widget, spacing=12)
    for fix in fixes:
        layout.addWidget(Button(str(fix.label), "link", on_click=partial(chosen, fix)))
    return widget


__all__ = ["Banner", "Banners", "Card", "DropArea", "EmptyState", "Expander", "Facts", "KeyFigure", "box", "fix_row",
           "paths_of"]
