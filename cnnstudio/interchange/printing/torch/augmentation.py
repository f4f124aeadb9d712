"""The augmentation as functions of NumPy and OpenCV: what the program does to a training picture, drawn anew each time.

The meaning of every step is that of `imaging.augment`, `imaging.photometric` and `imaging.mixing`; the numbers are
drawn from another source, so the pictures are others of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.item import Step
from cnnstudio.core.params import complete
from cnnstudio.core.project import Project

_GEOMETRY: Final = ("random_flip", "random_rotation", "random_zoom", "random_translation", "random_shear",
                    "random_crop")
_COLOR: Final = ("random_hue", "random_saturation", "random_grayscale")
_MIXES: Final = ("mix_up", "cut_mix")
_BORDERS: Final = {"reflect": "BORDER_REFLECT", "constant": "BORDER_CONSTANT", "wrap": "BORDER_WRAP",
                   "nearest": "BORDER_REPLICATE"}
_JITTER: Final = (("brightness_factor", "random_brightness"), ("contrast_factor", "random_contrast"),
                  ("saturation_factor", "random_saturation"), ("hue_factor", "random_hue"))
Values = Mapping[str, Any]


def augmentation_code(project: Project) -> str:
    """The source of `augment(picture)` for one uint8 picture (height, width, channels); "" where nothing changes it."""
    steps = [step for step in _known(project) if step.type not in _MIXES]
    if not steps:
        return ""
    recipe = project.recipe
    geometric = [step for step in steps if step.type in _GEOMETRY]
    others = [step for step in steps if step.type not in _GEOMETRY and not (
        step.type in _COLOR and recipe.channels == 1)]
    lines = [f"chance = np.random.default_rng({project.training.seed})", "", ""]
    if any(step.type in ("random_flip", "random_rotation", "random_zoom") for step in geometric):
        lines += [*_about_middle(recipe.height, recipe.width), "", ""]
    lines += ["def augment(picture):",
              f'    """A picture as training sees it, drawn anew each time: uint8 {recipe.shape}."""']
    if geometric:
        body = ["# One matrix for all: from a pixel of the result to one of the picture, which is interpolated once.",
                "matrix = np.eye(3)"]
        for step in geometric:
            values = _values(step)
            body += _sometimes(values, _GEOMETRIC[step.type](values, recipe.height, recipe.width))
        body += _warped(geometric, recipe.height, recipe.width)
        lines += [f"    {line}" for line in body]
    if others:
        part = "picture[..., :3]" if recipe.channels == 4 else "picture"
        lines.append(f"    pixels = {part}.astype(np.float32)")
        for step in others:
            lines += [f"    {line}" for line in _photometric(step, recipe.channels)]
        done = "np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)"
        lines.append(f"    picture = {done}" if recipe.channels != 4 else
                     f"    picture = np.concatenate([{done}, picture[..., 3:]], axis=2)")
    lines.append(f"    return picture.reshape{recipe.shape}")
    return "\n".join(lines) + "\n"


def mixing_code(project: Project) -> str:
    """The source of `mix(pictures, labels)` for tensors of a batch; "" where no step mixes."""
    steps = [step for step in _known(project) if step.type in _MIXES]
    if not steps:
        return ""
    lines: list[str] = []
    for kind in dict.fromkeys(step.type for step in steps):
        lines += [*_MIX_FUNCTIONS[kind], "", ""]
    lines += ["def mix(pictures, labels):", '    """A training batch with its pictures and labels mixed."""']
    for step in steps:
        values = _values(step)
        given = f"{float(values['alpha'])!r}" if step.type == "mix_up" else f"{_pair(values['factor'], 0.0)}"
        lines.append(f"    pictures, labels = {step.type}(pictures, labels, {given}, {float(values['probability'])!r})")
    return "\n".join([*lines, "    return pictures, labels"]) + "\n"


def _known(project: Project) -> list[Step]:
    return [step for step in project.augmentation.active if AUGMENTATIONS.find(step.type) is not None]


def _values(step: Step) -> dict[str, Any]:
    return complete(AUGMENTATIONS[step.type].params, step.params)


def _sometimes(values: Values, lines: list[str], word: str = "chance.random()") -> list[str]:
    """The lines for the share of the pictures that the step is done to."""
    probability = float(values.get("probability", 1.0))
    return lines if probability >= 1.0 else [f"if {word} < {probability!r}:", *(f"    {line}" for line in lines)]


def _pair(factor: Any, least: float = float("-inf")) -> tuple[float, float]:
    """As Keras reads a factor: one number f means -|f| to |f|; nothing is below `least`."""
    if isinstance(factor, int | float):
        return max(-abs(float(factor)), least), abs(float(factor))
    first, second = (float(value) for value in factor)
    return max(min(first, second), least), max(first, second)


def _drawn(factor: Any, least: float = float("-inf"), times: float = 1.0, plus: float = 0.0) -> str:
    """The expression that draws a number of the range, times and plus numbers; a constant where there is no choice."""
    low, high = (_short(times * each + plus) for each in _pair(factor, least))
    return repr(low) if low == high else f"chance.uniform({low!r}, {high!r})"


def _short(value: float) -> float:
    return float(f"{value:.10g}")


# Geometry ----------------------------------------------------------------------------------------

def _about_middle(height: int, width: int) -> list[str]:
    return ["def about_middle(across, across_down, down_across, down):",
            '    """The matrix [[across, across_down], [down_across, down]] around the middle of the picture."""',
            f"    middle = np.array([{(width - 1) / 2}, {(height - 1) / 2}])",
            "    linear = np.array([[across, across_down], [down_across, down]])",
            "    return np.vstack([np.column_stack([linear, middle - linear @ middle]), [0, 0, 1]])"]


def _flip(values: Values, _height: int, _width: int) -> list[str]:
    across, down = {"horizontal": (-1, 1), "vertical": (1, -1)}.get(values["mode"], (-1, -1))
    return ["if chance.random() < 0.5:", f"    matrix = matrix @ about_middle({across}, 0, 0, {down})"]


def _rotation(values: Values, _height: int, _width: int) -> list[str]:
    return [f"angle = 2 * np.pi * {_drawn(values['factor'])}",
            "matrix = matrix @ about_middle(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))"]


def _zoom(values: Values, _height: int, _width: int) -> list[str]:
    wide = "high" if values["width_factor"] is None else _drawn(values["width_factor"], plus=1.0)
    return [f"high = {_drawn(values['height_factor'], plus=1.0)}", f"matrix = matrix @ about_middle({wide}, 0, 0, high)"]


def _translation(values: Values, height: int, width: int) -> list[str]:
    return [f"down, right = {_drawn(values['height_factor'], times=height)}, {_drawn(values['width_factor'], times=width)}",
            "matrix = matrix @ np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])"]


def _shear(values: Values, _height: int, _width: int) -> list[str]:
    return ["side = chance.choice([-1, 1])",
            f"matrix = matrix @ np.array([[1, side * {_drawn(values['x_factor'])}, 0], "
            f"[side * {_drawn(values['y_factor'])}, 1, 0], [0, 0, 1]])"]


def _random_crop(values: Values, height: int, width: int) -> list[str]:
    return [f"share = min({_drawn(values['scale'], 0.01)}, 1.0)",
            f"left, top = chance.random() * (1 - share) * {width}, chance.random() * (1 - share) * {height}",
            "matrix = matrix @ np.array([[share, 0, left + (share - 1) / 2], [0, share, top + (share - 1) / 2], [0, 0, 1]])"]


_GEOMETRIC: Final[dict[str, Callable[[Values, int, int], list[str]]]] = {
    "random_flip": _flip, "random_rotation": _rotation, "random_zoom": _zoom, "random_translation": _translation,
    "random_shear": _shear, "random_crop": _random_crop}


def _warped(steps: list[Step], height: int, width: int) -> list[str]:
    border, fill = "reflect", 0.0
    for step in steps:
        if step.type not in ("random_flip", "random_crop"):
            values = _values(step)
            border, fill = values["fill_mode"], float(values["fill_value"])
    value = f", borderValue=({fill},) * 4" if border == "constant" and fill else ""
    return [f"picture = cv2.warpAffine(picture, matrix[:2], ({width}, {height}), "
            "flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,",
            f"                         borderMode=cv2.{_BORDERS[border]}{value})",
            f"picture = picture.reshape({height}, {width}, -1)"]


# Colours and details -----------------------------------------------------------------------------

def _photometric(step: Step, channels: int) -> list[str]:
    values = _values(step)
    if step.type != "random_color_jitter":
        return _sometimes(values, _CHANGES[step.type](values))
    lines: list[str] = []
    for name, kind in _JITTER:
        if values[name] is not None and not (channels == 1 and kind in _COLOR):
            lines += _CHANGES[kind]({"factor": values[name]})
    return _sometimes(values, lines) if lines else []


def _brightness(values: Values) -> list[str]:
    return [f"pixels = np.clip(pixels + {_drawn(values['factor'], times=255)}, 0, 255)"]


def _contrast(values: Values) -> list[str]:
    factor = values["factor"]
    # Two numbers are how far down and how far up.
    low, high = _pair(factor) if isinstance(factor, int | float) else (-min(factor), max(factor))
    return ["mean = pixels.mean(axis=(0, 1))",
            f"pixels = np.clip((pixels - mean) * {_drawn((low, high), plus=1.0)} + mean, 0, 255)"]


def _posterization(values: Values) -> list[str]:
    return [f"lost = 8 - int({_drawn(values['factor'], 1.0)})  # bits",
            "pixels = (np.rint(pixels).astype(np.uint8) >> lost << lost).astype(np.float32)"]


def _solarization(values: Values) -> list[str]:
    added, threshold = (_drawn(values[name], 0.0, 255) for name in ("addition_factor", "threshold_factor"))
    return [f"pixels = np.clip(pixels + {added}, 0, 255)" if added != "0.0" else "# What is brighter is inverted.",
            f"pixels = np.where(pixels < {threshold}, pixels, 255 - pixels)"]


def _equalization(_values: Values) -> list[str]:
    return ["whole = np.rint(pixels).astype(np.uint8)",
            "pixels = np.stack([cv2.equalizeHist(np.ascontiguousarray(whole[..., each]))",
            "                   for each in range(whole.shape[2])], axis=2).astype(np.float32)"]


def _hsv(change: str) -> list[str]:
    return ["hsv = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)", change,
            "pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255"]


def _hue(values: Values) -> list[str]:
    turned = _drawn(values["factor"], 0.0, 180)
    return _hsv(f"hsv[..., 0] = (hsv[..., 0] + chance.choice([-1, 1]) * {turned}) % 360  # degrees")


def _saturation(values: Values) -> list[str]:
    return [f"factor = {_drawn(values['factor'], 0.0)}",
            *_hsv("hsv[..., 1] = np.minimum(hsv[..., 1] * factor / (1 - factor + 1e-7), 1)")]


def _grayscale(_values: Values) -> list[str]:
    return ["gray = cv2.cvtColor(np.rint(pixels).astype(np.uint8), cv2.COLOR_RGB2GRAY)",
            "pixels = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)"]


def _sharpness(values: Values) -> list[str]:
    return ["kernel = np.full((3, 3), 1 / 13, np.float32)", "kernel[1, 1] = 5 / 13",
            "smooth = cv2.filter2D(pixels.astype(np.float32), -1, kernel, borderType=cv2.BORDER_REPLICATE)",
            f"sharpness = {_drawn(values['factor'], 0.0, 2)}",
            "pixels = np.clip(pixels + (1 - sharpness) * (smooth.reshape(pixels.shape) - pixels), 0, 255)"]


def _blur(values: Values) -> list[str]:
    sigma = _drawn(values["sigma"], 0.0)
    side = int(values["kernel_size"]) | 1
    return [f"across, down = max(0.01, {sigma}), max(0.01, {sigma})",
            f"blurred = cv2.GaussianBlur(pixels.astype(np.float32), ({side}, {side}), across, sigmaY=down, "
            "borderType=cv2.BORDER_REPLICATE)",
            "pixels = blurred.reshape(pixels.shape)"]


def _noise(values: Values) -> list[str]:
    return [f"pixels = np.clip(pixels + chance.normal(0, {_drawn(values['stddev'], 0.0, 255)}, pixels.shape), 0, 255)"]


def _erasing(values: Values) -> list[str]:
    share, fill = _drawn(values["scale"], 0.0), values["fill_value"]
    filling = (repr(float(fill)) if fill is not None else
               "np.clip(chance.normal(0, 255, (bottom - top, right - left, pixels.shape[2])), 0, 255)")
    return ["rows, columns = pixels.shape[:2]",
            f"high, wide = np.sqrt({share}) * rows, np.sqrt({share}) * columns",
            "first_row, first_column = chance.random() * (rows - high), chance.random() * (columns - wide)",
            "top, bottom = int(np.ceil(first_row)), int(np.ceil(first_row + high))",
            "left, right = int(np.ceil(first_column)), int(np.ceil(first_column + wide))",
            "pixels = pixels.copy()", f"pixels[top:bottom, left:right] = {filling}"]


_CHANGES: Final[dict[str, Callable[[Values], list[str]]]] = {
    "random_brightness": _brightness, "random_contrast": _contrast, "random_posterization": _posterization,
    "solarization": _solarization, "random_invert": lambda _: ["pixels = 255 - pixels"], "equalization": _equalization,
    "random_hue": _hue, "random_saturation": _saturation, "random_grayscale": _grayscale,
    "random_sharpness": _sharpness, "random_gaussian_blur": _blur, "random_gaussian_noise": _noise,
    "random_erasing": _erasing}

_MIX_FUNCTIONS: Final = {
    "mix_up": [
        "def mix_up(pictures, labels, alpha, probability):",
        '    """Fades every picture, and its label, with another one of the batch (Zhang et al., 2018)."""',
        "    count = len(pictures)",
        "    stays = torch.distributions.Beta(alpha, alpha).sample((count,)).to(pictures.device)",
        "    stays = torch.where(torch.rand(count, device=pictures.device) < probability, stays, 1.0)",
        "    other = torch.randperm(count, device=pictures.device)",
        "    pictures = stays.view(-1, 1, 1, 1) * pictures + (1 - stays.view(-1, 1, 1, 1)) * pictures[other]",
        "    return pictures, stays.view(-1, 1) * labels + (1 - stays.view(-1, 1)) * labels[other]"],
    "cut_mix": [
        "def cut_mix(pictures, labels, factor, probability):",
        '    """Puts a rectangle of another picture of the batch in and mixes the labels by area (Yun et al., 2019)."""',
        "    count, _, rows, columns = pictures.shape",
        "    other = torch.randperm(count, device=pictures.device)",
        "    alpha = factor[0] + (factor[1] - factor[0]) * torch.rand(()).item() + 1e-6",
        "    sides = (1 - torch.distributions.Beta(alpha, alpha).sample((count,))).sqrt()",
        "    mixed, stays = pictures.clone(), torch.ones(count, 1, device=pictures.device)",
        "    for place in torch.nonzero(torch.rand(count) < probability).flatten().tolist():",
        "        high, wide = sides[place].item() * rows, sides[place].item() * columns",
        "        top, left = torch.rand(()).item() * (rows - high), torch.rand(()).item() * (columns - wide)",
        "        box = (slice(math.ceil(top), math.ceil(top + high)), slice(math.ceil(left), math.ceil(left + wide)))",
        "        mixed[place][:, box[0], box[1]] = pictures[other[place]][:, box[0], box[1]]",
        "        stays[place] -= (box[0].stop - box[0].start) * (box[1].stop - box[1].start) / (rows * columns)",
        "    return mixed, stays * labels + (1 - stays) * labels[other]"]}
