"""Settings of a training as the page calls them."""

from __future__ import annotations

import re
from typing import Final

from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS

_STAGE: Final = re.compile(r"^training\.(?:stages\.([^.]+)\.)?")


def setting_name(key: str, *, stage: bool = True) -> str:
    """The label of the field with that key ("training.seed"), with the stage that it belongs to if that is wanted; what is no
    field of the page keeps its key."""
    found = _STAGE.match(key)
    name = key[found.end():] if found is not None else key
    label = next((str(param.label) for param in (*TRAINING_PARAMS, *STAGE_PARAMS) if param.name == name), "")
    if found is None or not label:
        return key if stage else name
    return f"{label} · {found[1]}" if stage and found[1] else label
