"""What flows through a pipeline: numbers, arrays of them, and pairs; and what is known of their shape beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnstudio.core.text import Text

Element = np.ndarray | tuple[np.ndarray, np.ndarray]
"""One element: int64 of any number of dimensions, or a pair, as zip makes it."""
Sides = tuple[int | None, ...] | None
"""A shape as tf.data knows it before anything flows: None for an open side, and for an open number of axes."""


class PipelineError(Exception):
    """Raised where tf.data raises, too: when the pipeline is made, or while it runs."""

    def __init__(self, card: int, text: Text) -> None:
        super().__init__(text.en)
        self.card, self.text = card, text


class Known:
    """The shape of the elements behind a card: `sides` of the number or of the first of a pair, `second` of the second."""

    def __init__(self, sides: Sides = (), second: Sides = (), *, pair: bool = False) -> None:
        self.sides, self.second, self.pair = sides, second, pair

    def with_side(self, side: int | None) -> Known:
        """Behind `batch`: one more axis at the front."""
        first, second = ((None if sides is None else (side, *sides)) for sides in (self.sides, self.second))
        return Known(first, second, pair=self.pair)


def first_of(element: Element) -> np.ndarray:
    """The number itself, or the first of a pair."""
    return element[0] if isinstance(element, tuple) else element


def with_first(element: Element, first: np.ndarray) -> Element:
    """The element with another first part."""
    return (first, element[1]) if isinstance(element, tuple) else first


def parts(element: Element) -> tuple[np.ndarray, ...]:
    """The arrays of an element."""
    return element if isinstance(element, tuple) else (element,)


def stack(elements: Sequence[Element]) -> Element | None:
    """One element of several, as `batch` makes it; None where their shapes differ."""
    columns = list(zip(*(parts(element) for element in elements), strict=True))
    if any(len({item.shape for item in column}) > 1 for column in columns):
        return None
    stacked = [np.stack(column) for column in columns]
    return (stacked[0], stacked[1]) if len(stacked) == 2 else stacked[0]


def format_element(element: Element) -> str:
    """As the program prints it: 3, [3, 4], (3, 100)."""
    if isinstance(element, tuple):
        return str(tuple(part.tolist() for part in element))
    return str(element.tolist())


def compiled(expression: str) -> Callable[[np.ndarray], np.ndarray]:
    """A function of x from an expression of the registry."""
    code = compile(expression, "card", "eval")

    def function(x: np.ndarray) -> Any:
        return eval(code, {"x": x})  # our own text

    return lambda x: np.asarray(function(x))
