"""The Forecast job: some real steps of every stage, and what the whole training will take by them."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.item import Step
from cnnstudio.core.places import cache_folder
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.core.trial_jobs import Forecast, Forecasted, StageForecast
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import features, stored_rows
from cnnstudio.engine.batches import AHEAD, BatchSource
from cnnstudio.engine.building import Built, build, compile_model, compile_to_keep, set_trainable
from cnnstudio.engine.environment import device_name
from cnnstudio.engine.memory import gpu_peak
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.models import save_model
from cnnstudio.engine.pixels import Prepared
from cnnstudio.engine.progress import phase
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.checkpoints import MOST_KEPT, Position, write_checkpoint
from cnnstudio.engine.training.feed import Feed
from cnnstudio.engine.training.pictures import Pictures, make_sources, usable_pictures
from cnnstudio.engine.trial import run_steps, sample_of, spread, usable_entries
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link
from cnnstudio.workers.memory import MEGABYTE, available_memory, peak_memory

_WARM_BATCHES: Final = 3
_FEW_FEATURES: Final = 16
"""The first features are computed apart: the base is converted then."""
_LONGEST: Final = 4
"""Batches that were made ahead must be used up before the speed shows; that may take so many times the wanted seconds."""


class _Trial(NamedTuple):
    """What the stages need."""

    project: Project
    context: Context
    built: Built
    pictures: Pictures
    cache: Path
    names: list[str]
    """Content hashes of all pictures of the training; "" for those that were not prepared yet."""
    seconds: float
    link: Link


class _Stage(NamedTuple):
    """A stage that was tried: its forecast, the optimizer with its state, the variables that checkpoints keep, bytes of
    features that are still to be written, of rows that the training will read besides those of the sample, and of memory that
    only computing features took where the training will find them all."""

    forecast: StageForecast
    optimizer: Any
    saved: list[Any]
    to_write: int
    unread: int
    not_again: int
    steps: int


def forecast(job: Forecast, link: Link) -> Event:
    """Do the job: a Forecasted event. Raises ProblemError and StopRequested."""
    loading = _loading_seconds()
    project, folder = job.project, Path(job.project_folder)
    cache = Path(job.cache) if job.cache else cache_folder()
    manifest = read_located(Path(job.manifest), folder)
    entries = [*usable_entries(manifest, "train"), *usable_entries(manifest, "validation")]
    count = len(entries)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(folder))
    phase(link, "preparing")
    names = stored_rows.pixel_names([manifest.path(entry) for entry in entries], project.recipe, cache)
    missing = names.count("")
    begin = time.perf_counter()
    sample = sample_of(manifest, project.training.batch_size, project.training.seed)
    fresh = stored_rows.pixel_names([sample.path(entry) for entry in sample.entries], project.recipe, cache).count("")
    found = usable_pictures(project, sample, cache, link)
    preparing = (time.perf_counter() - begin) * (missing / fresh if fresh else count / max(1, len(sample.entries)))
    row_bytes = int(np.prod(found.prepared.shape))
    pictures = spread(found, len(usable_entries(manifest, "train")), len(usable_entries(manifest, "validation")))
    phase(link, "building")
    begin = time.perf_counter()
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context, precision=project.training.precision)
    building = time.perf_counter() - begin
    phase(link, "measuring")
    trial = _Trial(project, context, built, pictures, cache, names, job.seconds, link)
    stages = [_try_stage(trial, stage) for stage in project.training.stages]
    phase(link, "saving")
    last = stages[-1]
    checkpoint, model, saving = _written(project, context, built, last)
    checkpoints = checkpoint * min(MOST_KEPT, max(1, last.forecast.epochs))
    to_cache = max(0, missing - fresh) * row_bytes + sum(stage.to_write for stage in stages)
    # The pages of a mapped file count as resident until another program needs the memory.
    unread = min(max((stage.unread for stage in stages), default=0), available_memory())
    memory = peak_memory() - sum(stage.not_again for stage in stages) + unread
    on_card = gpu_peak()
    start = loading + preparing + building
    told = tuple(stage.forecast for stage in stages)
    epochs = max(1, project.training.epochs)
    result = Forecasted(
        stages=told, seconds_per_epoch=sum(item.seconds_per_epoch * item.epochs for item in told) / epochs,
        total_seconds=0.0, start_seconds=start, end_seconds=saving, memory_mb=memory / MEGABYTE,
        disk_mb=(checkpoints + model + to_cache) / MEGABYTE, checkpoints_mb=checkpoints / MEGABYTE,
        model_mb=model / MEGABYTE, cache_mb=to_cache / MEGABYTE,
        gpu_memory_mb=None if on_card is None else on_card / MEGABYTE, steps=sum(stage.steps for stage in stages),
        device=device_name(), key=job.key)
    link.emit(msgspec.structs.replace(result, total_seconds=result.seconds_for(epochs)))
    return Finished()


def _loading_seconds() -> float:
    """How long this process took to load its libraries; 0 for one that had them loaded before it was needed."""
    import psutil

    passed, computed = time.time() - psutil.Process().create_time(), time.process_time()
    return passed if passed < 2 * computed + 5 else 0.0


def _try_stage(trial: _Trial, stage: Stage) -> _Stage:
    project, built, link = trial.project, trial.built, trial.link
    begin = time.perf_counter()
    set_trainable(built, project.network, trial.context.bases, stage.trainable_from)
    model, held = built.model, trial.pictures.prepared
    saved = snapshots.weights_of(model)
    cut = features.find_cut(project, built, stage.trainable_from)
    if cut is not None and not features.fits(cut, len(trial.names)):
        cut = None
    waiting, to_write, not_again = 0.0, 0, 0
    if cut is not None:
        begin_features, before = time.perf_counter(), peak_memory()
        held, waiting, to_write = _features(trial, cut)
        if not to_write:
            not_again = peak_memory() - before
        begin += time.perf_counter() - begin_features
        model = cut.head
        saved = snapshots.weights_of(model)
    train, validation = make_sources(project, trial.context, trial.pictures, held, augment=cut is None)
    compile_model(model, project, trial.context, stage, len(train))
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    preparing = time.perf_counter() - begin
    timed = _epoch(model, train, trial.seconds, link)
    checked, first_check = _validation(model, validation, project.training.batch_size)
    begin = time.perf_counter()
    snapshots.copy_weights(saved)
    copying = time.perf_counter() - begin
    row = int(np.prod(held.shape)) * np.dtype(held.dtype).itemsize
    return _Stage(
        StageForecast(id=stage.id, epochs=stage.epochs, seconds_per_epoch=timed.seconds, validation_seconds=checked + copying,
                      start_seconds=preparing + timed.compiling + first_check, feature_seconds=waiting,
                      kept_features=cut is not None),
        model.optimizer, saved, to_write, max(0, len(trial.names) - len(held.good)) * row, not_again,
        timed.steps)


class _Timed(NamedTuple):
    seconds: float
    compiling: float
    steps: int


def _epoch(model: Any, source: BatchSource, wanted: float, link: Link) -> _Timed:
    """Seconds of an epoch: whole epochs where they are short, else from the time of a batch. The first batches, in which the
    step is compiled, count apart."""
    ahead = max(_WARM_BATCHES, AHEAD * source.batches_together)

    def enough(moments: list[float]) -> bool:
        passed = moments[-1] - moments[0]
        # What is nearly over is measured as a whole.
        if 2 * len(moments) >= len(source) and passed < 3 * wanted:
            return False
        return passed > _LONGEST * wanted or (passed > wanted and len(moments) > 2 * ahead)

    first = run_steps(model, source, 1, link, enough)
    steps = len(first.moments)
    if not first.complete:
        # Those that lay ready say how quick the device is, not how quickly they are made.
        start = min(ahead, steps // 2)
        batch = (first.moments[-1] - first.moments[start]) / (steps - 1 - start)
        return _Timed(batch * len(source), first.moments[0] - first.begin, steps)
    times: list[float] = []
    while sum(times) < wanted and len(times) < 5:
        again = run_steps(model, source, 2 + len(times), link, lambda _moments: False)
        times.append(again.moments[-1] - again.begin)
        steps += len(again.moments)
    seconds = statistics.median(times)
    return _Timed(seconds, max(0.0, first.moments[-1] - first.begin - seconds), steps)


def _validation(model: Any, source: BatchSource | None, batch_size: int) -> tuple[float, float]:
    """Seconds of a validation, and what the first one takes longer."""
    if source is None:
        return 0.0, 0.0
    part = source.shortened(max(512, 8 * batch_size))

    def once() -> float:
        begin = time.perf_counter()
        feed = Feed(part)
        try:
            model.evaluate(feed, verbose=0)
        finally:
            feed.close()
        return time.perf_counter() - begin

    first, again = once(), once()
    return again * source.pictures / part.pictures, max(0.0, first - again)


def _features(trial: _Trial, cut: features.Cut) -> tuple[Prepared, float, int]:
    """Features of the sample, the seconds that those of the others will take, and the bytes that will be written."""
    prepared, project = trial.pictures.prepared, trial.project
    kept = features.kept_names(cut, project.recipe, trial.cache)
    row_bytes = 4 * int(np.prod(cut.base.output_shape[1:]))
    good = prepared.good
    few = np.full(len(prepared.rows), -1, np.int64)
    few[good[:_FEW_FEATURES]] = prepared.rows[good[:_FEW_FEATURES]]
    features.compute(cut, replace(prepared, rows=few), project, trial.cache, trial.link)
    before = {prepared.names[index] for index in good[:_FEW_FEATURES].tolist()} | kept
    fresh = sum(prepared.names[index] not in before for index in good.tolist())
    begin = time.perf_counter()
    held, _engine = features.compute(cut, prepared, project, trial.cache, trial.link)
    passed = time.perf_counter() - begin
    missing = sum(name not in kept for name in trial.names)
    left = max(0, missing - sum(prepared.names[index] not in kept for index in good.tolist()))
    return held, left * passed / fresh if fresh else 0.0, left * row_bytes


def _written(project: Project, context: Context, built: Built, last: _Stage) -> tuple[int, int, float]:
    """Bytes of a checkpoint and of the model, and the seconds to write both at the end; with all copies of the weights that a
    training holds meanwhile."""
    begin = time.perf_counter()
    # Not in the cache: a run lies where the projects are, and so do temporary files of most systems.
    place = Path(tempfile.mkdtemp(prefix="cnnstudio-forecast-"))
    try:
        groups = {"model": snapshots.copy_weights(last.saved), "optimizer": snapshots.copy_weights(last.optimizer.variables)}
        if any(_keeps_best(step) for step in project.training.last_stage.callbacks):
            groups["best"] = snapshots.copy_weights(last.saved)
        checkpoint = write_checkpoint(place, Position(), groups).stat().st_size
        compile_to_keep(built.model, project, context, last.optimizer)
        card = Card(recipe=project.recipe, class_names=("",) * context.class_count, label_mode=project.dataset.label_mode)
        save_model(built.model, place / "model.keras", card)
        return checkpoint, (place / "model.keras").stat().st_size, time.perf_counter() - begin
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _keeps_best(step: Step) -> bool:
    return step.enabled and bool(step.params.get("restore_best_weights"))


