"""The folder of a search: `searches/<id>/` with its frozen specs, the pictures of its trials and the study."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.checksums import is_file_intact, seal_file
from cnnstudio.core.files import check_project, decode_project, encode_frozen
from cnnstudio.core.foreign_files import LARGE, SMALL, decode_json, read_bytes
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.own_folders import RUNS, SEARCHES, link_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.search import SearchSpec
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.ids import fresh_folder, network_label, slug
from cnnstudio.workers.runs.origin import read_origin

STUDY_FILE: Final = "study.sqlite"


class SearchFolder:
    """One search on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"SearchFolder({str(self.folder)!r})"

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def project_folder(self) -> Path:
        """The folder of the search's project."""
        return self.folder.absolute().parent.parent

    @property
    def spec_path(self) -> Path:
        return self.folder / "search.json"

    @property
    def project_path(self) -> Path:
        """The project as it was when the search began; every trial is it with other values."""
        return self.folder / "project.json"

    @property
    def study_path(self) -> Path:
        return self.folder / STUDY_FILE

    def manifest_path(self, fold: int | None = None) -> Path:
        """The pictures of the trials, or those of a fold (from 0)."""
        return self.folder / ("manifest.jsonl" if fold is None else f"manifest-{fold}.jsonl")

    def spec(self) -> SearchSpec:
        """What is searched; raises ProblemError (damaged_search)."""
        try:
            data = read_bytes(self.spec_path, SMALL)
            if not is_file_intact(data):
                raise ValueError("checksum")
            return decode_json(data, SearchSpec)
        except OSError as os_error:
            raise ProblemError(self.damage(self.spec_path, reason_of(os_error))) from os_error
        except ValueError as err:
            reason = Text("its content was changed or cut off", "su contenido se cambió o está cortado")
            raise ProblemError(self.damage(self.spec_path, reason)) from err

    def project(self) -> Project:
        """The project when the search began; raises ProblemError (damaged_search, newer format)."""
        try:
            data = read_bytes(self.project_path, LARGE)
        except OSError as os_error:
            raise ProblemError(self.damage(self.project_path, reason_of(os_error))) from os_error
        return decode_project(data, self.project_path, self.damage)

    def is_begun(self) -> bool:
        """Whether it has a study, or had one: then there are runs of it."""
        if self.study_path.exists():
            return True
        runs = self.project_folder / RUNS
        return runs.is_dir() and any(read_origin(folder).search == self.id for folder in runs.iterdir())

    def living(self) -> bool:
        """Whether a process drives this search now."""
        return ProjectLock(self.folder).is_held()

    def check_links(self) -> None:
        """Raise ProblemError if the folder has a link where something is written."""
        problem = link_problem(self.folder)
        if problem is not None:
            raise ProblemError(problem)

    def damage(self, path: Path, reason: Text) -> Problem:
        """The problem of a file of it that cannot be read."""
        text = Text("The search {id} is damaged: {file} cannot be read ({reason}). Its trials are whole as runs of the "
                    "project. Restore that file from a copy, or begin a new search.",
                    "La búsqueda {id} está dañada: no se puede leer {file} ({reason}). Sus ensayos siguen enteros como "
                    "entrenamientos del proyecto. Restaure ese archivo de una copia o empiece una búsqueda nueva.")
        return error("damaged_search", text.fill(id=self.id, file=path.name, reason=reason), "run", path=path,
                     details=reason.en)


def make_search(project_folder: Path, project: Project, spec: SearchSpec) -> SearchFolder:
    """A new folder with the frozen specs, without pictures and study. Raises ProblemError (no_space, read_only...)."""
    searches = Path(project_folder) / SEARCHES
    SearchFolder(searches / "new").check_links()
    try:
        searches.mkdir(parents=True, exist_ok=True)
        folder = fresh_folder(searches, f"{time.strftime('%Y-%m-%d-%H%M%S')}-{slug(network_label(project))}")
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, searches)) from os_error
    search = SearchFolder(folder)
    try:
        write_atomically(search.project_path, encode_frozen(project))
        write_spec(search, spec)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return search


def write_spec(search: SearchFolder, spec: SearchSpec) -> None:
    """Write what is searched. Raises ProblemError."""
    write_atomically(search.spec_path, seal_file(msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"))


@contextmanager
def held(search: SearchFolder) -> Iterator[None]:
    """Inside, no other process drives the search or changes its specs. Raises ProblemError (search_in_use, read_only...)."""
    lock = ProjectLock(search.folder)
    problem = lock.acquire()
    if problem is not None:
        raise ProblemError(search_in_use_problem(search) if problem.code == "project_in_use" else problem)
    try:
        yield
    finally:
        lock.release()


def search_in_use_problem(search: SearchFolder) -> Problem:
    """Another window or command drives it."""
    text = Text("The search {id} is going on in another window or command. Wait until it ends, or stop it there.",
                "La búsqueda {id} está en marcha en otra ventana u otro comando. Espere a que termine o deténgala allí.")
    return error("search_in_use", text.fill(id=search.id), "run", path=search.folder)


def search_folders(project_folder: Path) -> list[SearchFolder]:
    """The searches of a project, newest first."""
    try:
        folders = [path for path in (Path(project_folder) / SEARCHES).iterdir()
                   if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    return [SearchFolder(path) for path in sorted(folders, key=lambda path: (_moment(path), path.name), reverse=True)]


def _moment(folder: Path) -> str:
    """Date and time of its id."""
    return folder.name[:17]


def find_search(project_folder: Path, identifier: str | None = None) -> SearchFolder:
    """The search of that id, or the newest one. Raises ProblemError (no_search, no_project)."""
    found = search_folders(project_folder)
    chosen = next((search for search in found if identifier in (None, search.id)), None)
    if chosen is not None:
        chosen.check_links()
        return chosen
    check_project(project_folder)
    if identifier is None:
        text = Text("There is no search in {path} yet. Begin one: cnnstudio search PROJECT --vary KEY=LOW:HIGH",
                    "Aún no hay ninguna búsqueda en {path}. Empiece una: cnnstudio search PROYECTO --vary CLAVE=MÍN:MÁX")
    else:
        text = Text("There is no search called {id} in {path}. Those of the project: cnnstudio search PROJECT --list",
                    "No hay ninguna búsqueda llamada {id} en {path}. Las del proyecto: cnnstudio search PROYECTO --list")
    raise ProblemError(error("no_search", text.fill(id=identifier, path=project_folder), "run", path=project_folder))


def of_living_search(run: RunFolder) -> bool:
    """Whether a run is of a trial of a search that a process drives now."""
    origin = read_origin(run.folder)
    return bool(origin.search) and SearchFolder(run.project_folder / SEARCHES / origin.search).living()
