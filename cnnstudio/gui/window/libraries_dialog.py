"""Devices, backends, optional libraries, and what the graphics card needs: what is there, install and remove."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.libraries import GPU, AddedLibrary, Library, added_libraries, is_available
from cnnstudio.core.places import libraries_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.state import libraries
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import Job
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_size, format_time_left
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.gui.window.devices_card import DevicesCard
from cnnstudio.workers.gpu import gpu_support, this_computer
from cnnstudio.workers.libraries import known_libraries


class LibraryRow(Card):
    """One library: its name, its state, its one button, and below them how far it is or why it failed."""

    def __init__(self, session: Session, identifier: str, name: str, purpose: str, possible: bool = True) -> None:
        super().__init__(spacing=4, margins=(16, 10, 12, 10))
        self._session, self._identifier, self._name, self._possible = session, identifier, name, possible
        self._state = Label("", "secondary", "dim", wrap=True)
        self._button = Button("", on_click=self._act)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._failure = Label("", "secondary", "error", wrap=True, selectable=True)
        texts = column(Label(name, "body_strong"), Label(purpose, "secondary", "dim", wrap=True), self._state, spacing=2)
        line = row(spacing=16)
        line.addLayout(texts, 1)
        line.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(line)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._failure)
        self._failure.hide()
        self.setAccessibleName(name)
        session.jobs.changed.connect(self.update_state)
        session.jobs.ended.connect(self._on_job_ended)
        self.update_state()

    @property
    def added(self) -> AddedLibrary | None:
        """What the user added under this name."""
        return next((library for library in added_libraries() if library.id == self._identifier), None)

    def install(self) -> None:
        """Begin to add it, unless that is going on."""
        self._failure.hide()
        libraries.install(self._session, self._identifier, self._name)

    def _act(self) -> None:
        job = libraries.installation(self._session, self._identifier)
        if job is not None:
            job.cancel()
            self.update_state()
        elif self.added is not None and not self.added.unlike():
            libraries.remove(self._session, self._identifier, self._name)
        else:
            self.install()

    def update_state(self) -> None:
        """Show the present state."""
        job = libraries.installation(self._session, self._identifier)
        self._bar.setVisible(job is not None)
        if job is not None:
            self._show_work(job)
            return
        added = self.added
        known = known_libraries().get(self._identifier)
        here = added is None and known is not None and is_available(known)
        self._button.setVisible(added is not None or (self._possible and not here))
        self._state.setVisible(added is not None or self._possible)
        self._button.setEnabled(True)
        if added is not None and (unlike := added.unlike()):
            self._button.setText(tr("Install again", "Instalar de nuevo"))
            self._state.setText(tr("Added for another version of the program, and not used: {list}",
                                   "Añadida para otra versión del programa, y no se usa: {list}",
                                   list=", ".join(f"{name} {version}" for name, version in unlike.items())))
        elif added is not None:
            self._button.setText(tr("Remove", "Quitar"))
            self._state.setText(tr("Added: {size} in {folder}", "Añadida: {size} en {folder}", size=format_size(added.bytes),
                                   folder=added.folder))
        else:
            self._button.setText(tr("Install", "Instalar"))
            self._state.setText(tr("Comes with this Python", "Incluida en este Python") if here else
                                tr("Not installed", "No instalada"))
        self._button.setAccessibleName(f"{self._button.text()}: {self._name}")

    def _show_work(self, job: Job) -> None:
        show_progress(self._bar, job.progress)
        self._button.show()
        self._button.setText(tr("Cancel", "Cancelar"))
        self._button.setEnabled(not job.cancelling)
        parts = [str(job.phase or job.label)]
        if job.cancelling:
            parts = [tr("Stopping…", "Deteniendo…")]
        elif job.seconds_left is not None:
            parts.append(tr("{time} left", "quedan {time}", time=format_time_left(job.seconds_left)))
        self._state.setText(" · ".join(parts))

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != f"library:{self._identifier}":
            return
        if isinstance(last, Failed):
            self._failure.setText(str(last.problem.text))
            self._failure.setToolTip(last.problem.details[-2000:])
        self._failure.setVisible(isinstance(last, Failed))
        self.update_state()


class LibrariesDialog(Dialog):
    """A row for the graphics card and one for each library that something in the program can use."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Libraries and graphics card", "Bibliotecas y tarjeta gráfica"))
        self.resize(660, 640)
        self._rows = {GPU: LibraryRow(session, GPU, tr("Graphics card", "Tarjeta gráfica"), *_gpu_text())}
        for library in known_libraries().values():
            self._rows[library.id] = LibraryRow(session, library.id, library.name, _purpose(library))
        note = Label(tr("Libraries that you add are downloaded into a folder of yours, {folder}, and used by the processes "
                        "that train, convert and read. Removing them leaves the program as it was.",
                        "Las bibliotecas que añada se descargan en una carpeta suya, {folder}, y las usan los procesos que "
                        "entrenan, convierten y leen. Al quitarlas, el programa queda como estaba.", folder=libraries_folder()),
                     "secondary", "dim", wrap=True)
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        self._devices = DevicesCard(session)
        listed = box(column(self._devices, *self._rows.values(), None, spacing=10))
        self.setLayout(column(Label(self.windowTitle(), "title"), note, scroll_area(listed), row(None, close), spacing=12,
                              margins=(24, 24, 24, 20)))
        # Enter must not begin a download: the focus would be on the first button.
        close.setFocus()
        session.changed.connect(self._on_changed)

    def install(self, identifier: str) -> None:
        """Begin to add a library, and show it."""
        entry = self._rows.get(identifier)
        if entry is not None:
            entry.install()

    def _on_changed(self, change: Change) -> None:
        if change.of("libraries"):
            self._devices.update_state()
            for entry in self._rows.values():
                entry.update_state()


def _gpu_text() -> tuple[str, bool]:
    """What can be added for the graphics card, and whether there is anything."""
    try:
        support = gpu_support(this_computer())
    except ProblemError as problem_error:
        return str(problem_error.problems[0].text), False
    return tr("{name} trains on the graphics card of this computer. A download of some gigabytes.",
              "{name} entrena con la tarjeta gráfica de este equipo. Una descarga de varios gigabytes.",
              name=support.library.name), True


def _purpose(library: Library) -> str:
    from cnnstudio.catalog.backends import BACKENDS
    from cnnstudio.catalog.exporters import EXPORTERS
    from cnnstudio.catalog.reports import REPORT_FORMATS
    from cnnstudio.datasets.sources.tables import TABLE_FORMATS

    uses = [tr("export as {name}", "exportar como «{name}»", name=entry.label) for entry in EXPORTERS
            if library in entry.libraries]
    uses += [tr("train with the backend {name}", "entrenar con el motor {name}", name=entry.label) for entry in BACKENDS
             if library.id in [item.id for item in entry.libraries]]
    uses += [tr("read lists in .{name} files, and save tables as such",
                "leer listas en archivos .{name} y guardar tablas en ellos", name=table.id) for table in TABLE_FORMATS
             if library in table.libraries]
    uses += [tr("save reports as {name}", "guardar informes como {name}", name=entry.label) for entry in REPORT_FORMATS
             if library in entry.libraries]
    text = "; ".join(uses)
    return text[:1].upper() + text[1:]
