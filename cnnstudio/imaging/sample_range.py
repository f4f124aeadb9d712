"""Samples of more than 8 bits as 0 to 255: which number is black and which is white.

Microscopes, X-ray detectors and thermal cameras write 10, 12 or 14 bits into files of 16, or counts and temperatures as
floating point. Taken over the whole range of the type such a picture is nearly black, so a recipe says what range its
pictures have. This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import unsupported
from .header import Header, to_eight_bits

Mode = Literal["type", "bits", "picture", "window"]


@dataclass(frozen=True)
class SampleRange:
    """The samples that become 0 and 255; what lies outside is clipped. Samples of 0 to 255 are never
    changed.

    "type": the least and greatest number of the sample's type; floating point is taken as 0 to 1 where no number is above 1,
    as 0 to 255 otherwise, and refused beyond. "bits": `bits` significant bits. "picture": the percentiles `low` and `high` of
    the picture's own samples, or its least and greatest where these are equal. "window": the numbers `low` and `high`.
    """

    mode: Mode = "type"
    bits: int = 16
    low: float = 0.0
    high: float = 0.0


TYPE_RANGE: Final = SampleRange()
STRETCHED: Final = SampleRange("picture", low=0.1, high=99.9)
"""For looking at a picture of any depth: nearly its own least and greatest sample."""


FLAT_LEVELS: Final = 4.0
"""A picture whose samples differ by fewer of the 255 steps from black to white is flat as read."""


class StoredSamples(NamedTuple):
    """The samples of a picture of more than 8 bits as its file holds them: their type, such as "uint16", "int32" or
    "float32" (a format with 12 bits gives "uint12"), the least and the greatest, and how many are not numbers (NaN) or
    infinite."""

    type: str
    low: float
    high: float
    not_numbers: int = 0


def is_deep(samples: NDArray[Any]) -> bool:
    """Whether decoded samples have more than 8 bits, a sign or a fraction, so that a range decides what they look like."""
    return samples.dtype not in (np.uint8, np.bool_)


def stored_samples(samples: NDArray[Any], header: Header) -> StoredSamples:
    """Type and extremes of decoded samples (height, width[, channels]) without transparency; 0 where none is finite."""
    colors = samples[..., :-1] if samples.ndim == 3 and samples.shape[2] in (2, 4) else samples
    finite = colors[np.isfinite(colors)] if colors.dtype.kind == "f" else colors
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    name = {"unsigned": "uint", "signed": "int", "float": "float"}[header.sample_kind]
    return StoredSamples(f"{name}{header.bit_depth}", low, high, int(colors.size - finite.size))


def type_bits(sample_type: str) -> int:
    """The bits of a sample of a type, such as 16 for "uint16"."""
    return int(sample_type.lstrip("abcdefghijklmnopqrstuvwxyz"))


def levels_as_read(stored: StoredSamples, wanted: SampleRange) -> float:
    """How many of the 255 steps between black and white lie between the least and the greatest sample, read this way.

    0 where the picture cannot be read at all.
    """
    if wanted.mode == "picture":
        return 255.0 if stored.high > stored.low else 0.0
    if wanted.mode == "window":
        low, high = wanted.low, wanted.high
    else:
        bounds = _type_limits(stored, wanted)
        if bounds is None:
            return 0.0
        low, high = bounds
    if not high > low:
        return 0.0
    # Halves, as the whole of a range of 64-bit floating point may be no number.
    return (min(max(stored.high, low), high) / 2 - min(max(stored.low, low), high) / 2) * 255.0 / (high / 2 - low / 2)


def limits(samples: NDArray[Any], header: Header, wanted: SampleRange) -> tuple[float, float]:
    """The samples that become 0 and 255. Raises PictureError where the numbers do not say it."""
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
    bounds = _type_limits(stored_samples(samples, header), wanted)
    if bounds is None:
        raise unsupported(header.format, "range")
    return bounds


def _type_limits(stored: StoredSamples, wanted: SampleRange) -> tuple[float, float] | None:
    """Black and white by the type, or by the significant bits of it; None for floating point beyond 0 to 255."""
    if stored.type.startswith("float"):
        if stored.low < -0.5 or stored.high > 255.5:
            return None
        return 0.0, 1.0 if stored.high <= 1.0 else 255.0
    bits = type_bits(stored.type)
    bits = min(wanted.bits, bits) if wanted.mode == "bits" else bits
    return (0.0, 2.0 ** bits - 1) if stored.type.startswith("uint") else (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)


def to_uint8(samples: NDArray[Any], header: Header, wanted: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """Samples (height, width[, channels]) of any type as uint8, rounded to the nearest.

    Not a number counts as `low`, infinity as the greatest: `StoredSamples` counts them, and whoever reads is told.

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
    if not np.isfinite(high - low):  # the ends of 64-bit floating point
        numbers, low, high = numbers / 2, low / 2, high / 2
    with np.errstate(over="ignore"):  # what is beyond is clipped
        scaled: NDArray[np.uint8] = np.floor(np.clip((numbers - low) * (255.0 / (high - low)), 0, 255) + 0.5).astype(np.uint8)
    return scaled
