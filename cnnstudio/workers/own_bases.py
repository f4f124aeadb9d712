"""Models that can become a base of the project: a `.keras` or `.h5` file, a run, an exported bundle or another
project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from cnnstudio.core.files import PROJECT_FILE, read_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, find_run, list_runs


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A trained run that can be a base, with its project."""

    project: str
    run: RunSummary

    @property
    def model(self) -> Path:
        return RunFolder(self.run.folder).model_path

    @property
    def name(self) -> str:
        """The name of its copy, from its project and its network."""
        return f"{self.project}-{self.run.network}"


def model_of(place: Path) -> tuple[Path, str]:
    """The model file of a path, and a name for its copy. Raises ProblemError.

    A `.keras` or `.h5` file, the folder of a run or of an exported bundle, or a project (its newest run with a model).
    """
    if (place / PROJECT_FILE).is_file():
        with_files = (RunFolder(item.folder) for item in list_runs(place) if RunFolder(item.folder).has_model_file)
        run = next(with_files, None) or find_run(place)
        return run.model_path, f"{place.resolve().name}-{run.summary().network}"
    if (place / "model.keras").is_file():
        run = RunFolder(place.resolve())
        is_own_run = run.spec_path.is_file() and run.folder.parent.name == "runs"
        return run.model_path, (f"{run.project_folder.name}-{run.summary().network}" if is_own_run else run.id)
    if place.is_file():
        return place, place.stem
    text = Text("{path} does not exist or contains no model. Choose a .keras or .h5 file, a run, an exported bundle or a "
                "project.",
                "{path} no existe o no contiene ningún modelo. Elija un archivo .keras o .h5, un entrenamiento, un paquete "
                "exportado o un proyecto.")
    raise ProblemError(error("own_base_missing", text.fill(path=place), "network", path=place))


def trained_runs(folders: Iterable[Path]) -> list[Source]:
    """The runs with a model of these projects, newest first; projects that cannot be read are left out."""
    sources: list[Source] = []
    for folder in dict.fromkeys(item.absolute() for item in folders):
        try:
            name = read_project(folder).name or folder.name
        except ProblemError:
            continue
        sources += [Source(project=name, run=run) for run in list_runs(folder) if RunFolder(run.folder).has_model_file]
    return sorted(sources, key=lambda source: source.run.started, reverse=True)
