"""Before a project is closed: end or detach a running training, and save."""

from __future__ import annotations

from PySide6.QtCore import QEventLoop

from cnnstudio.core.text import tr
from cnnstudio.gui.state.cluster_job import ClusterJob
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
    elif isinstance(job, ClusterJob) and not _leave_cluster(context, job):
        return False
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


def _leave_cluster(context: WindowContext, job: ClusterJob) -> bool:
    """Let a cluster go on with a training, or stop that; False to stay."""
    if job.is_submitted:
        text = tr("It goes on there without this window. When you open the project again, its curves and its model come back.",
                  "Sigue allí sin esta ventana. Cuando abra de nuevo el proyecto, volverán sus curvas y su modelo.")
        leave = tr("Let it go on there", "Dejar que siga allí")
    else:
        text = tr("It has not been handed to the cluster yet: if the window closes now, it does not start. Pictures that were "
                  "sent already are kept there.",
                  "Aún no se ha entregado al clúster: si la ventana se cierra ahora, no empieza. Las imágenes ya enviadas se "
                  "conservan allí.")
        leave = tr("Close without starting it", "Cerrar sin empezarlo")
    answer = Question(
        tr("A training run is in progress on {name}", "Hay un entrenamiento en curso en {name}", name=job.cluster), text,
        (("detach", leave, "primary"),
         ("keep", tr("Stop it and keep what it has learned", "Detenerlo y conservar lo aprendido"), "")),
        context.window).ask()
    if answer is None:
        return False
    if answer == "keep":
        job.stop(keep=True)
        _wait(context, job)
    else:
        job.detach()
        job.join(10)
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
