"""A map laid back onto the picture it was made from."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.imaging.placement import placement
from cnnstudio.imaging.prepare import prepare

SIZES = [(40, 60), (60, 40), (33, 77), (100, 100)]
RECIPES = [
    {"fit": "stretch"}, {"fit": "crop"}, {"fit": "pad"}, {"fit": "crop", "crop": "share", "crop_share": 0.7},
    {"fit": "pad", "crop": "box", "crop_box": (5, 8, 20, 0)}]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("size", SIZES)
def test_what_enters_comes_back_to_where_it_was(recipe, size):
    """A ramp over the picture, prepared and laid back, is the ramp again wherever something entered."""
    plain = {"height": 32, "width": 32, "color_mode": "grayscale", **recipe}
    for axis in (0, 1):
        ramp = np.linspace(20, 235, size[axis])
        picture = np.broadcast_to(ramp[:, None] if axis == 0 else ramp[None], size).round().astype(np.uint8)
        place = placement(*size, plain)
        back = place.lay_back(prepare(np.ascontiguousarray(picture[..., None]), plain, {})[..., 0].astype(np.float32))
        assert back.shape == size
        top, left, rows, columns = place.source
        inside = (slice(top, top + rows), slice(left, left + columns))
        assert np.abs(back[inside] - picture[inside].astype(np.float32)).max() < 215 * 2.5 / min(32, *size)
        outside = np.ones(size, bool)
        outside[inside] = False
        assert not back[outside].any()


def test_a_box_of_the_input_as_pixels_of_the_picture():
    place = placement(40, 80, {"height": 32, "width": 32, "fit": "pad"})
    assert place.target == (8, 0, 16, 32)
    assert place.box_on_picture((8, 0, 16, 32)) == (0, 0, 40, 80)
    assert place.box_on_picture((0, 16, 16, 16)) == (0, 40, 20, 40)
    assert place.box_on_picture((0, 0, 4, 4))[2] == 0, "it lies in the border"
