"""The settings of a trial in the project: an edit like any other, which can be undone."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.reading import Search, Trial
from cnnstudio.workers.search.space import Space


def chosen_trial(search: Search, number: int | None = None, objective: int = 0) -> Trial:
    """The trial of that number, else the best one by an objective. Raises ProblemError (no_trial)."""
    if number is None:
        number = search.best[objective] if objective < len(search.best) else None
        if number is None:
            text = Text("The search {id} has no complete trial yet.", "La búsqueda {id} aún no tiene ningún ensayo completo.")
            raise ProblemError(error("no_trial", text.fill(id=search.id), "run"))
    trial = search.trial(number)
    if trial is None or not trial.params:
        text = Text("The search {id} has no trial {n}.", "La búsqueda {id} no tiene ningún ensayo {n}.")
        raise ProblemError(error("no_trial", text.fill(id=search.id, n=number + 1), "run", field="trial"))
    return trial


def with_trial(folder: Path, project: Project, search: Search, trial: Trial) -> Project:
    """The project in a folder with the settings of a trial; all others stay as they are now. Raises ProblemError where the
    project was changed so that it does not take them any more."""
    manifest = SearchFolder(search.folder).manifest_path(0 if search.spec.folds else None)
    space = Space(project, search.spec.varied, read_manifest(manifest).header.class_names, ProjectBases(folder))
    return space.apply(trial.params)
