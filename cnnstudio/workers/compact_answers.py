"""Predictions in little memory: the probabilities of all classes as numbers of 4 bytes, in the order of the classes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from cnnstudio.core.jobs import Prediction, Ranked


class AnswerPacker:
    """Packs the predictions of a model with these classes; probabilities are float32 in the model, so that nothing is lost."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = {name: place for place, name in enumerate(self.names)}

    def pack(self, top: Sequence[Ranked]) -> array[float]:
        """The probabilities in the order of the classes; those that are not in `top` are 0."""
        values = array("f", bytes(4 * len(self.names)))
        for item in top:
            place = self._places.get(item.label)
            if place is not None:
                values[place] = item.probability
        return values

    def unpack(self, values: array[float]) -> tuple[Ranked, ...]:
        """The classes with their probabilities, the best first; of equal ones the first in the order of the classes."""
        order = np.argsort(-np.asarray(values), kind="stable")
        return tuple(Ranked(label=self.names[place], probability=values[place]) for place in order.tolist())


def as_array(prediction: Prediction, packer: AnswerPacker) -> np.ndarray | None:
    """The probabilities of a prediction with all classes; None where it has a problem."""
    return None if prediction.problem is not None or not prediction.top else np.asarray(packer.pack(prediction.top))
