"""Whether two `.keras` files hold the same weights, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.interchange.own_base.weights import open_weights

_NOT_THE_MODEL: Final = ("optimizer", "metrics")
"""Groups at the top of the file that are no part of the network."""


def equal_weights(first: Path, second: Path) -> bool:
    """Whether the weights of both models are equal bit for bit, their optimizers left aside. Raises ProblemError for a file
    that cannot be read."""
    with open_weights(first) as one, open_weights(second) as other:
        names, others = _arrays(one), _arrays(other)
        return names.keys() == others.keys() and all(_same(names[name], others[name]) for name in names)


def _arrays(file: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def look(name: str, item: Any) -> None:
        if hasattr(item, "shape") and name.partition("/")[0] not in _NOT_THE_MODEL:
            found[name] = item

    file.visititems(look)
    return found


def _same(first: Any, second: Any) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    return np.asarray(first[()]).tobytes() == np.asarray(second[()]).tobytes()
