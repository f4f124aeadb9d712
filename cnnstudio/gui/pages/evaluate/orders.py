"""The orders in which the pictures of an evaluation can be looked at. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.gui.pages.evaluate.results import Results


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`numbers` gives the rows of a table to show, the first ones first, int (n,); `nothing` is said where there are none."""

    id: str
    label: Text
    note: Text
    nothing: Text
    numbers: Callable[[Results], np.ndarray]


def _sorted(chosen: np.ndarray, key: np.ndarray) -> np.ndarray:
    """The chosen rows (a mask) by ascending key."""
    numbers = np.flatnonzero(chosen)
    return numbers[np.argsort(key[numbers], kind="stable")]


ORDERS: Final = (
    Order(id="worst", label=Text("Worst mistakes", "Peores errores"),
          note=Text("highest loss first", "mayor pérdida primero"),
          nothing=Text("Every picture was recognised.", "Se reconocieron todas las imágenes."),
          numbers=lambda results: _sorted(~results.right, -results.losses)),
    Order(id="least_certain", label=Text("Least certain", "Menos seguras"),
          note=Text("least certain first", "menos seguras primero"), nothing=Text("No picture.", "Ninguna imagen."),
          numbers=lambda results: _sorted(np.ones(len(results.answers), bool), results.probabilities)),
    Order(id="most_certain_right", label=Text("Most certain and right", "Más seguras y correctas"),
          note=Text("most certain first", "más seguras primero"),
          nothing=Text("No picture was recognised.", "No se reconoció ninguna imagen."),
          numbers=lambda results: _sorted(results.right, -results.probabilities)),
)
