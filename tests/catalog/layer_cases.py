"""Every layer of the catalog with its settings, and what has to stand before it."""

from __future__ import annotations

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.layers.functions import ACTIVATIONS
from cnnstudio.catalog.layers.weights import INITIALIZERS, VECTOR_INITIALIZERS
from cnnstudio.core.network import Edge, NetworkSpec, Node

CONTEXT = Context(height=10, width=12, channels=3, class_count=4)
CONSTRAINTS = ("MaxNorm", "UnitNorm", "MinMaxNorm", "NonNeg")
VARIANTS = {
    "Conv2D": [
        {}, {"filters": 6, "kernel_size": (5, 3), "strides": (2, 2), "padding": "same", "activation": "relu"},
        {"spectral_normalization": True, "padding": "same", "activation": "relu", "kernel_regularizer": "L2"},
        {"filters": 6, "groups": 3, "spectral_normalization": True, "power_iterations": 3, "use_bias": False},
        {"kernel_size": (1, 1), "strides": (3, 2)}, {"filters": 6, "groups": 3, "use_bias": False}, {"dilation_rate": (2, 3)},
        {"kernel_regularizer": "L1L2", "bias_regularizer": "L2", "activity_regularizer": "L1"},
        *({"filters": 4, "kernel_initializer": name} for name in INITIALIZERS),
        *({"filters": 4, "bias_initializer": name} for name in VECTOR_INITIALIZERS),
        *({"filters": 4, "kernel_constraint": name, "bias_constraint": name} for name in CONSTRAINTS)],
    "DepthwiseConv2D": [
        {}, {"depth_multiplier": 2, "spectral_normalization": True},
        {"depth_multiplier": 2, "strides": (2, 2), "padding": "same"}, {"use_bias": False, "dilation_rate": (2, 2)},
        {"depthwise_initializer": "variance_scaling", "depthwise_initializer_mode": "fan_out", "bias_constraint": "NonNeg",
         "depthwise_constraint": "MaxNorm"}],
    "SeparableConv2D": [
        {}, {"depth_multiplier": 2, "filters": 5, "padding": "same", "depthwise_regularizer": "L1"},
        {"strides": (2, 2), "use_bias": False, "pointwise_constraint": "UnitNorm", "depthwise_initializer": "he_normal"}],
    "Conv2DTranspose": [
        {}, {"padding": "same", "filters": 5}, {"filters": 5, "spectral_normalization": True},
        {"kernel_size": (1, 2), "strides": (3, 3), "use_bias": False},
        {"kernel_size": (4, 5), "strides": (2, 3), "output_padding": (1, 0)},
        {"padding": "same", "output_padding": (1, 2), "strides": (2, 3), "kernel_constraint": "UnitNorm"},
        {"strides": (1, 1), "activation": "selu"}],
    "MaxPooling2D": [{}, {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}],
    "AveragePooling2D": [{}, {"pool_size": (3, 3), "padding": "same"}],
    "GlobalAveragePooling2D": [{}, {"keepdims": True}],
    "GlobalMaxPooling2D": [{}, {"keepdims": True}],
    "AdaptiveAveragePooling2D": [{}, {"output_size": (3, 5)}, {"output_size": (13, 12)}],
    "AdaptiveMaxPooling2D": [{}, {"output_size": (3, 5)}, {"output_size": (13, 12)}],
    "Dense": [{}, {"units": 6, "spectral_normalization": True, "activation": "tanh"},
              {"units": 7, "activation": "tanh", "kernel_regularizer": "L2"}, {"use_bias": False},
              {"units": 5, "kernel_constraint": "MinMaxNorm", "bias_initializer": "constant"}],
    "BatchNormalization": [{}, {"center": False, "momentum": 0.9, "epsilon": 1e-5}, {"scale": False},
                           {"gamma_initializer": "zeros", "beta_regularizer": "L2", "gamma_constraint": "NonNeg"}],
    "LayerNormalization": [{}, {"scale": False, "epsilon": 1e-6}],
    "GroupNormalization": [{"groups": 3}, {"groups": 1, "epsilon": 0.01}],
    "RMSNormalization": [{}, {"epsilon": 0.001}],
    "Normalization": [{}, {"mean": 3.0, "variance": 4.0}, {"mean": (1.0, 2.0, 3.0), "variance": (4.0, 5.0, 6.0)},
                      {"mean": 1.0, "variance": 9.0, "invert": True}],
    "Rescaling": [{}, {"scale": (0.5, 1.0, 2.0), "offset": (1.0, 2.0, 3.0)}],
    "Activation": [{"activation": name} for name in ACTIVATIONS],
    "ReLU": [{}, {"max_value": 6.0}, {"negative_slope": 0.1, "threshold": 0.5}],
    "LeakyReLU": [{}, {"negative_slope": 0.01}],
    "PReLU": [{}, {"shared_axes": (1, 2), "alpha_initializer": "constant", "alpha_initializer_value": 0.25}],
    "ELU": [{}, {"alpha": 0.5}],
    "Softmax": [{}, {"axis": 1}, {"axis": -2}],
    "Dropout": [{}, {"rate": 0.1}, {"rate": 0.0}, {"rate": 0.2, "noise_shape": "picture"}, {"noise_shape": "maps"}],
    "GaussianNoise": [{}, {"stddev": 0.0}],
    "ActivityRegularization": [{}, {"l1": 0.1, "l2": 0.2}],
    "ZeroPadding2D": [{}, {"padding": (1, 2, 3, 4)}],
    "Cropping2D": [{}, {"cropping": (1, 2, 3, 4)}, {"cropping": (0, 0, 0, 0)}],
    "UpSampling2D": [{}, {"size": (3, 1)}, *({"interpolation": name} for name in (
        "bilinear", "bicubic", "lanczos3", "lanczos5"))],
    "Resizing": [
        {"height": 7, "width": 17}, {"height": 23, "width": 5, "antialias": True},
        {"height": 8, "width": 8, "crop_to_aspect_ratio": True}, {"height": 15, "width": 9, "pad_to_aspect_ratio": True,
                                                                  "fill_value": 9.0},
        *({"height": 13, "width": 9, "interpolation": name} for name in (
            "nearest", "bicubic", "area", "lanczos3", "lanczos5")),
        *({"height": 13, "width": 5, "interpolation": name, "antialias": True} for name in ("bicubic", "lanczos3"))],
    "Reshape": [{}, {"target_shape": (20, -1)}, {"target_shape": (5, 24, 3)}],
    "Permute": [{}, {"dims": (3, 1, 2)}],
    "Concatenate": [{}, {"axis": 1}, {"axis": 2}, {"axis": 3}],
    "MultiHeadAttention": [{}, {"num_heads": 2, "key_dim": 5, "value_dim": 3, "use_bias": False, "dropout": 0.1}],
    "Output": [{}, {"kernel_regularizer": "L2"}],
    "PretrainedBase": [],  # bases have tests of their own
}
ROW = [("Flatten", {})]
PLACES = [("Reshape", {"target_shape": (-1, 6)})]
BEFORE = {
    "Output": [ROW], "RepeatVector": [ROW], "Attention": [PLACES], "Dot": [ROW, [*ROW, ("ReLU", {})]],
    **{kind: [[("Dense", {"units": 3})], [("ReLU", {})]]
       for kind in ("Add", "Concatenate", "Multiply", "Subtract", "Average", "Maximum", "Minimum")},
}
"""The layers between the input and each input of a layer that does not simply take the picture."""
GATE = [("GlobalAveragePooling2D", {"keepdims": True})]
OTHERS = [
    ("Multiply", {}, [[], GATE]), ("Add", {}, [GATE, [], [("ReLU", {})]]), ("Maximum", {}, [ROW, ROW]),
    ("Concatenate", {"axis": 1}, [ROW, GATE + ROW]), ("Dense", {}, [ROW]),
    ("Dense", {"spectral_normalization": True, "power_iterations": 2}, [ROW]),
    ("BatchNormalization", {}, [ROW]),
    ("Dense", {"units": 2}, [PLACES]), ("PReLU", {}, [ROW]), ("Permute", {"dims": (2, 1)}, [PLACES]),
    ("Dot", {"axes": (2, 1)}, [PLACES, [*PLACES, ("Permute", {"dims": (2, 1)})]]),
    ("Dot", {"axes": (2,)}, [PLACES, [*PLACES, ("ReLU", {})]]), ("Dot", {"axes": (1,), "normalize": True}, [ROW, ROW]),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [PLACES, [("Reshape", {"target_shape": (10, 36)}), (
        "Dense", {"units": 6})]]),
    ("MultiHeadAttention", {"num_heads": 3}, [PLACES]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, [PLACES, [("Reshape", {"target_shape": (10, 36)})]]),
    ("Conv2D", {"kernel_size": (1, 1), "filters": 2}, [GATE]), ("UnitNormalization", {}, [ROW]),
    ("GroupNormalization", {"groups": 4}, [ROW]), ("LayerNormalization", {}, [PLACES]),
]


def around(kind: str, values: dict, before: list | None = None) -> NetworkSpec:
    """Input, what stands before each input of the layer, and the layer, called "layer"."""
    nodes, edges = [Node(id="input", type="Input")], []
    for port, chain in enumerate(before or BEFORE.get(kind, [[]])):
        last = "input"
        for step, (type, params) in enumerate(chain):
            nodes.append(Node(id=f"before_{port}_{step}", type=type, params=params))
            edges.append(Edge(source=last, target=nodes[-1].id))
            last = nodes[-1].id
        edges.append(Edge(source=last, target="layer", port=port))
    return NetworkSpec(nodes=(*nodes, Node(id="layer", type=kind, params=values)), edges=tuple(edges))


CASES = [(layer.id, values, None) for layer in LAYERS for values in VARIANTS.get(layer.id, [{}]) if layer.id != "Input"]
