"""Pictures like the selected one, by the features of the bundled base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.judge import Judge
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.basics import Button, Caption, column, row
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.picture import PictureView

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Picture

_MOST: Final = 6


class SimilarPictures(QWidget):
    """`chosen(path)` when a picture was clicked, `all_requested(path)` to show all in the grid; hidden without a
    map."""

    chosen = Signal(str)
    all_requested = Signal(str)

    def __init__(self, collection: Collection, judge: Judge, thumbnails: Thumbnails, parent: QWidget | None = None
                 ) -> None:
        super().__init__(parent)
        self._collection, self._judge, self._thumbnails = collection, judge, thumbnails
        self._path = ""
        self._views = [_Similar() for _ in range(_MOST)]
        self._wanted: list[Wanted] = []
        holder = QWidget()
        flow = FlowLayout(holder, spacing=6)
        for view in self._views:
            view.chosen.connect(self.chosen)
            flow.addWidget(view)
        head = row(Caption(tr("Similar pictures", "Imágenes parecidas")), None,
                   Button(tr("Show all", "Ver todas"), "link",
                          on_click=lambda: self.all_requested.emit(self._path)))
        self.setLayout(column(head, holder, spacing=6))
        thumbnails.arrived.connect(self._show_thumbnails)

    @property
    def wanted(self) -> list[Wanted]:
        """The thumbnails on screen."""
        return self._wanted

    def show_picture(self, picture: Picture | None) -> None:
        """Show the nearest pictures of this one."""
        embedding = self._judge.embedding if picture is not None else None
        paths = embedding.neighbours_of(picture.path, _MOST) if embedding is not None and picture is not None else []
        self._path = picture.path if picture is not None else ""
        neighbours = self._collection.rows(list(self._collection.ids_of(paths)))
        self.setVisible(bool(neighbours))
        self._wanted = []
        for view, near in zip(self._views, [*neighbours, *[None] * (_MOST - len(neighbours))], strict=True):
            view.setVisible(near is not None)
            if near is not None:
                view.show_path(near.path, near.class_name)
                self._wanted.append(Wanted(("similar", near.id), self._collection.path(near), near.size,
                                           near.modified_ns, 96))
        self._show_thumbnails()

    def _show_thumbnails(self) -> None:
        for view, wanted in zip(self._views, self._wanted, strict=False):
            image = self._thumbnails.get(wanted)
            view.set_image(image if image is not None and not image.isNull() else None)


class _Similar(PictureView):
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(radius=6)
        self._path = ""
        self.setFixedSize(82, 82)

    def show_path(self, path: str, class_name: str) -> None:
        self._path = path
        self.setToolTip(f"{path}\n{class_name}")
        self.setAccessibleName(path)

    def mousePressEvent(self, event: object) -> None:
        self.chosen.emit(self._path)
