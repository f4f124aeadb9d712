"""The context of a network: what its layers depend on besides themselves."""

from __future__ import annotations

import msgspec

from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.core.project import Project


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Shape of the prepared pictures, the classes and the form of their labels, and the normalisation.

    `mean` and `deviation` of each channel (0 to 255) are for the normalisation "standardize". `bases` finds the
    pretrained bases, those in the project's folder as well.
    """

    height: int
    width: int
    channels: int
    class_count: int
    label_mode: str = "categorical"
    normalization: str = "zero_one"
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    bases: BaseResolver = BUILT_IN

    @property
    def output_units(self) -> int:
        """Units of the last layer: 1 for binary labels, else one a class."""
        return 1 if self.label_mode == "binary" else max(self.class_count, 1)

    @property
    def output_activation(self) -> str:
        return "sigmoid" if self.label_mode == "binary" else "softmax"

    @property
    def loss(self) -> str:
        """The loss that fits the label mode, in Keras's name."""
        return LOSS_OF[self.label_mode]


LOSS_OF = {
    "binary": "binary_crossentropy",
    "categorical": "categorical_crossentropy",
    "int": "sparse_categorical_crossentropy",
}


def context_of(project: Project, class_count: int, bases: BaseResolver) -> Context:
    """The context of a project whose pictures have that many classes; `bases` finds those of its folder."""
    recipe = project.recipe
    return Context(height=recipe.height, width=recipe.width, channels=recipe.channels, class_count=class_count,
                   label_mode=project.dataset.label_mode, normalization=recipe.normalization,
                   mean=recipe.mean, deviation=recipe.deviation, bases=bases)
