"""The network as a drawing for paper: vectors in SVG and PDF, pixels in PNG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from cnnstudio.catalog.exporters import DRAWINGS
from cnnstudio.core.atomic import write_atomically
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene

_MARGIN = 24.0
_POINTS = 0.75
"""Points per pixel at 100 %: a layer is 57 mm wide."""
_PNG_SCALE = 2.0
_LONGEST = 16_000


def draw(scene: NetworkScene, path: Path, title: str = "") -> None:
    """Write the whole network, nothing selected, on white; the suffix selects the format. Raises OSError and
    ValueError."""
    kind = path.suffix.lower()
    if kind not in DRAWINGS:
        raise ValueError(f"Expected one of {DRAWINGS}. Received: {path.suffix!r}")
    chosen = list(scene.selectedItems())
    area = scene.bounds().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    device = QBuffer()
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    scene.blockSignals(True)
    try:
        for item in chosen:
            item.setSelected(False)
        with theme.painted_light():
            scene.follow_theme()
            {".svg": _svg, ".pdf": _pdf, ".png": _png}[kind](scene, device, area, title)
    finally:
        scene.follow_theme()
        for item in chosen:
            item.setSelected(True)
        scene.blockSignals(False)
    write_atomically(path, bytes(device.data().data()))


@contextmanager
def _painter(device: object) -> Iterator[QPainter]:
    painter = QPainter(device)  # type: ignore[call-overload]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield painter
    finally:
        painter.end()


def _svg(scene: NetworkScene, device: QIODevice, area: QRectF, title: str) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(device)
    generator.setTitle(title)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    with _painter(generator) as painter:
        scene.render(painter, QRectF(0, 0, area.width(), area.height()), area)


def _pdf(scene: NetworkScene, device: QIODevice, area: QRectF, title: str) -> None:
    writer = QPdfWriter(device)
    writer.setTitle(title)
    writer.setCreator("CNN Studio")
    size = QSizeF(area.width() * _POINTS, area.height() * _POINTS)
    writer.setPageLayout(QPageLayout(QPageSize(size, QPageSize.Unit.Point), QPageLayout.Orientation.Portrait,
                                     QMarginsF(0, 0, 0, 0)))
    with _painter(writer) as painter:
        scene.render(painter, QRectF(0, 0, writer.width(), writer.height()), area)


def _png(scene: NetworkScene, device: QIODevice, area: QRectF, title: str) -> None:
    scale = min(_PNG_SCALE, _LONGEST / max(area.width(), area.height()))
    image = QImage(QSize(round(area.width() * scale), round(area.height() * scale)), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    with _painter(image) as painter:
        scene.render(painter, QRectF(image.rect()), area)
    image.setText("Title", title)
    # The type stubs require bytes, which PySide6 itself rejects.
    image.save(device, "PNG")  # type: ignore[call-overload]
