"""Create the jobs that try something out: a forecast, the largest batch, a look into a run's model."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Final

from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, language
from cnnstudio.core.trial_jobs import FindBatch, FindShortcuts, Forecast, Inspect, LearningCurve
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import read_manifest, write_index_manifest
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_project
from cnnstudio.workers.forecasts import forecast_key
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import no_model_problem

_MOST_REPEATS: Final = 20
_FEWEST_LEARNED: Final = 20
"""Training pictures below which the smallest share has next to nothing."""


def forecast_job(folder: Path, project: Project, index: Index) -> Forecast:
    """The job that forecasts a training; it writes the list of pictures into the cache. Raises ProblemError with every
    blocking problem."""
    manifest = _manifest(folder, project, index, "forecast")
    training = project.training
    return Forecast(manifest=str(manifest), project=project, project_folder=str(folder.absolute()), backend=training.backend,
                    device=training.device, determinism=training.determinism, cache=str(cache_folder()), language=language(),
                    key=forecast_key(project, index.counts()))


def batch_job(folder: Path, project: Project, index: Index, memory_mb: float | None = None) -> FindBatch:
    """The job that finds the largest batch, in the memory that is free or in so much. Raises ProblemError with every blocking
    problem."""
    if memory_mb is not None and not 1 <= memory_mb < 1e9:
        text = Text("The memory must be a number of megabytes of at least 1.",
                    "La memoria debe ser un número de megabytes de al menos 1.")
        raise ProblemError(error("bad_memory", text, "machine", field="memory"))
    manifest = _manifest(folder, project, index, "batch")
    training = project.training
    return FindBatch(manifest=str(manifest), project=project, project_folder=str(folder.absolute()), memory_mb=memory_mb,
                     backend=training.backend, device=training.device, determinism=training.determinism,
                     cache=str(cache_folder()), language=language())


def inspection_job(run: RunFolder) -> Inspect:
    """The job that looks into the model of a run; raises ProblemError when its specs cannot be read or it has no model."""
    training = run.spec().training
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    return Inspect(run_folder=str(run.folder), backend=training.backend, device=training.device, cache=str(cache_folder()),
                   language=language())


def shortcuts_job(run: RunFolder, split: str = "") -> FindShortcuts:
    """The job that probes a run's pictures for shortcuts, on `split` or else the first of test and validation that has
    pictures. Raises ProblemError (empty_split, no_model, ...)."""
    training = run.spec().training
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    return FindShortcuts(run_folder=str(run.folder), split=_not_learned_from(run, split), backend=training.backend,
                         device=training.device, cache=str(cache_folder()), language=language())


def curve_job(run: RunFolder, split: str = "", repeats: int = 1) -> LearningCurve:
    """The job that repeats a run's training on shares of its pictures, each `repeats` (1 to 20) times with other pictures and
    seeds, and measures on `split` or else the first of test and validation that has pictures. Raises ProblemError."""
    if not 1 <= repeats <= _MOST_REPEATS:
        text = Text("Each share can be trained 1 to {n} times.", "Cada parte se puede entrenar de 1 a {n} veces.")
        raise ProblemError(error("bad_repeats", text.fill(n=_MOST_REPEATS), "run", field="repeats"))
    training = run.spec().training
    wanted = _not_learned_from(run, split)
    learned = read_manifest(run.manifest_path).split("train")
    if len(learned) < _FEWEST_LEARNED:
        text = Text("The run learned from {n:,} pictures. A learning curve needs at least {least}.",
                    "Este entrenamiento usó {n:,} imágenes. Una curva de aprendizaje necesita al menos {least}.")
        raise ProblemError(error("too_few_pictures", text.fill(n=len(learned), least=_FEWEST_LEARNED), "run"))
    return LearningCurve(run_folder=str(run.folder), split=wanted, repeats=repeats, backend=training.backend,
                         device=training.device, determinism=training.determinism, cache=str(cache_folder()),
                         language=language())


def _not_learned_from(run: RunFolder, split: str) -> str:
    """The split to measure on: that one, else the first of test and validation that has pictures."""
    manifest = read_manifest(run.manifest_path)
    present = [name for name in ("test", "validation") if manifest.split(name)]
    wanted = split or (present[0] if present else "")
    if wanted in present:
        return wanted
    text = Text("This is measured on pictures that the run was not trained on, and it has none in {split}. Available: "
                "{present}.",
                "Esto se mide con imágenes con las que no se entrenó, y en {split} no hay ninguna. Disponibles: {present}.")
    raise ProblemError(error("empty_split", text.fill(split=wanted or "test, validation", present=", ".join(present) or "-"),
                             "run"))


def _manifest(folder: Path, project: Project, index: Index, name: str) -> Path:
    """The list of the training and validation pictures, in the cache."""
    classes = index.class_names(project.dataset)
    problems = blocking(check_project(project, classes, index.counts(), ProjectBases(folder)))
    if problems:
        raise ProblemError(*problems)
    own = blake2b(str(folder.resolve()).encode(), digest_size=12).hexdigest()
    path = cache_folder() / name / f"{own}.manifest.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_index_manifest(path, index, source_folder(project, folder), classes, project.dataset.label_mode,
                         ("train", "validation"))
    return path
