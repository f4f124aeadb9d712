"""Random changes of colours and of details of one picture, in the order of the user's list.

Changes that look at one value alone (TABLES) are fused into one lookup table until a change that needs
colours or neighbours (ARRAYS) stands between. A fourth channel (transparency) is never touched.

The meaning is that of the Keras 3 layer of the same name, with these differences: where Keras fills the
outside of a picture with zeros (sharpness, blur), which darkens its border, the border is continued here;
a saturation above 1 is cut off. Changes of colour do nothing to grey pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .chance import Chance, Floats, factor_range, normal

Picture = NDArray[np.uint8]
Step = Mapping[str, Any]

TABLES: Final = ("random_brightness", "random_contrast", "random_posterization", "solarization", "random_invert",
                 "equalization")
ARRAYS: Final = ("random_hue", "random_saturation", "random_grayscale", "random_sharpness", "random_gaussian_blur",
                 "random_gaussian_noise", "random_erasing")
COLOR: Final = ("random_hue", "random_saturation", "random_grayscale")
"""Changes that need three colours."""
_JITTER: Final = {"brightness_factor": "random_brightness", "contrast_factor": "random_contrast",
                  "saturation_factor": "random_saturation", "hue_factor": "random_hue"}


def without_jitter(steps: Sequence[Step]) -> list[Step]:
    """The steps, a random_color_jitter replaced by its four parts; they happen to the same pictures."""
    found: list[Step] = []
    for step in steps:
        if step["type"] != "random_color_jitter":
            found.append(step)
            continue
        name, params = str(step.get("id", step["type"])), step["params"]
        for factor, kind in _JITTER.items():
            if params.get(factor) is not None:
                found.append({"id": f"{name}.{factor}", "type": kind, "happens": name,
                              "params": {"factor": params[factor], "probability": params.get("probability", 1.0)}})
    return found


def draw_values(step: Step, seed: int, epoch: int, pictures: NDArray[np.int64], height: int, width: int) -> Floats:
    """What is done to each picture, (n,) or (n, k) numbers; see `_change_table` and `_change_array`."""
    kind, params = str(step["type"]), step["params"]
    source = Chance(seed, epoch, pictures, str(step.get("id", kind)))
    chosen = source.happens(step)
    if "happens" in step:
        chosen = Chance(seed, epoch, pictures, str(step["happens"])).happens(step)
    if kind in ("random_grayscale", "random_invert", "equalization"):
        return chosen.astype(np.float64)
    if kind == "random_gaussian_blur":
        low, high = factor_range(params["sigma"], 0.0)
        both = np.stack([source.uniform(low, high), source.uniform(low, high)], 1)
        return np.where(chosen[:, None], both, 0.0)
    if kind == "random_gaussian_noise":
        low, high = factor_range(params["stddev"], 0.0)
        return np.stack([np.where(chosen, source.uniform(low, high) * 255.0, 0.0), source.keys()], 1)
    if kind == "random_erasing":
        return _boxes(params, source, chosen, height, width)
    if kind == "solarization":
        (from_, to), (low, high) = (factor_range(params[name], 0.0) for name in ("addition_factor", "threshold_factor"))
        added, threshold = source.uniform(from_, to) * 255.0, source.uniform(low, high) * 255.0
        return np.stack([np.where(chosen, added, 0.0), np.where(chosen, threshold, 256.0)], 1)
    factor = params["factor"]
    if kind == "random_brightness":
        low, high = factor_range(factor)
        return np.where(chosen, source.uniform(low, high) * 255.0, 0.0)
    if kind == "random_contrast":
        low, high = factor_range(factor)
        if not isinstance(factor, (int, float)):
            low = -low  # two numbers are how far down and how far up
        return np.where(chosen, source.uniform(1.0 + low, 1.0 + high), 1.0)
    if kind == "random_posterization":
        low, high = factor_range(factor, 1.0)
        bits = np.floor(source.uniform(low, high)) if low != high else np.full(source.count, low)
        return np.where(chosen, bits, 8.0)
    low, high = factor_range(factor, 0.0)
    if kind == "random_hue":
        sign = np.where(source.uniform(0.0, 1.0) > 0.5, -1.0, 1.0)
        return np.where(chosen, sign * source.uniform(low, high) * 0.5, 0.0)
    drawn = source.uniform(low, high)
    if kind == "random_saturation":
        return np.where(chosen, drawn / (1.0 - drawn + 1e-7), 1.0)
    return np.where(chosen, drawn * 2.0, 1.0)  # random_sharpness


def _boxes(params: Mapping[str, Any], source: Chance, chosen: NDArray[np.bool_], height: int, width: int) -> Floats:
    """(n, 5): first and one past the last column, the same of rows, and the key of the noise.

    As in Keras each side is the root of a share drawn for itself.
    """
    low, high = factor_range(params["scale"], 0.0)
    found = []
    for length in (width, height):
        side = np.sqrt(source.uniform(low, high)) * length
        start = source.uniform(0.0, 1.0) * (length - side)
        found += [np.ceil(start), np.where(chosen, np.ceil(start + side), np.ceil(start))]
    return np.stack([*found, source.keys()], 1)


def change(picture: Picture, steps: Sequence[Step], values: Sequence[Floats], index: int) -> None:
    """Do all steps to a picture (height, width, channels) in its place; `values` are those of `draw_values`."""
    channels = picture.shape[2]
    colors = min(channels, 3)
    table: Floats | None = None
    for step, drawn in zip(steps, values, strict=True):
        kind, value = str(step["type"]), drawn[index]
        if kind in ARRAYS:
            if _idle(kind, value) or (kind in COLOR and channels == 1):
                continue
            _look_up(picture, table)
            table = None
            shown = picture if channels == colors else np.ascontiguousarray(picture[..., :3])
            done = _change_array(shown, kind, value, step["params"])
            picture[..., :colors] = done.reshape(picture.shape[0], picture.shape[1], colors)
        else:
            table = _change_table(picture, table, kind, value, colors)
    _look_up(picture, table)


def _look_up(picture: Picture, table: Floats | None) -> None:
    if table is None:
        return
    whole = np.empty((1, 256, picture.shape[2]), np.uint8)
    whole[0, :, :table.shape[1]] = np.rint(table)
    if picture.shape[2] == 4:
        whole[0, :, 3] = np.arange(256)
    # OpenCV drops a single channel's axis, and would not write into a picture that has it.
    target = picture[..., 0] if picture.shape[2] == 1 else picture
    cv2.LUT(target, whole, dst=target)


def _change_table(picture: Picture, table: Floats | None, kind: str, value: Any, colors: int) -> Floats | None:
    """The table (256, colours) with one more change in it; None while nothing is changed."""
    neutral = {"random_brightness": 0.0, "random_contrast": 1.0, "random_posterization": 8.0}.get(kind, 0.0)
    if (value[1] > 255.0 and value[0] == 0.0) if kind == "solarization" else value == neutral:
        return table
    now = table if table is not None else np.tile(np.arange(256.0)[:, None], (1, colors))
    if kind == "random_brightness":
        return np.asarray(np.clip(now + value, 0.0, 255.0))
    if kind == "random_contrast":
        mean = _means(picture, table, colors)
        return np.asarray(np.clip((now - mean) * value + mean, 0.0, 255.0))
    if kind == "random_invert":
        return 255.0 - now
    if kind == "solarization":
        lighter = np.clip(now + value[0], 0.0, 255.0)
        return np.asarray(np.where(lighter < value[1], lighter, 255.0 - lighter))
    whole = np.rint(now).astype(np.int64)
    if kind == "random_posterization":
        shift = 8 - int(value)
        return (whole >> shift << shift).astype(np.float64)
    return np.stack([_equalized(whole[:, channel], _counts(picture, channel)) for channel in range(colors)], 1)


def _equalized(values: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """A column of the table after its values were spread evenly over the range."""
    sums = np.cumsum(np.bincount(values, weights=counts, minlength=256))
    first = sums[np.flatnonzero(sums)[0]]
    if sums[-1] == first:
        return values.astype(np.float64)
    spread = np.clip(np.round((sums - first) * 255.0 / (sums[-1] - first)), 0.0, 255.0)
    return np.asarray(spread[values], np.float64)


def _counts(picture: Picture, channel: int) -> NDArray[np.int64]:
    return np.bincount(picture[..., channel].ravel(), minlength=256)


def _means(picture: Picture, table: Floats | None, colors: int) -> Floats:
    """The mean of every colour as it stands after `table`."""
    if table is None:
        return np.array(cv2.mean(picture)[:colors])
    counts = np.stack([_counts(picture, channel) for channel in range(colors)], 1)
    means: Floats = (counts * table).sum(axis=0) / (picture.shape[0] * picture.shape[1])
    return means


def _idle(kind: str, value: Any) -> bool:
    """Whether these values change nothing."""
    if kind in ("random_saturation", "random_sharpness"):
        return bool(value == 1.0)
    if kind == "random_gaussian_blur":
        return bool(value.max() < 0.05)
    if kind == "random_gaussian_noise":
        return bool(value[0] <= 0.0)
    if kind == "random_erasing":
        return bool(value[1] <= value[0] or value[3] <= value[2])
    return bool(value == 0.0)


def _change_array(picture: Picture, kind: str, value: Any, params: Mapping[str, Any]) -> NDArray[Any]:
    """The changed grey or red-green-blue picture, uint8."""
    if kind in ("random_hue", "random_saturation"):
        hsv = cv2.cvtColor(picture.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2HSV)
        if kind == "random_hue":
            hsv[..., 0] = (hsv[..., 0] + np.float32(360.0 * value)) % np.float32(360.0)
        else:
            hsv[..., 1] = np.minimum(hsv[..., 1] * np.float32(value), np.float32(1.0))
        return _rounded(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255.0))
    if kind == "random_grayscale":
        return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    if kind == "random_sharpness":
        kernel = np.full((3, 3), 1 / 13, np.float32)
        kernel[1, 1] = 5 / 13
        exact = picture.astype(np.float32)
        smooth = cv2.filter2D(exact, -1, kernel, borderType=cv2.BORDER_REPLICATE).reshape(picture.shape)
        return _rounded(exact + np.float32(1.0 - value) * (smooth - exact))
    if kind == "random_gaussian_blur":
        across, down = (max(0.01, float(each)) for each in value)
        side = int(params["kernel_size"]) | 1
        return cv2.GaussianBlur(picture, (side, side), across, sigmaY=down, borderType=cv2.BORDER_REPLICATE)
    if kind == "random_gaussian_noise":
        return _rounded(picture + normal(value[1], picture.shape) * np.float32(value[0]))
    left, right, top, bottom = (int(each) for each in value[:4])
    erased = picture.copy()
    inside = erased[top:bottom, left:right]
    fill = params.get("fill_value")
    inside[...] = _rounded(normal(value[4], inside.shape) * np.float32(255.0)) if fill is None else round(fill)
    return erased


def _rounded(values: NDArray[Any]) -> Picture:
    return np.asarray(np.rint(np.clip(values, 0.0, 255.0)), np.uint8)
