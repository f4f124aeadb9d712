"""A new project with the defaults that an expert would choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.class_names import looks_like_characters
from cnnstudio.catalog.layers.core import FLATTEN
from cnnstudio.catalog.layers.regularization import DROPOUT
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates import TEMPLATES, Template
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.item import Step
from cnnstudio.core.network import BASE, INPUT, OUTPUT
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import CHANNELS, RecipeSpec
from cnnstudio.core.training import Stage, TrainingSpec, with_settings

replace = msgspec.structs.replace


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a collection: its classes, and the median size of its pictures (0 if unknown)."""

    classes: tuple[str, ...] = ()
    median_height: int = 0
    median_width: int = 0
    grey: bool = False


def automatic_start(facts: Facts) -> tuple[str, str]:
    """The template or the base that suits these pictures; the other one is empty."""
    small = 0 < max(facts.median_height, facts.median_width) <= 40
    return ("lenet5" if facts.grey else "small_cnn", "") if small else ("", "efficientnet_lite0")


def new_project(name: str, source: str, facts: Facts, template: str = "", base: str = "") -> Project:
    """A project ready to train; raises KeyError for an unknown template or base.

    Without a choice: the bundled base for photos, LeNet-5 for small grey pictures.
    """
    if not template and not base:
        template, base = automatic_start(facts)
    project = Project(name=name, dataset=DatasetSpec(
        source=source, label_mode="binary" if len(facts.classes) == 2 else "categorical"))
    if not base:
        return with_template(project, TEMPLATES[template], facts)
    entry = BASES.find(base)
    if entry is None:
        raise KeyError(base)
    return with_base(project, entry)


def with_base(project: Project, base: Base, ends_at: str = "all") -> Project:
    """The base, frozen, at its own size and scaling, with a small head that learns.

    A custom base exported by this program has the recipe of its pictures.
    """
    own = base.own
    builder = network_builder()
    builder.add(INPUT)
    builder.add(BASE, **(base.params | ({"ends_at": ends_at} if ends_at != "all" else {})))
    if own is not None and own.flattened:
        builder.add(FLATTEN.id)
    builder.add(DROPOUT.id, rate=0.2)
    builder.add(OUTPUT)
    height, width = base.size
    mode = next(mode for mode, count in CHANNELS.items() if count == base.channels)
    prepared = own.recipe if own is not None and own.recipe is not None else project.recipe
    if prepared.sample_range == "type":
        prepared = replace(prepared, **project.recipe.sample_part())
    recipe = replace(prepared, height=height, width=width, color_mode=mode, normalization="base", mean=(), deviation=(),
                     measured="")
    training = with_settings(TrainingSpec(), seed=project.training.seed, backend=project.training.backend,
                             device=project.training.device, epochs=30)
    network = builder.network(base.id if own is None else own.file)
    return replace(project, recipe=recipe, network=network, augmentation=AugmentationSpec(), training=training)


def with_template(project: Project, template: Template, facts: Facts) -> Project:
    """The template's network with its recipe, augmentation and training."""
    settings: dict[str, Any] = dict(template.recipe)
    if template.adapts:
        settings |= _adapt_recipe(settings, facts, template.minimum_size)
    recipe = replace(RecipeSpec(), background=project.recipe.background, fit=project.recipe.fit,
                     **project.recipe.sample_part(), **settings)
    training = with_settings(TrainingSpec(), seed=project.training.seed, backend=project.training.backend,
                             device=project.training.device, **_settings(template.training))
    return replace(project, recipe=recipe, network=template.network(), training=training,
                   augmentation=AugmentationSpec(steps=light_augmentation(facts.classes)))


def _settings(raw: dict[str, Any]) -> dict[str, Any]:
    """A template's settings of the training, as the types of the spec."""
    types = {field.name: field.type for spec in (TrainingSpec, Stage) for field in msgspec.structs.fields(spec)}
    return {name: msgspec.convert(value, types[name]) for name, value in raw.items()}


def _adapt_recipe(recipe: dict[str, Any], facts: Facts, minimum: int) -> dict[str, Any]:
    """Small pictures are not enlarged more than the network needs; grey ones stay grey."""
    size = min(facts.median_height, facts.median_width)
    result: dict[str, Any] = {}
    if 0 < size < min(recipe["height"], recipe["width"]):
        result |= {"height": max(facts.median_height, minimum), "width": max(facts.median_width, minimum)}
    if facts.grey:
        result["color_mode"] = "grayscale"
    return result


def light_augmentation(classes: Sequence[str]) -> tuple[Step, ...]:
    """The light preset; a mirror only where it cannot turn a sign into another."""
    return tuple(step for step in AUGMENTATION_PRESETS["light"].steps
                 if step.type != "random_flip" or not looks_like_characters(classes))


