"""The large view of Data and Evaluate: one picture with zoom, pan and the value of the pixel under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.state.jobs import JobList, Report, Work
from cnnstudio.gui.widgets.basics import Button, Elided, Label, column, row
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.zoom import ZoomView


class PictureViewer(QWidget):
    """`path_of` gives the file of a picture, `back` names where the user came from.

    `left` when the user goes back there; `stepped(-1 or 1)` for the previous or the next picture.
    """

    left = Signal()
    stepped = Signal(int)
    label_key = Signal(str)
    exclude_key = Signal()
    loaded = Signal(object)
    """The QImage that is shown now, or None with a message in its place."""

    def __init__(self, jobs: JobList, path_of: Callable[[Picture], Path], back: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._path_of = jobs, path_of
        self._picture: Picture | None = None
        self._again = False
        self.view = ZoomView()
        self.view.left.connect(self.left)
        self.view.stepped.connect(self.stepped)
        self.view.zoomed.connect(self._on_zoomed)
        self.view.pixel_hovered.connect(self._on_pixel_hovered)
        self._name = Elided("", "body_strong")
        self._zoom = Label("", "secondary", "dim")
        self._zoom.setMinimumWidth(48)
        self._pixel = Label("", "secondary", "dim")
        bar = row(Button(back, "", "chevron-left", on_click=self.left.emit,
                         tooltip=tr("Back (Esc)", "Volver (Esc)")),
                  Button(tr("Previous picture", "Imagen anterior"), "icon", "chevron-up",
                         on_click=lambda: self.stepped.emit(-1)),
                  Button(tr("Next picture", "Imagen siguiente"), "icon", "chevron-down",
                         on_click=lambda: self.stepped.emit(1)),
                  self._name, self._zoom,
                  Button(tr("Zoom out (−)", "Alejar (−)"), "icon", "zoom-out",
                         on_click=lambda: self.view.zoom_to(self.view.scale / 1.25)),
                  Button(tr("Zoom in (+)", "Acercar (+)"), "icon", "zoom-in",
                         on_click=lambda: self.view.zoom_to(self.view.scale * 1.25)),
                  Button(tr("Fit (Home)", "Ajustar (Inicio)"), "icon", "fit", on_click=self.view.fit),
                  Button("1:1", "", on_click=lambda: self.view.zoom_to(1.0),
                         tooltip=tr("One pixel of the picture is one pixel of the screen",
                                    "Un píxel de la imagen es un píxel de la pantalla")), spacing=6)
        bar.setStretch(3, 1)
        self.stage = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        """What stands below the bar: the picture, and whatever it is compared with."""
        self.stage.setSpacing(12)
        self.stage.addWidget(self.view, 1)
        layout = column(bar, self.stage, self._pixel, spacing=8)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_picture(self, picture: Picture | None) -> None:
        """Load and show a picture in the background; the present one stays until then."""
        if picture is not None and self._picture is not None and (picture.id, picture.modified_ns) == (
                self._picture.id, self._picture.modified_ns):
            self._picture = picture
            return
        self._picture = picture
        self._name.setText(picture.path if picture is not None else "")
        if picture is None:
            self.view.set_image(None, tr("No picture selected", "Ninguna imagen seleccionada"))
        elif self._jobs.of_kind("view") is not None:
            self._again = True
        else:
            self._load(picture)

    def _load(self, picture: Picture) -> None:
        path = self._path_of(picture)

        def work(_report: Report) -> object:
            from cnnstudio.gui.widgets.picture import image_of
            from cnnstudio.imaging.decode import read_picture
            from cnnstudio.imaging.errors import PictureError
            from cnnstudio.imaging.sample_range import STRETCHED

            try:
                return image_of(read_picture(path, sample_range=STRETCHED))
            except PictureError as err:
                return Text(err.text("en"), err.text("es"))

        self._jobs.run(work, Text("Opening the picture", "Abriendo la imagen"), "view", quiet=True,
                               done=lambda job: self._on_loaded(job, picture), owner=self)

    def _on_loaded(self, job: Work, picture: Picture) -> None:
        if self._again and self._picture is not None:
            self._again = False
            self._load(self._picture)
        if self._picture is None or self._picture.id != picture.id:
            return
        if isinstance(job.result, Text):
            self.view.set_image(None, str(job.result))
        elif job.result is not None:
            self.view.set_image(job.result)
        self.loaded.emit(self.view.image)

    def _on_zoomed(self, scale: float) -> None:
        self._zoom.setText(format_percent(scale, 0))

    def _on_pixel_hovered(self, x: int, y: int) -> None:
        image = self.view.image
        if x < 0 or image is None:
            self._pixel.setText(self._hint())
            return
        color = image.pixelColor(x, y)
        gray = round(0.299 * color.red() + 0.587 * color.green() + 0.114 * color.blue())
        self._pixel.setText(f"x {x}  y {y}   R {color.red()}  G {color.green()}  B {color.blue()}   "
                            + tr("grey {v}", "gris {v}", v=gray))

    @staticmethod
    def _hint() -> str:
        return tr("Wheel to zoom, drag to move, double-click to fit; arrow keys show the next picture.",
                  "Rueda para ampliar, arrastrar para mover, doble clic para ajustar; las flechas pasan a otra "
                  "imagen.")

    def keyPressEvent(self, event: object) -> None:
        from PySide6.QtCore import Qt

        key = event.key()  # type: ignore[attr-defined]
        if event.text().isalnum():  # type: ignore[attr-defined]
            self.label_key.emit(event.text())  # type: ignore[attr-defined]
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.exclude_key.emit()
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]
