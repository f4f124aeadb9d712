"""Recording pictures with a camera: choose or type a class, hold the button or Space, and watch the counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.dialogs.camera import Camera, Capture, open_camera
from cnnstudio.gui.pages.data.dialogs.sources import join
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, clear, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_count, format_pictures
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.imaging.frames import cameras, no_camera_problem

FOLDER: Final = "captures"
_MOST_CHIPS: Final = 24


class WebcamDialog(Dialog):
    """Live pictures at the left, class, rate and count at the right.

    `opener(number)` opens a camera; tests replace it.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None,
                 opener: Callable[[int], Capture] = open_camera,
                 result: list[tuple[int, str]] | None = None) -> None:
        super().__init__(parent)
        self._session, self._scanner, self._opener = workspace.session, workspace.scanner, opener
        self._class_names = workspace.counts.class_names
        self._camera: Camera | None = None
        self._counts: dict[str, int] = {}
        self._holding = False
        self._gone = False
        self._cameras = cameras() if result is None else result
        self.setWindowTitle(tr("Record with the camera", "Grabar con la cámara"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(860, 560)
        self._view = PictureView()
        self._view.setMinimumSize(420, 320)
        self._view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._again = Button(tr("Try again", "Intentar de nuevo"), "", "refresh", on_click=self._begin)
        self._again.hide()
        left = column(self._view, row(None, self._again, None), spacing=8)
        left.setStretch(0, 1)
        layout = row(left, box(self._side()), spacing=24, margins=(24, 22, 24, 18))
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self._set_rate()
        self._show_class()
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
        self._begin()

    def _side(self) -> QVBoxLayout:
        self._name = QLineEdit(self._class_names[0] if self._class_names else "")
        self._name.setFont(theme.font())
        self._name.setPlaceholderText(tr("Name of the class", "Nombre de la clase"))
        self._name.setAccessibleName(tr("Class", "Clase"))
        self._name.textChanged.connect(lambda _text: self._show_class())
        self._chips = QWidget()
        flow = FlowLayout(self._chips, spacing=6)
        for name in self._class_names[:_MOST_CHIPS]:
            chip = Button(name, "chip", on_click=partial(self._take, name))
            chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            flow.addWidget(chip)
        choices: list[tuple[object, str]] = [*self._cameras] or [(None, tr("No camera found", "No se encontró ninguna cámara"))]
        self._which = Select(choices, choices[0][0])
        self._which.setEnabled(bool(self._cameras))
        self._which.chosen.connect(lambda _number: self._begin())
        self._rate = NumberBox(5, minimum=0.5, maximum=30, step=0.5, decimals=1, unit=tr("per second", "por segundo"))
        self._rate.value_changed.connect(lambda _value: self._set_rate())
        self._form = SegmentedControl([("jpg", "JPEG"), ("png", "PNG")], "jpg")
        self._form.chosen.connect(lambda _value: self._set_rate())
        self._mirror = Switch(True, tr("Mirror the view", "Reflejar la vista"))
        self._mirror.switched.connect(lambda _on: self._set_rate())
        self._hold = Button(tr("Hold to record", "Mantenga pulsado para grabar"), "primary")
        self._hold.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._hold.setFixedHeight(44)
        self._hold.pressed.connect(self._press)
        self._hold.released.connect(self._release)
        self._count = Label(format_pictures(0), "figure")
        self._list = column(spacing=2)
        mirror = row(Label(tr("Mirror the view", "Reflejar la vista"), "secondary", "dim"), None, self._mirror)
        side = column(
            Label(tr("Record with the camera", "Grabar con la cámara"), "title", wrap=True), 4,
            Caption(tr("Class", "Clase")), self._name, self._chips, 6,
            Caption(tr("Camera", "Cámara")), self._which, mirror, 6,
            Caption(tr("Pictures", "Imágenes")), row(self._rate, self._form, spacing=8), 10, self._hold,
            Label(tr("or hold the space bar", "o mantenga pulsada la barra espaciadora"), "secondary", "dim"), 6, self._count,
            self._list, spacing=6)
        side.addStretch(1)
        side.addLayout(row(None, Button(tr("Done", "Listo"), on_click=self.accept)))
        return side

    # The camera ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._end()
        self._again.hide()
        number = self._which.value
        if number is None or self._session.folder is None:
            self._show_failed(no_camera_problem())
            return
        self._view.set_message(tr("Starting the camera…", "Iniciando la cámara…"))
        self._camera = Camera(partial(self._opener, int(str(number))), self._session.folder / FOLDER, self)
        self._camera.pictured.connect(self._on_pictured)
        self._camera.saved.connect(self._on_saved)
        self._camera.failed.connect(self._on_failed)
        self._set_rate()
        self._show_class()
        self._camera.start()

    def _end(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.stop()
            camera.deleteLater()

    def _set_rate(self) -> None:
        if self._camera is not None:
            self._camera.settings(float(self._rate.value or 5), str(self._form.value), self._mirror.isChecked())

    def _on_pictured(self, image: QImage) -> None:
        if self._camera is not None and self.sender() is self._camera:
            self._view.set_image(image)
            self._camera.take_next()

    def _on_failed(self, problem: Problem) -> None:
        if not self._gone and self.sender() is self._camera:
            self._show_failed(problem)

    def _show_failed(self, problem: Problem) -> None:
        self._release()
        self._view.set_message(str(problem.text), "warning")
        self._again.show()
        self._end()
        self._show_class()

    # Recording -----------------------------------------------------------------------------------

    @property
    def class_name(self) -> str:
        return self._name.text().strip()

    def _take(self, name: str) -> None:
        self._name.setText(name)
        self._view.setFocus()

    def _show_class(self) -> None:
        self._hold.setEnabled(bool(self.class_name) and self._camera is not None)
        self._hold.setToolTip("" if self.class_name else tr("Choose or type a class first",
                                                            "Elija o escriba antes una clase"))

    def _press(self) -> None:
        if self._camera is not None and self.class_name and not self._holding:
            self._holding = True
            self._hold.setText(tr("Recording…", "Grabando…"))
            self._camera.record(self.class_name)

    def _release(self) -> None:
        if self._holding:
            self._holding = False
            self._hold.setText(tr("Hold to record", "Mantenga pulsado para grabar"))
            if self._camera is not None:
                self._camera.pause()

    def _on_saved(self, class_name: str, _number: int) -> None:
        self._counts[class_name] = self._counts.get(class_name, 0) + 1
        self._count.setText(format_pictures(sum(self._counts.values())))
        if self._list.count() == len(self._counts):
            item = self._list.itemAt(list(self._counts).index(class_name))
            label = item.widget() if item is not None else None
            if isinstance(label, Label):
                label.setText(f"{class_name}: {format_count(self._counts[class_name])}")
                return
        clear(self._list)
        for name, number in self._counts.items():
            self._list.addWidget(Label(f"{name}: {format_count(number)}", "secondary", "dim"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Space records wherever the focus is, unless a name is being typed."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and (
                event.key() == Qt.Key.Key_Space and self.isActiveWindow() and not isinstance(
                    QApplication.focusWidget(), QLineEdit)):
            if not event.isAutoRepeat():
                self._press() if event.type() == QEvent.Type.KeyPress else self._release()
            return True
        if event.type() == QEvent.Type.WindowDeactivate and watched is self:
            self._release()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Enter ends the typing of a name; it must not close the window.
            self._view.setFocus()
            return
        super().keyPressEvent(event)

    # The end -------------------------------------------------------------------------------------

    def done(self, result: int) -> None:
        if not self._gone:
            self._gone = True
            self._release()
            self._end()
            QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
            if self._counts and self._session.folder is not None:
                join(self._session, self._scanner, [Path(self._session.folder) / FOLDER], self._counts)
        super().done(result)


def open_webcam(workspace: Workspace, parent: QWidget | None = None) -> WebcamDialog | None:
    """Open the dialog; a project must be open, its folder takes the pictures."""
    if workspace.session.folder is None:
        return None
    dialog = WebcamDialog(workspace, parent)
    dialog.open()
    return dialog
