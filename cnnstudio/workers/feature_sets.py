"""The job that computes the features of a run's pictures, and where its results are kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cnnstudio.core.feature_jobs import ComputeFeatures, Precision
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import language
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.evaluation.feature_sets import FeatureSet, find_feature_set
from cnnstudio.workers.job_setup import serving_job
from cnnstudio.workers.runs.folder import RunFolder, run_of


@dataclass(frozen=True)
class FeaturePictures:
    """The pictures of one set: absolute paths with their class numbers (-1: unknown)."""

    split: str
    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]


def features_job(model: Path, splits: Sequence[str] = (), paths: Sequence[Path] = (), run: str | None = None,
                 manifest: Path | None = None, precision: Precision = "float32") -> ComputeFeatures:
    """The job that computes the features of the splits of a run, or of files, by the model of a project (its newest run, or
    `run`), a run, a bundle or a model file. Raises ProblemError."""
    place = serving_job(model, run)
    of_run = run_of(Path(place.model))
    backend, device = place.backend, place.device
    if of_run is not None:
        training = of_run.spec().training
        backend, device = training.backend, training.device
    return ComputeFeatures(model=place.model, splits=tuple(splits), paths=tuple(str(path.absolute()) for path in paths),
                           manifest="" if manifest is None else str(manifest), precision=precision, backend=backend,
                           device=device, cache=str(cache_folder()), language=language())


def feature_pictures(job: ComputeFeatures) -> list[FeaturePictures]:
    """The pictures that a job is about. Raises ProblemError for a manifest that cannot be read."""
    sets: list[FeaturePictures] = []
    if job.splits:
        manifest = _manifest(job)
        sets += [_chosen(manifest, split) for split in job.splits]
    if job.paths:
        sets.append(FeaturePictures("", tuple(map(Path, job.paths)), (-1,) * len(job.paths), ()))
    return sets


def _manifest(job: ComputeFeatures) -> Manifest:
    run = RunFolder(Path(job.model))
    return read_located(Path(job.manifest) if job.manifest else run.manifest_path, run.project_folder)


def _chosen(manifest: Manifest, split: str) -> FeaturePictures:
    entries: tuple[Entry, ...] = manifest.entries if split == "all" else manifest.split(split)
    return FeaturePictures(split, tuple(manifest.path(entry) for entry in entries), tuple(entry.label for entry in entries),
                           manifest.header.class_names)


def feature_set_path(job: ComputeFeatures, pictures: FeaturePictures, model_file: Path) -> Path:
    """Where a set is kept: by the content of the model, and by the files as they are now. Raises OSError where the model
    cannot be read."""
    state = hashlib.blake2b(f"{job.precision}\0{content_of_file(model_file)}".encode(), digest_size=16)
    for path, label in zip(pictures.paths, pictures.labels, strict=True):
        try:
            facts = os.stat(path)
            stamp = f"{facts.st_size}\0{facts.st_mtime_ns}"
        except OSError:
            stamp = ""
        state.update(f"{path}\0{stamp}\0{label}\n".encode("utf-8", "surrogatepass"))
    state.update("\0".join(pictures.class_names).encode("utf-8", "surrogatepass"))
    return (Path(job.cache) if job.cache else cache_folder()) / "features" / f"{state.hexdigest()}.set"


def find_features(job: ComputeFeatures) -> list[FeatureSet] | None:
    """The sets of a job, in the order of its splits, if all of them are kept and up to date; else None: the job has to be
    done. It reads the whole model file and asks for every picture, so it belongs into a thread."""
    place = Path(job.model)
    model_file = place / "model.keras" if place.is_dir() else place
    try:
        found = [find_feature_set(feature_set_path(job, pictures, model_file)) for pictures in feature_pictures(job)]
    except (OSError, ProblemError):
        return None
    sets = [item for item in found if item is not None]
    return sets if sets and len(sets) == len(found) else None


def content_of_file(path: Path) -> str:
    """A hash of a file, remembered while it does not change. Raises OSError."""
    facts = os.stat(path)
    return _content_of(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(64)
def _content_of(path: Path, _size: int, _modified: int) -> str:
    state = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()
