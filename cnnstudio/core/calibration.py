"""What is set for the answers of a trained model: a temperature, and when it says "not sure"."""

from __future__ import annotations

import msgspec


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """When the model is not sure. `kind` is an entry of `evaluation.rejection.REJECTIONS`; `level` is what the user chose
    (0 to 1: the least confidence, or the share of errors), `threshold` what answers are compared with."""

    kind: str
    level: float
    threshold: float


class TemperatureFit(msgspec.Struct, frozen=True, kw_only=True):
    """How a temperature was found: on `images` pictures of `split`, with log loss and expected calibration error before and
    after."""

    split: str
    images: int
    loss_before: float
    loss_after: float
    ece_before: float
    ece_after: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """`temperature` divides the logarithms of the probabilities (1: none). `inside`: the weights of the file contain it
    already, so that it must not be applied again. `model` is the digest of the model that it was found for."""

    temperature: float = 1.0
    rejection: Rejection | None = None
    fit: TemperatureFit | None = None
    inside: bool = False
    model: str = ""

    @property
    def outstanding(self) -> float:
        """The temperature that is still to be applied to what the model answers."""
        return 1.0 if self.inside else self.temperature

    @property
    def is_empty(self) -> bool:
        return self.temperature == 1.0 and self.rejection is None
