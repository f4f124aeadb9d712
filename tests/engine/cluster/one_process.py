"""Trains the run of a folder in one process, fed with the batches of all ranks side by side; writes its weights.

    python -m tests.engine.cluster.one_process RUN STORAGE WORLD TARGET.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core.jobs import Group, Train
from cnnstudio.engine.building import build, compile_model
from cnnstudio.engine.cluster.pictures import shared_pictures
from cnnstudio.engine.training.pictures import make_sources
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.runs.folder import RunFolder


class Silent:
    """A link that nobody listens to."""

    def emit(self, _event):
        pass

    def check(self):
        pass


def main(folder: Path, storage: str, world: int, target: Path) -> None:
    run = RunFolder(folder)
    project = run.spec()
    sources, names = [], ()
    for rank in range(world):
        job = Train(run_folder=str(folder), storage=storage, cache=str(target.parent / "cache"),
                    group=Group(rank=rank, world=world, coordinator=""))
        pictures = shared_pictures(job, Silent())
        names = pictures.class_names
        context = context_of(project, len(names), ProjectBases(run.project_folder))
        sources.append(make_sources(project, context, pictures, pictures.prepared, augment=True)[0])
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context)
    stage = project.training.last_stage
    compile_model(built.model, project, context, stage, len(sources[0]))
    for epoch in range(1, stage.epochs + 1):
        for batches in zip(*(source.epoch(epoch) for source in sources), strict=True):
            parts = [np.concatenate([batch[place] for batch in batches]) for place in (0, 1)]
            built.model.train_on_batch(*parts)
    np.savez(target, *built.model.get_weights())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
