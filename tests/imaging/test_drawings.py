"""Drawings become pictures like those of a collection."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cnnstudio.imaging.drawings import SHARE, centred, has_dark_paper, on_paper


def stroke(*points: tuple[int, int], side: int = 200, width: int = 12) -> np.ndarray:
    ink = np.zeros((side, side), np.uint8)
    cv2.polylines(ink, [np.array(points, np.int32)], False, 255, width)
    return ink


@pytest.mark.parametrize("points", [((20, 30), (60, 30), (30, 90)), ((150, 150), (190, 190)),
                                    ((10, 10), (10, 190), (190, 190))])
def test_a_drawing_lies_with_its_mass_in_the_middle_and_has_the_usual_size(points):
    result = centred(stroke(*points))
    _left, _top, wide, high = cv2.boundingRect(result)
    assert max(wide, high) == pytest.approx(SHARE * 200, abs=4)
    moments = cv2.moments(result)
    edge = points == ((10, 10), (10, 190), (190, 190))
    for name in ("m10", "m01"):
        assert moments[name] / moments["m00"] == pytest.approx(99.5, abs=26 if edge else 2)


def test_nothing_is_cut_off_however_uneven_its_mass():
    ink = stroke((5, 5), (195, 195), width=3)
    ink[:30, :30] = 255
    result = centred(ink, share=0.95)
    assert result[0].max() == result[-1].max() == 0 or cv2.countNonZero(result) > 0
    _left, _top, wide, high = cv2.boundingRect(result)
    assert max(wide, high) == pytest.approx(190, abs=4)


def test_a_dot_stays_small_and_an_empty_sheet_empty():
    dot = stroke((100, 100), (100, 100), width=6)
    _left, _top, wide, _high = cv2.boundingRect(centred(dot))
    assert wide < 50
    assert not centred(np.zeros((50, 50), np.uint8)).any()


def test_the_paper_is_dark_or_white():
    ink = stroke((50, 50), (150, 150))
    assert on_paper(ink, dark=True)[0, 0].tolist() == [0, 0, 0]
    assert on_paper(ink, dark=False)[0, 0].tolist() == [255, 255, 255]
    assert has_dark_paper([on_paper(ink, dark=True)]) and not has_dark_paper([on_paper(ink, dark=False)])
    assert not has_dark_paper([])
