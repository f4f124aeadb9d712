"""Details of one picture: histogram, measurements of the audit, EXIF and similar pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.core.text import format_number as spell_number
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.jobs import JobList, Report, Work
from cnnstudio.gui.widgets.basics import Caption, Label, column
from cnnstudio.gui.widgets.cards import Expander, Facts
from cnnstudio.gui.widgets.formatting import format_number

if TYPE_CHECKING:
    import numpy as np

    from cnnstudio.datasets.index import Picture


@dataclass(frozen=True)
class Details:
    """The contents of a file: counts of 256 values for grey or for red, green and blue; (tag, value) of its EXIF."""

    histogram: np.ndarray
    tags: list[tuple[str, str]]


def read_details(path: Path) -> Details | None:
    """Read and decode a file for its details; None where that fails."""
    import cv2
    import numpy as np

    from cnnstudio.imaging.decode import decode, read_bytes
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.metadata import read_metadata
    from cnnstudio.imaging.sample_range import STRETCHED

    try:
        data = read_bytes(path)
        pixels = decode(data, channels=None, reduce=2 if len(data) > 2_000_000 else 1, sample_range=STRETCHED)
    except PictureError:
        return None
    channels = 1 if pixels.shape[2] == 1 else 3
    counts = np.stack([np.asarray(cv2.calcHist([pixels], [index], None, [256], [0, 256])).ravel()
                       for index in range(channels)])
    return Details(counts, read_metadata(data))


class HistogramView(QWidget):
    """Grey or colour histogram, the channels drawn over each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: np.ndarray | None = None
        self.setFixedHeight(64)
        self.setAccessibleName(tr("Histogram", "Histograma"))

    def show_counts(self, counts: np.ndarray | None) -> None:
        self._counts = counts
        self.update()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(area, 6, 6)
        if self._counts is None:
            return
        import numpy as np

        # The end bins are often far higher than the others (clipped values) and must not flatten the rest.
        most = max(1.0, float(np.percentile(self._counts, 99.5)))
        names = ("text",) if len(self._counts) == 1 else ("#D3433A", "#2E9E5B", "#3A64D8")
        for counts, name in zip(self._counts, names, strict=True):
            color = QColor(theme.color(name)) if name == "text" else QColor(name)
            line = [QPointF(area.left() + 2 + place * (area.width() - 4) / 255,
                            area.bottom() - 2 - min(1.0, float(value) / most) * (area.height() - 6))
                    for place, value in enumerate(counts)]
            color.setAlpha(190)
            painter.setPen(QPen(color, 1.2))
            color.setAlpha(45)
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF([QPointF(line[0].x(), area.bottom() - 2), *line,
                                           QPointF(line[-1].x(), area.bottom() - 2)]))


class DataDetails(QWidget):
    """Shows the details of a picture, read in the background."""

    def __init__(self, jobs: JobList, collection: Collection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._collection = jobs, collection
        self._key: tuple[int, int] | None = None
        self._picture: Picture | None = None
        self._histogram = HistogramView()
        self._measures, self._camera = Facts(), Facts()
        self._no_tags = Label(tr("The file has no camera data.", "El archivo no tiene datos de cámara."), "secondary",
                              "dim", wrap=True)
        inside = QWidget()
        inside.setLayout(column(self._no_tags, self._camera))
        self._exif = Expander("EXIF", inside)
        self.setLayout(column(Caption(tr("Histogram", "Histograma")), self._histogram, self._measures, self._exif,
                              spacing=8))

    def show_picture(self, picture: Picture | None) -> None:
        """Show the details of a picture; None hides everything."""
        self.setVisible(picture is not None)
        key = (picture.id, picture.modified_ns) if picture is not None else None
        self._picture = picture
        if picture is not None:
            self._show_measures(picture)
        if key == self._key:
            return
        self._key = key
        if picture is not None and self._jobs.of_kind("details") is None:
            self._read(picture)

    def _read(self, picture: Picture) -> None:
        path = self._collection.path(picture)

        def work(_report: Report) -> Details | None:
            return read_details(path)

        key = (picture.id, picture.modified_ns)
        self._jobs.run(work, Text("Reading the details", "Leyendo los detalles"), "details", quiet=True,
                               done=lambda job: self._on_read(job, key), owner=self)

    def _on_read(self, job: Work, key: tuple[int, int]) -> None:
        if self._key != key:
            if self._picture is not None and self._key is not None:
                self._read(self._picture)
            return
        details: Details | None = job.result
        self._histogram.show_counts(details.histogram if details is not None else None)
        tags = details.tags if details is not None else []
        self._camera.set_facts(tags)
        self._camera.setVisible(bool(tags))
        self._no_tags.setVisible(not tags)

    def _show_measures(self, picture: Picture) -> None:
        index = self._collection.index
        rows = index.rows("SELECT sharpness, brightness, contrast, entropy FROM measures WHERE picture = ?",
                          (picture.id,)) if index is not None else []
        facts = []
        if rows and rows[0][0] is not None:
            names = (tr("Sharpness", "Nitidez"), tr("Brightness", "Brillo"), tr("Contrast", "Contraste"),
                     tr("Information", "Información"))
            units = ("", "", "", " bits")
            facts = [(name, format_number(value, 2) + unit) for name, value, unit in zip(names, rows[0], units, strict=True)]
        stored = index.rows("SELECT type, low, high FROM samples WHERE picture = ?", (picture.id,)) if index is not None else []
        facts += [(tr("Samples", "Muestras"), f"{kind}, {spell_number(low)} … {spell_number(high)}")
                  for kind, low, high in stored]
        self._measures.set_facts(facts)
        self._measures.setVisible(bool(facts))
