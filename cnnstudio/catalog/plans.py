"""The registry of training plans of a network with a pretrained base: which stages, and what of the base learns in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.core.training import Stage


class TrainingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Stages that begin with the settings of the first one that is there.

    `stages(first, line, last_id)` makes them; `line` is the value of `trainable_from` from which the base learns where it
    does, `last_id` an id that is free. `learns`: whether the base learns in one of them.
    """

    id: str
    label: Text
    help: Text
    stages: Callable[[Stage, str, str], tuple[Stage, ...]]
    learns: bool = False


_SLOWER: Final = 100
"""By how much the rate of fine-tuning is lower: 1e-3 for the head and 1e-5 for the base, as Keras's own guide has it
(https://keras.io/guides/transfer_learning/)."""
_TUNING_EPOCHS: Final = 20


def _head(first: Stage, _line: str, _last_id: str) -> tuple[Stage, ...]:
    return (msgspec.structs.replace(first, trainable_from="none", base_rate_factor=1.0),)


def _fine_tuning(first: Stage, line: str, last_id: str) -> tuple[Stage, ...]:
    (head,) = _head(first, line, last_id)
    rate = first.optimizer.params.get("learning_rate", 0.001)
    optimizer = msgspec.structs.replace(first.optimizer, params=first.optimizer.params | {"learning_rate": rate / _SLOWER})
    return head, msgspec.structs.replace(head, id=last_id, epochs=_TUNING_EPOCHS, optimizer=optimizer, schedule=None,
                                         trainable_from=line)


PLANS: Final[Registry[TrainingPlan]] = Registry("plan", (
    TrainingPlan(
        id="head", label=Text("Head only", "Solo la cabeza"), stages=_head,
        help=Text("One stage: the base is frozen, and the layers after it learn on its features.",
                  "Una etapa: la base está congelada y las capas posteriores aprenden con sus características.")),
    TrainingPlan(
        id="fine_tuning", label=Text("Head, then fine-tuning", "Cabeza y después ajuste fino"), stages=_fine_tuning,
        learns=True,
        help=Text("Two stages: first the layers after the frozen base learn on its features, then the last part of the base "
                  "learns with them at a hundredth of the rate. Its batch normalisation stays in inference mode.",
                  "Dos etapas: primero aprenden las capas posteriores a la base congelada con sus características; después "
                  "aprende con ellas la última parte de la base, a una centésima de la tasa. Su normalización por lotes "
                  "permanece en modo de inferencia.")),
))
