"""The activation bench: curves, gradients, and a picture passed through."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH: Final = Bench(
    id="activation", title=Text("Activation", "Activación"), group="layers", icon="train",
    help=Text("A function of one number makes a network more than a sum; its gradient decides what can be learned through it.",
              "Una función de un número hace que una red sea más que una suma; su gradiente decide qué se puede aprender a "
              "través de ella."),
    view="cnnstudio.gui.pages.learn.benches.activation:ActivationView")
