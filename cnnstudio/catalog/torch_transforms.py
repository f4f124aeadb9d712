"""Which augmentations of the catalog do what a transform of torchvision does, with its ranges converted."""

from __future__ import annotations

from collections.abc import Callable
from math import radians, sqrt, tan
from typing import Any, Final

import msgspec

from cnnstudio.catalog.shapes import Values
from cnnstudio.core.text import Text


class Change(msgspec.Struct, frozen=True):
    """One augmentation, and a note where it does not do quite the same."""

    type: str
    params: dict[str, Any] = {}
    note: Text | None = None


class NotLikeIt(Exception):
    """No augmentation does this; why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class TorchTransform(msgspec.Struct, frozen=True):
    """A class of torchvision.transforms: its arguments with their defaults (None for those without), and its changes for
    pictures of (height, width)."""

    arguments: dict[str, Any]
    changes: Callable[[Values, tuple[int, int]], tuple[Change, ...]]


_NOT_THESE: Final = Text("with these values there is nothing like it here", "con estos valores aquí no hay nada igual")
_ADDS: Final = Text("there brightness is multiplied, here as much of the full range is added",
                    "allí el brillo se multiplica; aquí se suma esa parte del rango completo")
_ZOOM: Final = Text("the same range of sizes, drawn evenly in the reciprocal", "el mismo rango de tamaños, sorteado de modo "
                    "uniforme en el recíproco")
_PROPORTIONS: Final = Text("the part keeps the proportions of the picture", "el recorte conserva las proporciones de la imagen")
_COLUMNS: Final = Text("here by parts of a pixel as well", "aquí también por fracciones de píxel")
_RATIO: Final = Text("the proportions of the rectangle are drawn otherwise", "las proporciones del rectángulo se sortean de "
                     "otra forma")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotLikeIt(_NOT_THESE)
    return float(value)


def _short(value: float) -> float:
    """A computed number without the noise of its last digits."""
    return float(f"{value:.9g}")


def _range(value: Any) -> tuple[float, float]:
    """A number f as -f to f, or a pair."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return _number(value[0]), _number(value[1])
    return -_number(value), _number(value)


def _around_one(value: Any) -> tuple[float, float] | None:
    """A factor of ColorJitter as the range of what it multiplies with; None where it changes nothing."""
    if isinstance(value, tuple | list):
        low, high = _range(value)
    else:
        low, high = max(0.0, 1 - _number(value)), 1 + _number(value)
    return None if low == high == 1 else (low, high)


def _fill(values: Values) -> dict[str, Any]:
    fill = values.get("fill", 0)
    fill = fill[0] if isinstance(fill, tuple | list) and fill else fill
    return {"fill_mode": "constant", "fill_value": _number(0 if fill is None else fill)}


def _flip(mode: str) -> Callable[[Values, tuple[int, int]], tuple[Change, ...]]:
    def changes(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
        share = _number(values["p"])
        if share > 0.5:
            raise NotLikeIt(Text("a flip here changes half of the pictures at most",
                                 "un volteo cambia aquí como máximo la mitad de las imágenes"))
        return (Change("random_flip", {"mode": mode} | ({"probability": 2 * share} if share < 0.5 else {})),)

    return changes


def _rotation(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    low, high = _range(values["degrees"])
    factor: Any = _short(high / 360) if low == -high else (_short(low / 360), _short(high / 360))
    return (Change("random_rotation", {"factor": factor} | _fill(values)),)


def _affine(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    result: list[Change] = []
    low, high = _range(values["degrees"])
    if (low, high) != (0, 0):
        result += _rotation(values, _size)
    if values["translate"] is not None:
        across, down = values["translate"]
        result.append(Change("random_translation", {"height_factor": _number(down), "width_factor": _number(across)} | _fill(
            values)))
    if values["scale"] is not None:
        smallest, largest = _range(values["scale"])
        if smallest <= 0:
            raise NotLikeIt(_NOT_THESE)
        ends = (_short(1 / largest - 1), _short(1 / smallest - 1))
        result.append(Change("random_zoom", {"height_factor": ends} | _fill(values), _ZOOM))
    if values["shear"] is not None:
        shear = values["shear"]
        sides = [*shear, 0, 0][:4] if isinstance(shear, tuple | list) and len(shear) > 1 else [*_range(
            shear[0] if isinstance(shear, tuple | list) else shear), 0, 0]
        across, down = (max(abs(_number(sides[place])), abs(_number(sides[place + 1]))) for place in (0, 2))
        result.append(Change("random_shear", {
            "x_factor": (0.0, _short(tan(radians(across)))), "y_factor": (0.0, _short(tan(radians(down))))} | _fill(values)))
    return tuple(result)


def _jitter(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    params: dict[str, Any] = {}
    brightness, contrast, saturation = (_around_one(values[name]) for name in ("brightness", "contrast", "saturation"))
    hue = _range(values["hue"])
    params["brightness_factor"] = None if brightness is None else (_short(brightness[0] - 1), _short(brightness[1] - 1))
    params["contrast_factor"] = None if contrast is None else (_short(min(1 - contrast[0], 1)), _short(min(contrast[1] - 1, 1)))
    # A factor f makes colours f / (1 - f) times as strong.
    params["saturation_factor"] = None if saturation is None else tuple(_short(times / (1 + times)) for times in saturation)
    params["hue_factor"] = None if hue == (0, 0) else (0.0, 2 * max(abs(hue[0]), abs(hue[1])))
    return (Change("random_color_jitter", params, _ADDS if brightness is not None else None),)


def _resized_crop(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    low, high = _range(values["scale"])
    sides = (_short(max(sqrt(max(low, 0.0)), 0.05)), _short(min(sqrt(high), 1.0)))
    return (Change("random_crop", {"scale": sides}, _PROPORTIONS),)


def _crop(values: Values, size: tuple[int, int]) -> tuple[Change, ...]:
    """A crop of a padded picture moves it; `before` is the size before the crop, where the pipeline resizes."""
    padding = values["padding"]
    if padding is None:
        before = values.get("before")
        if before is None:
            raise NotLikeIt(Text("the size before the crop is not known", "no se conoce el tamaño antes del recorte"))
        share = min(size[0] / before[0], size[1] / before[1], 1.0)
        return (Change("random_crop", {"scale": (share, share)}),) if share < 1 else ()
    sides = padding if isinstance(padding, tuple | list) else (padding, padding)
    mode = {"constant": "constant", "edge": "nearest", "reflect": "reflect", "symmetric": "reflect"}.get(
        str(values["padding_mode"]), "constant")
    return (Change("random_translation", {
        "height_factor": _number(sides[-1]) / size[0], "width_factor": _number(sides[0]) / size[1], "fill_mode": mode}
        | ({"fill_value": _fill(values)["fill_value"]} if mode == "constant" else {}), _COLUMNS),)


def _blur(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    kernel = values["kernel_size"]
    side = kernel[0] if isinstance(kernel, tuple | list) else kernel
    sigma = values["sigma"]
    low, high = (_number(sigma), _number(sigma)) if not isinstance(sigma, tuple | list) else _range(sigma)
    return (Change("random_gaussian_blur", {"kernel_size": int(_number(side)), "sigma": (low, high)}),)


def _erasing(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
    value = values["value"]
    fill = None if value == "random" else _number(value[0] if isinstance(value, tuple | list) else value) * 255
    return (Change("random_erasing", {"scale": _range(values["scale"]), "fill_value": fill,
                                      "probability": _number(values["p"])}, _RATIO),)


def _with_probability(type: str, **params: Callable[[Values], Any]) -> Callable[[Values, tuple[int, int]], tuple[Change, ...]]:
    def changes(values: Values, _size: tuple[int, int]) -> tuple[Change, ...]:
        return (Change(type, {name: read(values) for name, read in params.items()} | {"probability": _number(values["p"])}),)

    return changes


def _threshold(values: Values) -> tuple[float, float]:
    share = _number(values["threshold"]) / 255
    return share, share


def _sharpness(values: Values) -> tuple[float, float]:
    share = min(_number(values["sharpness_factor"]) / 2, 1.0)
    return share, share


_SIZE: Final[dict[str, Any]] = {"size": None}
TORCH_TRANSFORMS: Final[dict[str, TorchTransform]] = {
    "RandomHorizontalFlip": TorchTransform({"p": 0.5}, _flip("horizontal")),
    "RandomVerticalFlip": TorchTransform({"p": 0.5}, _flip("vertical")),
    "RandomRotation": TorchTransform({"degrees": None, "interpolation": None, "expand": False, "center": None, "fill": 0},
                                     _rotation),
    "RandomAffine": TorchTransform({"degrees": None, "translate": None, "scale": None, "shear": None, "interpolation": None,
                                    "fill": 0, "center": None}, _affine),
    "ColorJitter": TorchTransform({"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}, _jitter),
    "RandomResizedCrop": TorchTransform(_SIZE | {"scale": (0.08, 1.0), "ratio": (0.75, 4 / 3), "interpolation": None,
                                                 "antialias": None}, _resized_crop),
    "RandomCrop": TorchTransform(_SIZE | {"padding": None, "pad_if_needed": False, "fill": 0, "padding_mode": "constant"},
                                 _crop),
    "RandomGrayscale": TorchTransform({"p": 0.1}, _with_probability("random_grayscale")),
    "RandomInvert": TorchTransform({"p": 0.5}, _with_probability("random_invert")),
    "RandomEqualize": TorchTransform({"p": 0.5}, _with_probability("equalization")),
    "RandomPosterize": TorchTransform({"bits": None, "p": 0.5}, _with_probability(
        "random_posterization", factor=lambda values: (_number(values["bits"]), _number(values["bits"])))),
    "RandomSolarize": TorchTransform({"threshold": None, "p": 0.5}, _with_probability(
        "solarization", threshold_factor=_threshold)),
    "RandomAdjustSharpness": TorchTransform({"sharpness_factor": None, "p": 0.5}, _with_probability(
        "random_sharpness", factor=_sharpness)),
    "GaussianBlur": TorchTransform({"kernel_size": None, "sigma": (0.1, 2.0)}, _blur),
    "RandomErasing": TorchTransform({"p": 0.5, "scale": (0.02, 0.33), "ratio": (0.3, 3.3), "value": 0, "inplace": False},
                                    _erasing),
}
"""By their names."""
