"""Settings of a training as the page calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from cnnstudio.catalog.optimizers import OPTIMIZERS
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training.callbacks import CALLBACKS
from cnnstudio.catalog.training.losses import LOSSES
from cnnstudio.catalog.training.metrics import METRICS
from cnnstudio.core.text import Text
from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS

_STAGE: Final = re.compile(r"^training\.(?:stages\.([^.]+)\.)?")
_PART: Final = re.compile(r"^(optimizer|schedule|loss|callbacks|metrics)(?:\.(.+?))??(?:\.(type|enabled|params(?:\.(\w+))?))?$")
"""A component of the training, its id in a list, and what of it."""
_PARTS: Final[dict[str, tuple[Text, Iterable[Any]]]] = {
    "optimizer": (Text("Optimizer", "Optimizador"), OPTIMIZERS),
    "schedule": (Text("Learning rate schedule", "Programa de la tasa de aprendizaje"), SCHEDULES),
    "loss": (Text("Loss", "Pérdida"), LOSSES), "callbacks": (Text("Callback", "Callback"), CALLBACKS),
    "metrics": (Text("Metric", "Métrica"), METRICS)}


def setting_name(key: str, *, stage: bool = True) -> str:
    """The label of the field with that key ("training.seed"), with the stage that it belongs to if that is wanted; what is no
    field of the page keeps its key."""
    found = _STAGE.match(key)
    name = key[found.end():] if found is not None else key
    label = next((str(param.label) for param in (*TRAINING_PARAMS, *STAGE_PARAMS) if param.name == name), "")
    if found is not None and not label:
        label = _part_name(name)
    if found is None or not label:
        return key if stage else name
    return f"{label} · {found[1]}" if stage and found[1] else label


def _part_name(name: str) -> str:
    """The label of an optimizer, schedule, loss, callback or metric, or of a parameter of one; "" for others."""
    found = _PART.match(name)
    if found is None:
        return ""
    kind, identifier, _what, param = found.groups()
    label, entries = _PARTS[kind]
    # The key does not say which optimizer it is; a parameter of one name has one label.
    texts = (str(item.label) for entry in entries for item in entry.params if item.name == param)
    parts = [str(label), *([identifier] if identifier else []), *([next(texts, param)] if param else [])]
    return ": ".join(parts)
