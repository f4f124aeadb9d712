"""The status bar: saved state, problems, the running work with time left and Cancel, device, language."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import language, tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.state.jobs import Job
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, MenuButton, row
from cnnstudio.gui.widgets.formatting import format_device, format_time_left
from cnnstudio.gui.widgets.progress import show_progress


class StatusBar(QWidget):
    """Visible on every page; its signals report clicks."""

    save_requested = Signal()
    problems_requested = Signal()
    job_chosen = Signal(object)
    cancel_requested = Signal(object)
    language_requested = Signal(str)
    device_chosen = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.STATUS_HEIGHT)
        self._session = session
        self._saved = Button("", "status", on_click=self.save_requested.emit)
        self._problems = Button("", "status", on_click=self.problems_requested.emit)
        self._job = Button("", "status", on_click=lambda: self.job_chosen.emit(self._current_job))
        self._job.set_tone("accent")
        self._progress = QProgressBar()
        self._progress.setFixedWidth(120)
        self._progress.setTextVisible(False)
        self._cancel = Button(tr("Cancel", "Cancelar"), "status",
                              on_click=lambda: self.cancel_requested.emit(self._current_job))
        self._device = Button(_device(), "status", tooltip=tr("Libraries and graphics card", "Bibliotecas y tarjeta gráfica"),
                              on_click=self.device_chosen.emit)
        self._language = MenuButton("", "status")
        self._language.set_choices((("en", "English"), ("es", "Español")), language())
        self._language.setToolTip(tr("Language of the window", "Idioma de la ventana"))
        self._language.chosen.connect(self._choose_language)
        self._current_job: Job | None = None
        self.setLayout(row(self._saved, self._problems, 8, self._job, self._progress, self._cancel, None, self._device,
                           self._language, spacing=4, margins=(10, 0, 10, 0)))
        self.update_saved()
        self.update_problems()
        self.update_job()

    def _choose_language(self, code: object) -> None:
        if code != language():
            self.language_requested.emit(str(code))

    def update_saved(self) -> None:
        self._saved.setVisible(self._session.is_open)
        failed = self._session.dirty and self._session.save_failed
        self._saved.set_tone("error" if failed else "")
        if failed:
            self._saved.setText(tr("○ Not saved", "○ Sin guardar"))
            self._saved.setToolTip(tr("The project could not be saved. Saving is retried automatically; click to "
                                      "try now (Ctrl+S).",
                                      "No se pudo guardar el proyecto. Se volverá a intentar automáticamente; haga "
                                      "clic para intentarlo ahora (Ctrl+S)."))
        elif self._session.dirty:
            self._saved.setText(tr("○ Saving…", "○ Guardando…"))
            self._saved.setToolTip(str(self._session.folder or ""))
        else:
            self._saved.setText(tr("● Saved", "● Guardado"))
            self._saved.setToolTip(tr("Every change is saved automatically in {folder}",
                                      "Cada cambio se guarda automáticamente en {folder}", folder=self._session.folder or ""))

    def update_problems(self) -> None:
        problems = self._session.problems
        self._problems.setVisible(self._session.is_open)
        errors = sum(problem.blocks for problem in problems)
        count = len(problems)
        if not count:
            text = tr("No problems", "Sin problemas")
        elif count == 1:
            text = tr("1 problem", "1 problema")
        else:
            text = tr("{n} problems", "{n} problemas", n=count)
        self._problems.setText(text)
        self._problems.set_tone("error" if errors else "warn" if count else "")
        self._problems.setToolTip("\n".join(problem.located_text for problem in problems[:6]))

    def update_job(self) -> None:
        job = self._session.jobs.foremost()
        self._current_job = job
        for widget in (self._job, self._progress, self._cancel):
            widget.setVisible(job is not None)
        if job is None:
            return
        parts = [str(job.label)]
        if job.cancelling:
            parts.append(tr("stopping…", "deteniendo…"))
        elif job.paused:
            parts.append(tr("paused", "en pausa"))
        elif job.phase is not None and job.phase.en != job.label.en:
            parts.append(str(job.phase))
        if job.seconds_left is not None and not job.cancelling and not job.paused:
            parts.append(tr("{time} left", "quedan {time}", time=format_time_left(job.seconds_left)))
        self._job.setText(" · ".join(parts))
        self._cancel.setEnabled(not job.cancelling)
        # A paused job does not go on: its bar must not move.
        show_progress(self._progress, job.progress or 0.0 if job.paused else job.progress)


def _device() -> str:
    import os

    return format_device(f"CPU: {os.cpu_count() or 1} cores")
