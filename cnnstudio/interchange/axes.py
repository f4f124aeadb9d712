"""Axes of a tensor of another program by their place in ours, and how a reshape groups them."""

from __future__ import annotations

from collections.abc import Sequence

Groups = list[tuple[tuple[int, ...], tuple[int, ...]]]


def group_axes(dims: Sequence[int], target: Sequence[int]) -> Groups | None:
    """Groups of axes of equal size in both shapes, as small as possible, without the batch and axes of 1; None if there are
    no such groups."""
    source_axes = [axis for axis in range(1, len(dims)) if dims[axis] != 1]
    target_axes = [axis for axis in range(1, len(target)) if target[axis] != 1]
    groups: Groups = []
    while source_axes and target_axes:
        left, right = [source_axes.pop(0)], [target_axes.pop(0)]
        one, other = dims[left[0]], target[right[0]]
        while one != other:
            if one < other and source_axes:
                left.append(source_axes.pop(0))
                one *= dims[left[-1]]
            elif other < one and target_axes:
                right.append(target_axes.pop(0))
                other *= target[right[-1]]
            else:
                return None
        groups.append((tuple(left), tuple(right)))
    return None if source_axes or target_axes else groups


def is_in_order(places: Sequence[int], shape: Sequence[int], axes: Sequence[int]) -> bool:
    """Whether these axes follow each other in ours, with nothing but axes of 1 between. `places` are all axes by their place
    in ours, 0 being the batch; `shape` is ours without the batch."""
    positions = [places[axis] for axis in axes]
    if positions != sorted(positions):
        return False
    between = [position for position in range(positions[0], positions[-1]) if position not in positions]
    return all(shape[position - 1] == 1 for position in between)
