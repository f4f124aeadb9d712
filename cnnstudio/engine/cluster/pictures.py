"""The pictures of a training on a cluster: a rank's share of the shards in the storage."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.events import Notice
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.engine.cluster.ranks import local_devices
from cnnstudio.engine.pixels import Prepared
from cnnstudio.engine.progress import ThrottledProgress
from cnnstudio.engine.training.pictures import Pictures
from cnnstudio.workers.cluster.shards import Catalogue, Row, read_catalogue, read_rows, share_of
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.link import Link

_MEMORY_BYTES: Final = 2 << 30
"""Pixels up to this size are in memory, more of them in a file of this host."""


def shared_pictures(job: Train, link: Link) -> Pictures:
    """The share of this rank: of every epoch each rank shows as many. Raises ProblemError where shards are missing or
    damaged, or there are too few pictures."""
    catalogue = read_catalogue(Path(job.run_folder))
    rank, world = (0, 1) if job.group is None else (job.group.rank, job.group.world)
    devices = 1 if job.group is None else local_devices()
    train = share_of(catalogue.train, rank, world)
    shown = len(catalogue.train) // world // devices * devices
    measured = len(catalogue.validation) // world // devices * devices
    if not shown:
        raise ProblemError(_too_few(len(catalogue.train), world * devices))
    validation = share_of(catalogue.validation, rank, world)[:measured]
    rows = [*(catalogue.train[place] for place in train), *(catalogue.validation[place] for place in validation)]
    prepared = _prepared(Storage(job.storage), catalogue, rows, Path(job.cache), link)
    left_out = (len(catalogue.train) - shown * world, len(catalogue.validation) - measured * world)
    if any(left_out) and rank == 0:
        link.emit(Notice(problem=_left_out(*left_out)))
    counts = np.bincount([row.label for row in catalogue.train], minlength=len(catalogue.class_names))
    return Pictures(prepared, np.arange(len(train)), np.arange(len(train), len(rows)),
                    np.asarray([row.label for row in rows], np.int32), tuple(Path(row.hash) for row in rows),
                    catalogue.class_names, world=world, rank=rank, shown=shown, counts=tuple(counts.tolist()))


def _prepared(storage: Storage, catalogue: Catalogue, rows: Sequence[Row], cache: Path, link: Link) -> Prepared:
    shape = (len(rows), *catalogue.shape)
    if len(rows) * catalogue.row_bytes <= _MEMORY_BYTES:
        pixels = np.empty(shape, np.uint8)
    else:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, prefix="pixels-") as file:
            pixels = np.memmap(file, np.uint8, "w+", shape=shape)
    read_rows(storage, catalogue, rows, pixels, ThrottledProgress(link), link.check)
    return Prepared(catalogue.shape, np.dtype(np.uint8), np.arange(len(rows)), [row.hash for row in rows], pixels)


def _left_out(train: int, validation: int) -> Problem:
    text = Text("Left out so that the hosts have equally many pictures: {train} of training in each epoch, others each "
                "time; {validation} of validation.",
                "Quedan fuera para que los nodos tengan las mismas imágenes: {train} de entrenamiento en cada época, otras "
                "cada vez; {validation} de validación.")
    problem = warning("devices_remainder", text.fill(train=train, validation=validation), "training")
    return msgspec.structs.replace(problem, severity="info")


def _too_few(pictures: int, devices: int) -> Problem:
    text = Text("There are fewer training pictures ({n}) than devices on the hosts ({m}). Use fewer hosts.",
                "Hay menos imágenes de entrenamiento ({n}) que dispositivos en los nodos ({m}). Use menos nodos.")
    return error("devices_few_pictures", text.fill(n=pictures, m=devices), "training")
