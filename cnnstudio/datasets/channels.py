"""Mean and deviation of a project's training pictures, for the normalisation "standardize"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from cnnstudio.catalog.pixels import PIXELS
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec, statistics_key
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.imaging.statistics import measure


def measured_recipe(project: Project, index: Index, root: Path, *,
                    progress: Callable[[int, int], None] = lambda _done, _total: None,
                    check: Callable[[], None] = lambda: None) -> RecipeSpec:
    """The project's recipe with the mean and the deviation of its training pictures below `root`.

    Raises ProblemError when none of them can be used, and whatever `check` raises.
    """
    names = index.class_names(project.dataset)
    paths = [root / picture.path for picture in index.usable(names) if picture.split == "train"]
    result = measure(paths, project.recipe.as_dictionary(), PIXELS, progress=progress, check=check)
    if not result.pictures:
        text = Text("None of the {n} pictures for training can be used.",
                    "No se puede usar ninguna de las {n} imágenes de entrenamiento.")
        raise ProblemError(error("no_pictures", text.fill(n=len(paths)), "dataset", path=root))
    counts = index.counts()
    pictures = sum(splits.get("train", 0) for splits in counts.values())
    return msgspec.structs.replace(project.recipe, mean=result.mean, deviation=result.deviation,
                                   measured=statistics_key(project.recipe, project.dataset, pictures))
