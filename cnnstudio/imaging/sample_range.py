"""Samples of more than 8 bits as 0 to 255: which number is black and which is white.

Microscopes, X-ray detectors and thermal cameras write 10, 12 or 14 bits into files of 16, or counts and temperatures as
floating point. Taken over the whole range of the type such a picture is nearly black, so a recipe says what range its
pictures have. This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import unsupported
from .header import Header, to_eight_bits

Mode = Literal["type", "bits", "picture", "window"]


@dataclass(frozen=True)
class SampleRange:
    """The samples that become 0 and 255; what lies outside is clipped. Pictures of 8 bits a sample are never changed.

    "type": the least and greatest number of the sample's type; floating point is taken as 0 to 1 where no number is above 1,
    as 0 to 255 otherwise, and refused beyond. "bits": `bits` significant bits. "picture": the percentiles `low` and `high` of
    the picture's own samples, or its least and greatest where these are equal. "window": the numbers `low` and `high`.
    """

    mode: Mode = "type"
    bits: int = 16
    low: float = 0.0
    high: float = 0.0


TYPE_RANGE: Final = SampleRange()


def limits(samples: NDArray[Any], header: Header, wanted: SampleRange) -> tuple[float, float]:
    """The samples that become 0 and 255. Raises PictureError where the numbers do not say it."""
    signed = header.sample_kind == "signed"
    if wanted.mode == "window":
        return wanted.low, wanted.high
    if wanted.mode == "picture":
        finite = samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples
        if finite.size == 0:
            return 0.0, 0.0
        low, high = np.percentile(finite, (wanted.low, wanted.high))
        if not high > low:
            low, high = finite.min(), finite.max()
        return float(low), float(high)
    if header.sample_kind == "float":
        low, high = float(np.nanmin(samples)), float(np.nanmax(samples))
        if low < -0.5 or high > 255.5:
            raise unsupported(header.format, "range")
        return 0.0, 1.0 if high <= 1.0 else 255.0
    bits = min(wanted.bits, header.bit_depth) if wanted.mode == "bits" else header.bit_depth
    return (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0 ** bits - 1)


def to_uint8(samples: NDArray[Any], header: Header, wanted: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """Samples (height, width[, channels]) of any type as uint8, rounded to the nearest; not a number counts as `low`.

    A last channel of alpha (2 or 4 channels) is always scaled from the whole range of its type.
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255)
    if samples.ndim == 3 and samples.shape[2] in (2, 4):
        alpha = to_uint8(samples[..., -1], header)
        return np.dstack([to_uint8(samples[..., :-1], header, wanted), alpha])
    if samples.dtype == np.uint16 and wanted.mode == "type":
        return to_eight_bits(samples, (1 << header.bit_depth) - 1)
    low, high = limits(samples, header, wanted)
    if samples.dtype == np.uint16:
        table = _scaled(np.arange(65536), low, high)
        return np.take(table, samples)
    return _scaled(samples, low, high)


def _scaled(samples: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """`low` as 0 and `high` as 255; all 0 where there is no range."""
    if not high > low:
        return np.zeros(samples.shape, np.uint8)
    numbers = np.nan_to_num(samples.astype(np.float64), nan=low, posinf=high, neginf=low)
    scaled: NDArray[np.uint8] = np.floor(np.clip((numbers - low) * (255.0 / (high - low)), 0, 255) + 0.5).astype(np.uint8)
    return scaled
