"""What a position of a layer sees: its theoretical box in the input, and where its gradient really comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.catalog.layers import LAYERS, LayerType
from cnnstudio.core.item import as_immutable
from cnnstudio.core.params import Padding4
from cnnstudio.engine.explaining.gradients import ClassScores
from cnnstudio.engine.explaining.network import PIXELS, Graph, InnerLayer, OpenNetwork, Step, holder_of

Interval = tuple[int, int]
"""First and last row, or column, both included."""
Field = tuple[Interval, Interval]
_ROWS, _COLUMNS = 0, 1
_SPATIAL: Final = 4


def theoretical_box(network: OpenNetwork, layer: InnerLayer, position: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width in the input of everything that the position (row, column) of a layer can depend on: the
    windows of the layers before it, traced back (Araujo et al., 2019), cut at the border. A layer that sees everything, such
    as a squeeze-and-excite or attention, gives the whole input."""
    wanted: dict[int, Field] = {id(layer.step.output): ((position[0],) * 2, (position[1],) * 2)}
    for step, links in _backwards(network.graph):
        for source, target in links:
            _want(wanted, source, wanted.get(id(target)))
        for tensor in () if step is None else keras.tree.flatten(step.output):
            field = wanted.get(id(tensor))
            if field is not None and step is not None:
                for source in step.sources:
                    _want(wanted, source, _source_field(step, source, tensor, field))
    (top, bottom), (left, right) = wanted.get(id(network.graph.inputs[0]), ((0, -1), (0, -1)))
    return top, left, bottom - top + 1, right - left + 1


def _want(wanted: dict[int, Field], tensor: Any, field: Field | None) -> None:
    if field is None:
        return
    before = wanted.get(id(tensor), field)
    rows, columns = ((min(one[0], other[0]), max(one[1], other[1])) for one, other in zip(before, field, strict=True))
    wanted[id(tensor)] = rows, columns


def _backwards(graph: Graph) -> Iterator[tuple[Step | None, list[tuple[Any, Any]]]]:
    """The steps from the last to the first, those of inner models included, and (source, target) tensors that are the same
    value in and around an inner model."""
    for step in reversed(graph.steps):
        if step.inner is None:
            yield step, []
            continue
        yield None, [(step.inner.output, tensor) for tensor in keras.tree.flatten(step.output)]
        yield from _backwards(step.inner)
        yield None, list(zip(step.sources, step.inner.inputs, strict=False))


def _source_field(step: Step, source: Any, output: Any, field: Field) -> Field:
    """What a field of the output needs of a source."""
    whole = _whole(source)
    if len(source.shape) != _SPATIAL or len(output.shape) != _SPATIAL:
        return whole
    layer = holder_of(step.operation)
    entry = LAYERS.find(type(layer).__name__)
    if entry is None:
        return _clipped(field, whole) if source.shape[1:3] == output.shape[1:3] else whole
    values = _values(entry, layer)
    window = entry.window(values)
    result = []
    for axis in (_ROWS, _COLUMNS):
        kernel, stride, up = (pair[axis] for pair in (window.kernel, window.strides, window.up))
        entering, leaving = int(source.shape[1 + axis]), int(output.shape[1 + axis])
        low, high = field[axis]
        plain = (kernel, stride, up, window.begin) == (1, 1, 1, None)
        if window.is_global or (plain and entering != leaving):
            result.append(whole[axis])
        elif up > 1:
            result.append((low // up - kernel + 1, high // up + kernel - 1))
        else:
            total = max((leaving - 1) * stride + kernel - entering, 0) if values.get("padding") == "same" else 0
            start = -(total // 2) if window.begin is None else window.begin[axis]
            result.append((low * stride + start, high * stride + start + kernel - 1))
    return _clipped((result[0], result[1]), whole)


def _whole(tensor: Any) -> Field:
    sizes = [int(side or 1) for side in tensor.shape[1:3]] if len(tensor.shape) == _SPATIAL else [1, 1]
    return (0, sizes[0] - 1), (0, sizes[1] - 1)


def _clipped(field: Field, whole: Field) -> Field:
    rows, columns = ((min(max(low, 0), most), max(0, min(high, most)))
                     for (low, high), (_zero, most) in zip(field, whole, strict=True))
    return rows, columns


def _values(entry: LayerType, layer: Any) -> dict[str, Any]:
    """The parameters of the catalog's entry, as the Keras layer has them."""
    config = layer.get_config()
    values: dict[str, Any] = {}
    for param in entry.params:
        value = as_immutable(config.get(param.name, param.default))
        if isinstance(param, Padding4) and value and not isinstance(value[0], int):
            value = tuple(side for pair in value for side in pair)
        values[param.name] = value
    return values


def effective_field(scores: ClassScores, pixels: np.ndarray, layer: InnerLayer, position: tuple[int, int],
                    unit: int | None) -> np.ndarray:
    """float32 (height, width), not negative: the gradient of the position's value by the pixels, without its sign and summed
    over the channels (Luo et al., 2016); of one unit, or of all of them together."""
    weights = np.zeros((1, *layer.shape), np.float32)
    weights[(0, *position, slice(None) if unit is None else unit)] = 1
    found = scores.unit_gradient(pixels[None].astype(np.float32), PIXELS, weights, of=layer.name)
    return np.asarray(np.abs(found.gradient[0]).sum(axis=-1), np.float32)


def share_in_middle(heat: np.ndarray, box: Sequence[int]) -> float:
    """The share of the heat that lies in the middle half (of each side) of a box."""
    top, left, high, wide = box
    total = float(heat.sum(dtype=np.float64))
    middle = heat[top + high // 4:top + high - high // 4, left + wide // 4:left + wide - wide // 4]
    return float(middle.sum(dtype=np.float64)) / total if total > 0 else 0.0
