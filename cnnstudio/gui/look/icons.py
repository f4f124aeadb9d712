"""Line icons of one family, tinted with tokens and crisp at every scale."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from cnnstudio.core.places import resource
from cnnstudio.gui.look import theme


@functools.cache
def _drawings() -> dict[str, bytes]:
    """All icons, read at once: painting must not need a file that an upgrade of the running program took away."""
    return {path.stem: path.read_bytes() for path in resource("icons").glob("*.svg")}


@functools.lru_cache(maxsize=512)
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawings()[name].replace(b"#000000", color.encode())))


def paint(painter: QPainter, rect: QRectF, name: str, token: str = "dim") -> None:
    """Draw icon `name` into `rect` in the colour of a token (or of a #RRGGBB)."""
    _renderer(name, _value(token)).render(painter, rect)


def _value(token: str) -> str:
    return token if token.startswith("#") else theme.color(token).name()


def pixmap(name: str, token: str = "dim", size: int = 16, ratio: float = 2.0) -> QPixmap:
    """Icon `name` as a pixmap of `size` x `size` device-independent pixels."""
    canvas = QPixmap(round(size * ratio), round(size * ratio))
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    paint(painter, QRectF(0, 0, size, size), name, token)
    painter.end()
    return canvas


def icon(name: str, token: str = "text", checked: str = "accent") -> QIcon:
    """Icon `name` for buttons and menus; `checked` is its token while the button is on. Do not modify the result."""
    return _icon(name, _value(token), _value(checked), _value("faint"))


@functools.lru_cache(maxsize=512)
def _icon(name: str, color: str, checked: str, disabled: str) -> QIcon:
    result = QIcon()
    for size in (16, 20):
        for state, item in ((QIcon.State.Off, color), (QIcon.State.On, checked)):
            result.addPixmap(pixmap(name, item, size), QIcon.Mode.Normal, state)
        result.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled, QIcon.State.Off)
    return result


def names() -> list[str]:
    """The names of all bundled icons."""
    return sorted(_drawings())
