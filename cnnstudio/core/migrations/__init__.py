"""Old project files, brought up to date as raw dictionaries, one numbered step each.

Format history:
1. The first format.
2. Joined sources, hidden classes, k-fold, thresholds of the audit.
3. Groups and notes of the network; more steps, augmentations, layers and a normalisation of the collection's own.
4. Stages of the training, each with epochs, optimizer and callbacks of its own; precision, accumulation, determinism.
5. Parameters of the loss.

A step to format N is a module `toN.py` with `migrate(raw: dict) -> dict`, listed in STEPS under N.
A golden file of every format stays in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cnnstudio.core.migrations import to2, to3, to4, to5

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Final[dict[int, Step]] = {2: to2.migrate, 3: to3.migrate, 4: to4.migrate, 5: to5.migrate}


def migrate(raw: dict[str, Any], to: int, steps: dict[int, Step] | None = None) -> dict[str, Any]:
    """`raw` (with its "format") brought to format `to`, through every step between."""
    chosen = STEPS if steps is None else steps
    for number in range(int(raw.get("format", 1)) + 1, to + 1):
        raw = chosen[number](raw) | {"format": number}
    return raw
