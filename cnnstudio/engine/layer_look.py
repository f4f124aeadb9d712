"""The MeasureLayers job: a look inside the layers of a finished model."""

from __future__ import annotations

from pathlib import Path

import keras

from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Event, Finished, LayersObserved
from cnnstudio.core.jobs import MeasureLayers
from cnnstudio.core.places import cache_folder
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import run_models
from cnnstudio.engine.building import build, compile_model, set_trainable
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.progress import phase
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.layer_measures import LayerMeasures
from cnnstudio.engine.training.layer_observer import sample
from cnnstudio.engine.training.layer_rows import layer_rows
from cnnstudio.engine.training.pictures import make_sources, usable_pictures
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder


def measure_layers(job: MeasureLayers, link: Link) -> Event:
    """Do the job: a LayersObserved event, in which no update is measured. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    project = run.spec()
    phase(link, "loading")
    loaded = run_models.load(run.folder).model
    manifest = read_located(run.manifest_path, run.project_folder)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(run.project_folder))
    phase(link, "preparing")
    pictures = usable_pictures(project, manifest, cache, link)
    phase(link, "building")
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context, weights=False)
    stage = project.training.last_stage
    set_trainable(built, project.network, context.bases, stage.trainable_from)
    snapshots.assign(built.model.weights, [numpy_of(weight) for weight in loaded.weights], "model")
    train, _validation = make_sources(project, context, pictures, pictures.prepared, augment=True)
    compile_model(built.model, project, context, stage, len(train))
    link.check()
    phase(link, "looking")
    rows = layer_rows(built, project.network, built.model, built.tensors, job.rows)
    measures = LayerMeasures(built.model, rows, *sample(pictures, pictures.prepared, train, project.training.seed))
    last = run.summary().metrics.get("epoch", len(run.epochs()))
    link.emit(LayersObserved(epoch=int(last), batch=0, layers=measures.states(), pictures=measures.pictures,
                             stage=max(0, len(project.training.stages) - 1)))
    return Finished(run=run.id)
