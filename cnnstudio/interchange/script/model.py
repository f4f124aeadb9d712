"""What a training script says: the settings of a project, and each of its settings that was taken over or not."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.item import Item, Step
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.settings_comment import PrintedSettings
from cnnstudio.interchange.python_source.source import SourceNetwork

Area = Literal["data", "recipe", "augmentation", "network", "training"]
AREAS: Final[dict[Area, Text]] = {
    "data": Text("Pictures", "Imágenes"), "recipe": Text("Recipe", "Receta"),
    "augmentation": Text("Augmentation", "Aumento de datos"), "network": Text("Network", "Red"),
    "training": Text("Training", "Entrenamiento"),
}


class ScriptItem(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of a script: its line (0 where it has none) and place in words, and what became of it."""

    line: int
    place: Text
    area: Area
    text: Text
    taken: bool


class StageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One `compile` and `fit`, or one training loop; None where the script does not say.

    `in_epochs` are parameters of the schedule that the script counts in epochs and the program in batches; `trainable` is
    whether the bases learn: a freeze line, "" as in the network.
    """

    epochs: int | None = None
    optimizer: Item | None = None
    schedule: Item | None = None
    in_epochs: dict[str, float | tuple[float, ...]] = {}
    trainable_from: str = ""
    callbacks: tuple[Step, ...] = ()


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A training script. `folders` are those of its pictures as it writes them, the one with the training pictures first;
    `dataset`, `recipe` and `training` are fields of the specs; `class_weights` are by the number of the class."""

    network: SourceNetwork
    folders: tuple[str, ...] = ()
    dataset: dict[str, Any] = {}
    splits: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    augmentation: tuple[Step, ...] = ()
    training: dict[str, Any] = {}
    stages: tuple[StageSettings, ...] = ()
    class_weights: dict[int, float] = {}
    items: tuple[ScriptItem, ...] = ()
    printed: PrintedSettings | None = None
    """The settings of a project that printed the script; `stages` then are those of changed code."""

    @property
    def taken(self) -> tuple[ScriptItem, ...]:
        return tuple(item for item in self.items if item.taken)

    @property
    def left(self) -> tuple[ScriptItem, ...]:
        """What was not taken over."""
        return tuple(item for item in self.items if not item.taken)
