"""The augmentation as functions of NumPy and OpenCV, for the scripts of both frameworks.

Every step means what its entry's change means, and all geometric steps are one interpolation as in the program; the
numbers are drawn from another generator, so the pictures are others of the same distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps import AUGMENTATIONS, Augmentation
from cnnstudio.catalog.steps.entry import MatrixScript, MixScript, PixelScript
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.imaging.changes import Geometric

_BORDERS: Final = {"reflect": "BORDER_REFLECT", "constant": "BORDER_CONSTANT", "wrap": "BORDER_WRAP",
                   "nearest": "BORDER_REPLICATE"}
Active = tuple[Augmentation, Values]
"""An enabled step: its entry and its values."""


def changes_pictures(project: Project) -> bool:
    """Whether a step changes single pictures."""
    return any(not entry.mixes for entry, _values in _active_steps(project))


def mixes_batches(project: Project) -> bool:
    """Whether a step mixes the pictures of a batch."""
    return any(entry.mixes for entry, _values in _active_steps(project))


def augmentation_code(project: Project) -> str:
    """The source of `augment(picture, rng)` for a uint8 picture (height, width, channels); "" if no step changes it."""
    steps = [(entry, values) for entry, values in _active_steps(project) if not entry.mixes]
    if not steps:
        return ""
    recipe = project.recipe
    geometric = [(entry, values, entry.script) for entry, values in steps if isinstance(entry.script, MatrixScript)]
    others = [(values, entry.script) for entry, values in steps if isinstance(entry.script, PixelScript) and not (
        entry.needs_color and recipe.channels == 1)]
    lines: list[str] = []
    if any(script.around_middle for _entry, _values, script in geometric):
        lines += [*_about_middle(recipe.height, recipe.width), "", ""]
    lines += ["def augment(picture, rng):", f'    """A random change of a picture: uint8 {recipe.shape}."""']
    if geometric:
        body = ["# One matrix from the result to the picture, so that pixels are interpolated once.", "matrix = np.eye(3)"]
        for _entry, values, script in geometric:
            body += _with_probability(values, script.lines(values, recipe.height, recipe.width))
        body += _warp_lines([(entry, values) for entry, values, _script in geometric], recipe.height, recipe.width)
        if recipe.channels == 1:
            body.append("picture = picture[..., None]  # OpenCV drops a single channel")
        lines += [f"    {line}" for line in body]
    if others:
        part = "picture[..., :3]" if recipe.channels == 4 else "picture"
        lines.append(f"    pixels = {part}.astype(np.float32)")
        for values, change in others:
            code = change.lines(values, recipe.channels)
            lines += [f"    {line}" for line in (_with_probability(values, code) if code else [])]
        done = "np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)"
        lines.append(f"    picture = {done}" if recipe.channels != 4 else
                     f"    picture = np.concatenate([{done}, picture[..., 3:]], axis=2)")
    lines.append("    return picture")
    return "\n".join(lines) + "\n"


def mixing_code(project: Project) -> str:
    """The source of `mix(pictures, labels, rng)` for a batch of uint8 pictures and its labels (n, k); "" where no step
    mixes."""
    steps = [(entry, values, entry.script) for entry, values in _active_steps(project) if isinstance(entry.script, MixScript)]
    if not steps:
        return ""
    lines: list[str] = []
    for function in dict.fromkeys(script.function for _entry, _values, script in steps):
        lines += [*function, "", ""]
    lines += ["def mix(pictures, labels, rng):", '    """A training batch with its pictures and labels mixed."""']
    for entry, values, script in steps:
        lines.append(f"    pictures, labels = {entry.id}(pictures, labels, rng, {script.argument(values)}, "
                     f"{float(values['probability'])!r})")
    return "\n".join([*lines, "    return pictures, labels"]) + "\n"


def _active_steps(project: Project) -> list[Active]:
    entries = ((AUGMENTATIONS.find(step.type), step) for step in project.augmentation.active)
    return [(entry, with_defaults(entry.params, step.params)) for entry, step in entries if entry is not None]


def _with_probability(values: Values, lines: list[str], draw: str = "rng.random()") -> list[str]:
    """The lines with the probability of the step."""
    probability = float(values.get("probability", 1.0))
    return lines if probability >= 1.0 else [f"if {draw} < {probability!r}:", *(f"    {line}" for line in lines)]


def _about_middle(height: int, width: int) -> list[str]:
    return ["def about_middle(across, across_down, down_across, down):",
            '    """The matrix [[across, across_down], [down_across, down]] around the middle of the picture."""',
            f"    middle = np.array([{(width - 1) / 2}, {(height - 1) / 2}])",
            "    linear = np.array([[across, across_down], [down_across, down]])",
            "    return np.vstack([np.column_stack([linear, middle - linear @ middle]), [0, 0, 1]])"]


def _warp_lines(steps: Sequence[Active], height: int, width: int) -> list[str]:
    border, fill = "reflect", 0.0
    for entry, values in steps:
        if isinstance(entry.change, Geometric) and entry.change.fills:
            border, fill = values["fill_mode"], float(values["fill_value"])
    value = f", borderValue=({fill},) * 4" if border == "constant" and fill else ""
    return [f"picture = cv2.warpAffine(picture, matrix[:2], ({width}, {height}), "
            "flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,",
            f"                         borderMode=cv2.{_BORDERS[border]}{value})"]
