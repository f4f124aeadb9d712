"""What a bench is: one idea of convolutional networks with live controls, exact numbers and the code of what is shown."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from cnnstudio.core.text import Text

Group = Literal["layers", "training", "data", "trained"]
GROUPS: Final[dict[Group, Text]] = {
    "layers": Text("Layers", "Capas"), "training": Text("Training", "Entrenamiento"),
    "data": Text("Data", "Datos"), "trained": Text("Trained networks", "Redes entrenadas"),
}
"""In the order in which the page shows them."""


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """A bench of the Learn page. `help` is one sentence. `icon` is a name of `resources/icons`.

    `view` is the widget as "module:class", a `BenchView` that only the window imports. `needs_run`: it shows a trained
    network, so that a project with a run must be open.
    """

    id: str
    title: Text
    help: Text
    group: Group
    icon: str
    view: str
    needs_run: bool = False


class Code(NamedTuple):
    """A program that computes exactly what a bench shows. `language` is that of its text: "python". `needs`: libraries;
    `files` are saved beside it, by name."""

    label: str
    source: str
    language: str = "python"
    needs: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
