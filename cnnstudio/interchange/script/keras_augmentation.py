"""Keras's layers and ImageDataGenerator that change training pictures, as augmentations of the catalog."""

from __future__ import annotations

from math import radians, sin
from typing import Any, Final

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.item import Step, as_immutable
from cnnstudio.core.params import check, find_param
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import CallValue, Layer, Unknown
from cnnstudio.interchange.script.notes import NOTHING_LIKE_IT, UNKNOWN, Notes, is_number, rounded, spell

_BY_KERAS: Final = {entry.keras.rpartition(".")[2]: entry for entry in AUGMENTATIONS if entry.keras}
_IGNORED: Final = ("interpolation", "seed", "value_range", "data_format", "name", "dtype")
_BOTH_SIDES: Final = frozenset(("random_contrast",))
"""Steps whose single number stands for a number below and the same above 1."""
_PIXELS: Final = Text("its size is in pixels; the program crops a share of the picture",
                      "su tamaño está en píxeles; el programa recorta una parte proporcional de la imagen")


def layer_steps(layers: list[Layer], notes: Notes) -> list[Step]:
    """The augmentations of layers such as RandomFlip."""
    steps: list[Step] = []
    for layer in layers:
        entry = _BY_KERAS.get(layer.kind)
        what = f"{layer.kind}({', '.join(_spelled(layer.settings))})"
        if entry is None or layer.kind == "RandomCrop":
            notes.leave(layer.line, "augmentation", what, _PIXELS if entry is not None else NOTHING_LIKE_IT)
            continue
        names = [param.name for param in entry.params if param.name != "probability"]
        params: dict[str, Any] = {}
        for given, passed in layer.settings.items():
            place = int(given.removeprefix("argument_")) - 1 if given.startswith("argument_") else len(names)
            name = names[place] if place < len(names) else given
            if name in _IGNORED:
                continue
            value: Any = as_immutable(passed) if isinstance(passed, tuple | list) else passed
            if entry.id in _BOTH_SIDES and is_number(value):
                value = (float(value), float(value))
            if isinstance(value, Unknown) or find_param(entry.params, name) is None or check(
                    entry.params, {name: value}, "augmentation"):
                notes.leave(layer.line, "augmentation", f"{layer.kind}: {name}={spell(value)}",
                            UNKNOWN if isinstance(value, Unknown) else NOTHING_LIKE_IT)
                continue
            params[name] = value
        steps.append(make_step(steps, entry.id, params))
        notes.take(layer.line, "augmentation", what, entry.label)
    return steps


def _spelled(settings: dict[str, Any]) -> list[str]:
    return [spell(value) if name.startswith("argument_") else f"{name}={spell(value)}" for name, value in settings.items()]


def make_step(steps: list[Step], kind: str, params: dict[str, Any]) -> Step:
    """An augmentation with an id that none of the others has."""
    taken = {step.id for step in steps}
    name, number = kind, 2
    while name in taken:
        name, number = f"{kind}_{number}", number + 1
    return Step(id=name, type=kind, params=params)


_ADDS: Final = Text("there it multiplies the brightness, here it adds as much of the full range",
                    "allí multiplica el brillo; aquí suma esa parte del rango completo")
_DEGREES: Final = Text("in Keras the number is in degrees", "en Keras el número está en grados")
_STATISTICS: Final = Text("it needs numbers of all pictures; “standardize” (recipe.normalization) is the closest",
                          "necesita números de todas las imágenes; «standardize» (recipe.normalization) es lo más parecido")


def generator_steps(generator: CallValue, size: tuple[int, int], notes: Notes) -> list[Step]:
    """The augmentations of an ImageDataGenerator for pictures of (height, width)."""
    steps: list[Step] = []
    values, line = generator.keywords, generator.line
    fill: dict[str, Any] = {"fill_mode": values.get("fill_mode", "nearest")}
    if fill["fill_mode"] == "constant":
        fill["fill_value"] = float(values.get("cval", 0.0))

    def add(kind: str, what: str, params: dict[str, Any], note: Text | None = None) -> None:
        entry = AUGMENTATIONS[kind]
        if check(entry.params, params, "augmentation"):
            notes.leave(line, "augmentation", what, NOTHING_LIKE_IT)
            return
        steps.append(make_step(steps, kind, params))
        notes.take(line, "augmentation", what, entry.label, note)

    for name, value in values.items():
        what = f"ImageDataGenerator: {name}={spell(value)}"
        if isinstance(value, Unknown):
            notes.leave(line, "augmentation", what, UNKNOWN)
        elif name in ("rescale", "validation_split", "fill_mode", "cval", "data_format", "dtype", "interpolation_order") or (
                value in (None, False, 0)):
            continue
        elif name in ("horizontal_flip", "vertical_flip"):
            add("random_flip", what, {"mode": name.removesuffix("_flip")})
        elif name == "rotation_range" and is_number(value):
            add("random_rotation", what, {"factor": rounded(value / 360)} | fill)
        elif name in ("width_shift_range", "height_shift_range") and is_number(value):
            side = size[1] if name.startswith("width") else size[0]
            share = float(value) if value < 1 else value / side
            zero = "height_factor" if name.startswith("width") else "width_factor"
            own = "width_factor" if name.startswith("width") else "height_factor"
            before = next((index for index, step in enumerate(steps) if step.type == "random_translation"), None)
            if before is not None:
                steps[before] = Step(id=steps[before].id, type="random_translation", params=dict(steps[before].params) | {
                    own: share})
                notes.take(line, "augmentation", what, AUGMENTATIONS["random_translation"].label)
            else:
                add("random_translation", what, {own: share, zero: 0.0} | fill)
        elif name == "zoom_range" and (is_number(value) or isinstance(value, tuple | list)):
            ends = (-float(value), float(value)) if is_number(value) else (rounded(value[0] - 1), rounded(value[1] - 1))
            add("random_zoom", what, {"height_factor": ends, "width_factor": ends} | fill)
        elif name == "shear_range" and is_number(value):
            add("random_shear", what, {"x_factor": (0.0, rounded(abs(sin(radians(value)))))} | fill, _DEGREES)
        elif name == "brightness_range" and isinstance(value, tuple | list) and len(value) == 2:
            add("random_brightness", what, {"factor": (rounded(value[0] - 1), rounded(value[1] - 1))}, _ADDS)
        elif name == "channel_shift_range" and is_number(value):
            add("random_brightness", what, {"factor": value / 255})
        elif name.startswith(("featurewise", "samplewise", "zca")):
            notes.leave(line, "recipe", what, _STATISTICS)
        elif name != "preprocessing_function":
            notes.leave(line, "augmentation", what, NOTHING_LIKE_IT)
    return steps
