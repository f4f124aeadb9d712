"""Stretches of a video with the same answer."""

from __future__ import annotations

import pytest

from cnnstudio.evaluation.segments import FrameAnswer, segments_of


def test_frames_in_a_row_become_segments_with_their_mean():
    answers = [FrameAnswer(0.0, "cat", 0.8), FrameAnswer(0.5, "cat", 0.6), FrameAnswer(1.0, "dog", 0.9),
               FrameAnswer(1.5, "dog", 0.5, not_sure=True), FrameAnswer(2.0, "", 0.0), FrameAnswer(2.5, "cat", 1.0)]
    found = segments_of(answers, end=3.0)
    assert [(item.begin, item.end, item.label, item.not_sure, item.frames) for item in found] == [
        (0.0, 1.0, "cat", False, 2), (1.0, 1.5, "dog", False, 1), (1.5, 2.0, "dog", True, 1), (2.5, 3.0, "cat", False, 1)]
    assert found[0].probability == pytest.approx(0.7)


def test_without_frames_there_are_no_segments():
    assert segments_of([]) == []
    (only,) = segments_of([FrameAnswer(4.0, "cat", 1.0)], end=2.0)
    assert (only.begin, only.end) == (4.0, 4.0), "a file may lie about its length"
