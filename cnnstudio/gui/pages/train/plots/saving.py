"""A plot as a file: a picture, a drawing, or the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.csv_text import csv_bytes
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button

_SCALE: Final = 3
"""Pixels of a saved picture for one on the screen: fit for print."""


def save_plot(session: Session, parent: QWidget, plot: CurvePlot) -> None:
    """Ask for a file, and write the plot as its ending says: .png, .svg or .csv."""
    kinds = ";;".join((tr("Picture (*.png)", "Imagen (*.png)"), tr("Drawing (*.svg)", "Dibujo (*.svg)"),
                       tr("Numbers (*.csv)", "Números (*.csv)")))
    path = ask_save_path(session, parent, tr("Save plot", "Guardar gráfico"), f"{plot.quantity.id}.png", kinds)
    if path is None:
        return
    try:
        report_saved(session, write_plot(plot, path))
    except ProblemError as problem_error:
        session.report(*problem_error.problems)


def write_plot(plot: CurvePlot, path: Path) -> Path:
    """Write the plot; a path without one of the three endings becomes a picture. Returns the path. Raises ProblemError."""
    written = {".svg": svg_of, ".csv": csv_of, ".png": png_of}.get(path.suffix.lower())
    if written is None:
        path, written = path.with_name(path.name + ".png"), png_of
    write_atomically(path, written(plot))
    return path


def copy_plot(plot: CurvePlot) -> None:
    """Put the picture of the plot on the clipboard."""
    QGuiApplication.clipboard().setImage(picture_of(plot))


@contextmanager
def _exporting(plot: CurvePlot) -> Iterator[None]:
    """Draw points as paths, not as the small pictures that are kept for the screen, and no buttons."""
    items = [item for item in plot.area.scene().items() if isinstance(item, pg.GraphicsItem)]
    buttons = [button for button in plot.findChildren(Button) if button.isVisible()]
    for item in items:
        item.setExportMode(True, {"antialias": True, "resolutionScale": 1.0})
    for button in buttons:
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.hide()
    try:
        yield
    finally:
        for item in items:
            item.setExportMode(False)
        for button in buttons:
            button.show()


def picture_of(plot: CurvePlot) -> QImage:
    """The card as it is on the screen, in a multiple of its pixels."""
    image = QImage(plot.size() * _SCALE, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(theme.color("raised"))
    with _exporting(plot):
        plot.render(image)
    return image


def png_of(plot: CurvePlot) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture_of(plot).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def svg_of(plot: CurvePlot) -> bytes:
    """The curves and axes as a drawing that scales."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    area = plot.area
    size = QSize(area.width(), area.height())
    # Axes are kept as QPictures, which Qt scales by the ratio of the resolutions: at another one they leave their curves.
    generator.setResolution(area.logicalDpiX())
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(str(plot.quantity.title))
    painter = QPainter(generator)
    with _exporting(plot):
        area.scene().render(painter, QRectF(0, 0, size.width(), size.height()), area.sceneRect(),
                            Qt.AspectRatioMode.KeepAspectRatio)
    painter.end()
    buffer.close()
    return bytes(content.data())


def csv_of(plot: CurvePlot) -> bytes:
    """The curves as a table: epoch, curve, run (empty for the shown one), value."""
    rows: list[tuple[object, ...]] = [("epoch", "curve", "run", "value")]
    for line in plot.lines:
        name = plot.quantity.id if line.run else line.name
        rows += [(float(x), name, line.run, float(value)) for x, value in zip(line.x, line.values, strict=False)]
    return csv_bytes(rows)
