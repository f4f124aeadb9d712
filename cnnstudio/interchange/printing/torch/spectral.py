"""Spectral normalisation in PyTorch, as Keras does it: the kernel itself is divided at every step of a training.

torch.nn.utils.parametrizations.spectral_norm divides whenever the weight is used, also in predictions: weights of Keras
would give other answers there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import Shape
from cnnstudio.catalog.layers.spectral import COLUMNS
from cnnstudio.interchange.printing.torch.entry import Part, Weight, Written

HELPER: Final = "SpectralNormalization"
CODE: Final = '''\
class SpectralNormalization(nn.Module):
    """Divides the layer's weight by its largest singular value at every step of a training."""

    def __init__(self, layer, columns, power_iterations=1):
        super().__init__()
        self.layer, self.power_iterations = layer, power_iterations
        self.register_buffer("vector_u", nn.init.trunc_normal_(torch.empty(1, columns), std=0.02, a=-0.04, b=0.04))

    def forward(self, x):
        if self.training:
            self.divide()
        return self.layer(x)

    @torch.no_grad()
    def divide(self):
        weight = next(each for name, each in self.layer.named_parameters() if name.endswith("weight"))
        u = self.vector_u
        if not weight.any():
            return
        matrix = weight.reshape(-1, u.shape[1], weight[0].numel()).transpose(0, 1).reshape(u.shape[1], -1).T
        for _ in range(self.power_iterations):
            v = nn.functional.normalize(u @ matrix.T)
            u = nn.functional.normalize(v @ matrix)
        weight /= v @ matrix @ u.T
        self.vector_u.copy_(u)
'''


def spectrally_normalized(written: Written, kind: str, values: Mapping[str, Any], inputs: tuple[Shape, ...]) -> Written:
    """The layer in its wrapper where it is asked for: the module that has the weights, its state one step further in."""
    if not values.get("spectral_normalization"):
        return written
    rounds = values["power_iterations"]
    more = f", {COLUMNS[kind](values, inputs)}" + ("" if rounds == 1 else f", {rounds}")

    def wrap(part: Part) -> Part:
        # Keras's wrapper holds the kernel as its own, then vector_u; the bias is the layer's.
        kernel, *others = (Weight(f"layer.{each.key}", each.form) for each in part.weights)
        return msgspec.structs.replace(part, code=f"{HELPER}({part.code}{more})", helpers=(*part.helpers, HELPER),
                                       weights=(kernel, Weight("vector_u"), *others))

    return msgspec.structs.replace(written, parts=tuple(wrap(part) if part.weights else part for part in written.parts))
