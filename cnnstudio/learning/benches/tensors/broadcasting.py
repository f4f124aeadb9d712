"""The rule of broadcasting, step by step (https://numpy.org/doc/stable/user/basics.broadcasting.html)."""

from __future__ import annotations

import msgspec

from cnnstudio.core.text import Text

Shape = tuple[int, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One axis, counted from the last (0). `left` and `right` are its sizes, None where a tensor has no such axis; `size` is
    that of the result, None where they do not fit."""

    axis: int
    left: int | None
    right: int | None
    size: int | None
    text: Text


def broadcast_steps(left: Shape, right: Shape) -> tuple[Step, ...]:
    """The axes from the last to the first, up to the first that does not fit."""
    steps: list[Step] = []
    for axis in range(max(len(left), len(right))):
        one = left[-1 - axis] if axis < len(left) else None
        other = right[-1 - axis] if axis < len(right) else None
        step = _step(axis, one, other)
        steps.append(step)
        if step.size is None:
            break
    return tuple(steps)


def _step(axis: int, one: int | None, other: int | None) -> Step:
    if one is None or other is None:
        text = Text("One tensor has no such axis: it is treated as 1 and repeated {n} times.",
                    "Un tensor no tiene ese eje: cuenta como 1 y se repite {n} veces.")
        size = one if other is None else other
        return Step(axis=axis, left=one, right=other, size=size, text=text.fill(n=size))
    if one == other:
        return Step(axis=axis, left=one, right=other, size=one, text=Text("Equal: nothing to do.", "Iguales: nada que hacer."))
    if 1 in (one, other):
        size = max(one, other)
        text = Text("The axis of size 1 is repeated {n} times.", "El eje de tamaño 1 se repite {n} veces.")
        return Step(axis=axis, left=one, right=other, size=size, text=text.fill(n=size))
    return Step(axis=axis, left=one, right=other, size=None,
                text=Text("Different, and neither is 1: the tensors do not fit together.",
                          "Distintos y ninguno es 1: los tensores no encajan."))


def broadcast_shape(left: Shape, right: Shape) -> Shape | None:
    """The shape of the result; None where the tensors do not fit."""
    steps = broadcast_steps(left, right)
    sizes = [step.size for step in steps]
    return None if None in sizes else tuple(size for size in reversed(sizes) if size is not None)
