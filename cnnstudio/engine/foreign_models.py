"""Models without a card of this program: what is assumed of them, and what their outputs are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.building import build
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.own_base import set_weights
from cnnstudio.interchange.foreign import LayerOrigin
from cnnstudio.interchange.keras_file.model import read_keras
from cnnstudio.interchange.own_base.layers import with_measured_statistics
from cnnstudio.interchange.own_base.weights import open_weights


def load_h5(path: Path) -> Any:
    """The model of an HDF5 file of Keras, built from its description and its plain numbers: Keras's own reader of this
    format runs code that a file may hold. Raises ProblemError."""
    foreign = read_keras(path, with_scaling=True)
    if foreign.unknown:
        names = ", ".join(sorted({node.type for node in foreign.network.nodes if node.id in foreign.unknown})[:6])
        text = Text("{path} has layers that this program does not know ({names}) and cannot be used. Save it as .keras with "
                    "a newer Keras, or open its network on the Network page.",
                    "{path} tiene capas que este programa no conoce ({names}) y no se puede usar. Guárdelo como .keras con "
                    "un Keras más nuevo o abra su red en la página Red.")
        raise ProblemError(error("unknown_layers", text.fill(path=path.name, names=names), "file", path=path))
    if foreign.shape is None:
        raise open_size_problem(path)
    height, width, channels = foreign.shape
    context = Context(height=height, width=width, channels=channels, class_count=2, normalization="none")
    built = build(with_measured_statistics(foreign.network, foreign, path), context, headless=True)
    layers = {name: layer for name, layer in built.layers.items() if layer.weights}
    load_weights(path, foreign.origins, layers)
    return built.model


def load_weights(path: Path, origins: Mapping[str, LayerOrigin], layers: Mapping[str, Any]) -> None:
    """Set the weights of layers by their places in the file. Raises ProblemError."""
    with open_weights(path) as file:
        for name, layer in layers.items():
            set_weights(file, origins[name], path, layer, name)


def open_size_problem(path: Path) -> ProblemError:
    """The problem of a model that takes pictures of any size."""
    text = Text("{path} does not say which size of pictures it was trained with. Save it again with an Input of that size.",
                "{path} no indica con qué tamaño de imágenes se entrenó. Guárdelo de nuevo con una capa Input de ese tamaño.")
    return ProblemError(error("open_size", text.fill(path=path.name), "file", path=path))


def with_probabilities(model: Any) -> tuple[Any, Text | None]:
    """The model with probabilities as outputs, and what was noticed: outputs that are scores (logits) get the activation
    that a loss with from_logits would apply; shares that do not add up to 1 stay as they are."""
    kind = _outputs(model)
    if kind == "probabilities":
        return model, None
    if kind == "independent":
        return model, Text("The outputs do not add up to 1: every class is predicted on its own.",
                           "Las salidas no suman 1: cada clase se predice por separado.")
    single = model.output_shape[-1] == 1
    activation = keras.layers.Activation("sigmoid" if single else "softmax", name="probabilities")
    name = Text("sigmoid", "sigmoide") if single else Text("softmax", "softmax")
    return keras.Model(model.inputs[0], activation(model.outputs[0])), Text(
        "The outputs are scores, not probabilities: {name} was applied to them.",
        "Las salidas son puntuaciones, no probabilidades: se les aplicó {name}.").fill(name=name)


def _outputs(model: Any) -> str:
    """"probabilities", "independent" (each from 0 to 1) or "scores", by the activation of the last layer, else by answers to
    pictures of noise."""
    last = model.layers[-1]
    entry = LAYERS.find(type(last).__name__)
    by_entry = entry.activation if entry is not None and isinstance(entry.activation, str) else ""
    activation = getattr(getattr(last, "activation", None), "__name__", by_entry)
    if activation == "softmax":
        return "probabilities"
    if activation == "sigmoid":
        return "probabilities" if model.output_shape[-1] == 1 else "independent"
    if activation == "linear":
        return "scores"
    shape = model.input_shape[1:]
    noise = np.random.default_rng(0).integers(0, 256, (4, *shape)).astype(np.float32)
    answers = numpy_of(model(noise, training=False))
    if not np.isfinite(answers).all() or answers.min() < 0 or answers.max() > 1:
        return "scores"
    sums_to_one = answers.shape[-1] == 1 or bool(np.abs(answers.sum(axis=-1) - 1).max() < 1e-3)
    return "probabilities" if sums_to_one else "independent"


def assumptions(path: Path, height: int, width: int) -> Text:
    """What is assumed of a model that does not say how its pictures were prepared."""
    return Text("{path} does not say how it was trained: it has no model card of CNN Studio (saving an export again with "
                "Keras removes the card). Assumed: pictures stretched to {height} × {width}, pixels from 0 to 255, classes "
                "without names.",
                "{path} no indica cómo se entrenó: no tiene ficha de modelo de CNN Studio (se pierde al guardar de nuevo una "
                "exportación con Keras). Se supone: imágenes estiradas a {height} × {width}, píxeles de 0 a 255, clases sin "
                "nombre.").fill(
                    path=path.name, height=height, width=width)

