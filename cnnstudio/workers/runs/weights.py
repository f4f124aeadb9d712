"""The weights of a run that a new run can begin with: its model, or those of an epoch that is kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.core.atomic import atomic_path, write_problem
from cnnstudio.core.events import Finished, Stopped
from cnnstudio.core.own_folders import CHECKPOINTS, is_link
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.renamed_classes import read_renamed, write_renamed
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Manifest, read_manifest, write_manifest
from cnnstudio.workers.runs.folder import RunFolder, find_run
from cnnstudio.workers.runs.kept_checkpoints import kept_checkpoints
from cnnstudio.workers.runs.origin import START, RunOrigin

_CHECKPOINT: Final = re.compile(r"epoch-(\d+)-\d+\.ckpt")


class KeptWeights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights at the end of `epoch` (0: unknown) in the file `path`: a whole model, or a checkpoint of the training."""

    epoch: int
    path: Path
    kind: Literal["model", "checkpoint"]


def kept_weights(run: RunFolder) -> tuple[KeptWeights, ...]:
    """All weights of whole epochs that a run has: first its model, then the models that it kept besides, then its
    checkpoints, newest first."""
    kept: list[KeptWeights] = []
    if run.has_model_file:
        kept.append(KeptWeights(epoch=_model_epoch(run), path=run.model_path, kind="model"))
    for item in reversed(kept_checkpoints(run)):
        if all(item.epoch != earlier.epoch for earlier in kept):
            kept.append(KeptWeights(epoch=item.epoch, path=item.path, kind="model"))
    for path in sorted(run.checkpoints.glob("epoch-*.ckpt"), reverse=True):
        match = _CHECKPOINT.fullmatch(path.name)
        if match and int(match[1]) and all(item.epoch != int(match[1]) for item in kept):
            kept.append(KeptWeights(epoch=int(match[1]), path=path, kind="checkpoint"))
    return tuple(kept)


def _model_epoch(run: RunFolder) -> int:
    """The epoch of the weights in the model's file, by the end of the last training; 0 if nothing says it."""
    for event in reversed(run.events()):
        if isinstance(event, Finished | Stopped):
            return int(event.metrics.get("epoch", 0))
    return 0


def named_weights(project_folder: Path, name: str) -> tuple[RunFolder, KeptWeights]:
    """The run and the weights that "RUN" or "RUN@EPOCH" names. Raises ProblemError (no_run, bad_epoch, epoch_not_kept)."""
    identifier, at, number = name.rpartition("@")
    if not at:
        identifier, number = name, ""
    elif not number.isdecimal() or not int(number):
        text = Text("{name} does not name an epoch. Write RUN@EPOCH, such as {run}@3, or RUN for its model.",
                    "{name} no nombra ninguna época. Escriba ENTRENAMIENTO@ÉPOCA, como {run}@3, o solo ENTRENAMIENTO para su "
                    "modelo.")
        raise ProblemError(error("bad_epoch", text.fill(name=name, run=identifier), "run"))
    run = find_run(project_folder, identifier)
    return run, chosen_weights(run, int(number) if number else None)


def chosen_weights(run: RunFolder, epoch: int | None = None) -> KeptWeights:
    """The weights of an epoch, or by default those of the model, else of the newest checkpoint. Raises ProblemError."""
    kept = kept_weights(run)
    for item in kept:
        if epoch is None or item.epoch == epoch:
            return item
    epochs = ", ".join(str(item.epoch) for item in sorted(kept, key=lambda item: item.epoch) if item.epoch)
    if epoch is None or not kept:
        text = Text("The run {run} has no weights: neither a model nor a checkpoint of a whole epoch. Choose another run, or "
                    "resume this one first.",
                    "El entrenamiento {run} no tiene pesos: ni un modelo ni un punto de control de una época completa. Elija "
                    "otro entrenamiento o continúe antes este.")
        raise ProblemError(error("no_weights", text.fill(run=run.id), "run"))
    text = Text("The weights of epoch {epoch} of the run {run} were not kept. Kept epochs: {epochs}.",
                "Los pesos de la época {epoch} del entrenamiento {run} no se conservaron. Épocas conservadas: {epochs}.")
    raise ProblemError(error("epoch_not_kept", text.fill(epoch=epoch, run=run.id, epochs=epochs or "-"), "run"))


def weights_origin(run: RunFolder, weights: KeptWeights) -> RunOrigin:
    """The origin of a run that begins with these weights."""
    return RunOrigin(kind="weights", parent=run.id, epoch=weights.epoch)


def copy_weights(parent: RunFolder, weights: KeptWeights, run_folder: Path) -> None:
    """Copy the weights into a new run, with what is needed to read a checkpoint: its specs and classes. Raises
    ProblemError."""
    start = run_folder / START
    try:
        start.mkdir()
        if weights.kind == "model":
            _copy(weights.path, start / parent.model_path.name)
            _copy_renamed(parent, start)
            return
        (start / CHECKPOINTS).mkdir()
        _copy(weights.path, start / CHECKPOINTS / weights.path.name)
        _copy(parent.spec_path, start / parent.spec_path.name)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, start)) from os_error
    write_manifest(start / parent.manifest_path.name, read_manifest(parent.manifest_path, as_trained=True).header, ())
    _copy_renamed(parent, start)


def copy_start(parent: Path, run_folder: Path) -> None:
    """Copy the weights that a run began with into another one. Raises ProblemError."""
    if (parent / START).is_symlink():
        raise ProblemError(is_link(parent / START))
    try:
        if (parent / START).is_dir():
            shutil.copytree(parent / START, run_folder / START)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, run_folder / START)) from os_error


def _copy_renamed(parent: RunFolder, start: Path) -> None:
    renamed = read_renamed(parent.folder)
    if renamed is not None:
        write_renamed(start, renamed)


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


def seen_pictures(parent: RunFolder, manifest: Manifest) -> Problem | None:
    """A warning where the weights of `parent` have learned pictures that the new run holds back: it looks better than it
    is."""
    try:
        entries = read_manifest(parent.manifest_path).split("train")
    except ProblemError as problem_error:
        text = Text("It is not known whether the run {run} was trained on pictures that the new run holds out. {reason}",
                    "No se sabe si el entrenamiento {run} se hizo con imágenes que el nuevo reserva. {reason}")
        return warning("seen_pictures", text.fill(run=parent.id, reason=problem_error.problems[0].text), "dataset")
    learned = {entry.hash or entry.path for entry in entries}
    counts = {split: sum((entry.hash or entry.path) in learned for entry in manifest.split(split))
              for split in ("validation", "test")}
    if not any(counts.values()):
        return None
    text = Text("The run {run} was trained on pictures that the new run holds out: validation {validation:,}, test {test:,}. "
                "The metrics on them will look better than they should.",
                "El entrenamiento {run} se hizo con imágenes que el nuevo reserva: validación {validation:,}, prueba {test:,}. "
                "Las métricas con ellas parecerán mejores de lo debido.")
    return warning("seen_pictures", text.fill(run=parent.id, **counts), "dataset")
