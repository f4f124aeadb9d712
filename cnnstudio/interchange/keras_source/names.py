"""Keras's names as people write them: modules and aliases, older spellings, the order of positional arguments."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS

_ROOTS: Final = ("tensorflow.python.keras", "tensorflow.keras", "tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras",
                 "keras.api._v2.keras", "keras.api", "keras.src", "keras.engine", "tf_keras", "keras.v2", "keras_core")
ASSUMED: Final = {"keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "np": "numpy", "numpy": "numpy",
                  "layers": "keras.layers", "models": "keras.models", "math": "math", "K": "keras.backend"}
"""What these names mean where a piece of code does not import them itself."""
ALIASES: Final = {
    "Convolution2D": "Conv2D", "MaxPool2D": "MaxPooling2D", "AvgPool2D": "AveragePooling2D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D", "GlobalMaxPool2D": "GlobalMaxPooling2D", "Deconvolution2D": "Conv2DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose", "SeparableConvolution2D": "SeparableConv2D", "Deconv2D": "Conv2DTranspose",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
}
MERGING: Final = {"add": "Add", "concatenate": "Concatenate", "concat": "Concatenate", "multiply": "Multiply",
                  "subtract": "Subtract", "average": "Average", "maximum": "Maximum", "minimum": "Minimum", "dot": "Dot"}
"""Functions that join tensors, and the layer each stands for."""
AUGMENTING: Final = ("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
                     "RandomCrop", "RandomHeight", "RandomWidth", "RandomHue", "RandomSaturation", "RandomShear",
                     "RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomPosterization",
                     "RandomSharpness", "RandomErasing", "RandomPerspective", "RandomGaussianBlur", "RandomInvert",
                     "RandomElasticTransform", "AutoContrast", "Equalization", "Solarization", "AugMix", "RandAugment",
                     "CutMix", "MixUp", "Pipeline")
"""Layers that change training pictures: the business of the augmentation, not of the network."""
OLD_SETTINGS: Final = {("LeakyReLU", "alpha"): "negative_slope", ("Dropout", "p"): "rate"}
OMITTED: Final[dict[str, dict[str, Any]]] = {"Cropping2D": {"cropping": ((0, 0), (0, 0))}}
"""Keras's defaults where they differ from those with which a new layer starts here."""

_CONVOLVING: Final = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
_WEIGHTS: Final = ("kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
                   "activity_regularizer", "kernel_constraint", "bias_constraint")
_NORMS: Final = ("epsilon", "center", "scale", "beta_initializer", "gamma_initializer")
_POSITIONS: Final[dict[str, tuple[str, ...]]] = {
    "Conv2D": (*_CONVOLVING, "groups", "activation", "use_bias", *_WEIGHTS),
    "DepthwiseConv2D": ("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate",
                        "activation", "use_bias"),
    "SeparableConv2D": (*_CONVOLVING, "depth_multiplier", "activation", "use_bias"),
    "Conv2DTranspose": ("filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate",
                        "activation", "use_bias"),
    "Dense": ("units", "activation", "use_bias", *_WEIGHTS),
    "GlobalAveragePooling2D": ("data_format", "keepdims"), "GlobalMaxPooling2D": ("data_format", "keepdims"),
    "BatchNormalization": ("axis", "momentum", *_NORMS), "LayerNormalization": ("axis", *_NORMS),
    "GroupNormalization": ("groups", "axis", *_NORMS), "RMSNormalization": ("axis", "epsilon"),
    "Normalization": ("axis", "mean", "variance", "invert"),
    "PReLU": ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"),
    "UpSampling2D": ("size", "data_format", "interpolation"),
    "MultiHeadAttention": ("num_heads", "key_dim", "value_dim", "dropout", "use_bias"),
    "Dropout": ("rate", "noise_shape", "seed"),
}


def positions(kind: str) -> tuple[str, ...]:
    """The names of a layer's positional arguments, in Keras's order."""
    return _POSITIONS[kind] if kind in _POSITIONS else tuple(LAYERS[kind].call.kwargs)


def canonical(path: str) -> str:
    """A dotted name with Keras under "keras", wherever it was imported from."""
    for root in _ROOTS:
        if path == root or path.startswith(root + "."):
            return canonical("keras" + path[len(root):])
    return path


def parts(path: str) -> tuple[str, str, str]:
    """(library, part of it, last name) of a dotted name: ("keras", "layers", "Conv2D")."""
    words = path.split(".")
    return words[0], words[1] if len(words) > 2 else "", words[-1]


def layer_kind(name: str) -> str:
    """The type of layer that a class name of Keras means: older spellings are turned into today's."""
    return ALIASES.get(name, name)


def simple(name: str) -> str:
    """Small letters and digits only: HeNormal, he_normal and HE_NORMAL are one."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


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
"""Those with numbers of their own: Keras's class, the order of its arguments, its defaults."""
PLAIN_INITIALIZERS: Final = {simple(word): word for word in (
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "random_uniform", "zeros", "ones")} | {"zero": "zeros", "one": "ones", "uniform": "random_uniform"}
PLAIN_DEFAULTS: Final[dict[str, Any]] = {"gain": 1.0, "minval": -0.05, "maxval": 0.05}
"""Keras's defaults of numbers that are not set here."""
