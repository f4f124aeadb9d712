"""The input layer."""

from __future__ import annotations

from typing import Any

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.entry import LayerType, Shape, Values
from cnnstudio.core.network import INPUT
from cnnstudio.core.text import Text


def _shape(_values: Values, _inputs: tuple[Shape, ...], context: Context) -> Shape:
    return context.height, context.width, context.channels


class _InputCall(Call, frozen=True):
    """The shape comes from the recipe: the builder adds the context under "context"."""

    def arguments(self, values: Values) -> dict[str, Any]:
        context: Context = values["context"]
        return {"shape": (context.height, context.width, context.channels)}


LAYERS = (
    LayerType(id=INPUT, family="input", keeps_pixels=True, label=Text("Input", "Entrada"), minimum_inputs=0, maximum_inputs=0,
              formula="x ∈ {0, …, 255}",
              help=Text("The prepared pictures. Their size and colour mode come from the recipe on the Prepare page.",
                        "Las imágenes preparadas. Su tamaño y modo de color vienen de la receta de la página Preparar."),
              shape=_shape, call=_InputCall("keras.Input")),
)
