"""A project with everything that a training script sets."""

from __future__ import annotations

from math import ceil
from typing import Any

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.dataset import SplitFolders
from cnnstudio.core.item import Item
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage, TrainingSpec
from cnnstudio.interchange.foreign import with_foreign_network, without_node
from cnnstudio.interchange.script.model import Script, StageSettings

replace = msgspec.structs.replace


def with_script_data(project: Project, script: Script) -> Project:
    """The project with how the script reads and divides its pictures."""
    dataset = project.dataset
    if script.printed is not None:
        printed = script.printed.dataset
        return replace(project, dataset=replace(printed, source=dataset.source, joined=dataset.joined,
                                                source_classes=dataset.source_classes))
    fields = dict(script.dataset)
    folders = fields.pop("split_folders", None)
    if folders is not None:
        fields["split_folders"] = SplitFolders(**folders)
    if script.splits:
        fields["splits"] = replace(dataset.splits, **script.splits)
    return replace(project, dataset=replace(dataset, **fields))


def with_script(project: Project, script: Script, context: Context, class_names: tuple[str, ...], pictures: int) -> Project:
    """The project with the network, recipe, augmentation and training of a script; `pictures` are those of the training
    split. Its data settings are those of `with_script_data` already."""
    if script.printed is not None:
        return _with_printed(project, script, context)
    shape = {"height", "width", "color_mode"} if script.network.shape is not None else set()
    fields = {"crop": "none"} | {name: value for name, value in script.recipe.items() if name not in shape}
    recipe = replace(project.recipe, **fields)
    project = replace(project, recipe=recipe, augmentation=AugmentationSpec(steps=script.augmentation))
    project = with_foreign_network(project, replace(script.network, training={}), context)
    return replace(project, training=_training(script, class_names, pictures))


def _with_printed(project: Project, script: Script, context: Context) -> Project:
    """The project that printed the script; the network is that of the code, where the recipe's scaling is a layer."""
    assert script.printed is not None
    printed = script.printed
    network = script.network.unscaled
    first = next((node for node in network.nodes if node.id == "normalization" and node.type == RESCALING.id), None)
    if first is not None and printed.recipe.normalization not in ("none", "base"):
        network = without_node(network, first.id)
    foreign = replace(script.network, network=network, shape=None, normalization=printed.recipe.normalization, training={})
    project = replace(project, recipe=printed.recipe, augmentation=printed.augmentation)
    project = with_foreign_network(project, foreign, context)
    training = printed.training
    if script.stages and len(script.stages) == len(training.stages):
        # The code was changed: its numbers count.
        stages = tuple(replace(stage, **{name: value for name, value in (
            ("epochs", settings.epochs), ("optimizer", settings.optimizer)) if value is not None})
            for stage, settings in zip(training.stages, script.stages, strict=True))
        training = replace(training, stages=stages)
    return replace(project, training=training)


def _training(script: Script, class_names: tuple[str, ...], pictures: int) -> TrainingSpec:
    training = replace(TrainingSpec(), **script.training)
    if script.class_weights and all(0 <= number < len(class_names) for number in script.class_weights):
        weights = {class_names[number]: weight for number, weight in sorted(script.class_weights.items())}
        training = replace(training, class_weight="custom", class_weights=weights)
    if not script.stages:
        return training
    batches = max(1, ceil(pictures / training.batch_size))
    return replace(training, stages=tuple(_stage(settings, number, batches)
                                          for number, settings in enumerate(script.stages, start=1)))


def _stage(settings: StageSettings, number: int, batches: int) -> Stage:
    fields: dict[str, Any] = {"callbacks": settings.callbacks, "trainable_from": settings.trainable_from}
    if settings.epochs is not None:
        fields["epochs"] = settings.epochs
    if settings.optimizer is not None:
        fields["optimizer"] = settings.optimizer
    if settings.schedule is not None:
        counted = {name: tuple(round(item * batches) for item in value) if isinstance(value, tuple) else round(value * batches)
                   for name, value in settings.in_epochs.items()}
        fields["schedule"] = Item(type=settings.schedule.type, params=settings.schedule.params | counted)
    return Stage(id=f"stage_{number}", **fields)
