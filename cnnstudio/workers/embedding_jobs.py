"""The job that embeds the pictures of a project or a folder."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.jobs import Embed
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.places import cache_folder
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import language
from cnnstudio.datasets.embedding import BUNDLED, embedding_path
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import write_index_manifest


def embedding_target(place: Path, model: str = BUNDLED, layout: str = "tsne") -> Path:
    """The path of the embedding of a project (or plain folder) in the cache."""
    return embedding_path(cache_folder(), place, model, layout)


def embedding_job(place: Path, project: Project, index: Index, root: Path, model: str = BUNDLED,
                  layout: str = "tsne") -> Embed:
    """The job; it writes the manifest of all usable pictures. `model`: a base's id, or a run's id of the project.

    Raises ProblemError.
    """
    target = embedding_target(place, model, layout)
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = target.with_suffix(".manifest.jsonl")
    write_index_manifest(manifest, index, root, index.class_names(project.dataset), project.dataset.label_mode)
    run = place / RUNS / model
    chosen = str(run) if (place / PROJECT_FILE).is_file() and run.is_dir() else model
    return Embed(manifest=str(manifest), target=str(target), model=chosen, layout=layout,
                 backend=project.training.backend, device=project.training.device, cache=str(cache_folder()),
                 language=language(), recipe=RecipeSpec(**project.recipe.sample_part()))
