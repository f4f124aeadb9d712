"""Files and folders dropped on the window, dispatched by their kind."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.commands import AddPictures, NewProject, OpenAssignment, OpenProject
from cnnstudio.gui.window.context import WindowContext


def open_paths(context: WindowContext, paths: tuple[str, ...]) -> None:
    """Open a project, let the current page take the paths, or Predict, or start a project on them."""
    session, pages = context.workspace.session, context.pages
    first = Path(paths[0])
    if first.name == PROJECT_FILE:
        first = first.parent
    if (first / PROJECT_FILE).is_file():
        session.request(OpenProject(str(first)))
    elif _is_assignment(first):
        session.request(OpenAssignment(str(first)))
    elif pages.current.take_paths(list(paths)):
        return
    elif first.is_file() and _is_source(first):
        session.request(AddPictures(paths))
    elif (session.is_open and _is_network(first) and pages.go("network")) or (session.is_open and pages.go("predict")):
        pages.current.take_paths(list(paths))
    elif first.is_dir():
        session.request(NewProject(str(first)))
    else:
        session.report(_unknown(first))


def drop_text(context: WindowContext, paths: tuple[str, ...]) -> str:
    """What `open_paths` does with these paths, for the light over the page."""
    session, page, first = context.workspace.session, context.pages.current, Path(paths[0])
    if first.name == PROJECT_FILE or (first / PROJECT_FILE).is_file():
        return tr("Open this project", "Abrir este proyecto")
    if _is_assignment(first):
        return tr("Open this assignment", "Abrir esta práctica")
    if text := page.drop_text(list(paths)):
        return text
    if first.is_file() and _is_source(first):
        return tr("Add to the pictures", "Añadir a las imágenes")
    if session.is_open and _is_network(first):
        return tr("Open this network", "Abrir esta red")
    if session.is_open:
        return tr("Classify", "Clasificar")
    return tr("New project", "Nuevo proyecto") if first.is_dir() else ""


def _is_assignment(path: Path) -> bool:
    """Whether a file is an assignment by its name: what is in it, its dialog reads."""
    from cnnstudio.learning.assignments.model import ASSIGNMENT_SUFFIX

    return path.name.lower().endswith(ASSIGNMENT_SUFFIX) and path.is_file()


def _is_network(path: Path) -> bool:
    """Whether a file is a network, but no trained model, which Predict accepts."""
    from cnnstudio.interchange.open import SUFFIXES

    return path.suffix.lower() in SUFFIXES and path.suffix.lower() != ".keras"


def _is_source(path: Path) -> bool:
    """Whether a file is a list, an archive or arrays of pictures."""
    from cnnstudio.datasets.sources.kinds import takes

    return takes([path])


def _unknown(path: Path) -> Problem:
    text = Text("{name} is neither a project nor a folder of pictures. To have pictures classified, open a project "
                "with a trained model first.",
                "{name} no es un proyecto ni una carpeta de imágenes. Para clasificar imágenes, abra antes un "
                "proyecto con un modelo entrenado.")
    return warning("unknown_drop", text.fill(name=path.name), "file", path=path)
