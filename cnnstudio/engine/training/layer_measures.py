"""What is measured of layers: the norms of gradients and updates, histograms, and the share of dead units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.core.events import Histogram, LayerState
from cnnstudio.engine.devices import answers
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.gradients import Batch, loss_gradients
from cnnstudio.engine.training.layer_rows import Row

BINS: Final = 32
_SAMPLED: Final = 100_000
"""Values of a layer, at most, that its histogram is made of."""
_OUTSIDE: Final = 0.001
"""The share of values at each end that does not widen the histogram."""
_MOST_VALUES: Final = 32_000_000
"""Activations that are in memory at once: 128 MB."""


class LayerMeasures:
    """Measures rows of a compiled model. `pictures` (n, ...) are what the model takes; the gradient is the mean of those of
    `batches`, which are no larger than those of the training: a larger one might not fit into the memory of a GPU."""

    def __init__(self, model: Any, rows: Sequence[Row], pictures: np.ndarray, batches: Sequence[Batch]) -> None:
        self._model = model
        self.rows = tuple(rows)
        self._pictures = pictures
        self._batches = tuple(batches)
        self._probes = list(_probes(model, rows))

    @property
    def pictures(self) -> int:
        """How many training pictures the gradient is from."""
        return sum(len(batch[1]) for batch in self._batches)

    def states(self, ratios: Sequence[float | None] | None = None) -> tuple[LayerState, ...]:
        """The state of every row, with the update ratios that were measured apart."""
        norms = self._gradient_norms()
        activations = self._activations()
        return tuple(LayerState(
            name=row.name, kind=row.kind, layers=len(row.layers),
            parameters=sum(int(np.prod(variable.shape)) for layer in row.layers for variable in layer.weights),
            gradient_norm=norm, update_ratio=None if ratios is None else ratios[number],
            weights=histogram(_values(row.kernels)), activations=activations[number][0], dead=activations[number][1])
            for number, (row, norm) in enumerate(zip(self.rows, norms, strict=True)))

    def _gradient_norms(self) -> list[float | None]:
        by_variable: dict[int, np.ndarray] = {}
        for batch in self._batches:
            share = len(batch[1]) / self.pictures
            for variable, gradient in zip(self._model.trainable_variables, loss_gradients(self._model, batch), strict=True):
                by_variable[id(variable)] = share * gradient + by_variable.get(id(variable), 0.0)
        found: list[float | None] = []
        for row in self.rows:
            own = [by_variable[id(variable)] for variable in row.trainable if id(variable) in by_variable]
            found.append(_finite(norm(own)) if own else None)
        return found

    def _activations(self) -> list[tuple[Histogram | None, float | None]]:
        """Histogram of the activations and share of dead units of every row."""
        sampled: list[list[np.ndarray]] = [[] for _row in self.rows]
        alive: list[np.ndarray | None] = [None for _row in self.rows]
        for outputs in self._outputs():
            for number, output in outputs:
                active = (output != 0).reshape(-1, output.shape[-1]).any(axis=0)
                before = alive[number]
                alive[number] = active if before is None else before | active
                values = output.reshape(-1)
                # An odd step, so that not one channel is taken again and again.
                step = max(1, values.size * len(self._pictures) // (_SAMPLED * len(output))) | 1
                sampled[number].append(np.array(values[::step], np.float32))
        return [(histogram(np.concatenate(values)) if values else None,
                 None if units is None or not len(units) else float(1 - units.mean()))
                for values, units in zip(sampled, alive, strict=True)]

    def _outputs(self) -> Iterator[list[tuple[int, np.ndarray]]]:
        """(number of the row, its output) for some pictures at a time."""
        each = sum(int(np.prod(row.tensor.shape[1:])) for row in self.rows)
        count = max(1, min(len(self._pictures), _MOST_VALUES // max(1, each)))
        for begin in range(0, len(self._pictures), count):
            pictures = np.asarray(self._pictures[begin:begin + count], np.float32)
            yield [found for probe in self._probes for found in probe(pictures)]


class _Probe:
    """The outputs of the rows of one part."""

    def __init__(self, model: Any, rows: Sequence[tuple[int, Row]]) -> None:
        part = rows[0][1].part
        self._numbers = [number for number, _row in rows]
        self._entering = None if part.entering is None else keras.Model(model.inputs, part.entering)
        self._model = keras.Model(part.inputs, [row.tensor for _number, row in rows])

    def __call__(self, pictures: np.ndarray) -> list[tuple[int, np.ndarray]]:
        entering = pictures if self._entering is None else answers(self._entering, pictures)
        outputs = answers(self._model, entering)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return [(number, np.asarray(numpy_of(output), np.float32))
                for number, output in zip(self._numbers, outputs, strict=True)]


def _probes(model: Any, rows: Sequence[Row]) -> Iterator[_Probe]:
    parts = {id(row.part): row.part for row in rows}
    for part in parts.values():
        yield _Probe(model, [(number, row) for number, row in enumerate(rows) if row.part is part])


def norm(arrays: Sequence[np.ndarray]) -> float:
    """The Euclidean norm of all values together."""
    return float(np.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays)))


def update_ratio(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> float | None:
    """||after - before|| / ||before||; None where there is nothing to divide by."""
    size = norm(before)
    if not size:
        return None
    return _finite(norm([np.asarray(new, np.float64) - np.asarray(old, np.float64)
                         for old, new in zip(before, after, strict=True)]) / size)


def histogram(values: np.ndarray) -> Histogram | None:
    """Of values (n,); None where none of them is a finite number."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = (float(bound) for bound in np.quantile(values, (_OUTSIDE, 1 - _OUTSIDE)))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    if not high > low:
        high = low + max(1e-6, abs(low) * 1e-3)
    counts, _edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    return Histogram(low=low, high=high, shares=tuple(int(share) for share in np.rint(1000 * counts / len(values))))


def _values(variables: Sequence[Any]) -> np.ndarray:
    """Values of variables, (n,): all, or evenly chosen ones of many."""
    if not variables:
        return np.empty(0, np.float32)
    step = max(1, sum(int(np.prod(variable.shape)) for variable in variables) // (10 * _SAMPLED))
    return np.concatenate([np.asarray(numpy_of(variable), np.float32).reshape(-1)[::step] for variable in variables])


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
