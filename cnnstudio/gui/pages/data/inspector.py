"""The right panel of the Data page: the selected picture, large, with its class, split, facts and findings."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import tr
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.pages.data.details import DataDetails
from cnnstudio.gui.pages.data.findings import FindingCards
from cnnstudio.gui.pages.data.similar import SimilarPictures
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, column
from cnnstudio.gui.widgets.cards import Facts
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures, format_size
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.picture import PictureView

_LARGE = 768


class DataInspector(QWidget):
    """`label_chosen(class)`, `split_chosen(split or None)`, `exclusion_chosen(bool)` for the selection."""

    label_chosen = Signal(str)
    split_chosen = Signal(object)
    exclusion_chosen = Signal(bool)
    picture_chosen = Signal(str)
    """A duplicate or a similar picture was clicked: select it."""
    similar_requested = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._collection, self._counts = workspace.collection, workspace.counts
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_thumbnails)
        self._wanted: Wanted | None = None
        self._view = PictureView(follow_shape=True, most=300)
        self._name = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        self._hint = Label("", tone="dim", wrap=True)
        self._class, self._split = Select(), Select()
        for choice in (self._class, self._split):
            choice.setPlaceholderText(tr("Several", "Varias"))
        self._class.setAccessibleName(tr("Class", "Clase"))
        self._split.setAccessibleName(tr("Split", "División"))
        self._class.chosen.connect(lambda value: self.label_chosen.emit(str(value)))
        self._split.chosen.connect(self.split_chosen)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for line, (caption, field) in enumerate(((tr("Class", "Clase"), self._class),
                                                 (tr("Split", "División"), self._split))):
            grid.addWidget(Label(caption, tone="dim"), line, 0)
            grid.addWidget(field, line, 1)
        self._choices = QWidget()
        self._choices.setLayout(grid)
        self._facts = Facts()
        self._findings = FindingCards(workspace, self._thumbnails)
        self._findings.duplicate_chosen.connect(self.picture_chosen)
        self._details = DataDetails(workspace.session.jobs, workspace.collection)
        self._similar = SimilarPictures(workspace.collection, workspace.judge, self._thumbnails)
        self._similar.chosen.connect(self.picture_chosen)
        self._similar.all_requested.connect(self.similar_requested)
        self._exclude = Button("", "", "eye-off", on_click=self._toggle)
        self._caption = Caption(tr("Findings", "Hallazgos"))
        self.setLayout(column(self._view, 4, self._name, self._hint, self._choices, self._facts, 8, self._caption,
                              self._findings, self._exclude, 8, self._similar, self._details, None, spacing=8,
                              margins=(16, 16, 16, 16)))
        self._excluded = False
        self.show_selection(None, 0)

    def close_threads(self) -> None:
        self._thumbnails.close()

    def show_selection(self, picture: Picture | None, number: int, classes: Collection[str] = (),
                       splits: Collection[str] = (), excluded: Collection[bool] = (),
                       answer: tuple[str, float] | None = None) -> None:
        """Show one picture (`number` 1), or how many are selected and what they have in common. `answer` is the
        prediction of the chosen run and its probability."""
        several = number > 1
        one = picture if number <= 1 else None
        self._view.setVisible(not several)
        self._choices.setVisible(number > 0)
        self._exclude.setVisible(number > 0)
        self._facts.setVisible(one is not None)
        self._show_picture(one, answer)
        self._show_findings(one)
        self._similar.show_picture(one)
        self._details.show_picture(one)
        self._want()
        names = self._counts.class_names
        choices = [(name, name) for name in names]
        others = sorted(set(classes) - set(names))
        self._class.set_choices([*choices, *((name, name) for name in others)],
                                next(iter(classes)) if len(classes) == 1 else None)
        drawn = (None, tr("Automatic", "Automática"))
        self._split.set_choices([*((split, str(SPLIT_NAMES[split])) for split in SPLITS), drawn],
                                next(iter(splits)) if len(splits) == 1 else "")
        self._excluded = set(excluded) == {True}
        self._exclude.setText(tr("Include again", "Volver a incluir") if self._excluded
                              else tr("Exclude", "Excluir"))
        self._exclude.set_icon("eye" if self._excluded else "eye-off")
        if several:
            self._name.setText(tr("{n} selected", "{n} seleccionadas", n=format_pictures(number)))
        else:
            self._name.setText(one.name if one is not None else "")
        self._name.setVisible(number > 0)
        self._hint.setVisible(number == 0)
        self._hint.setText(tr("Select pictures to see and change their class. The key beside a class assigns it, "
                              "Delete excludes the pictures; everything can be undone.",
                              "Seleccione imágenes para ver y cambiar su clase. La tecla junto a una clase la "
                              "asigna, Supr excluye las imágenes; todo se puede deshacer."))

    def _show_picture(self, picture: Picture | None, answer: tuple[str, float] | None) -> None:
        if picture is None:
            self._wanted = None
            self._view.set_message(tr("No picture selected", "Ninguna imagen seleccionada"))
            return
        wide = "–" if picture.width is None else f"{picture.width} × {picture.height}"
        answer_facts = [] if answer is None else [(tr("Prediction", "Predicción"),
                                                   f"{answer[0]} · {format_percent(answer[1], 0)}")]
        self._facts.set_facts((
            *answer_facts, (tr("Size", "Tamaño"), f"{wide} · {format_size(picture.size)}"),
            (tr("Folder", "Carpeta"), picture.path.rpartition("/")[0] or "."),
            (tr("Hash of the content", "Hash del contenido"), (picture.hash or "–").rpartition(":")[2][:12]),
        ))
        self._wanted = Wanted(picture.id, self._collection.path(picture), picture.size, picture.modified_ns,
                              _LARGE)
        self._show_thumbnails()

    def _want(self) -> None:
        """Request all thumbnails of the panel, the picture itself first."""
        first = [self._wanted] if self._wanted is not None else []
        self._thumbnails.want([*first, *self._findings.wanted, *self._similar.wanted])

    def _show_thumbnails(self) -> None:
        if self._wanted is None:
            return
        image = self._thumbnails.get(self._wanted)
        if image is None:
            return
        if image.isNull():
            self._view.set_message(tr("This file cannot be read", "No se puede leer este archivo"), "warning")
        else:
            self._view.set_image(image)

    def _show_findings(self, picture: Picture | None) -> None:
        findings = self._collection.findings_of(picture.path) if picture is not None else []
        if picture is not None and picture.problem_text is not None and not findings:
            findings = [Finding(kind="truncated" if picture.problem == "truncated" else "unreadable", path=picture.path,
                                picture=picture.id, severity="error", text=picture.problem_text)]
        self._caption.setVisible(bool(findings))
        self._findings.setVisible(bool(findings))
        self._findings.show_findings(findings)

    def _toggle(self) -> None:
        self.exclusion_chosen.emit(not self._excluded)
