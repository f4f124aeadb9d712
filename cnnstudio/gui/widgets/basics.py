"""Buttons, labels, rules and layouts in the style of the tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QIcon, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.areas import bare_area

_Item = QWidget | QBoxLayout | int | None
_ICON_TOKENS = {"primary": "on_accent", "danger": "error", "quiet": "dim", "icon": "dim", "link": "accent",
                "chip": "dim", "row": "dim", "status": "dim"}


class Button(QPushButton):
    """A push button. `kind`: "" (bordered), primary, danger, quiet, icon, link, chip, row, status.

    `kind="icon"` shows only the icon; `text` is then its accessible name and tooltip. `compact_icon` is shown where there is no
    room for the text.
    """

    def __init__(self, text: str = "", kind: str = "", icon: str = "", *, tooltip: str = "", checkable: bool = False,
                 compact_icon: str = "", on_click: Callable[[], object] | None = None, parent: QWidget | None = None) -> None:
        super().__init__("" if kind == "icon" else text.replace("&", "&&"), parent)
        self.kind = kind
        self._words = "" if kind == "icon" else text
        self._tip = ""
        self._compact = False
        self._icon_name = ""
        self._compact_icon = compact_icon
        self.setProperty("kind", kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(checkable)
        self.setToolTip(tooltip or (text if kind == "icon" else ""))
        self.setAccessibleName(text or tooltip)
        if kind == "icon":
            self.setFixedSize(32, 32)
        if icon:
            self.set_icon(icon)
        if on_click is not None:
            self.clicked.connect(lambda *_: on_click())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_by_enter(self, event):
            super().keyPressEvent(event)

    def setText(self, text: str) -> None:
        """Another text, which is read aloud, too, unless the button has a name of its own."""
        if self.accessibleName() == self._words:
            self.setAccessibleName(text)
        self._words = text
        self._show_words()

    def setToolTip(self, text: str) -> None:
        self._tip = text
        super().setToolTip(text or (self._words if self._compact else ""))

    @property
    def can_be_compact(self) -> bool:
        """Whether its icon can stand for its text."""
        return bool((self._icon_name or self._compact_icon) and self._words)

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone, where there is no room for the text, which becomes the tooltip."""
        if compact != self._compact:
            self._compact = compact
            if self._compact_icon:
                self.set_icon(self._compact_icon if compact else "")
            self._show_words()

    def _show_words(self) -> None:
        super().setText("" if self._compact else self._words.replace("&", "&&"))
        self.setToolTip(self._tip)

    def set_kind(self, kind: str) -> None:
        """Another look, such as that of the one primary button."""
        if kind != self.kind:
            self.kind = kind
            set_property(self, "kind", kind)
            if self._icon_name:
                self.set_icon(self._icon_name)

    def set_icon(self, name: str, token: str = "") -> None:
        self._icon_name = name
        self.setIcon(icons.icon(name, token or _ICON_TOKENS.get(self.kind, "text")) if name else QIcon())
        self.setIconSize(QSize(18, 18) if self.kind == "icon" else QSize(16, 16))

    def set_tone(self, tone: str) -> None:
        set_property(self, "tone", tone)


def press_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Whether a key was Enter, and then the button is pressed: Qt's buttons know that in dialogs only."""
    if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return False
    if not event.isAutoRepeat():
        button.click()
    return True


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, and apply the style again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class Label(QLabel):
    """Text in a style of the type scale ("body", "secondary", "caption", "title", "figure") and a tone.

    Tones: "" (text), dim, faint, accent, ok, warn, error. `wrap` breaks lines.
    """

    def __init__(self, text: str = "", style: str = "body", tone: str = "", *, wrap: bool = False,
                 selectable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(theme.font(style))
        self.setTextFormat(Qt.TextFormat.PlainText)
        if tone:
            self.setProperty("tone", tone)
        if wrap:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self.setMinimumWidth(40)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def set_tone(self, tone: str) -> None:
        set_property(self, "tone", tone)


class Caption(Label):
    """A caption in small capitals above a group."""

    def __init__(self, text: str, parent: QWidget | None = None, *, wrap: bool = False) -> None:
        super().__init__(text, "caption", "dim", wrap=wrap, parent=parent)
        self.setMinimumHeight(20)


class Elided(QWidget):
    """One line that is shortened with an ellipsis and then shows the full text as a tooltip."""

    def __init__(self, text: str = "", style: str = "body", tone: str = "text", *,
                 mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
                 align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._tone = tone
        self._mode = mode
        self._align = align
        self.setFont(theme.font(style))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_tone(self, tone: str) -> None:
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(36, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.color(self._tone or "text"))
        text = painter.fontMetrics().elidedText(self._text, self._mode, self.width())
        self.setToolTip(self._text if text != self._text else "")
        # A name may contain a line break; the label has one line.
        painter.drawText(self.rect(), self._align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)


class Icon(QWidget):
    """An icon that is not a button."""

    def __init__(self, name: str, token: str = "dim", size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._token = name, token
        self.setFixedSize(size, size)

    def set_icon(self, name: str, token: str = "dim") -> None:
        self._name, self._token = name, token
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.paint(painter, self.rect().toRectF(), self._name, self._token)


class Badge(QLabel):
    """A short text on a coloured ground: a state or a finding."""

    def __init__(self, text: str, tone: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(theme.font("caption"))
        font = self.font()
        font.setCapitalization(font.Capitalization.MixedCase)
        self.setFont(font)
        self.set_tone(tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(18)

    def set_tone(self, tone: str) -> None:
        ground = theme.color("dim" if tone == "" else tone)
        ink = theme.on_color(ground)
        self.setStyleSheet(f"background: {ground.name()}; color: {ink.name()}; border-radius: 8px; padding: 1px 8px;")


class Rule(QFrame):
    """A thin line between groups."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rule")
        (self.setFixedWidth if vertical else self.setFixedHeight)(1)


class Stack(QStackedWidget):
    """Widgets of which one is shown: as small as that one may be, whatever the hidden ones need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _index: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        shown = self.currentWidget()
        return super().minimumSizeHint() if shown is None else shown.minimumSizeHint().expandedTo(shown.minimumSize())


def column(*items: _Item, spacing: int = 8, margins: tuple[int, int, int, int] = (0,) * 4) -> QVBoxLayout:
    """A vertical layout; an int is a gap in pixels, None a stretch."""
    layout = QVBoxLayout()
    _fill(layout, items, spacing, margins)
    return layout


def row(*items: _Item, spacing: int = 8, margins: tuple[int, int, int, int] = (0,) * 4) -> QHBoxLayout:
    """A horizontal layout; an int is a gap in pixels, None a stretch."""
    layout = QHBoxLayout()
    _fill(layout, items, spacing, margins)
    return layout


def _fill(layout: QBoxLayout, items: Iterable[_Item], spacing: int, margins: tuple[int, int, int, int]) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)


def box(layout: QBoxLayout, parent: QWidget | None = None) -> QWidget:
    """A plain widget around a layout."""
    widget = QWidget(parent)
    widget.setLayout(layout)
    return widget


class _Content(QWidget):
    """The contents of a scroll area: as high as its layout needs at its real width, not at its narrowest."""

    def minimumSizeHint(self) -> QSize:
        least, layout = super().minimumSizeHint(), self.layout()
        # Where the height depends on the width the scroll area requests it; elsewhere only this is used.
        return QSize(least.width(), 0) if layout is not None and layout.hasHeightForWidth() else least


def scroll_area(widget: QWidget, *, sideways: bool = False) -> QScrollArea:
    """`widget` in a vertical scroll area without a frame; `sideways` it scrolls, too, where it would be cut off."""
    content = _Content()
    content.setLayout(column(widget))
    area = bare_area(content)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded if sideways else
                                      Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    widget.setAutoFillBackground(False)
    return area


def clear(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            break
        widget = item.widget()
        inner = item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner, QBoxLayout):
            clear(inner)


_MOST_LETTERS = 36
"""The most letters of a choice on a button; a class name may be as long as a sentence."""


class MenuButton(Button):
    """A chip or button that opens a menu of choices; `chosen(value)` when one is taken."""

    chosen = Signal(object)

    def __init__(self, prefix: str = "", kind: str = "chip", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__("", kind, icon, parent=parent)
        self._prefix = prefix
        self._value: object = None
        self._choices: list[tuple[object, str]] = []
        self._menu = QMenu(self)
        self.clicked.connect(self._open)

    def nextCheckState(self) -> None:
        """A click opens the menu and checks nothing: a checked chip has a choice that filters."""

    @property
    def value(self) -> object:
        return self._value

    def set_choices(self, choices: Iterable[tuple[object, str]], value: object) -> None:
        """Choices as (value, label); a label "-" is a separator."""
        self._choices = list(choices)
        self.set_value(value)

    def set_value(self, value: object) -> None:
        self._value = value
        label = next((text for choice, text in self._choices if choice == value and text != "-"), "")
        label = " ".join(label.splitlines())
        full_text = f"{self._prefix}{label}"
        short_text = f"{self._prefix}{label[:_MOST_LETTERS - 1]}…" if len(label) > _MOST_LETTERS else full_text
        self.setText(f"{short_text}  ▾")
        self.setAccessibleName(full_text)
        self.setToolTip(full_text if short_text != full_text else "")
        self.setChecked(False)

    def _open(self) -> None:
        self._menu.clear()
        for value, label in self._choices:
            if label == "-":
                self._menu.addSeparator()
                continue
            action = QAction(label.replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setChecked(value == self._value)
            action.triggered.connect(lambda _checked=False, value=value: self._take(value))
            self._menu.addAction(action)
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _take(self, value: object) -> None:
        self.set_value(value)
        self.chosen.emit(value)
