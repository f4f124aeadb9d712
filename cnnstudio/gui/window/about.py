"""About with licences, and the help with all shortcuts."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QPlainTextEdit, QWidget

from cnnstudio import __version__
from cnnstudio.core.logs import log_path
from cnnstudio.core.places import log_folder, resource
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, column, row, scroll_area
from cnnstudio.gui.window.actions import Entry

_LIBRARIES: Final = (
    ("Keras", "keras", "Apache-2.0"), ("TensorFlow", "tensorflow-cpu", "Apache-2.0"),
    ("PySide6 / Qt", "PySide6-Essentials", "LGPL-3.0"), ("OpenCV", "opencv-python-headless", "Apache-2.0"),
    ("NumPy", "numpy", "BSD-3-Clause"), ("pyqtgraph", "pyqtgraph", "MIT"), ("msgspec", "msgspec", "BSD-3-Clause"),
    ("LiteRT", "ai-edge-litert", "Apache-2.0"), ("h5py", "h5py", "BSD-3-Clause"), ("ONNX", "onnx", "Apache-2.0"),
    ("Pillow", "pillow", "MIT-CMU"), ("pi-heif, libheif, libde265", "pi-heif", "BSD-3-Clause, LGPL-3.0"),
    ("tifffile", "tifffile", "BSD-3-Clause"), ("scikit-learn", "scikit-learn", "BSD-3-Clause"),
    ("openTSNE", "openTSNE", "BSD-3-Clause"), ("cleanlab", "cleanlab", "Apache-2.0"), ("Jinja", "jinja2", "BSD-3-Clause"),
    ("filelock", "filelock", "MIT"), ("watchdog", "watchdog", "Apache-2.0"),
    ("platformdirs", "platformdirs", "MIT"), ("Send2Trash", "Send2Trash", "BSD-3-Clause"),
)
"""Everything that is installed with the program: its name, its package, its licence."""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "–"


class AboutDialog(QDialog):
    """Name, version, libraries and licences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About CNN Studio", "Acerca de CNN Studio"))
        self.resize(560, 560)
        picture = QLabel()
        picture.setPixmap(_logo(56))
        texts = column(Label("CNN Studio", "figure"),
                       Label(tr("Version {version}", "Versión {version}", version=__version__), tone="dim"), spacing=0)
        lines = [f"{name} {_version(package)} — {licence}" for name, package, licence in _LIBRARIES]
        lines += ["Inter — SIL Open Font License 1.1", ""]
        licence_file = resource("fonts", "Inter-OFL.txt")
        if licence_file.is_file():
            lines.append(licence_file.read_text("utf-8"))
        text = QPlainTextEdit("\n".join(lines))
        text.setReadOnly(True)
        text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        text.setFont(theme.mono_font(12))
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        intro = tr("A desktop laboratory for convolutional networks: from a folder of pictures to a trained, "
                   "understood and deployed classifier.",
                   "Un laboratorio de escritorio para redes convolucionales: de una carpeta de imágenes a un "
                   "clasificador entrenado, comprendido y listo para usar.")
        log = Label(tr("Log: {path}", "Registro: {path}", path=log_path()), "secondary", "dim", wrap=True)
        log.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        folder = Button(tr("Show log", "Ver registro"), "quiet", on_click=lambda: QDesktopServices.openUrl(
            QUrl.fromLocalFile(str(log_folder()))))
        log_row = row(log, folder, spacing=8)
        log_row.setStretch(0, 1)
        self.setLayout(column(row(picture, texts, None, spacing=16), Label(intro, tone="dim", wrap=True), log_row,
                              Caption(tr("Libraries and licences", "Bibliotecas y licencias")), text, row(None, close),
                              spacing=12, margins=(24, 24, 24, 20)))


def _logo(size: int) -> QPixmap:
    from PySide6.QtCore import QByteArray, QRectF
    from PySide6.QtGui import QPainter
    from PySide6.QtSvg import QSvgRenderer

    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(resource("icons", "cnnstudio.svg").read_bytes())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


class HelpDialog(QDialog):
    """A short guide to the program, and every shortcut."""

    def __init__(self, entries: Sequence[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Help", "Ayuda"))
        self.resize(620, 640)
        steps = (
            (tr("Data", "Datos"), tr("Put the pictures of each class into a folder of its own and open the folder "
                                     "above them. Correct labels and splits in the grid.",
                                     "Ponga las imágenes de cada clase en su propia carpeta y abra la carpeta que las "
                                     "contiene. Corrija etiquetas y divisiones en la cuadrícula.")),
            (tr("Prepare", "Preparar"), tr("Size, colours and normalisation of what the network sees, and random "
                                           "changes of the training pictures.",
                                           "Tamaño, color y normalización de lo que ve la red, y cambios al azar de "
                                           "las imágenes de entrenamiento.")),
            (tr("Network", "Red"), tr("Take a pretrained base or an architecture from the gallery, or connect layers "
                                      "yourself.",
                                      "Tome una base preentrenada o una arquitectura de la galería, o conecte las "
                                      "capas usted mismo.")),
            (tr("Train", "Entrenar"), tr("Start, watch loss and accuracy, pause, stop and keep.",
                                         "Inicie, observe pérdida y exactitud, pause, detenga y conserve.")),
            (tr("Evaluate, Predict, Export", "Evaluar, Predecir, Exportar"),
             tr("Measure on pictures the network never saw, drop new ones on the window, and take the model with you.",
                "Mida con imágenes que la red nunca vio, suelte nuevas sobre la ventana y llévese el modelo.")),
        )
        inner = column(spacing=6, margins=(24, 24, 24, 12))
        inner.addWidget(Label(tr("From a folder of pictures to a classifier",
                                 "De una carpeta de imágenes a un clasificador"), "title", wrap=True))
        for number, (name, text) in enumerate(steps, start=1):
            inner.addWidget(Label(f"{number}. {name}", "body_strong"))
            inner.addWidget(Label(text, tone="dim", wrap=True))
        inner.addSpacing(12)
        inner.addWidget(Caption(tr("Shortcuts", "Atajos")))
        inner.addLayout(_shortcuts(entries))
        inner.addStretch(1)
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        self.setLayout(column(scroll_area(box(inner)), row(None, close, margins=(24, 8, 24, 16)), spacing=0))


def _shortcuts(entries: Sequence[Entry]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(4)
    grid.setHorizontalSpacing(16)
    grid.setColumnStretch(1, 1)
    pairs = [(QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText), str(entry.label))
             for entry in entries if entry.shortcut]
    pairs += [("1–9", tr("Data: give the selected pictures that class",
                         "Datos: dar esa clase a las imágenes elegidas")),
              (tr("Delete", "Supr"), tr("Data: exclude the selected pictures", "Datos: excluir las imágenes elegidas")),
              (tr("Ctrl+wheel", "Ctrl+rueda"), tr("Data: size of the thumbnails", "Datos: tamaño de las miniaturas"))]
    for line, (keys, description) in enumerate(pairs):
        grid.addWidget(Label(keys, "secondary", "dim"), line, 0)
        grid.addWidget(Label(description), line, 1)
    return grid
