"""Every step of the recipe: its pixels, the OpenCV code that is printed for it, and the module that bundles carry."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cnnstudio.catalog.pixels import PIXELS, prepare_file
from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.core.item import Step
from cnnstudio.core.params import Bool, Choice, Float, Int, Param, check, with_defaults
from cnnstudio.core.recipe import CHANNELS, RecipeSpec
from cnnstudio.engine.exporting.bundled_steps import steps_source
from cnnstudio.imaging import prepare as path
from cnnstudio.interchange.printing.recipe import recipe_code
from tests.imaging.pictures import scene

MODES = {"grayscale": 1, "rgb": 3, "rgba": 4}


def other_value(param: Param) -> Any:
    """A value that is allowed and not the default."""
    if isinstance(param, Bool):
        return not param.default
    if isinstance(param, Choice):
        return next(option.value for option in param.options if option.value != param.default)
    if isinstance(param, Int):
        value = param.default + 2 * param.step
        return value if value <= param.maximum else param.minimum
    assert isinstance(param, Float), param.name
    value = (param.default or 0.0) + max(param.step, 0.7)
    return value if value <= param.maximum else (param.minimum + param.maximum) / 2


VARIANTS = [(step.id, {} if name is None else {name: other_value(param)}) for step in RECIPE_STEPS
            for name, param in [(None, None), *((param.name, param) for param in step.params)]]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("pictures") / "scene.png"
    cv2.imwrite(str(target), cv2.cvtColor(np.asarray(scene(61, 47)), cv2.COLOR_RGB2BGR))
    return target


def recipe(kind: str, params: dict, mode: str) -> RecipeSpec:
    return RecipeSpec(height=40, width=52, color_mode=mode, steps=(Step(id="step", type=kind, params=params),))


def test_the_modes_are_all():
    assert MODES == CHANNELS


@pytest.mark.parametrize(("kind", "params"), VARIANTS, ids=str)
def test_other_values_are_allowed_and_change_something(kind, params, file):
    assert check(RECIPE_STEPS[kind].params, params, "recipe") == ()
    prepared = prepare_file(file, recipe(kind, params, "rgb").as_dictionary())
    plain = prepare_file(file, RecipeSpec(height=40, width=52).as_dictionary())
    assert prepared.shape == plain.shape and prepared.dtype == np.uint8
    assert (prepared != plain).any(), "a step that changes nothing"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kind", "params"), VARIANTS, ids=str)
def test_the_printed_code_gives_the_same_pixels(kind, params, mode, file):
    spec = recipe(kind, params, mode)
    names: dict[str, Any] = {"cv2": cv2, "np": np}
    exec(recipe_code(spec), names)  # our own text, printed a moment ago
    printed = names["prepare"](str(file).encode())
    assert np.array_equal(printed, prepare_file(file, spec.as_dictionary()))


@pytest.mark.parametrize("step", list(RECIPE_STEPS), ids=lambda step: step.id)
def test_the_defaults_of_the_pixels_are_those_of_the_form(step):
    """A recipe of older files need not name a parameter."""
    declared = {name: param.default for name, param in inspect.signature(step.pixels).parameters.items()
                if name != "picture"}
    assert declared == with_defaults(step.params, {})


def test_the_bundled_module_gives_the_same_pixels_and_needs_nothing_of_the_program(file, tmp_path):
    package = tmp_path / "pixels"
    package.mkdir()
    source = Path(path.__file__).parent
    for module in source.rglob("*.py"):
        target = package / module.relative_to(source)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(module.read_bytes())
    (package / "steps.py").write_text(steps_source(), encoding="utf-8")
    recipes = [recipe(kind, params, mode).as_dictionary() for kind, params in VARIANTS for mode in MODES]
    (tmp_path / "recipes.json").write_text(json.dumps(recipes))
    code = f"""
import json, sys
import numpy as np
from pixels.prepare import prepare_file
from pixels.steps import STEPS
recipes = json.loads(open("recipes.json").read())
np.savez("out.npz", *[prepare_file({str(file)!r}, recipe, STEPS) for recipe in recipes])
print(sorted(name for name in ("cnnstudio", "msgspec", "keras") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
    with np.load(tmp_path / "out.npz") as archive:
        for number, item in enumerate(recipes):
            assert np.array_equal(archive[f"arr_{number}"], prepare_file(file, item)), item


def test_every_step_is_in_the_table():
    assert list(PIXELS) == list(RECIPE_STEPS.ids())
