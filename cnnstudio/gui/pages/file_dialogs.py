"""Asking for files and folders, always starting in a folder that the user knows, and saying what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.core.problems import Fix, Location, Problem
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import clean_name
from cnnstudio.gui.state.session import Session


def ask_save_path(session: Session, parent: QWidget, title: str, name: str, kinds: str,
                  endings: Sequence[str] = ()) -> Path | None:
    """Ask where to save a file called `name`; None where the user cancelled. Of several kinds the name gets the ending of the
    chosen one where it has none of `endings`.

    It starts in the folder where the last file was saved, else in the project's: never in the working directory.
    """
    before = Path(session.recall("save_folder", ""))
    folder = before if before.is_absolute() and before.is_dir() else session.folder or Path.home()
    # A class or a project may be called anything: "a/b" must not become a folder.
    path, kind = QFileDialog.getSaveFileName(parent, title, str(folder / clean_name(name)), kinds)
    if not path:
        return None
    chosen = next((ending for ending in endings if f"*.{ending})" in kind), "")
    if chosen and Path(path).suffix.lower() not in [f".{ending}" for ending in endings]:
        # The dialog asked about replacing the name without the ending.
        path = str(next(free for number in count(1) if not (free := Path(f"{path}{f' ({number})' if number > 1 else ''}"
                                                                         f".{chosen}")).exists()))
    session.remember("save_folder", str(Path(path).parent))
    return Path(path)


def ask_files(session: Session, parent: QWidget, title: str, kinds: str = "") -> list[str]:
    """Ask for files to open; it starts where the last ones were."""
    paths, _kind = QFileDialog.getOpenFileNames(parent, title, _last_folder(session), kinds)
    if paths:
        session.remember("open_folder", str(Path(paths[0]).parent))
    return paths


def ask_folder(session: Session, parent: QWidget, title: str) -> str:
    """Ask for a folder to open; it starts where the last files were. "" where the user cancelled."""
    path = QFileDialog.getExistingDirectory(parent, title, _last_folder(session))
    if path:
        session.remember("open_folder", str(Path(path).parent))
    return path


def _last_folder(session: Session) -> str:
    before = Path(session.recall("open_folder", ""))
    return str(before if before.is_absolute() and before.is_dir() else Path.home())


def report_saved(session: Session, path: Path, opens: bool = False) -> None:
    """Say that a file was saved, and offer its folder; `opens`: also to open it."""
    text = Text("Saved as {path}", "Guardado como {path}").fill(path=path)
    show = Fix(action="show_file", label=Text("Show in its folder", "Mostrar en su carpeta"), arguments={"path": str(path)})
    open_it = Fix(action="open_file", label=Text("Open", "Abrir"), arguments={"path": str(path)})
    session.report(Problem(code="saved_file", severity="info", text=text, where=Location(area="file", path=str(path)),
                           fixes=(open_it, show) if opens else (show,)))
