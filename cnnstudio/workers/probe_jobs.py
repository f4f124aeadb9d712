"""The job that compares pretrained bases on a project's pictures, and its kept result."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.jobs import BasesProbed, Probe
from cnnstudio.core.network import BASE
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, language
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import write_index_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases


def probe_path(place: Path) -> Path:
    """The path of a project's result in the cache."""
    name = blake2b(str(place.resolve()).encode(), digest_size=12).hexdigest()
    return cache_folder() / "probes" / f"{name}.json"


def read_probe(place: Path) -> BasesProbed | None:
    """The kept result, or None."""
    return find_json(probe_path(place), BasesProbed)


def pictures_key(counts: Mapping[str, Mapping[str, int]], classes: tuple[str, ...]) -> str:
    """A hash of the numbers of pictures by class and split."""
    class_counts = [[name, sorted(counts.get(name, {}).items())] for name in classes]
    return blake2b(msgspec.json.encode(class_counts), digest_size=8).hexdigest()


def own_files(project: Project) -> dict[str, str]:
    """Existing weights files that the project's network names, by base."""
    files: dict[str, str] = {}
    for node in project.network.nodes:
        base = str(node.params.get("base", "efficientnet_lite0"))
        file = str(node.params.get("weights_file") or "")
        if (node.type == BASE and base in BASES.ids() and node.params.get("weights") == "file" and file
                and Path(file).expanduser().is_file()):
            files[base] = str(Path(file).expanduser().absolute())
    return files


def probe_job(place: Path, project: Project, index: Index, root: Path) -> Probe:
    """The job; it writes the manifest of the training and validation pictures. Raises ProblemError."""
    classes = index.class_names(project.dataset)
    counts = index.counts()
    for split, split_name in (("train", Text("training", "entrenamiento")), ("validation", Text("validation", "validación"))):
        if sum(1 for name in classes if counts.get(name, {}).get(split)) < 2:
            text = Text("Bases are compared by how well they distinguish classes: at least two classes need pictures for "
                        "{split}.",
                        "Las bases se comparan según lo bien que distinguen las clases: al menos dos clases necesitan "
                        "imágenes de {split}.")
            raise ProblemError(error("too_few_to_probe", text.fill(split=split_name), "dataset"))
    files = own_files(project)
    here = (*(base.id for base in ProjectBases(place).own_bases()),
            *(base.id for base in BASES if base.id in files or base.is_here))
    target = probe_path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = target.with_suffix(".manifest.jsonl")
    write_index_manifest(manifest, index, root, classes, project.dataset.label_mode, ("train", "validation"))
    return Probe(manifest=str(manifest), target=str(target), bases=here, files=files, recipe=project.recipe,
                 project=str(place.absolute()),
                 absent=tuple(item for item in BASES.ids() if item not in here), key=pictures_key(counts, classes),
                 backend=project.training.backend, device=project.training.device, cache=str(cache_folder()),
                 language=language())
