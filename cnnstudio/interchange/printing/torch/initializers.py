"""Weights drawn in PyTorch as Keras draws them."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.layers.weights import VECTORS
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import Weight

INITIALIZE: Final = '''\
def initialize(layer):
    """Draws the weights as Keras does: kernels by Glorot, biases 0. PyTorch's own are smaller, with random biases."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
'''
_FORMS: Final = {
    "glorot_uniform": "nn.init.xavier_uniform_({0})", "glorot_normal": "nn.init.xavier_normal_({0})",
    "he_normal": 'nn.init.kaiming_normal_({0}, nonlinearity="relu")',
    "he_uniform": 'nn.init.kaiming_uniform_({0}, nonlinearity="relu")',
    "lecun_normal": 'nn.init.kaiming_normal_({0}, nonlinearity="linear")',
    "lecun_uniform": 'nn.init.kaiming_uniform_({0}, nonlinearity="linear")',
    "orthogonal": "nn.init.orthogonal_({0})", "zeros": "nn.init.zeros_({0})", "ones": "nn.init.ones_({0})",
    "random_uniform": "nn.init.uniform_({0}, -0.05, 0.05)",
}
"""By Keras's name. Where Keras cuts a normal distribution off at two deviations, these have its deviation."""


def start_lines(values: Values, path: str, weight: Weight) -> list[str]:
    """The lines that draw the weight at `path`, where neither `initialize` nor PyTorch does it as the layer's values say."""
    role = weight.keras_role
    usual = VECTORS.get(role, "glorot_uniform")
    chosen = values.get(f"{role}_initializer", usual)
    # PyTorch starts PReLU's slopes from 0.25.
    if (chosen == usual and role != "alpha") or role == "moving":
        return []
    name = f"{role}_initializer"
    if chosen == "constant":
        return [f"nn.init.constant_({path}, {values[f'{name}_value']!r})"]
    if chosen in ("random_normal", "truncated_normal"):
        deviation = float(values[f"{name}_stddev"])
        ends = f", a={-2 * deviation!r}, b={2 * deviation!r}" if chosen == "truncated_normal" else ""
        return [f"nn.init.{'trunc_normal' if ends else 'normal'}_({path}, std={deviation!r}{ends})"]
    if chosen == "variance_scaling":
        kind = "uniform" if values[f"{name}_distribution"] == "uniform" else "normal"
        gain = float(values[f"{name}_scale"]) ** 0.5
        if values[f"{name}_mode"] == "fan_avg":
            return [f"nn.init.xavier_{kind}_({path}, gain={gain!r})"]
        return [f'nn.init.kaiming_{kind}_({path}, mode="{values[f"{name}_mode"]}", nonlinearity="linear")',
                f"{path}.data.mul_({gain!r})"]
    return [_FORMS[chosen].format(path)]
