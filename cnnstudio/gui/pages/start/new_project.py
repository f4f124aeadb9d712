"""The form of a new project: its starting point, name and folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QLineEdit, QProgressBar, QWidget

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.places import free_path, projects_folder
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.start.first_look import FirstLook
from cnnstudio.gui.pages.start.list_columns import ListColumns
from cnnstudio.gui.pages.start.own_model import OwnModel, is_model
from cnnstudio.gui.state.creation import create_project
from cnnstudio.gui.state.jobs import Job
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Badge, Button, Caption, Elided, Icon, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, Expander
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_compact, format_percent
from cnnstudio.gui.widgets.progress import show_progress

AUTO = ""
OWN = "own"


def _centred(content: QBoxLayout) -> QWidget:
    """The content in the middle, no wider than it can be read well; the form and its buttons end at the same edges."""
    holder = box(content)
    holder.setMaximumWidth(1040)
    outer = row(None, holder, None, spacing=0)
    outer.setStretch(1, 20)
    return box(outer)


class NewProjectForm(QWidget):
    """`created(folder)` when the project was created; `left` when the user went back."""

    created = Signal(str)
    left = Signal()

    def __init__(self, session: Session, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._state = session, state
        self._job: Job | None = None
        self._cards: dict[str, Card] = {}
        self.setLayout(column(spacing=0))
        self._built = False

    def begin(self, source: str) -> None:
        """Start the form for the pictures in `source`."""
        if not self._built:
            self._build()
        place = Path(source)
        name = (place.stem if place.is_file() else place.name) or "project"
        self._source.setText(source)
        self._columns.set_source(place)
        self._name.setText(self._state.get("name", name.replace("_", " ")))
        self._place.setText(self._state.get("place", str(free_path(projects_folder() / name))))
        self._look.set_source(place, self._columns.reading)
        choice, own = self._state.get("choice", AUTO), self._state.get("own", ("", ""))
        if own[0]:
            self._own.take(Path(own[0]), own[1])
        else:
            self._own.forget()
        self._choose(choice)
        self._show_waiting(self._session.jobs.of_kind("create") is not None)

    def _build(self) -> None:
        self._built = True
        self._source = Elided("", "body", "dim")
        self._columns = ListColumns(self._session, self._state)
        self._columns.changed.connect(self._on_columns_read)
        self._look = FirstLook(self._session)
        self._look.start_known.connect(self._on_start_known)
        self._name, self._place = QLineEdit(), QLineEdit()
        for line, name in ((self._name, tr("Name", "Nombre")), (self._place, tr("Location", "Ubicación"))):
            line.setFont(theme.font())
            line.setAccessibleName(name)
        self._name.textEdited.connect(self._on_name_edited)
        self._place.textEdited.connect(self._on_place_edited)
        browse = Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=self._browse)
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        fields = row(spacing=16)
        fields.addLayout(column(Label(tr("Name", "Nombre"), "secondary", "dim"), self._name, spacing=4), 1)
        fields.addLayout(column(Label(tr("Location of the project", "Ubicación del proyecto"), "secondary", "dim"),
                                row(self._place, browse, spacing=4), spacing=4), 2)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.hide()
        self._create = Button(tr("Create project", "Crear proyecto"), "primary", on_click=self._create_project)
        self._back = Button(tr("Back", "Volver"), on_click=self._go_back)
        inner = column(
            Label(tr("New project", "Proyecto nuevo"), "title"),
            row(Icon("folder", "dim", 16), self._source, spacing=8), self._columns, self._look, 12, fields, self._problem, 12,
            *self._gallery(), 12, spacing=8, margins=(48, 32, 48, 16))
        inner.addStretch(1)
        foot = row(self._back, self._progress, self._create, spacing=16, margins=(48, 12, 48, 16))
        foot.setStretch(1, 1)
        foot.insertStretch(1, 1)
        self._area = scroll_area(_centred(inner))
        self.layout().addWidget(self._area)  # type: ignore[union-attr]
        self.layout().addWidget(_centred(foot))  # type: ignore[union-attr]

    def _gallery(self) -> list[QWidget]:
        from cnnstudio.catalog import bases as known_bases
        from cnnstudio.catalog import templates as known_templates

        self._automatic = Label("", "secondary", "accent", wrap=True)
        self._automatic.hide()
        automatic = self._card(AUTO, tr("Recommended for these pictures", "Recomendado para estas imágenes"),
                               tr("A pretrained base for photos, a small network for small pictures: chosen from "
                                  "the pictures themselves.",
                                  "Una base preentrenada para fotos, una red pequeña para imágenes pequeñas: se "
                                  "elige según sus imágenes."), tr("automatic", "automático"))
        automatic.body.insertWidget(2, self._automatic)
        bases, templates = QWidget(), QWidget()
        flow = FlowLayout(bases, spacing=12, cell=270)
        for base in map(known_bases.BASES.__getitem__, known_bases.FEATURED):
            text = tr("{n} parameters · {top} on ImageNet", "{n} parámetros · {top} en ImageNet",
                      n=format_compact(base.parameters), top=format_percent(base.top1 / 100))
            badge = tr("works offline", "funciona sin conexión") if base.weights.bundled else ""
            flow.addWidget(self._card(f"base:{base.id}", str(base.label), str(base.help), badge, text))
        flow = FlowLayout(templates, spacing=12, cell=270)
        for template in map(known_templates.TEMPLATES.__getitem__, known_templates.FEATURED):
            flow.addWidget(self._card(f"template:{template.id}", str(template.label), str(template.help), "",
                                      str(template.year)))
        self._own = OwnModel(self._session)
        self._own.taken.connect(self._on_own_model_taken)
        self._own.model_read.connect(self._on_own_model_read)
        self._cards[OWN] = self._own.card
        opened = bool(self._state.get("choice"))
        more = box(column(Label(tr("Pretrained bases: networks that have already learned from a million photos",
                                   "Bases preentrenadas: redes que ya aprendieron de un millón de fotos"),
                                "secondary", "dim", wrap=True), bases, 8,
                          Label(tr("Architectures that learn from your pictures alone",
                                   "Arquitecturas que aprenden solo de sus imágenes"), "secondary", "dim", wrap=True),
                          templates, 8, Label(tr("Your own trained models", "Sus propios modelos entrenados"),
                                              "secondary", "dim", wrap=True), self._own, 8,
                          Label(tr("The gallery of the Network page has all {bases} bases and {templates} architectures.",
                                   "La galería de la página Red tiene las {bases} bases y las {templates} arquitecturas.",
                                   bases=len(known_bases.BASES), templates=len(known_templates.TEMPLATES)),
                                "secondary", "dim", wrap=True), spacing=8))
        self._more = Expander(tr("Choose manually", "Elegir manualmente"), more, open=opened)
        return [Caption(tr("Start from", "Punto de partida")), automatic, self._more]

    def _card(self, value: str, title: str, text: str, badge: str = "", note: str = "") -> Card:
        card = Card(clickable=True, margins=(14, 12, 14, 12), spacing=4)
        line = row(Label(title, "body_strong", wrap=True), spacing=8)
        line.setStretch(0, 1)
        if badge:
            line.addWidget(Badge(badge, "ok"))
        card.body.addLayout(line)
        card.body.addWidget(Label(text, "secondary", "dim", wrap=True))
        if note:
            card.body.addWidget(Elided(note, "secondary", "dim"))
        card.body.addStretch(1)
        card.setAccessibleName(title)
        card.clicked.connect(lambda: self._choose(value))
        self._cards[value] = card
        return card

    def _choose(self, value: str) -> None:
        self._state["choice"] = value
        for item, card in self._cards.items():
            card.set_selected(item == value)
        self._update_create_button()

    def _on_columns_read(self) -> None:
        self._look.set_source(Path(self._source.text()), self._columns.reading)
        self._update_create_button()

    def _on_start_known(self, label: str) -> None:
        self._automatic.setText(tr("For these pictures: {name}", "Para estas imágenes: {name}", name=label))
        self._automatic.setVisible(bool(label))

    def _on_own_model_taken(self) -> None:
        self._state["own"] = (str(self._own.model), self._own.name)
        self._choose(OWN)

    def _on_own_model_read(self) -> None:
        self._update_create_button()
        # Scroll only after the card has grown: by then its position is known.
        QTimer.singleShot(0, self._own, lambda: self._area.ensureWidgetVisible(self._own))

    def take_model(self, path: str) -> bool:
        """Use a dropped file as the model to start from; False where it cannot be one."""
        if not is_model(path):
            return False
        self._more.open()
        self._own.take(Path(path))
        return True

    def _update_create_button(self) -> None:
        """Enable the button, or show on it why no project can be created."""
        blocker = self._own.blocker() if self._state.get("choice") == OWN else ""
        if not blocker and self._columns.blocked:
            blocker = tr("Choose the columns of the list first.", "Elija antes las columnas de la lista.")
        self._create.setEnabled(not blocker and self._progress.isHidden())
        self._create.setToolTip(blocker)

    def _on_name_edited(self, text: str) -> None:
        """The folder follows the name until it is edited itself."""
        self._state["name"] = text
        if "place" not in self._state:
            self._place.setText(str(free_path(Path(self._place.text()).parent / (folder_name(text) or "project"))))
            self._show_problem("")

    def _on_place_edited(self, text: str) -> None:
        self._state["place"] = text
        self._show_problem("")

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.window(), tr("Location of the project",
                                                                    "Ubicación del proyecto"),
                                                  str(Path(self._place.text()).parent))
        if folder:
            place = str(free_path(Path(folder) / Path(self._place.text()).name))
            self._place.setText(place)
            self._on_place_edited(place)

    def _show_problem(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def _create_project(self) -> None:
        place = Path(self._place.text().strip()).expanduser()
        if not self._place.text().strip() or not place.is_absolute():
            self._show_problem(tr("Enter a full path for the project.", "Escriba una ruta completa para el proyecto."))
            return
        if (place / PROJECT_FILE).exists():
            self._show_problem(tr("There is already a project in this folder. Choose another one.",
                                  "Ya hay un proyecto en esta carpeta. Elija otra."))
            return
        kind, _, identifier = str(self._state.get("choice", AUTO)).partition(":")
        template = identifier if kind == "template" else ""
        base = identifier if kind == "base" else str(self._own.model) if kind == OWN else ""
        self._job = create_project(self._session, place, Path(self._source.text()), template, base,
                                         self._name.text().strip() or place.name,
                                         lambda folder: self.created.emit(str(folder)), self._own.name,
                                         self._columns.reading)
        self._job.event.connect(lambda _event: self._show_progress())
        self._job.ended.connect(lambda _last: self._show_waiting(False))
        self._show_waiting(True)

    def _show_progress(self) -> None:
        if self._job is not None and self._job.progress is not None:
            show_progress(self._progress, self._job.progress)

    def _show_waiting(self, waiting: bool) -> None:
        self._progress.setVisible(waiting)
        self._update_create_button()
        show_progress(self._progress, None if waiting else 0)
        self._back.setText(tr("Cancel", "Cancelar") if waiting else tr("Back", "Volver"))

    def close_threads(self) -> None:
        """Stop reading a list; the form will be deleted."""
        if self._built:
            self._columns.close_threads()
            self._look.close_threads()

    def _go_back(self) -> None:
        job = self._session.jobs.of_kind("create")
        if job is not None:
            job.cancel()
        else:
            self.left.emit()


def folder_name(name: str) -> str:
    """The name of a project as that of a folder, on every system."""
    return "".join("_" if sign in '<>:"/\\|?*' or not sign.isprintable() else sign for sign in name).strip(" .")
