"""What happens in a pipeline, moment by moment, for the animation."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from cnnstudio.learning.benches.pipeline.elements import Element, format_element

Action = Literal["enter", "leave", "drop"]
MOST_MOMENTS: Final = 6000
"""A pipeline of which nothing ever comes out is stopped here."""


class Moment(NamedTuple):
    """An element enters a card, leaves it, or is dropped there. `held` is what the card holds afterwards."""

    card: int
    action: Action
    element: str
    held: tuple[str, ...]


class Exhausted(Exception):
    """Raised when too much happened without an end."""


class Trace:
    """Collects the moments; each card tells what it does."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def add(self, card: int, action: Action, element: Element, held: tuple[str, ...] = ()) -> None:
        if len(self.moments) >= MOST_MOMENTS:
            raise Exhausted
        self.moments.append(Moment(card, action, format_element(element), held))


class CardTrace:
    """The trace of one card."""

    def __init__(self, trace: Trace, card: int) -> None:
        self._trace, self._card = trace, card
        self._held: list[str] = []

    def enter(self, element: Element) -> None:
        self._held.append(format_element(element))
        self._trace.add(self._card, "enter", element, tuple(self._held))

    def leave(self, element: Element, *used: Element) -> None:
        """`used`: the elements that it was made of, which the card no longer holds; itself where nothing is named."""
        self._forget(used or (element,))
        self._trace.add(self._card, "leave", element, tuple(self._held))

    def drop(self, element: Element) -> None:
        self._forget((element,))
        self._trace.add(self._card, "drop", element, tuple(self._held))

    def make(self, element: Element) -> None:
        """A source makes an element of its own."""
        self._trace.add(self._card, "leave", element, ())

    def _forget(self, elements: tuple[Element, ...]) -> None:
        for element in elements:
            text = format_element(element)
            if text in self._held:
                self._held.remove(text)
