"""The job that replays the kept epochs of a run, and where its results are kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cnnstudio.core.feature_jobs import Replay
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.renamed_classes import present_names
from cnnstudio.core.text import Text, language
from cnnstudio.datasets.manifest import Manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.evaluation.replays import FORMAT, EpochReplay, find_replay
from cnnstudio.workers.feature_sets import content_of_file
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.kept_checkpoints import KeptCheckpoint, kept_checkpoints

MOST_FIXED: Final = 12


def replay_job(run: RunFolder, split: str = "", fixed: Sequence[Path] = (), count: int = MOST_FIXED,
               manifest: Path | None = None, most: int = 1000) -> Replay:
    """The job for a split of the run ("": the first of test, validation and train that has pictures), or of another manifest.
    Raises ProblemError (no_kept_epochs, too_many_pictures, no_pictures, empty_split, damaged_run)."""
    training = run.spec().training
    if not kept_epochs(run):
        text = Text("The run {id} kept no models of its epochs, so there is nothing to replay. Add the callback "
                    "ModelCheckpoint with all files to the training and train again.",
                    "El entrenamiento {id} no guardó modelos de sus épocas, así que no hay nada que repasar. Añada al "
                    "entrenamiento el callback ModelCheckpoint con todos los archivos y entrene de nuevo.")
        raise ProblemError(error("no_kept_epochs", text.fill(id=run.id), "run", path=run.folder))
    if len(fixed) > MOST_FIXED or not 0 <= count <= MOST_FIXED:
        text = Text("At most {n} pictures can be followed.", "Se pueden seguir como mucho {n} imágenes.")
        raise ProblemError(error("too_many_pictures", text.fill(n=MOST_FIXED), "run", field="pictures"))
    missing = [path for path in fixed if not path.is_file()]
    if missing:
        text = Text("{path} is no picture file.", "{path} no es un archivo de imagen.")
        raise ProblemError(error("no_pictures", text.fill(path=missing[0]), "file", path=missing[0], field="pictures"))
    wanted = split
    if manifest is None:
        listed = read_located(run.manifest_path, run.project_folder)
        present = [name for name in ("test", "validation", "train") if listed.split(name)]
        wanted = split or (present[0] if present else "")
        if wanted not in present:
            text = Text("The run has no pictures in {split}. It has: {all}.",
                        "El entrenamiento no tiene imágenes en {split}. Tiene: {all}.")
            raise ProblemError(error("empty_split", text.fill(split=wanted or "?", all=", ".join(present) or "-"), "run",
                                     field="split"))
    return Replay(run_folder=str(run.folder), split=wanted, manifest="" if manifest is None else str(manifest),
                  fixed=tuple(str(path.absolute()) for path in fixed), count=count, most=most, backend=training.backend,
                  device=training.device, cache=str(cache_folder()), language=language())


def kept_epochs(run: RunFolder) -> list[KeptCheckpoint]:
    """The kept models, one of each epoch: several callbacks keep the same one."""
    return list({item.epoch: item for item in kept_checkpoints(run)}.values())


def replay_manifest(job: Replay) -> Manifest:
    """The pictures of the job. Raises ProblemError."""
    run = RunFolder(Path(job.run_folder))
    return read_located(Path(job.manifest) if job.manifest else run.manifest_path, run.project_folder)


def chosen_path(job: Replay) -> Path:
    """Where the list of the fixed pictures is kept that was chosen for the run and the split."""
    state = hashlib.blake2b(f"{Path(job.run_folder).absolute()}\0{job.split}\0{job.manifest}\0{job.count}\0{job.most}".encode(
        "utf-8", "surrogatepass"), digest_size=16)
    return _folder(job) / f"{state.hexdigest()}.fixed.json"


def replay_path(job: Replay, manifest: Manifest, kept: KeptCheckpoint, fixed: Sequence[str]) -> Path:
    """Where the replay of an epoch is kept: by the content of its model, and by the pictures as they are now. Raises
    OSError."""
    digest = hashlib.blake2b("\n".join(map(_stamped, fixed)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return _folder(job) / f"{_key(job, manifest, kept)}-{digest}.replay"


@dataclass(frozen=True, eq=False)
class FoundReplays:
    """The kept replays in order of the epochs, and the epochs that have none."""

    replays: tuple[EpochReplay, ...] = ()
    missing: tuple[int, ...] = ()


def find_replays(job: Replay) -> FoundReplays:
    """What is kept of a job and up to date. It reads the kept models, so it belongs into a thread."""
    epochs = kept_epochs(RunFolder(Path(job.run_folder)))
    everything = FoundReplays(missing=tuple(kept.epoch for kept in epochs))
    try:
        manifest = replay_manifest(job)
    except ProblemError:
        return everything
    fixed = job.fixed or find_json(chosen_path(job), tuple[str, ...])
    if fixed is None:
        return everything
    replays, missing = [], []
    for kept in epochs:
        try:
            found = find_replay(replay_path(job, manifest, kept, fixed))
        except OSError:
            found = None
        if found is None:
            missing.append(kept.epoch)
        else:
            replays.append(replace(found, class_names=present_names(Path(job.run_folder), found.class_names)))
    return FoundReplays(tuple(replays), tuple(missing))


def _folder(job: Replay) -> Path:
    return (Path(job.cache) if job.cache else cache_folder()) / "features"


def _key(job: Replay, manifest: Manifest, kept: KeptCheckpoint) -> str:
    state = hashlib.blake2b(f"{FORMAT}\0{job.split}\0{job.most}\0{job.count}\0{content_of_file(kept.path)}".encode(),
                            digest_size=16)
    for entry in manifest.entries:
        if job.split in ("", "all", entry.split):
            state.update(f"{entry.label}\0{_stamped(str(manifest.path(entry)))}".encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def _stamped(path: str) -> str:
    try:
        facts = os.stat(path)
    except OSError:
        return path
    return f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}"
