"""Commands of the window: one frozen type per command.

`Session.request` passes a command on; `gui.window.handlers` has the handler of each. A problem's fix is plain data and
becomes a command in `command_of`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text


class Command(msgspec.Struct, frozen=True):
    """A request to the window. Its fields are the arguments of the handler."""


# The window and the project -----------------------------------------------------------------------


class ShowPage(Command, frozen=True):
    """Bring a page into view by its id."""

    page: str


class NewProject(Command, frozen=True):
    """Start a project on a source of pictures; without one a folder is asked for."""

    source: str = ""


class OpenProject(Command, frozen=True):
    """Open the project in a folder; without one it is asked for."""

    folder: str = ""


class OpenSample(Command, frozen=True):
    """Create the sample project, if it does not exist yet, and open it."""


class SaveProject(Command, frozen=True):
    """Write the project's file."""


class ShowProjectFolder(Command, frozen=True):
    """Show the project's folder in the system's file manager."""


class ShowFile(Command, frozen=True):
    """Show a file in the system's file manager."""

    path: str


class OpenFile(Command, frozen=True):
    """Open a file that the program wrote, in the program of the system for its kind."""

    path: str


class CloseProject(Command, frozen=True):
    """Close the project and go to Start."""


class RestoreAutosave(Command, frozen=True):
    """Restore the unsaved work that a crash left."""


class Undo(Command, frozen=True):
    """Undo the last steps."""

    count: int = 1


class Redo(Command, frozen=True):
    """Redo the last undone steps."""

    count: int = 1


class ShowProblems(Command, frozen=True):
    """Open the list of problems."""


class ShowSettings(Command, frozen=True):
    """Open the preferences."""


class ShowLibraries(Command, frozen=True):
    """Open the list of optional libraries, with what the graphics card needs; begin to install one."""

    library: str = ""


class ShowReleases(Command, frozen=True):
    """Open the page with the published versions in the browser."""


class SetSetting(Command, frozen=True):
    """Change one preference."""

    name: str
    value: str


class SearchActions(Command, frozen=True):
    """Open the palette of all actions."""


class ToggleFullScreen(Command, frozen=True):
    """Enter or leave full screen."""


class ShowHelp(Command, frozen=True):
    """Open the guide at the section of the present page."""


class StartTour(Command, frozen=True):
    """Begin the tour of the program."""


class ShowAbout(Command, frozen=True):
    """Open About."""


class Quit(Command, frozen=True):
    """Close the window."""


class OpenPaths(Command, frozen=True):
    """Handle dropped files and folders by their kind: open, add, classify or start a project."""

    paths: tuple[str, ...]


# Start --------------------------------------------------------------------------------------------


class DescribeNewProject(Command, frozen=True):
    """Open the form of a new project on this source."""

    source: str


# Data ---------------------------------------------------------------------------------------------


class ChoosePictureFolder(Command, frozen=True):
    """Use another folder of pictures; without one it is asked for."""

    folder: str = ""


class AddPictures(Command, frozen=True):
    """Open the dialog that adds sources, with these paths."""

    paths: tuple[str, ...] = ()


class ChooseColumns(Command, frozen=True):
    """Ask for the columns of a list of the project."""

    path: str


class RecordPictures(Command, frozen=True):
    """Open the camera."""


class DownloadCollection(Command, frozen=True):
    """Open the list of free collections."""


class ExportCollection(Command, frozen=True):
    """Open the export of the curated collection."""


class AuditPictures(Command, frozen=True):
    """Start the audit."""


class ScanPictures(Command, frozen=True):
    """Bring the index up to date with the folder."""


class ReplaceIndex(Command, frozen=True):
    """Replace a damaged index: set it aside and read the folder into a new one."""


class DrawSplits(Command, frozen=True):
    """Draw the splits of these classes' pictures again."""

    classes: tuple[str, ...]


class SaveReport(Command, frozen=True):
    """Ask what stands in a report of the run that Evaluate shows, and where to save it."""


class FilterPictures(Command, frozen=True):
    """Show only these pictures; paths are relative to the collection."""

    paths: tuple[str, ...]
    title: str = ""


class FilterUnreadable(Command, frozen=True):
    """Show the unreadable pictures."""


# The other pages ----------------------------------------------------------------------------------


class MeasureStatistics(Command, frozen=True):
    """Measure mean and deviation of the training pictures."""


class ShowGallery(Command, frozen=True):
    """Open the gallery of bases and templates."""


class FetchWeights(Command, frozen=True):
    """Download the weights of a base."""

    base: str


class ChooseCustomBase(Command, frozen=True):
    """Ask for the model of a custom base; `node` is the layer whose model is missing."""

    node: str = ""


class ChooseModel(Command, frozen=True):
    """Ask for an exported model to predict with."""


class DownloadPicture(Command, frozen=True):
    """Fetch a picture from the web and classify it."""

    url: str


class RestartServer(Command, frozen=True):
    """Load the model for predictions again."""


# Learn --------------------------------------------------------------------------------------------


class ShowBench(Command, frozen=True):
    """Open a bench of the Learn page by its id; `settings` are plain values that its view restores."""

    bench: str
    settings: dict[str, Any] = {}


class OpenLesson(Command, frozen=True):
    """Work on a lesson and show its page; without one, the list of all."""

    lesson: str = ""


class StartLesson(Command, frozen=True):
    """Make the project of a lesson and open it; `folder`: where, instead of the usual place. `ask` for the place."""

    lesson: str
    folder: str = ""
    ask: bool = False


class OpenLessonProject(Command, frozen=True):
    """Open the project of the active lesson."""


class CheckLesson(Command, frozen=True):
    """Judge the tasks of the active lesson now."""


class ResetLesson(Command, frozen=True):
    """Forget what was done of the active lesson, after a question."""


class LeaveLesson(Command, frozen=True):
    """Work on no lesson: its tasks no longer stand beside the pages."""


# Assignments and presenting -----------------------------------------------------------------------


class NewAssignment(Command, frozen=True):
    """Make an assignment from the open project."""


class OpenAssignment(Command, frozen=True):
    """Make the project of an assignment; without a file it is asked for."""

    file: str = ""


class ShowAssignment(Command, frozen=True):
    """Show the assignment of the open project, and where its student stands."""


class HandIn(Command, frozen=True):
    """Hand in a run of the open project; without one, the best."""

    run: str = ""


class GradeHandIns(Command, frozen=True):
    """Grade a folder of hand-ins."""


class TogglePresenter(Command, frozen=True):
    """Begin or end presenting: large text, laser pointer, one thing at a time."""


FIX_COMMANDS: Final[dict[str, type[Command]]] = {
    "open_page": ShowPage,
    "open_project": OpenProject,
    "show_file": ShowFile,
    "open_file": OpenFile,
    "restore_autosave": RestoreAutosave,
    "choose_folder": ChoosePictureFolder,
    "choose_columns": ChooseColumns,
    "set_index_aside": ReplaceIndex,
    "draw_splits": DrawSplits,
    "filter_problems": FilterUnreadable,
    "measure_statistics": MeasureStatistics,
    "open_gallery": ShowGallery,
    "fetch_base": FetchWeights,
    "choose_own_base": ChooseCustomBase,
    "choose_model": ChooseModel,
    "restart_server": RestartServer,
    "download_picture": DownloadPicture,
    "install_library": ShowLibraries,
    "show_releases": ShowReleases,
    "undo": Undo,
    "open_lesson": OpenLesson,
}
"""The command of each `Fix.action` that is no edit of the project."""


def command_of(fix: Fix) -> Command:
    """The command of a fix; raises ProblemError where there is none, or its arguments do not match."""
    kind = FIX_COMMANDS.get(fix.action)
    if kind is None:
        raise ProblemError(_unknown(fix, f"no command is called {fix.action!r}"))
    try:
        return msgspec.convert(fix.arguments, kind)
    except msgspec.ValidationError as err:
        raise ProblemError(_unknown(fix, f"{fix.action}: {err}")) from err


def _unknown(fix: Fix, reason: str) -> Problem:
    text = Text("“{name}” is not available here.", "«{name}» no está disponible aquí.").fill(name=fix.label)
    return error("unknown_fix", text, "machine", details=reason)
