"""Maps as colours."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.imaging import overlay


def test_signed_maps_have_two_colours_and_nothing_where_they_say_nothing():
    colors = overlay.heat(np.array([[-1.0, 0.0, 0.25]], np.float32), signed=True)
    assert tuple(colors[0, 0]) == (*overlay.AGAINST, 255)
    assert colors[0, 1, 3] == 0
    assert tuple(colors[0, 2]) == (*overlay.FOR, 128)


@pytest.mark.parametrize("palette", overlay.PALETTES.ids())
def test_of_other_maps_only_what_speaks_for_the_class_is_shown(palette):
    colors = overlay.heat(np.array([[-1.0, 0.0, 1.0]], np.float32), palette)
    assert colors[0, :, 3].tolist() == [0, 0, 255]


def test_both_signs_are_scaled_alike_and_an_empty_map_stays_empty():
    assert overlay.signed_normalized(np.array([[-2.0, 1.0]]))[0] == pytest.approx([-1.0, 0.5], rel=0.01)
    assert not overlay.signed_normalized(np.zeros((3, 3))).any()
