"""The registry of export formats; the engine has one writer for each id."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

DRAWINGS: Final = (".svg", ".pdf", ".png")
"""The endings of a drawing of the network; the ending decides over the format."""


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """A format. `suffix` is that of the file; "" for a folder."""

    id: str
    label: Text
    help: Text
    suffix: str = ""

    @property
    def folder(self) -> bool:
        return not self.suffix


EXPORTERS: Final[Registry[Exporter]] = Registry("exporter", (
    Exporter(id="bundle", label=Text("Bundle", "Paquete"),
             help=Text("A folder that works by itself: the model, the recipe, the classes, predict.py, sample pictures "
                       "with the expected answers, and the check that was run.",
                       "Una carpeta que funciona por sí sola: el modelo, la receta, las clases, predict.py, imágenes de "
                       "muestra con las respuestas esperadas y la comprobación que se hizo.")),
    Exporter(id="keras", label=Text("Keras model", "Modelo Keras"), suffix=".keras",
             help=Text("One .keras file for Keras 3. It takes plain 0-255 pixels and carries recipe and classes.",
                       "Un archivo .keras para Keras 3. Toma píxeles 0-255 y lleva la receta y las clases.")),
    Exporter(id="keras_source", label=Text("Keras source", "Código Keras"),
             help=Text("A folder with the network as readable Keras code, its trained weights (.npz, nothing pickled) and "
                       "the recipe.",
                       "Una carpeta con la red como código Keras legible, sus pesos entrenados (.npz, sin pickle) y la "
                       "receta.")),
    Exporter(id="torch", label=Text("PyTorch source", "Código PyTorch"),
             help=Text("A folder with the network as a PyTorch module, its trained weights (.npz, nothing pickled) and the "
                       "recipe. Needs PyTorch here to be compared.",
                       "Una carpeta con la red como módulo de PyTorch, sus pesos entrenados (.npz, sin pickle) y la receta. "
                       "Necesita PyTorch aquí para compararse.")),
))
