"""What the bench knows of a run without its model: how far its layers see, and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.learning.benches.feature_maps.depth import Sight, sights
from cnnstudio.workers.runs.folder import RunFolder

_MOST: Final = 200
"""Pictures of a run to choose from."""


class RunLook(msgspec.Struct, frozen=True, kw_only=True):
    """The sights of the layers by their names, the recipe, and some pictures that the run did not learn from, if any."""

    sights: dict[str, Sight]
    recipe: RecipeSpec
    files: tuple[Path, ...]


def look_at_run(run: RunFolder) -> RunLook:
    """Read the specs and the manifest of a run. Raises ProblemError."""
    project = run.spec()
    manifest = read_located(run.manifest_path, run.project_folder)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(run.project_folder))
    entries = next((found for split in ("test", "validation", "train") if (found := manifest.split(split))), ())
    # One of each class in turn: pictures of a manifest are sorted by class.
    step = max(1, len(entries) // _MOST)
    return RunLook(sights=sights(project.network, context), recipe=project.recipe,
                   files=tuple(manifest.path(entry) for entry in entries[::step]))


def prepared_pixels(file: Path, recipe: RecipeSpec) -> np.ndarray:
    """The picture as the network gets it, uint8 (height, width, channels). Raises ProblemError where it cannot be read."""
    try:
        return prepare_file(file, msgspec.to_builtins(recipe))
    except PictureError as err:
        raise ProblemError(picture_problem(err, file)) from err
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}", "No se puede leer {path}: {reason}")
        problem = error("unreadable", text.fill(path=file, reason=reason_of(os_error)), "file", path=file)
        raise ProblemError(problem) from os_error
