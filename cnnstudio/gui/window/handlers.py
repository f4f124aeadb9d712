"""The handlers of the window's commands: one registry, by the command's type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from cnnstudio.core import edits
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.places import projects_folder
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages import AREA_PAGES
from cnnstudio.gui.state import commands, creation
from cnnstudio.gui.state.commands import Command
from cnnstudio.gui.window.closing import confirm_close_project
from cnnstudio.gui.window.context import WindowContext
from cnnstudio.gui.window.lesson_handlers import LESSON_HANDLERS
from cnnstudio.gui.window.open_paths import open_paths

Handler = Callable[[WindowContext, Any], object]


def handle(context: WindowContext, command: Command) -> None:
    """Run the handler of a command."""
    HANDLERS[type(command)](context, command)


def _on_page(page: str) -> Handler:
    """The handler of a command that a page handles: the page is shown first."""
    def handler(context: WindowContext, command: Command) -> None:
        if context.pages.go(page):
            context.pages.current.handle(command)

    return handler


# The project --------------------------------------------------------------------------------------


def _new_project(context: WindowContext, command: commands.NewProject) -> None:
    session = context.workspace.session
    source = command.source or QFileDialog.getExistingDirectory(
        context.window, tr("Folder whose subfolders are the classes", "Carpeta cuyas subcarpetas son las clases"),
        session.recall("source_folder", str(Path.home())))
    if source:
        session.remember("source_folder", str(Path(source).parent))
        session.request(commands.DescribeNewProject(source))


def _open_project(context: WindowContext, command: commands.OpenProject) -> None:
    session = context.workspace.session
    folder = command.folder or QFileDialog.getExistingDirectory(
        context.window, tr("Open the folder of a project", "Abrir la carpeta de un proyecto"),
        session.recall("projects_folder", str(projects_folder())))
    if not folder:
        return
    path = Path(folder)
    if path.name == PROJECT_FILE:
        path = path.parent
    session.remember("projects_folder", str(path.parent))
    _open(context, path)


def _open(context: WindowContext, folder: Path) -> None:
    if confirm_close_project(context) and context.workspace.session.open(folder):
        context.pages.go("data")


def _open_sample(context: WindowContext, _command: commands.OpenSample) -> None:
    creation.make_sample(context.workspace.session, lambda folder: _open(context, folder))


def _save_project(context: WindowContext, _command: commands.SaveProject) -> None:
    if context.workspace.session.save_now():
        context.toasts().show_text(tr("Saved.", "Guardado."), 2.0)


def _close_project(context: WindowContext, _command: commands.CloseProject) -> None:
    if confirm_close_project(context):
        context.workspace.session.close()
        context.pages.go("start")


def _show_project_folder(context: WindowContext, _command: commands.ShowProjectFolder) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(context.workspace.session.folder)))


# Assignments --------------------------------------------------------------------------------------


def _new_assignment(context: WindowContext, _command: commands.NewAssignment) -> None:
    from cnnstudio.gui.pages.learn.assignments.opening import open_new_assignment

    open_new_assignment(context.workspace, context.window)


def _open_assignment(context: WindowContext, command: commands.OpenAssignment) -> None:
    from cnnstudio.gui.pages.learn.assignments.opening import open_assignment_file

    def done(folder: Path) -> None:
        _open(context, folder)
        if context.workspace.session.folder == folder:
            context.workspace.session.request(commands.ShowAssignment())

    open_assignment_file(context.workspace, context.window, command.file, done)


def _show_assignment(context: WindowContext, _command: commands.ShowAssignment) -> None:
    from cnnstudio.gui.pages.learn.assignments.opening import open_standing

    open_standing(context.workspace, context.window)


def _hand_in(context: WindowContext, command: commands.HandIn) -> None:
    from cnnstudio.gui.pages.learn.assignments.opening import open_hand_in

    open_hand_in(context.workspace, context.window, command.run)


def _grade_hand_ins(context: WindowContext, _command: commands.GradeHandIns) -> None:
    from cnnstudio.gui.pages.learn.assignments.opening import open_grading

    open_grading(context.workspace, context.window)


# Pictures -----------------------------------------------------------------------------------------


def _choose_picture_folder(context: WindowContext, command: commands.ChoosePictureFolder) -> None:
    session, root = context.workspace.session, context.workspace.collection.root
    if not session.is_open:
        session.request(commands.NewProject())
        return
    start = root or Path.home()
    while not start.is_dir() and start != start.parent:
        start = start.parent
    folder = command.folder or QFileDialog.getExistingDirectory(
        context.window, tr("Folder whose subfolders are the classes", "Carpeta cuyas subcarpetas son las clases"),
        str(start))
    if not folder:
        return
    source = _source_text(Path(folder), session.folder)
    if source == session.project.dataset.source:
        context.workspace.scanner.scan()
    else:
        session.edit(lambda project: edits.set_field(project, "dataset", "source", source),
                     Text("Choose folder", "Elegir carpeta"))
    context.pages.go("data")


def _source_text(path: Path, home: Path | None) -> str:
    """The path of a folder of pictures in the project: relative where it is inside the project's folder."""
    resolved = path.resolve()
    if home is not None and resolved.is_relative_to(home.resolve()):
        return resolved.relative_to(home.resolve()).as_posix()
    return str(resolved)


def _add_pictures(context: WindowContext, command: commands.AddPictures) -> None:
    from cnnstudio.gui.pages.data.dialogs.add import open_add_pictures

    open_add_pictures(context.workspace, context.window, command.paths)


def _choose_columns(context: WindowContext, command: commands.ChooseColumns) -> None:
    from cnnstudio.gui.pages.data.dialogs.columns import open_columns

    session = context.workspace.session
    dialog = open_columns(session.jobs, Path(command.path), context.window)
    dialog.columns_chosen.connect(lambda paths, labels: session.edit(
        lambda project: edits.set_columns(project, paths, labels), Text("Columns of the list", "Columnas de la lista")))


def _record_pictures(context: WindowContext, _command: commands.RecordPictures) -> None:
    from cnnstudio.gui.pages.data.dialogs.webcam import open_webcam

    open_webcam(context.workspace, context.window)


def _download_collection(context: WindowContext, _command: commands.DownloadCollection) -> None:
    from cnnstudio.gui.pages.data.dialogs.download import open_download

    open_download(context.workspace, context.window)


def _export_collection(context: WindowContext, _command: commands.ExportCollection) -> None:
    from cnnstudio.gui.pages.data.dialogs.collect import open_export_collection

    if context.workspace.session.is_open:
        open_export_collection(context.workspace, context.window)


def _audit_pictures(context: WindowContext, _command: commands.AuditPictures) -> None:
    if context.pages.go("data"):
        context.workspace.audit.start()


# The window ---------------------------------------------------------------------------------------


def _show_problems(context: WindowContext, _command: commands.ShowProblems) -> None:
    from cnnstudio.gui.window.notices import ProblemsDialog

    context.workspace.checks.check_now()
    dialog = ProblemsDialog(context.workspace.session, context.window)
    dialog.problem_chosen.connect(lambda problem: context.pages.go(AREA_PAGES[problem.where.area]))
    dialog.open()


def _search_actions(context: WindowContext, _command: commands.SearchActions) -> None:
    from cnnstudio.gui.widgets.command_palette import CommandPalette, PaletteItem

    items = [PaletteItem(entry.label, action, entry.icon, entry.shortcut)
             for entry, action in context.actions.palette_actions()]
    CommandPalette(items, context.window).show()


def _show_settings(context: WindowContext, _command: commands.ShowSettings) -> None:
    from cnnstudio.gui.window.settings_dialog import SettingsDialog

    SettingsDialog(context.workspace.session, context.window).open()


def _show_libraries(context: WindowContext, command: commands.ShowLibraries) -> None:
    from cnnstudio.gui.window.libraries_dialog import LibrariesDialog

    dialog = LibrariesDialog(context.workspace.session, context.window)
    dialog.open()
    if command.library:
        dialog.install(command.library)


def _show_releases(_context: WindowContext, _command: commands.ShowReleases) -> None:
    from cnnstudio.core.updates import release_page

    # An address of this build, never one that the network sent.
    QDesktopServices.openUrl(QUrl(release_page()))


def _show_about(context: WindowContext, _command: commands.ShowAbout) -> None:
    from cnnstudio.gui.window.about import AboutDialog

    AboutDialog(context.window).open()


def _show_help(context: WindowContext, _command: commands.ShowHelp) -> None:
    from cnnstudio.gui.window.guide.dialog import GuideDialog

    GuideDialog(context.actions.entries, context.pages.current.id, context.window).show()


def _start_tour(context: WindowContext, _command: commands.StartTour) -> None:
    from cnnstudio.gui.window.tour.tour import start_tour

    start_tour(context)


def _toggle_full_screen(context: WindowContext, _command: commands.ToggleFullScreen) -> None:
    window = context.window
    window.showNormal() if window.isFullScreen() else window.showFullScreen()


HANDLERS: Final[dict[type[Command], Handler]] = {
    commands.ShowPage: lambda context, command: context.pages.go(command.page),
    commands.NewProject: _new_project,
    commands.OpenProject: _open_project,
    commands.OpenSample: _open_sample,
    commands.SaveProject: _save_project,
    commands.ShowProjectFolder: _show_project_folder,
    commands.ShowFile: lambda _context, command: QDesktopServices.openUrl(
        QUrl.fromLocalFile(str(Path(command.path).parent))),
    commands.OpenFile: lambda _context, command: QDesktopServices.openUrl(QUrl.fromLocalFile(command.path)),
    commands.CloseProject: _close_project,
    commands.RestoreAutosave: lambda context, _command: context.workspace.session.restore_autosave(),
    commands.Undo: lambda context, command: context.workspace.session.undo(command.count),
    commands.Redo: lambda context, command: context.workspace.session.redo(command.count),
    commands.ShowProblems: _show_problems,
    commands.ShowSettings: _show_settings,
    commands.ShowLibraries: _show_libraries,
    commands.ShowReleases: _show_releases,
    commands.SetSetting: lambda context, command: context.workspace.session.set_setting(command.name, command.value),
    commands.SearchActions: _search_actions,
    commands.ToggleFullScreen: _toggle_full_screen,
    commands.ShowHelp: _show_help,
    commands.StartTour: _start_tour,
    commands.ShowAbout: _show_about,
    commands.Quit: lambda context, _command: context.window.close(),
    commands.OpenPaths: lambda context, command: open_paths(context, command.paths),
    commands.DescribeNewProject: _on_page("start"),
    commands.ChoosePictureFolder: _choose_picture_folder,
    commands.AddPictures: _add_pictures,
    commands.ChooseColumns: _choose_columns,
    commands.RecordPictures: _record_pictures,
    commands.DownloadCollection: _download_collection,
    commands.ExportCollection: _export_collection,
    commands.AuditPictures: _audit_pictures,
    commands.ScanPictures: lambda context, _command: context.workspace.scanner.scan(),
    commands.ReplaceIndex: lambda context, _command: context.workspace.replace_index(),
    commands.DrawSplits: lambda context, command: context.workspace.decisions.draw_splits(command.classes),
    commands.FilterPictures: _on_page("data"),
    commands.SaveReport: _on_page("evaluate"),
    commands.FilterUnreadable: _on_page("data"),
    commands.MeasureStatistics: _on_page("prepare"),
    commands.ShowGallery: _on_page("network"),
    commands.FetchWeights: _on_page("network"),
    commands.ChooseCustomBase: _on_page("network"),
    commands.ChooseModel: _on_page("predict"),
    commands.RestartServer: _on_page("predict"),
    commands.DownloadPicture: _on_page("predict"),
    commands.ShowBench: _on_page("learn"),
    **LESSON_HANDLERS,
    commands.NewAssignment: _new_assignment,
    commands.OpenAssignment: _open_assignment,
    commands.ShowAssignment: _show_assignment,
    commands.HandIn: _hand_in,
    commands.GradeHandIns: _grade_hand_ins,
    commands.TogglePresenter: lambda context, _command: context.presenter.toggle(),
}
