"""The model of a run that did not end well: from its newest checkpoint with finite weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.engine import features
from cnnstudio.engine.building import build, compile_to_keep, optimizer_of, set_trainable
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.models import save_model
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.checkpoints import read_checkpoints
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.runs.folder import RunFolder


def save_from_checkpoint(run: RunFolder, project_folder: Path | None = None) -> int | None:
    """Write `model.keras` with the weights at the end of the last whole epoch that is kept and finite; returns the number of
    that epoch, or None where there is no such checkpoint.

    The weights are those of the network, or of the head alone where the base was frozen and its features kept. Raises
    ProblemError for a run that cannot be read, or a disk that is full. `project_folder` is that of the own bases, if the
    run does not lie in its project.
    """
    own_bases = ProjectBases(project_folder or run.project_folder)
    project = run.spec()
    for position, arrays in read_checkpoints(run.checkpoints):
        weights: Sequence[np.ndarray] = arrays.get("whole", []) if position.batch else arrays.get("model", [])
        if not weights or not position.epoch or not all(np.isfinite(array).all() for array in weights):
            continue
        manifest = read_manifest(run.manifest_path, as_trained=True)
        context = context_of(project, len(manifest.header.class_names), own_bases)
        # Evaluation and export need not handle the precision.
        built = build(project.network, context)
        stages = project.training.stages
        stage = stages[min(position.stage, len(stages) - 1)]
        set_trainable(built, project.network, context.bases, stage.trainable_from)
        variables = snapshots.weights_of(built.model)
        if not snapshots.fits(variables, weights):
            cut = features.find_cut(project, built, stage.trainable_from)
            variables = snapshots.weights_of(cut.head) if cut is not None else variables
        try:
            snapshots.assign(variables, weights, "model")
        except ProblemError:
            continue
        compile_to_keep(built.model, project, context, optimizer_of(stage, project.training.accumulation))
        save_model(built.model, run.model_path, Card(
            recipe=project.recipe, class_names=manifest.header.class_names, label_mode=project.dataset.label_mode, run=run.id))
        return position.epoch
    return None
