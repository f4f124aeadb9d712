"""A project: everything the user decided, as one immutable value."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.audit import AUDIT_PARAMS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.dataset import DATASET_PARAMS, SPLIT_PARAMS, DatasetSpec
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import Param
from cnnstudio.core.recipe import RECIPE_PARAMS, RecipeSpec
from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS, TrainingSpec

FORMAT: Final = 5
"""Version of the file format; newer files are refused, older ones are migrated."""


class ExportSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The last choices of the Export page."""

    format: str = "bundle"
    samples: int = 3


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Dataset, recipe, augmentation, network, training and export settings."""

    name: str = ""
    dataset: DatasetSpec = DatasetSpec()
    recipe: RecipeSpec = RecipeSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    network: NetworkSpec = NetworkSpec()
    training: TrainingSpec = msgspec.field(default_factory=TrainingSpec)
    export: ExportSpec = ExportSpec()


PARAMS: Final[dict[str, tuple[Param, ...]]] = {
    "dataset": DATASET_PARAMS,
    "dataset.splits": SPLIT_PARAMS,
    "dataset.audit": AUDIT_PARAMS,
    "recipe": RECIPE_PARAMS,
    "training": TRAINING_PARAMS,
    "training.stages": STAGE_PARAMS,
}
"""Declarations of the plain fields, by the path of the spec or the list of specs that holds them."""
