"""The FindBatch job: steps with growing batches until the memory is used up, then between the last two sizes."""

from __future__ import annotations

import gc
import math
from pathlib import Path
from typing import Any, Final

import keras
import msgspec

from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.params import Int, find_param
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.core.training import TRAINING_PARAMS, Stage
from cnnstudio.core.trial_jobs import BatchTried, FindBatch
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import features
from cnnstudio.engine.building import Built, build, compile_model, set_trainable
from cnnstudio.engine.environment import on_gpu
from cnnstudio.engine.memory import forget_gpu_peak, gpu_peak
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.training.pictures import make_sources, usable_pictures
from cnnstudio.engine.trial import run_steps, sample_of, spread, usable_entries
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.batch_answers import found_in
from cnnstudio.workers.link import Link
from cnnstudio.workers.memory import MEGABYTE, PeakWatch, available_memory, resident_memory
from cnnstudio.workers.trouble import is_out_of_memory

_MARGIN: Final = 0.15
"""This share of the free memory stays for the system and other programs."""
_SMALLEST: Final = 8
_EXACT: Final = 16
"""The search ends when the sizes differ by less than a sixteenth."""
_MOST_TRIED: Final = 40
_SECONDS: Final = 0.7
_MOST_BATCHES: Final = 60
"""How long, and for how many batches at most, the speed of a size is measured."""


def find_batch(job: FindBatch, link: Link) -> Event:
    """Do the job: BatchTried events and a BatchFound. Raises ProblemError (no_batch_fits) and StopRequested."""
    project, folder = job.project, Path(job.project_folder)
    cache = Path(job.cache) if job.cache else cache_folder()
    manifest = read_located(Path(job.manifest), folder)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(folder))
    count = len(usable_entries(manifest, "train"))
    phase(link, "preparing")
    found = usable_pictures(project, sample_of(manifest, 1, project.training.seed), cache, link)
    pictures = spread(found, count, 0)
    phase(link, "building")
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context, precision=project.training.precision)
    stage, model = _hardest(project, built, context.bases, count)
    held = found.prepared
    if model is not built.model:
        cut = features.find_cut(project, built, stage.trainable_from)
        assert cut is not None
        held, _engine = features.compute(cut, held, project, cache, link)
        model = cut.head
    compile_model(model, project, context, stage, 1)

    def take_steps(size: int) -> float:
        """Pictures per second of real steps with that size."""
        own = msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, batch_size=size))
        source, _none = make_sources(own, context, pictures, held, augment=model is built.model)
        # A smaller last batch would be compiled anew.
        wanted = min(job.steps, max(1, source.pictures // size))
        run_steps(model, source, 1, link, lambda moments: len(moments) >= wanted)
        seconds, batches = 0.0, 0
        while seconds < _SECONDS and batches < _MOST_BATCHES:
            steps = run_steps(model, source, 2 + batches, link, lambda moments: len(moments) >= wanted)
            seconds += steps.moments[-1] - steps.begin
            batches += len(steps.moments)
        return batches * size / max(1e-9, seconds)

    phase(link, "measuring")
    setting = find_param(TRAINING_PARAMS, "batch_size")
    most = int(setting.maximum) if isinstance(setting, Int) and setting.maximum is not None else count
    search = _Search(job, take_steps, link, min(count, most))
    search.run()
    limit = "memory" if search.too_large is not None else "pictures" if count <= most else "setting"
    result = found_in(search.tried, limit, None if search.budget is None else search.budget / MEGABYTE)
    if result is None:
        text = Text("Not even one picture per batch fits into the memory. Use smaller pictures or a smaller network.",
                    "Ni siquiera cabe una imagen por lote en la memoria. Use imágenes más pequeñas o una red más pequeña.")
        raise ProblemError(error("no_batch_fits", text, "training", field="batch_size"))
    link.emit(result)
    return Finished()


def _hardest(project: Any, built: Built, bases: Any, count: int) -> tuple[Stage, Any]:
    """The stage that needs the most memory, which is the one where most weights learn; all stages have the same batches. With
    the model that it trains: None stands for a head whose features are kept."""
    def load(stage: Stage) -> tuple[bool, int]:
        set_trainable(built, project.network, bases, stage.trainable_from)
        cut = features.find_cut(project, built, stage.trainable_from)
        whole = cut is None or not features.fits(cut, count)
        return whole, sum(math.prod(weight.shape) for weight in built.model.trainable_variables)

    loads = {stage.id: load(stage) for stage in project.training.stages}
    stage = max(project.training.stages, key=lambda item: loads[item.id])
    set_trainable(built, project.network, bases, stage.trainable_from)
    return stage, built.model if loads[stage.id][0] else None


class _Search:
    """Doubles the batch until it does not fit, then halves the distance. `budget` are the bytes that the process may take; None
    on a graphics card, where the backend's own error says it."""

    def __init__(self, job: FindBatch, take_steps: Any, link: Link, most: int) -> None:
        self._take_steps, self._link, self._most = take_steps, link, most
        self._progress = ThrottledProgress(link, "steps")
        self.budget: float | None = None
        if not on_gpu():
            free = job.memory_mb * MEGABYTE if job.memory_mb is not None else available_memory() * (1 - _MARGIN)
            # What the libraries take belongs to it where the user says how much there is.
            self.budget = free if job.memory_mb is not None else resident_memory() + free
        self.tried: list[BatchTried] = []
        self.too_large: int | None = None
        self._peaks: list[tuple[int, float]] = []
        self._over: tuple[int, float] | None = None
        """The smallest size whose steps took more than the budget, and how much."""

    def run(self) -> None:
        """Try sizes until the largest is known to a sixteenth, or exactly where it is small."""
        size, low = min(_SMALLEST, self._most), 0
        while len(self.tried) < _MOST_TRIED:
            self._link.check()
            if self._fits(size):
                low = size
                if size == self._most:
                    return
            else:
                self.too_large = size
            if self.too_large is None:
                size = min(self._most, 2 * size)
            elif self.too_large - low <= max(1, low // _EXACT):
                return
            else:
                size = low + (self.too_large - low) // 2

    def _fits(self, size: int) -> bool:
        expected = self._expected(size)
        if self.budget is not None and expected is not None and expected > self.budget:
            # Nothing is run that would bring the computer to its limits.
            self._note(size, False, expected)
            return False
        gc.collect()
        forget_gpu_peak()
        watch = PeakWatch()
        try:
            with watch.watching():
                speed = self._take_steps(size)
        except Exception as exception:
            if not is_out_of_memory(exception):
                raise
            self._note(size, False, watch.peak)
            return False
        on_card = gpu_peak()
        peak = float(watch.peak if on_card is None else on_card)
        if self._over is not None and on_card is None and expected is not None:
            # A process keeps the memory of the size that was too large: what this one needs lies between its neighbours.
            peak = expected
        if self.budget is not None and peak > self.budget:
            self._over = (size, peak)
            self._note(size, False, peak)
            return False
        self._peaks.append((size, peak))
        self._note(size, True, peak, speed)
        return True

    def _expected(self, size: int) -> float | None:
        """The memory of a larger size, by the growth between the two largest so far, or up to one that was too large."""
        known = sorted(self._peaks)[-2:]
        if self._over is not None and known:
            known = [known[-1], self._over]
            (small, less), (large, more) = known
            return less + (more - less) / (large - small) * (size - small)
        if len(known) < 2 or size <= known[1][0]:
            return None
        (small, less), (large, more) = known
        return more + max(0.0, more - less) / (large - small) * (size - large)

    def _note(self, size: int, fits: bool, peak: float, speed: float = 0.0) -> None:
        told = BatchTried(batch_size=size, fits=fits, memory_mb=peak / MEGABYTE, pictures_per_second=speed)
        self.tried.append(told)
        self._link.emit(told)
        self._progress(len(self.tried), max(len(self.tried), math.ceil(math.log2(max(2, self._most / _SMALLEST))) + 1))
