"""Before a project is closed: end or detach a running training, and save."""

from __future__ import annotations

from PySide6.QtCore import QEventLoop

from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.search_job import SearchJob
from cnnstudio.gui.widgets.question import Question
from cnnstudio.gui.window.context import WindowContext
from cnnstudio.gui.window.notices import close_question


def confirm_close_project(context: WindowContext) -> bool:
    """End or detach a training and save, asking where a choice is needed; False to stay."""
    session = context.workspace.session
    context.pages.keep()
    job = session.jobs.of_kind("train")
    if isinstance(job, ChildJob):
        answer = close_question(context.window)
        if answer is None:
            return False
        if answer == "detach":
            job.detach()
        elif answer == "keep":
            # `end_all` waits for it: the weights are written before the window closes.
            job.stop(keep=True)
        else:
            job.cancel(keep=False)
        if answer != "detach":
            _wait(context, job)
        else:
            job.join(10)
    search = session.jobs.of_kind("search")
    if isinstance(search, SearchJob) and not _leave_search(context, search):
        return False
    if session.dirty and not session.save_now():
        answer = Question(
            tr("The project could not be saved", "No se pudo guardar el proyecto"),
            tr("Free some space or make the folder writable, then try again. Without saving, the last changes are "
               "lost.", "Libere espacio o permita escribir en la carpeta y vuelva a intentarlo. Sin guardar, los "
               "últimos cambios se pierden."),
            (("leave", tr("Close without saving", "Cerrar sin guardar"), "danger"),), context.window).ask()
        return answer == "leave"
    return True


def _leave_search(context: WindowContext, job: SearchJob) -> bool:
    """Stop a search, which can go on later, if the user wants that; False to stay."""
    answer = Question(
        tr("A search is in progress", "Hay una búsqueda en curso"),
        tr("It stops when the window closes. Nothing is lost: it goes on from here whenever you want.",
           "Se detiene al cerrar la ventana. No se pierde nada: continuará desde aquí cuando quiera."),
        (("stop", tr("Stop it, to go on later", "Detenerla y continuar después"), "primary"),
         ("detach", tr("Let the trials in progress finish alone", "Dejar que terminen solos los ensayos en curso"), "")),
        context.window).ask()
    if answer is None:
        return False
    (job.detach if answer == "detach" else job.cancel)()
    _wait(context, job)
    return True


def _wait(context: WindowContext, job: Job) -> None:
    """Keep the window responsive until the trainings have written their weights."""
    if not job.running:
        return
    context.toasts().show_text(tr("Stopping the training and writing its weights…",
                                  "Deteniendo el entrenamiento y guardando los pesos…"), 60)
    loop = QEventLoop()
    job.ended.connect(loop.quit)
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
