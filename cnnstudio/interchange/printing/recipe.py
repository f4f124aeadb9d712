"""The recipe as a Python function that OpenCV alone carries out: the same pixels as the program's own path.

It reads ordinary 8-bit files; transparent, 16-bit, CMYK and animated ones are the program's (and the bundle's).
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.core.item import Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.interchange.printing.sample_range import sample_range_code

_FLAGS: Final = {
    "nearest": "INTER_NEAREST_EXACT", "nearest_opencv": "INTER_NEAREST", "bilinear": "INTER_LINEAR",
    "linear_exact": "INTER_LINEAR_EXACT", "bicubic": "INTER_CUBIC", "area": "INTER_AREA", "lanczos4": "INTER_LANCZOS4",
}
_READ: Final = {"grayscale": "IMREAD_COLOR_RGB", "rgb": "IMREAD_COLOR_RGB", "rgba": "IMREAD_COLOR_RGB"}


def recipe_code(recipe: RecipeSpec) -> str:
    """The source of `prepare(path)`, which returns uint8 (height, width, channels), and of its helpers."""
    steps = [step for step in recipe.steps if step.enabled and RECIPE_STEPS.find(step.type) is not None]
    lines: list[str] = []
    for helper in dict.fromkeys(RECIPE_STEPS[step.type].helper for step in steps):
        lines += [*helper(recipe.channels), "", ""] if helper is not None else []
    lines += [*_resized(recipe), "", ""]
    shape = f"({recipe.height}, {recipe.width}, {recipe.channels})"
    lines += ["def prepare(path):", f'    """A file as the network sees it: uint8 {shape}."""',
              "    # Ordinary 8-bit files, as in CNN Studio; deep, transparent, CMYK and animated ones need its bundle.",
              f"    picture = cv2.imdecode(np.fromfile(path, np.uint8), {_flags(recipe)})  # upright",
              "    if picture is None:", '        raise ValueError(f"OpenCV cannot read {path}.")']
    lines += [f"    {line}" for line in sample_range_code(recipe)]
    if recipe.color_mode == "grayscale":
        lines.append("    picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)")
    lines += [f"    {line}" for line in (*_crop(recipe), *_fit(recipe))]
    for step in steps:
        lines += [f"    {line}" for line in _step(step, recipe)]
    if recipe.color_mode == "rgba":
        lines += [f"    opaque = np.full(({recipe.height}, {recipe.width}, 1), 255, np.uint8)",
                  "    return np.concatenate([picture, opaque], axis=2)"]
    else:
        lines.append("    return picture[..., None]" if recipe.channels == 1 else "    return picture")
    return "\n".join(lines)


def _flags(recipe: RecipeSpec) -> str:
    flag = f"cv2.{_READ[recipe.color_mode]}"
    return flag if recipe.sample_range == "type" else f"{flag} | cv2.IMREAD_ANYDEPTH"


def _resized(recipe: RecipeSpec) -> list[str]:
    if recipe.interpolation != "auto":
        return ["def resized(picture, height, width):",
                f"    return cv2.resize(picture, (width, height), interpolation=cv2.{_FLAGS[recipe.interpolation]})"]
    return ["def resized(picture, height, width):",
            '    """Averages areas along a side that shrinks, interpolates linearly along one that grows."""',
            "    rows, columns = picture.shape[:2]",
            "    if height < rows or width < columns:",
            "        picture = cv2.resize(picture, (min(width, columns), min(height, rows)), "
            "interpolation=cv2.INTER_AREA)",
            "    if height > rows or width > columns:",
            "        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)",
            "    return picture"]


def _crop(recipe: RecipeSpec) -> list[str]:
    if recipe.crop == "share":
        return ["rows, columns = picture.shape[:2]",
                f"high, wide = (max(1, round(side * {recipe.crop_share})) for side in (rows, columns))",
                "top, left = (rows - high) // 2, (columns - wide) // 2",
                "picture = picture[top:top + high, left:left + wide]"]
    if recipe.crop == "box":
        top, left, high, wide = recipe.crop_box
        rows = f"{top}:{top + high}" if high else f"{top}:"
        columns = f"{left}:{left + wide}" if wide else f"{left}:"
        return [f"picture = picture[{rows}, {columns}]"]
    return []


def _fit(recipe: RecipeSpec) -> list[str]:
    height, width = recipe.height, recipe.width
    if recipe.fit == "stretch":
        return [f"picture = resized(picture, {height}, {width})"]
    if recipe.fit == "crop":
        return ["rows, columns = picture.shape[:2]",
                f"high = min(rows, max(1, round(columns * {height} / {width})))",
                f"wide = min(columns, max(1, round(rows * {width} / {height})))",
                "top, left = (rows - high) // 2, (columns - wide) // 2",
                f"picture = resized(picture[top:top + high, left:left + wide], {height}, {width})"]
    red, green, blue = recipe.background
    # As OpenCV weighs the colours of a grey picture.
    value = str(round(0.299 * red + 0.587 * green + 0.114 * blue)) if recipe.channels == 1 else str((red, green, blue))
    return ["rows, columns = picture.shape[:2]",
            f"scale = min({height} / rows, {width} / columns)",
            f"high, wide = min({height}, max(1, round(rows * scale))), min({width}, max(1, round(columns * scale)))",
            f"top, left = ({height} - high) // 2, ({width} - wide) // 2",
            f"picture = cv2.copyMakeBorder(resized(picture, high, wide), top, {height} - high - top, left,",
            f"                             {width} - wide - left, cv2.BORDER_CONSTANT, value={value})"]


def _step(step: Step, recipe: RecipeSpec) -> list[str]:
    entry = RECIPE_STEPS[step.type]
    return entry.opencv(with_defaults(entry.params, step.params), recipe.channels)
