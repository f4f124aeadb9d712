"""Some pictures of the open project, to take one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.imaging.decode import read_picture
from cnnstudio.imaging.errors import PictureError

_COUNT: Final = 40
_SIDE: Final = 84


class ProjectPictures(Dialog):
    """`picture_chosen(path)` when one is taken by a double click, Enter or the button."""

    picture_chosen = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("A picture of the project", "Una imagen del proyecto"))
        self.resize(620, 480)
        self._collection = workspace.collection
        self._list = QListWidget()
        self._list.setAccessibleName(tr("Pictures of the project", "Imágenes del proyecto"))
        self._list.setViewMode(QListView.ViewMode.IconMode)
        self._list.setResizeMode(QListView.ResizeMode.Adjust)
        self._list.setIconSize(QSize(_SIDE, _SIDE))
        self._list.setGridSize(QSize(_SIDE + 16, _SIDE + 34))
        self._list.setMovement(QListView.Movement.Static)
        self._list.itemActivated.connect(self._take)
        self._list.currentItemChanged.connect(self._on_current_changed)
        self._use = Button(tr("Use this picture", "Usar esta imagen"), "primary", on_click=self._take_current)
        self._use.setEnabled(False)
        others = Button(tr("Show others", "Mostrar otras"), "", "refresh", on_click=self._show_others)
        cancel = Button(tr("Cancel", "Cancelar"), on_click=self.reject)
        self._empty = Label(tr("The project has no pictures yet.", "El proyecto aún no tiene imágenes."), "body", "dim")
        self._empty.hide()
        layout = column(self._empty, self._list, row(others, None, cancel, self._use), spacing=12, margins=(20, 20, 20, 16))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._thumbnails = Latest(workspace.session.jobs, "bench-thumbnails", _read_thumbnails, self)
        self._thumbnails.answered.connect(self._on_read)
        self.finished.connect(lambda _result: self._thumbnails.close())
        self._show_others()

    def _show_others(self) -> None:
        from cnnstudio.datasets.index import Filter

        ids = list(self._collection.ids(Filter()))
        pictures = self._collection.rows(random.sample(ids, min(_COUNT, len(ids))))
        self._list.clear()
        self._empty.setVisible(not pictures)
        for picture in pictures:
            item = QListWidgetItem(picture.class_name or Path(picture.path).stem, self._list)
            item.setData(Qt.ItemDataRole.UserRole, str(self._collection.path(picture)))
            item.setToolTip(picture.path)
        self._thumbnails.ask(tuple(str(self._collection.path(picture)) for picture in pictures))

    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        self._use.setEnabled(item is not None)

    def _on_read(self, paths: tuple[str, ...], images: Any) -> None:
        if not isinstance(images, dict):
            return
        for place in range(self._list.count()):
            item = self._list.item(place)
            image = images.get(item.data(Qt.ItemDataRole.UserRole))
            if image is not None:
                item.setIcon(QIcon(QPixmap.fromImage(image)))

    def _take_current(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self._take(item)

    def _take(self, item: QListWidgetItem) -> None:
        self.picture_chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))
        self.accept()


def _read_thumbnails(paths: tuple[str, ...], report: Report) -> dict[str, QImage]:
    images = {}
    for path in paths:
        report.check()
        try:
            picture = read_picture(path, channels=3, reduce=1)
        except PictureError:
            continue
        height, width = picture.shape[:2]
        scale = _SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        shrunk = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
        images[path] = image_of(np.asarray(shrunk, np.uint8))
    return images
