"""A tensor and a number as a linear function of the tensor."""

from __future__ import annotations

import ast


def linear_factors(kind: type[ast.operator], numbers: list[float], first: bool) -> tuple[
        list[float] | None, list[float] | None]:
    """(scale, offset) of `x <operator> number`, or of `number <operator> x` where the tensor does not come first."""
    ones, zeros = [1.0] * len(numbers), [0.0] * len(numbers)
    if kind is ast.Add:
        return ones, numbers
    if kind is ast.Mult:
        return numbers, zeros
    if kind is ast.Sub:
        return (ones, [-item for item in numbers]) if first else ([-1.0] * len(numbers), numbers)
    if kind is ast.Div and first and all(numbers):
        return [1 / item for item in numbers], zeros
    return None, None
