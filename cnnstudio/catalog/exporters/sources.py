"""Formats that are source code with the trained weights."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.catalog.backends import TORCH
from cnnstudio.catalog.exporters import examples
from cnnstudio.catalog.exporters.entry import Content, Exporter, same
from cnnstudio.core.text import Text

_BESIDE: Final = (
    Content("weights.npz", Text("the trained weights; load_weights loads them", "los pesos entrenados; load_weights "
                                                                               "los carga")),
    Content("recipe.json, check.json, expected.json",
            Text("how a file is turned into pixels, the classes, and the certificate",
                 "cómo un archivo se convierte en píxeles, las clases y el certificado")),
)

KERAS_SOURCE: Final = Exporter(
    id="keras_source", label=Text("Keras source", "Código de Keras"), framework="keras", group="source",
    writer="cnnstudio.engine.exporting.keras_writers:write_source",
    opener="cnnstudio.engine.exporting.keras_writers:open_source",
    help=Text("A folder with the network as readable Keras code, its trained weights (.npz, nothing pickled) and the "
              "recipe.",
              "Una carpeta con la red como código de Keras legible, sus pesos entrenados (.npz, sin pickle) y la "
              "receta."),
    contents=(Content("network.py", Text("the network as code; takes pixels from 0 to 255",
                                         "la red como código; recibe píxeles de 0 a 255")), *_BESIDE),
    usage=lambda _path: same('from network import load_weights, model; load_weights(model, "weights.npz")'),
    examples=examples.KERAS_SOURCE)

TORCH_SOURCE: Final = Exporter(
    id="torch", label=Text("PyTorch source", "Código de PyTorch"), framework="torch", group="source",
    writer="cnnstudio.engine.exporting.torch_writers:write_source",
    opener="cnnstudio.engine.exporting.torch_writers:open_source",
    # Another library adds up in another order.
    tolerance=1e-4,
    help=Text("A folder with the network as a PyTorch module, its trained weights (.npz, nothing pickled) and "
              "the recipe. The comparison needs PyTorch on this computer.",
              "Una carpeta con la red como módulo de PyTorch, sus pesos entrenados (.npz, sin pickle) y la "
              "receta. La comparación necesita PyTorch en este equipo."),
    contents=(Content("network.py", Text("the network as a module; takes pixels from 0 to 255, channels first",
                                         "la red como módulo; recibe píxeles de 0 a 255, canales primero")), *_BESIDE),
    libraries=(msgspec.structs.replace(TORCH, hint=Text(
        "The source without weights can be written without PyTorch: cnnstudio code --framework torch.",
        "El código sin pesos se puede escribir sin PyTorch: cnnstudio code --framework torch.")),),
    usage=lambda _path: same('network = Network(); load_weights(network, "weights.npz")'), examples=examples.TORCH_SOURCE)
