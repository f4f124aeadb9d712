"""What the source of a new project holds: its count, a few pictures, and what the automatic choice will be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Label, clear, column, row
from cnnstudio.gui.widgets.formatting import format_classes, format_pictures

_SIDE = 72


class FirstLook(QWidget):
    """Counts and thumbnails; `start_known(label)` with the name of the base or architecture that suits them."""

    start_known = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: Path | None = None
        self._text = Label("", "secondary", "dim")
        self._strip = row(spacing=6)
        self.setLayout(column(self._text, self._strip, spacing=6))
        self._looking = Latest(session.jobs, "glance", _look, self)
        self._looking.answered.connect(self._show)

    def set_source(self, source: Path, reading: DatasetSpec) -> None:
        """Look at this source in the background."""
        if source != self._source:
            clear(self._strip)
            self._text.setText(tr("Counting the pictures…", "Contando las imágenes…"))
            self._source = source
        self._looking.ask((source, reading, round(_SIDE * self.devicePixelRatioF())))

    def _show(self, request: Any, result: Any) -> None:
        if request[0] != self._source:
            return
        clear(self._strip)
        if isinstance(result, Failure) or not result.pictures:
            self._text.setText("")
            return
        count = format_pictures(result.pictures)
        if result.more:
            count = tr("more than {n}", "más de {n}", n=count)
        self._text.setText(f"{count} · {format_classes(len(result.classes))}")
        for sample in result.samples:
            high, wide = sample.shape[:2]
            image = QImage(sample.tobytes(), wide, high, 3 * wide, QImage.Format.Format_RGB888)
            side = round(_SIDE * self.devicePixelRatioF())
            # A picture of a few pixels is enlarged as it is, pixel by pixel: a speck says nothing.
            pixmap = QPixmap.fromImage(image).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            shown = QLabel()
            shown.setPixmap(pixmap)
            shown.setFixedSize(_SIDE, _SIDE)
            shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._strip.addWidget(shown)
        self._strip.addStretch(1)
        self.start_known.emit(_label_of(result.template, result.base))

    def close_threads(self) -> None:
        self._looking.close()


def _look(request: Any, report: Report) -> Any:
    from cnnstudio.datasets.sources.glance import take_glance

    source, reading, size = request
    return take_glance(source, size, report.check, reading)


def _label_of(template: str, base: str) -> str:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.catalog.templates import TEMPLATES

    return str(TEMPLATES[template].label) if template else str(BASES[base].label) if base else ""
