"""The SharePictures job: the prepared pictures of a run as shards in the storage of a cluster, with their catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.cluster_jobs import SharePictures
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.places import cache_folder
from cnnstudio.datasets.manifest import Entry
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.workers.cluster.shards import CATALOGUE, Catalogue, Row, cut_in_shards, rows_for, send_shards
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

SPLITS = ("train", "validation")


def share_pictures(job: SharePictures, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    storage = Storage(job.storage)
    storage.check()
    project = run.spec()
    manifest = read_located(run.manifest_path, run.project_folder, as_trained=True)
    entries = [entry for entry in manifest.entries if entry.split in SPLITS and entry.label >= 0]
    phase(link, "preparing")
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], project.recipe,
                                Path(job.cache) if job.cache else cache_folder(),
                                progress=ThrottledProgress(link), check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    first = {prepared.names[index]: index for index in reversed(prepared.good.tolist())}
    recipe = project.recipe
    shape = (recipe.height, recipe.width, recipe.channels)
    groups = cut_in_shards(list(first), rows_for(int(np.prod(shape))))

    def rows(names: Sequence[str]) -> np.ndarray:
        return prepared.take(np.asarray([first[name] for name in names], np.int64))

    phase(link, "sending")
    shards, sent = send_shards(storage, groups, rows, ThrottledProgress(link), link.check)
    places = {name: (number, row) for number, group in enumerate(groups) for row, name in enumerate(group)}
    catalogue = Catalogue(shape=shape, shards=tuple(shards), class_names=tuple(manifest.header.class_names),
                          **{split: _rows(split, entries, prepared, places) for split in SPLITS})
    write_atomically(run.folder / CATALOGUE, msgspec.json.encode(catalogue))
    total = sum(shard.rows for shard in shards) * catalogue.row_bytes
    return Finished(run=run.id, metrics={"pictures": float(len(prepared.good)), "shards": float(len(shards)),
                                         "bytes": float(total), "sent": float(sent)})


def _rows(split: str, entries: Sequence[Entry], prepared: Prepared, places: dict[str, tuple[int, int]]) -> tuple[Row, ...]:
    rows = []
    for index in prepared.good.tolist():
        if entries[index].split == split:
            name = prepared.names[index]
            rows.append(Row(*places[name], entries[index].label, name))
    return tuple(rows)
