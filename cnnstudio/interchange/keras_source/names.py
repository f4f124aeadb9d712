"""Keras's names in source: modules and aliases, older spellings, the order of positional arguments."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.interchange.python_source.names import normalized_name

_ROOTS: Final = ("tensorflow.python.keras", "tensorflow.keras", "tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras",
                 "keras.api._v2.keras", "keras.api", "keras.src", "keras.engine", "tf_keras", "keras.v2", "keras_core")
ASSUMED: Final = {"keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "np": "numpy", "numpy": "numpy",
                  "layers": "keras.layers", "models": "keras.models", "math": "math", "K": "keras.backend"}
"""The meaning of names that code uses without importing them."""
ALIASES: Final = {alias: layer.id for layer in LAYERS for alias in layer.aliases}
MERGING: Final = {function: layer.id for layer in LAYERS if layer.family == "merge" for function in layer.functions}
"""The merging layers by their function."""
DATA: Final = frozenset((
    "keras.utils.image_dataset_from_directory", "keras.preprocessing.image_dataset_from_directory",
    "keras.preprocessing.image.ImageDataGenerator", "keras.layers.ImageDataGenerator",
    "keras.legacy.preprocessing.image.ImageDataGenerator"))
"""Functions and classes that read pictures."""
DATA_SET: Final = "data"
"""First part of the names under which the methods of what reads pictures are kept."""


def canonical(path: str) -> str:
    """A dotted name with Keras under "keras", wherever it was imported from."""
    for root in _ROOTS:
        if path == root or path.startswith(root + "."):
            return canonical("keras" + path[len(root):])
    return path


def layer_kind(name: str) -> str:
    """The type of layer of a Keras class name; older spellings become the current one."""
    return ALIASES.get(name, name)


# Initialisers, regularisers, constraints ---------------------------------------------------------

OBJECTS: Final[dict[str, tuple[str, tuple[str, ...], dict[str, Any]]]] = {
    "l1": ("L1", ("l1",), {"l1": 0.01}), "l2": ("L2", ("l2",), {"l2": 0.01}),
    "l1l2": ("L1L2", ("l1", "l2"), {"l1": 0.0, "l2": 0.0}),
    "constant": ("Constant", ("value",), {"value": 0.0}),
    "randomnormal": ("RandomNormal", ("mean", "stddev"), {"mean": 0.0, "stddev": 0.05}),
    "truncatednormal": ("TruncatedNormal", ("mean", "stddev"), {"mean": 0.0, "stddev": 0.05}),
    "variancescaling": ("VarianceScaling", ("scale", "mode", "distribution"),
                        {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"}),
    "maxnorm": ("MaxNorm", ("max_value", "axis"), {"max_value": 2, "axis": 0}),
    "minmaxnorm": ("MinMaxNorm", ("min_value", "max_value", "rate", "axis"),
                   {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0}),
    "unitnorm": ("UnitNorm", ("axis",), {"axis": 0}), "nonneg": ("NonNeg", (), {}),
}
"""Those with parameters: Keras's class, the order of its arguments, its defaults."""
PLAIN_INITIALIZERS: Final = {normalized_name(name): name for name in (
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "random_uniform", "zeros", "ones")} | {"zero": "zeros", "one": "ones", "uniform": "random_uniform"}
PLAIN_DEFAULTS: Final[dict[str, Any]] = {"gain": 1.0, "minval": -0.05, "maxval": 0.05}
"""Keras's defaults of parameters that cannot be set here."""
