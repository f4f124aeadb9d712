"""Measurements of a project's training pictures for the recipe: the range of deep samples, mean and deviation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from cnnstudio.catalog.pixels import PIXELS
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec, samples_key, statistics_key
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.imaging.statistics import measure, measure_samples

replace = msgspec.structs.replace
Progress = Callable[[int, int], None]


def _no_progress(_done: int, _total: int) -> None:
    return None


def _no_check() -> None:
    return None


def measured_recipe(project: Project, index: Index, root: Path, *,
                    progress: Progress = _no_progress, check: Callable[[], None] = _no_check) -> RecipeSpec:
    """The project's recipe with the mean and the deviation of its training pictures below `root`, and, where it reads
    deep pictures by it, with their range.

    Raises ProblemError when none of them can be used, and whatever `check` raises.
    """
    paths = _training_paths(project, index, root)
    if project.recipe.sample_range == "collection":
        project = replace(project, recipe=with_measured_samples(project, index, root, progress=progress, check=check))
    result = measure(paths, project.recipe.as_dictionary(), PIXELS, progress=progress, check=check)
    if not result.pictures:
        text = Text("None of the training pictures ({n}) can be used. See Quality on the Data page for the reasons.",
                    "No se puede usar ninguna de las imágenes de entrenamiento ({n}). En la página Datos, Calidad muestra "
                    "los motivos.")
        raise ProblemError(error("no_pictures", text.fill(n=len(paths)), "dataset", path=root))
    return replace(project.recipe, mean=result.mean, deviation=result.deviation,
                   measured=statistics_key(project.recipe, project.dataset, _training_pictures(index)))


def with_measured_samples(project: Project, index: Index, root: Path, *, progress: Progress = _no_progress,
                          check: Callable[[], None] = _no_check) -> RecipeSpec:
    """The project's recipe with the range of the deep samples of its training pictures; black and white stay 0 and 0
    where no picture is deep. Raises whatever `check` raises."""
    recipe = project.recipe
    low, high = measure_samples(_training_paths(project, index, root), recipe.low_percentile, recipe.high_percentile,
                                progress=progress, check=check) or (0.0, 0.0)
    return replace(recipe, sample_low=low, sample_high=high,
                   samples_measured=samples_key(recipe, project.dataset, _training_pictures(index)))


def _training_paths(project: Project, index: Index, root: Path) -> list[Path]:
    names = index.class_names(project.dataset)
    return [root / picture.path for picture in index.usable(names) if picture.split == "train"]


def _training_pictures(index: Index) -> int:
    return sum(splits.get("train", 0) for splits in index.counts().values())
