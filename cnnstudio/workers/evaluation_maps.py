"""The job that lays out an evaluated split, and where its result is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cnnstudio.core.feature_jobs import ComputeFeatures, MapEvaluation
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import language
from cnnstudio.evaluation.maps import FORMAT, EvaluationMap, find_evaluation_map
from cnnstudio.workers.feature_sets import feature_pictures, feature_set_path
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import no_model_problem


def evaluation_map_job(run: RunFolder, split: str, manifest: Path | None = None, layout: str = "tsne") -> MapEvaluation:
    """The job for a split of the run's manifest, or of another one. Raises ProblemError (no_model, damaged_run)."""
    training = run.spec().training
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    return MapEvaluation(run_folder=str(run.folder), split=split, manifest="" if manifest is None else str(manifest),
                         layout="pca" if layout == "pca" else "tsne", backend=training.backend, device=training.device,
                         cache=str(cache_folder()), language=language())


def set_jobs(job: MapEvaluation) -> tuple[ComputeFeatures, ComputeFeatures]:
    """The jobs that compute the features of the training split, and of the split that is mapped."""
    def features_of(split: str, manifest: str) -> ComputeFeatures:
        return ComputeFeatures(model=job.run_folder, splits=(split,), manifest=manifest, backend=job.backend,
                               device=job.device, determinism=job.determinism, cache=job.cache, language=job.language)

    return features_of("train", ""), features_of(job.split, job.manifest)


def evaluation_map_path(job: MapEvaluation) -> Path:
    """Where the map is kept: by the content of the model, and by all pictures as they are now. Raises ProblemError and
    OSError."""
    model_file = RunFolder(Path(job.run_folder)).model_path
    state = hashlib.blake2b(f"{FORMAT}\0{job.layout}\0{job.neighbours}\0{job.most}\0{job.split}".encode(), digest_size=16)
    for item in set_jobs(job):
        for pictures in feature_pictures(item):
            state.update(feature_set_path(item, pictures, model_file).name.encode())
    return (Path(job.cache) if job.cache else cache_folder()) / "features" / f"{state.hexdigest()}.map"


def find_map(job: MapEvaluation) -> EvaluationMap | None:
    """The kept map, if it is up to date; else None: the job has to be done. It asks for every picture, so it belongs into a
    thread."""
    try:
        return find_evaluation_map(evaluation_map_path(job))
    except (OSError, ProblemError):
        return None
