"""About, with the libraries and their licences."""

from __future__ import annotations

import importlib.metadata
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPixmap
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from cnnstudio import __version__
from cnnstudio.core.logs import log_path
from cnnstudio.core.places import log_folder, resource
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Caption, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog

_LIBRARIES: Final = (
    ("Keras", "keras", "Apache-2.0"), ("TensorFlow", "tensorflow-cpu", "Apache-2.0"),
    ("PySide6 / Qt", "PySide6-Essentials", "LGPL-3.0"), ("OpenCV", "opencv-python-headless", "Apache-2.0"),
    ("NumPy", "numpy", "BSD-3-Clause"), ("pyqtgraph", "pyqtgraph", "MIT"), ("msgspec", "msgspec", "BSD-3-Clause"),
    ("LiteRT", "ai-edge-litert", "Apache-2.0"), ("h5py", "h5py", "BSD-3-Clause"), ("ONNX", "onnx", "Apache-2.0"),
    ("Pillow", "pillow", "MIT-CMU"), ("pi-heif, libheif, libde265", "pi-heif", "BSD-3-Clause, LGPL-3.0"),
    ("tifffile", "tifffile", "BSD-3-Clause"), ("scikit-learn", "scikit-learn", "BSD-3-Clause"),
    ("SciPy", "scipy", "BSD-3-Clause"),
    ("openTSNE", "openTSNE", "BSD-3-Clause"), ("Optuna", "optuna", "MIT"),
    ("cleanlab", "cleanlab", "Apache-2.0"), ("Jinja", "jinja2", "BSD-3-Clause"),
    ("fsspec", "fsspec", "BSD-3-Clause"), ("keyring", "keyring", "MIT"),
    ("filelock", "filelock", "MIT"), ("watchdog", "watchdog", "Apache-2.0"),
    ("platformdirs", "platformdirs", "MIT"), ("Send2Trash", "Send2Trash", "BSD-3-Clause"), ("pip", "pip", "MIT"),
    ("psutil", "psutil", "BSD-3-Clause"), ("nvidia-ml-py", "nvidia-ml-py", "BSD-3-Clause"),
    ("packaging", "packaging", "Apache-2.0 or BSD-2-Clause"), ("tensorboardX", "tensorboardX", "MIT"),
    ("nbformat", "nbformat", "BSD-3-Clause"), ("Litestar", "litestar", "MIT"), ("uvicorn", "uvicorn", "BSD-3-Clause"),
    ("cryptography", "cryptography", "Apache-2.0 or BSD-3-Clause"), ("multipart", "multipart", "MIT"),
    ("prometheus-client", "prometheus-client", "Apache-2.0"),
)
"""Everything that is installed with the program: its name, its package, its licence."""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "–"


class AboutDialog(Dialog):
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
        third_party = resource("THIRD-PARTY.txt")
        licences = Button(tr("All licences", "Todas las licencias"), "quiet", on_click=lambda: QDesktopServices.openUrl(
            QUrl.fromLocalFile(str(third_party))))
        # Only an installed program has it: it is made from what really came along.
        licences.setVisible(third_party.is_file())
        log_row = row(log, folder, spacing=8)
        log_row.setStretch(0, 1)
        self.setLayout(column(row(picture, texts, None, spacing=16), Label(intro, tone="dim", wrap=True), log_row,
                              Caption(tr("Libraries and licences", "Bibliotecas y licencias")), text,
                              row(licences, None, close), spacing=12, margins=(24, 24, 24, 20)))


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
