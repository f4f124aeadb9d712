"""Resuming a run, also with other settings of its training."""

from __future__ import annotations

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.files import encode_project
from cnnstudio.core.jobs import Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_training
from cnnstudio.workers.job_setup import training_job
from cnnstudio.workers.runs import RunFolder

replace = msgspec.structs.replace


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
    problems = blocking(check_training(project, ProjectBases(run.project_folder)))
    if problems:
        raise ProblemError(*problems)
    lock = ProjectLock(run.folder)
    if lock.acquire() is not None:
        text = Text("The run {run} is being trained at the moment. Wait until it ends, or stop it first.",
                    "El entrenamiento {run} está en marcha. Espere a que termine o deténgalo antes.")
        raise ProblemError(error("run_in_use", text.fill(run=run.id), "run"))
    try:
        write_atomically(run.spec_path, encode_project(project))
    finally:
        lock.release()
    return training_job(run, project, resume=True)
