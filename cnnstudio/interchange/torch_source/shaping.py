"""Functions of PyTorch that change a shape: most only view the axes in another order and need no layer."""

from __future__ import annotations

from math import prod
from typing import Any, Final

from cnnstudio.catalog.layers.core import FLATTEN
from cnnstudio.catalog.layers.reshaping import PERMUTE, RESHAPE
from cnnstudio.core.text import Text
from cnnstudio.interchange.axes import group_axes, is_in_order
from cnnstudio.interchange.python_source.graph import Nodes
from cnnstudio.interchange.python_source.values import Remark, SourceError
from cnnstudio.interchange.torch_source.values import BATCH, SizeMismatch, View, usual_axes

_ORDER: Final = Text(
    "Here Flatten orders the values by rows, columns and channels; PyTorch, by channels, rows and columns. The network is the "
    "same; weights of the next dense layer are in another order.",
    "Aquí Flatten ordena los valores por filas, columnas y canales; PyTorch, por canales, filas y columnas. La red es la "
    "misma; los pesos de la siguiente capa densa van en otro orden.")
_NO_SHAPE: Final = Text("a tensor of the shape {shape} cannot be brought to {target}",
                        "un tensor de la forma {shape} no se puede llevar a {target}")


def no_shape(view: View, target: Any, line: int) -> SourceError:
    """The error of a reshape that no layer does."""
    shape = ", ".join("batch" if size == BATCH else str(size) for size in view.dims)
    aim = ", ".join("batch" if size == BATCH else str(size) for size in target)
    return SourceError("code_unknown", _NO_SHAPE.fill(shape=f"({shape})", target=f"({aim})"), line)


class Shaping:
    """Views and layers that reshape tensors."""

    def __init__(self, graph: Nodes, remarks: list[Remark]) -> None:
        self._graph, self._remarks = graph, remarks
        self.reordered: set[int] = set()
        """Numbers of the Flatten nodes whose values the code has in the order of channels, rows and columns."""

    def reshape(self, view: View, target: tuple[int, ...], line: int) -> View:
        """`view.reshape(*target)`; one number of the target may be -1. Raises SourceError, SizeMismatch where the numbers
        of values differ."""
        dims = view.dims
        size = prod(dims)
        known = prod(item for item in target if item != -1)
        if target.count(-1) > 1 or known <= 0 or size % known or (-1 not in target and size != known):
            raise self._mismatch(view, target, line)
        target = tuple(size // known if item == -1 else item for item in target)
        if target[0] != BATCH or view.axes[0] != 0:
            raise self._mismatch(view, target, line)
        if target == dims:
            return view
        groups = group_axes(dims, target)
        if groups is None:
            return self._regroup(view, target, line)
        if any(not is_in_order(view.axes, view.shape, axes) for axes, _ in groups):
            if len(target) == 2:
                # The order of channels first: the same network, unless something else than a dense layer reads it.
                self._remarks.append(Remark("flatten_order", _ORDER, line))
                flat = self._flatten(view, line)
                self.reordered.add(flat.node.number)
                return flat
            view = self.in_order(view, tuple(range(len(view.axes))), line)
            groups = group_axes(view.dims, target)
            assert groups is not None
        groups.sort(key=lambda group: view.axes[group[0][0]])
        order = [axis for axis in range(1, len(target)) if target[axis] == 1]
        order += [axis for _, axes in groups for axis in axes]
        shape = tuple(target[axis] for axis in order)
        places = {axis: position for position, axis in enumerate(order, start=1)} | {0: 0}
        axes = tuple(places[axis] for axis in range(len(target)))
        if shape == view.shape:
            return View(view.node, axes)
        if len(shape) == 1:
            return View(self._flatten(view, line).node, axes)
        return self._reshaped(view, shape, axes, target, line)

    def _mismatch(self, view: View, target: tuple[int, ...], line: int) -> SourceError:
        values = prod(view.shape)
        aim = next((size for size in reversed(target) if size not in (-1, 1, BATCH)), 0)
        if len(target) == 2 and aim:
            return SizeMismatch("size_differs", Text(
                "{n:,} values of each picture reach this line, but the code arranges {aim:,}",
                "a esta línea llegan {n:,} valores de cada imagen, pero el código dispone {aim:,}").fill(
                    n=values, aim=aim), line)
        return no_shape(view, target, line)

    def _regroup(self, view: View, target: tuple[int, ...], line: int) -> View:
        """A reshape that takes axes apart and joins them otherwise, in PyTorch's own order."""
        view = self.in_order(view, tuple(range(len(view.axes))), line)
        if len(target) > 4:
            raise no_shape(view, target, line)
        return self._reshaped(view, tuple(target[1:]), tuple(range(len(target))), target, line)

    def _reshaped(self, view: View, shape: tuple[int, ...], axes: tuple[int, ...], target: tuple[int, ...], line: int) -> View:
        node = self._graph.node(RESHAPE.id, {"target_shape": shape}, [view.node], line).node
        if node.shape is None:
            raise no_shape(view, target, line)
        return View(node, axes)

    def _flatten(self, view: View, line: int) -> View:
        return View(self._graph.node(FLATTEN.id, {}, [view.node], line).node, (0, 1))

    def flatten(self, view: View, start: int, end: int, line: int) -> View:
        """`torch.flatten(view, start, end)`."""
        rank = len(view.axes)
        if not -rank <= start < rank or not -rank <= end < rank:
            raise no_shape(view, (start, end), line)
        first, last = start % rank, end % rank
        dims = view.dims
        return self.reshape(view, (*dims[:first], prod(dims[first:last + 1]), *dims[last + 1:]), line)

    def squeeze(self, view: View, axis: int | None, line: int) -> View:
        dims = view.dims
        removed = [place for place, size in enumerate(dims) if size == 1 and place] if axis is None else [
            axis % len(dims)] if dims[axis % len(dims)] == 1 else []
        return self.reshape(view, tuple(size for place, size in enumerate(dims) if place not in removed), line)

    def unsqueeze(self, view: View, axis: int, line: int) -> View:
        dims = list(view.dims)
        place = axis if axis >= 0 else axis + len(dims) + 1
        dims.insert(place, 1)
        return self.reshape(view, tuple(dims), line)

    def permute(self, view: View, order: tuple[int, ...], line: int) -> View:
        """The axes in another order: another view of the same values."""
        rank = len(view.axes)
        places = tuple(axis % rank for axis in order) if all(-rank <= axis < rank for axis in order) else ()
        if sorted(places) != list(range(rank)) or any(view.border):
            raise no_shape(view, order, line)
        return View(view.node, tuple(view.axes[axis] for axis in places))

    def in_order(self, view: View, axes: tuple[int, ...], line: int) -> View:
        """The same tensor with these axes of ours, behind a Permute where it has others."""
        if view.axes == axes:
            return view
        if view.axes[0] != 0 or axes[0] != 0:
            raise no_shape(view, axes, line)
        # Axis p of the result, at PyTorch's place where `axes` has p, is ours at the same place of `view.axes`.
        dims = tuple(view.axes[axes.index(position)] for position in range(1, len(axes)))
        return View(self._graph.node(PERMUTE.id, {"dims": dims}, [view.node], line).node, axes)

    def as_usual(self, view: View, line: int) -> View:
        """The tensor with the axes that modules of pictures, or of rows, take."""
        return self.in_order(view, usual_axes(len(view.shape)), line)
