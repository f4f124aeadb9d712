"""The Train job: from a run folder to its model."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import keras
import msgspec

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.events import Artifact, Event, Finished, Notice, Stopped
from cnnstudio.core.jobs import Train
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import Measured
from cnnstudio.datasets.manifest import Manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import environment
from cnnstudio.engine.building import (
    Built,
    build,
    compile_to_keep,
    optimizer_of,
    set_trainable,
)
from cnnstudio.engine.cluster.agreement import Agreement
from cnnstudio.engine.cluster.pictures import shared_pictures
from cnnstudio.engine.cluster.ranks import check_group, local_devices, sharing_with_group
from cnnstudio.engine.devices import check_pictures, count_devices, normalize_together, sharing
from cnnstudio.engine.inference import convert_ahead
from cnnstudio.engine.memory import gpu_peak
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.models import Loaded, save_model
from cnnstudio.engine.progress import phase
from cnnstudio.engine.training.added_class import measure_change
from cnnstudio.engine.training.beginning import take_weights
from cnnstudio.engine.training.optimizer_copies import copy_optimizer
from cnnstudio.engine.training.pictures import usable_pictures
from cnnstudio.engine.training.plan import Plan
from cnnstudio.engine.training.salvage import save_from_checkpoint
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link, StopRequested
from cnnstudio.workers.memory import MEGABYTE, peak_memory
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.telemetry import Sampler


def train(job: Train, link: Link) -> Event:
    """Do the job; returns the last event. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    project = run.spec()
    manifest = read_located(run.manifest_path, run.project_folder, as_trained=True)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(run.project_folder))
    for problem in job.notices:
        link.emit(Notice(problem=problem))
    if job.group is not None:
        check_group(job.group)
        link.agree_by(Agreement(job.group))
    devices = count_devices(project.training) if job.group is None else job.group.world * local_devices()
    phase(link, "preparing")
    pictures = shared_pictures(job, link) if job.storage else usable_pictures(project, manifest, cache, link)
    phase(link, "building")
    keras.utils.set_random_seed(project.training.seed)
    card = Card(recipe=project.recipe, class_names=manifest.header.class_names, label_mode=project.dataset.label_mode,
                run=run.id)
    with sharing(devices) if job.group is None else sharing_with_group():
        check_pictures(len(pictures.train), len(pictures.validation))
        built = build(project.network, context, precision=project.training.precision)
        normalize_together(built.model)
        before = take_weights(run, built.model, manifest.header.class_names, link, tell=not job.resume)
        link.check()
        if not environment.is_deterministic():
            link.emit(Notice(problem=_not_deterministic()))
        plan = Plan(run, project, context, built, pictures, cache, link, card)
        finished = _run_plan(plan, run, job.resume, link)
    if not finished and link.stop is not None and not link.stop.keep:
        return Stopped(run=run.id, kept=False)
    phase(link, "saving")
    run.spec()  # raises where the run was removed meanwhile
    model = _save(run, project, context, card, built, plan.optimizer, alone=devices == 1)
    link.emit(Artifact(kind="model", path=str(run.model_path)))
    if job.convert:
        phase(link, "converting")
        convert_ahead(model, run.model_path, pictures.prepared.take(pictures.train[:8]), cache)
    if finished and before is not None and run.origin().added:
        _tell_change(run, before, Loaded(model, card, run.model_path), manifest, cache, link)
    link.emit(_measured(run))
    return (Finished if finished else Stopped)(run=run.id, metrics=plan.metrics)


def _run_plan(plan: Plan, run: RunFolder, resume: bool, link: Link) -> bool:
    """Whether the training went to its end. Raises ProblemError."""
    sampler = Sampler(link.emit)
    try:
        return plan.run(resume)
    except ProblemError:
        _keep_last_whole_epoch(run, link)
        raise
    finally:
        sampler.close()


def _tell_change(run: RunFolder, before: Loaded, after: Loaded, manifest: Manifest, cache: Path, link: Link) -> None:
    """Tell what a class more cost the others. The model is saved: neither a stop nor a failure takes it away."""
    phase(link, "evaluating")
    try:
        change = measure_change(before, after, manifest, run.origin().parent, cache, link)
    except StopRequested:
        return
    except ProblemError as problem_error:
        for problem in problem_error.problems:
            link.emit(Notice(problem=msgspec.structs.replace(problem, severity="warning")))
        return
    if change is not None:
        link.emit(change)


def _measured(run: RunFolder) -> Measured:
    """What the training took, for its forecast."""
    on_card = gpu_peak()
    files = [path for path in (run.model_path, *run.checkpoints.glob("*.ckpt")) if path.is_file()]
    return Measured(memory_mb=peak_memory() / MEGABYTE, disk_mb=sum(path.stat().st_size for path in files) / MEGABYTE,
                    gpu_memory_mb=None if on_card is None else on_card / MEGABYTE)


def _keep_last_whole_epoch(run: RunFolder, link: Link) -> None:
    """After a failure: the model of the last whole epoch can be evaluated, used and exported."""
    with contextlib.suppress(ProblemError):
        epoch = save_from_checkpoint(run)
        if epoch is None:
            return
        text = Text("The model of epoch {n} was kept and can be evaluated, used and exported.",
                    "Se conservó el modelo de la época {n}, que se puede evaluar, usar y exportar.")
        link.emit(Notice(problem=msgspec.structs.replace(warning("model_kept", text.fill(n=epoch), "run"), severity="info")))
        link.emit(Artifact(kind="model", path=str(run.model_path)))


def _save(run: RunFolder, project: Project, context: Context, card: Card, built: Built, optimizer: Any, alone: bool) -> Any:
    """Save the model with the state of the optimizer that trained it, also where that trained the head alone; returns the
    model that was saved. `alone`: one device trained it."""
    model = built.model
    if project.training.precision != "float32" or not alone:
        # The weights are in float32 anyway; evaluation and export need not handle the precision, nor several devices.
        plain = build(project.network, context, weights=False)
        set_trainable(plain, project.network, context.bases, project.training.last_stage.trainable_from)
        plain.model.set_weights(built.model.get_weights())
        model = plain.model
        if optimizer is not None:
            optimizer = copy_optimizer(optimizer, model, project.training.last_stage, project.training.accumulation)
    if optimizer is not None:
        compile_to_keep(model, project, context, optimizer)
    elif not model.compiled:
        compile_to_keep(model, project, context, optimizer_of(project.training.last_stage, project.training.accumulation))
    save_model(model, run.model_path, card)
    return model


def _not_deterministic() -> Problem:
    text = Text("Operations are not deterministic in this run ({device}): with the same seed, results can differ slightly, "
                "also after an interruption. The setting determinism=on makes them identical, but training slower.",
                "Las operaciones no son deterministas en este entrenamiento ({device}): con la misma semilla, los resultados "
                "pueden variar un poco, también tras una interrupción. El ajuste determinism=on los hace idénticos, pero el "
                "entrenamiento es más lento.")
    problem = warning("not_deterministic", text.fill(device=environment.device_name()), "training", field="determinism")
    return msgspec.structs.replace(problem, severity="info")
