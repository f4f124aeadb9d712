"""Resuming a run, also with other settings of its training or for more epochs."""

from __future__ import annotations

from typing import Final
from zipfile import is_zipfile

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.files import encode_frozen
from cnnstudio.core.jobs import Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_training
from cnnstudio.workers.job_setup import training_job
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import in_use_problem

replace = msgspec.structs.replace
MOST_EPOCHS: Final = 100_000


def resumed_job(run: RunFolder, project: Project) -> Train:
    """The job that continues a run with the settings of `project`, which become those of the run.

    Raises ProblemError where other things than the training and the augmentation differ from the run, or it is in use.
    """
    before = run.spec()
    if project == before:
        return training_job(run, before, resume=True)
    if replace(project, training=before.training, augmentation=before.augmentation) != before or (
            len(project.training.stages) != len(before.training.stages)):
        text = Text("A resumed run keeps its pictures, recipe, network and stages: only the settings of the training and of "
                    "the augmentation can be changed. To change anything else, start a new run.",
                    "Un entrenamiento que continúa conserva sus imágenes, su receta, su red y sus etapas: solo se pueden "
                    "cambiar los ajustes del entrenamiento y del aumento. Para cambiar lo demás, empiece un entrenamiento "
                    "nuevo.")
        raise ProblemError(error("other_run", text, "run", path=run.folder))
    _check_epochs(run, project)
    problems = blocking(check_training(project, ProjectBases(run.project_folder)))
    if problems:
        raise ProblemError(*problems)
    lock = ProjectLock(run.folder)
    if lock.acquire() is not None:
        raise ProblemError(in_use_problem(run))
    try:
        write_atomically(run.spec_path, encode_frozen(project))
    finally:
        lock.release()
    return training_job(run, project, resume=True)


def continued_job(run: RunFolder, more: int) -> Train:
    """The job that trains a run for `more` epochs: the same run goes on, with its optimizer, callbacks and random state.

    Raises ProblemError: it is in use, was never trained, was stopped in a stage before its last, or has no checkpoint.
    """
    return resumed_job(run, longer(run, more))


def longer(run: RunFolder, more: int) -> Project:
    """The project of a run as it is when its last stage has `more` epochs than were done. Raises ProblemError."""
    if not 1 <= more <= MOST_EPOCHS:
        text = Text("The number of further epochs must be from 1 to {most:,}, not {n}.",
                    "El número de épocas adicionales debe estar entre 1 y {most:,}, no {n}.")
        raise ProblemError(error("bad_epochs", text.fill(n=more, most=MOST_EPOCHS), "training", field="epochs"))
    project, epochs = run.spec(), run.epochs()
    if run.living():
        raise ProblemError(in_use_problem(run))
    stages = project.training.stages
    if not epochs:
        text = Text("The run {run} has not completed an epoch yet, so no epochs can be added to it. Resume it instead: "
                    "cnnstudio train PROJECT --resume {run}",
                    "El entrenamiento {run} aún no ha completado ninguna época, así que no se le pueden añadir más. Continúelo "
                    "con: cnnstudio train PROYECTO --resume {run}")
        raise ProblemError(error("nothing_done", text.fill(run=run.id), "run"))
    if epochs[-1].stage < len(stages) - 1:
        text = Text("The run {run} was stopped in stage {n} of {total}. Resume it first, so that its last stage is trained: "
                    "cnnstudio train PROJECT --resume {run}",
                    "El entrenamiento {run} se detuvo en la etapa {n} de {total}. Continúelo antes, para que se entrene su "
                    "última etapa: cnnstudio train PROYECTO --resume {run}")
        raise ProblemError(error("earlier_stage", text.fill(run=run.id, n=epochs[-1].stage + 1, total=len(stages)), "run"))
    if not any(is_zipfile(path) for path in run.checkpoints.glob("epoch-*.ckpt")):
        raise ProblemError(no_checkpoint_problem(run))
    done = sum(epoch.stage == epochs[-1].stage for epoch in epochs)
    last = replace(stages[-1], epochs=done + more)
    return replace(project, training=replace(project.training, stages=(*stages[:-1], last)))


def _check_epochs(run: RunFolder, project: Project) -> None:
    """Raise ProblemError (bad_epochs) where a stage has fewer epochs than were done of it."""
    for number, stage in enumerate(project.training.stages):
        done = sum(epoch.stage == number for epoch in run.epochs())
        if stage.epochs < done:
            text = Text("The run {run} has already completed {done:,} epochs of stage {stage}, so it cannot be shortened to "
                        "{n:,}. Choose a larger number, or start a new run.",
                        "El entrenamiento {run} ya ha completado {done:,} épocas de la etapa {stage}, así que no se puede "
                        "acortar a {n:,}. Elija un número mayor o empiece un entrenamiento nuevo.")
            raise ProblemError(error("bad_epochs", text.fill(run=run.id, done=done, stage=stage.id, n=stage.epochs), "training",
                                     field="epochs"))


def no_checkpoint_problem(run: RunFolder) -> Problem:
    """A run with whole epochs, and perhaps a model, that cannot go on: to start it anew would throw these away."""
    text = Text("The run {run} no longer has a complete checkpoint, so it cannot be resumed. Start a new run with its weights: "
                "cnnstudio train PROJECT --from {run}",
                "El entrenamiento {run} ya no tiene ningún punto de control completo, así que no se puede continuar. Empiece "
                "uno nuevo con sus pesos: cnnstudio train PROYECTO --from {run}")
    return error("no_checkpoint", text.fill(run=run.id), "run")
