"""What the window's own actions do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from cnnstudio.core import edits
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.places import projects_folder
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.window.notices import Question, close_question

if TYPE_CHECKING:
    from cnnstudio.gui.window.main_window import MainWindow

_SETTINGS: Final = {"theme_light": ("theme", "light"), "theme_dark": ("theme", "dark"),
                    "theme_system": ("theme", "system"), "english": ("language", "en"), "spanish": ("language", "es")}
_TRAIN: Final = "train"


def perform(window: MainWindow, action: str, arguments: dict[str, Any]) -> bool:
    """Carry out an action; False when there is none of that name."""
    if action in _SETTINGS:
        window.session.set_setting(*_SETTINGS[action])
        return True
    command = _COMMANDS.get(action)
    if command is not None:
        command(window, arguments)
        return True
    return _on_its_page(window, action, arguments)


def _on_its_page(window: MainWindow, action: str, arguments: dict[str, Any]) -> bool:
    """Actions of a page that a fix asked for while another page was in view."""
    owners = (("filter_", "data"), ("open_gallery", "network"), ("fetch_base", "network"), ("resume", "train"),
              ("start_", "train"), ("measure_", "prepare"))
    for prefix, page in owners:
        if action.startswith(prefix) and window.go(page):
            return window.current.perform(action, arguments)
    return False


def _new(window: MainWindow, arguments: dict[str, Any]) -> None:
    source = arguments.get("source") or QFileDialog.getExistingDirectory(
        window, tr("Folder whose subfolders are the classes", "Carpeta cuyas subcarpetas son las clases"),
        window.session.remembered("source_folder", str(Path.home())))
    if not source:
        return
    window.session.remember("source_folder", str(Path(source).parent))
    window.go("start")
    window.current.perform("new_from", {"source": source})


def _open(window: MainWindow, arguments: dict[str, Any]) -> None:
    folder = arguments.get("folder") or QFileDialog.getExistingDirectory(
        window, tr("Open the folder of a project", "Abrir la carpeta de un proyecto"),
        window.session.remembered("projects_folder", str(projects_folder())))
    if not folder:
        return
    path = Path(folder)
    if path.name == PROJECT_FILE:
        path = path.parent
    window.session.remember("projects_folder", str(path.parent))
    if let_go(window) and window.session.open(path):
        window.go("data")


def _sample(window: MainWindow, _arguments: dict[str, Any]) -> None:
    def made(folder: Path) -> None:
        if let_go(window) and window.session.open(folder):
            window.go("data")

    window.session.make_sample(made)


def _save(window: MainWindow, _arguments: dict[str, Any]) -> None:
    if window.session.save_now():
        window.toasts.show_text(tr("Saved.", "Guardado."), 2.0)


def _close_project(window: MainWindow, _arguments: dict[str, Any]) -> None:
    if let_go(window):
        window.session.close()
        window.go("start")


def let_go(window: MainWindow) -> bool:
    """Before the project is left: what becomes of a running training, and everything saved. False to stay."""
    session = window.session
    window.keep()
    job = session.jobs.of_kind(_TRAIN)
    if isinstance(job, ChildJob):
        answer = close_question(window)
        if answer is None:
            return False
        if answer == "detach":
            job.detach()
        elif answer == "keep":
            # `end_all` waits for it: the weights are written before the window goes.
            job.stop(keep=True)
        else:
            job.cancel(keep=False)
        if answer != "detach":
            _wait(window, job)
        else:
            job.join(10)
    if session.dirty and not session.save_now():
        answer = Question(
            tr("The project could not be saved", "No se pudo guardar el proyecto"),
            tr("Free some space or make the folder writable, then try again. Without saving, the last changes are "
               "lost.", "Libere espacio o permita escribir en la carpeta y vuelva a intentarlo. Sin guardar, los "
               "últimos cambios se pierden."),
            (("leave", tr("Leave without saving", "Salir sin guardar"), "danger"),), window).ask()
        return answer == "leave"
    return True


def _wait(window: MainWindow, job: ChildJob) -> None:
    """Keep the window alive and painted until the training has written its weights."""
    from PySide6.QtCore import QEventLoop

    if not job.running:
        return
    window.toasts.show_text(tr("Stopping the training and writing its weights…",
                               "Deteniendo el entrenamiento y guardando los pesos…"), 60)
    loop = QEventLoop()
    job.ended.connect(loop.quit)
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def _choose_folder(window: MainWindow, arguments: dict[str, Any]) -> None:
    session = window.session
    if not session.is_open:
        _new(window, arguments)
        return
    start = session.source_root or Path.home()
    while not start.is_dir() and start != start.parent:
        start = start.parent
    folder = arguments.get("folder") or QFileDialog.getExistingDirectory(
        window, tr("Folder whose subfolders are the classes", "Carpeta cuyas subcarpetas son las clases"), str(start))
    if not folder:
        return
    path, home = Path(folder).resolve(), session.folder
    written = str(path)
    if home is not None and path.is_relative_to(home.resolve()):
        written = path.relative_to(home.resolve()).as_posix()
    if written == session.project.dataset.source:
        session.pictures.scan()
    else:
        session.edit(lambda project: edits.set_field(project, "dataset", "source", written),
                     Text("Choose folder", "Elegir carpeta"))
    window.go("data")


def _show_folder(window: MainWindow, _arguments: dict[str, Any]) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(window.session.folder)))


def _palette(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.window.palette import CommandPalette

    CommandPalette(window.actions_of.searchable(), window).show()


def _settings(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.window.settings_dialog import SettingsDialog

    SettingsDialog(window.session, window).open()


def _about(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.window.about import AboutDialog

    AboutDialog(window).open()


def _help(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.window.about import HelpDialog

    HelpDialog(window.actions_of.entries, window).open()


def _add_pictures(window: MainWindow, arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.pages.data.dialogs.add import open_add_pictures

    open_add_pictures(window.session, window, arguments.get("paths", ()))


def _webcam(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.pages.data.dialogs.webcam import open_webcam

    open_webcam(window.session, window)


def _download(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.pages.data.dialogs.download import open_download

    open_download(window.session, window)


def _collect(window: MainWindow, _arguments: dict[str, Any]) -> None:
    from cnnstudio.gui.pages.data.dialogs.collect import open_export_collection

    if window.session.is_open:
        open_export_collection(window.session, window)


def _audit(window: MainWindow, _arguments: dict[str, Any]) -> None:
    if window.go("data"):
        window.session.pictures.auditing.start()


def _full_screen(window: MainWindow, _arguments: dict[str, Any]) -> None:
    window.showNormal() if window.isFullScreen() else window.showFullScreen()


def _restore(window: MainWindow, _arguments: dict[str, Any]) -> None:
    window.session.restore_autosave()


_COMMANDS: Final[dict[str, Callable[[MainWindow, dict[str, Any]], object]]] = {
    "new": _new,
    "open": _open,
    "sample": _sample,
    "save": _save,
    "show_folder": _show_folder,
    "close_project": _close_project,
    "quit": lambda window, _arguments: window.close(),
    "undo": lambda window, _arguments: window.session.undo(),
    "redo": lambda window, _arguments: window.session.redo(),
    "problems": lambda window, _arguments: window.show_problems(),
    "choose_folder": _choose_folder,
    "set_index_aside": lambda window, _arguments: window.session.pictures.set_index_aside(),
    "rescan": lambda window, _arguments: window.session.pictures.scan(),
    "palette": _palette,
    "full_screen": _full_screen,
    "settings": _settings,
    "about": _about,
    "help": _help,
    "restore_autosave": _restore,
    "add_pictures": _add_pictures,
    "webcam": _webcam,
    "download": _download,
    "collect": _collect,
    "audit": _audit,
    "draw_splits": lambda window, arguments: window.session.pictures.draw_splits(arguments["classes"]),
    "take_paths": lambda window, arguments: window.take_paths(arguments["paths"]),
}
