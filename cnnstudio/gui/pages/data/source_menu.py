"""The menu of sources of pictures."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.commands import (
    AddPictures,
    ChoosePictureFolder,
    DownloadCollection,
    RecordPictures,
    ScanPictures,
)
from cnnstudio.gui.state.session import Session


def source_menu(session: Session, parent: QWidget) -> QMenu:
    """The menu of sources of pictures."""
    menu = QMenu(parent)
    menu.addAction(tr("Choose another folder…", "Elegir otra carpeta…"),
                   lambda: session.request(ChoosePictureFolder()))
    menu.addAction(tr("Add a folder, list, archive or arrays…", "Añadir carpeta, lista, archivo comprimido o matrices…"),
                   lambda: session.request(AddPictures()))
    menu.addAction(tr("Record with the camera…", "Grabar con la cámara…"), lambda: session.request(RecordPictures()))
    menu.addAction(tr("Download a free collection…", "Descargar una colección libre…"),
                   lambda: session.request(DownloadCollection()))
    menu.addSeparator()
    menu.addAction(tr("Read the folder again", "Leer la carpeta de nuevo"), lambda: session.request(ScanPictures()))
    return menu
