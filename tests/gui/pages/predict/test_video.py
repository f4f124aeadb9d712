"""A video with its answers over time, in segments, and frame by frame."""

from __future__ import annotations

import csv
import json

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.gui.pages.predict.video.reading import suggested_step
from cnnstudio.gui.pages.predict.video.timeline import Timeline
from cnnstudio.imaging.frames import FrameInfo
from tests.gui.driving import choose, field, part, press, rows, says
from tests.gui.pages.predict.test_predict import opened, page  # noqa: F401
from tests.imaging.video_material import plain_frames, write_video


@pytest.fixture
def clip(tmp_path):
    """Two seconds of night, one of day."""
    return write_video(tmp_path / "clip.avi", plain_frames([10] * 20 + [240] * 10))


@pytest.fixture
def video(qtbot, page, clip):  # noqa: F811
    page.take_paths([str(clip)])
    qtbot.waitUntil(lambda: len(page.video.answers) == 30 and not page.video.busy, timeout=20_000)
    yield page.video
    qtbot.waitUntil(lambda: page.session.jobs.of_kind("video-frame") is None)


def test_a_dropped_video_is_answered_and_its_segments_are_listed(qtbot, page, video):  # noqa: F811
    assert says(page, "clip.avi · 30 frames · 20 ms · LiteRT")
    found = rows(video.widget.table)
    assert [row[:3] for row in found] == [["0:00.000", "0:02.000", "cat"], ["0:02.000", "0:03.000", "dog"]]
    qtbot.waitUntil(lambda: video.widget.picture.image is not None)
    assert video.widget.picture.image.pixelColor(40, 30).lightness() < 30


def test_pointing_at_the_time_shows_the_frame(qtbot, page, video):  # noqa: F811
    line = part(page, Timeline)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(round(line.width() * 0.92), 40))
    qtbot.waitUntil(lambda: video.widget.picture.image is not None
                    and video.widget.picture.image.pixelColor(40, 30).lightness() > 200)
    assert says(video.widget.card, "dog") and says(video.widget.card, "Frame 27 at 0:02.700")
    qtbot.keyClick(line, Qt.Key.Key_Left)
    assert says(video.widget.card, "Frame 26 at 0:02.600")
    qtbot.keyClick(line, Qt.Key.Key_Home)
    assert says(video.widget.card, "Frame 0 at 0:00.000") and says(video.widget.card, "cat")
    video.widget.table.selectRow(1)
    assert says(video.widget.card, "Frame 20 at 0:02.000")


def test_the_drawing_has_the_colours_of_the_classes_where_they_are(page, video):  # noqa: F811, ARG001
    line = part(page, Timeline)
    line._draw_again()
    left, right = (line._image.pixelColor(round(line.width() * share), 10) for share in (0.3, 0.9))
    assert left == page._color("cat").toRgb() and right != left
    assert line._image.pixelColor(round(line.width() * 0.9), 90) == page._color("cat").toRgb(), "what is left of it"


def test_other_frames_are_chosen(qtbot, page, video):  # noqa: F811, ARG001
    choose(field(video.widget, "Frames that are answered"), "Every 0.5 s")
    qtbot.waitUntil(lambda: not video.busy and len(video.answers) == 6, timeout=20_000)
    assert list(video.answers.frames) == [0, 5, 10, 15, 20, 25]


def test_tables_of_frames_and_segments(qtbot, page, video, clip, tmp_path):  # noqa: F811, ARG001
    job = video.save_frames(tmp_path / "frames.csv")
    qtbot.waitUntil(lambda: job.last is not None)
    with open(tmp_path / "frames.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 30 and list(table[0]) == ["path", "time", "frame", "label", "probability", "problem", "cat", "dog"]
    assert (table[27]["path"], table[27]["time"], table[27]["frame"], table[27]["label"]) == (str(clip), "2.7", "27", "dog")
    job = video.save_segments(tmp_path / "segments.json")
    qtbot.waitUntil(lambda: job.last is not None)
    found = json.loads((tmp_path / "segments.json").read_text())
    assert [(item["from"], item["to"], item["label"], item["frames"]) for item in found] == [
        (0, 2.0, "cat", 20), (2.0, 3.0, "dog", 10)]


def test_a_frame_goes_to_the_pictures(qtbot, page, video):  # noqa: F811
    video.show_frame(25)
    qtbot.waitUntil(lambda: video._shown is not None)
    press(video.widget, "Add to the pictures")
    qtbot.waitUntil(lambda: len(page.answers) == 1)
    assert page.answers[0].name == "clip-25.png" and page.answers[0].label == "dog"
    qtbot.waitUntil(lambda: page.session.jobs.of_kind("predict-picture") is None)


def test_what_is_no_video_is_told_and_the_next_one_is_shown(qtbot, page, video, tmp_path):  # noqa: F811
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing")
    page.take_paths([str(bad)])
    qtbot.waitUntil(lambda: says(page, "no video that can be read"), timeout=10_000)
    page.take_paths([str(write_video(tmp_path / "good.avi", plain_frames([10] * 5)))])
    qtbot.waitUntil(lambda: len(video.answers) == 5 and not video.busy, timeout=20_000)
    assert not says(page, "no video that can be read")
    press(video.widget, "Clear")
    assert says(page, "Drop a video here")


def test_another_model_answers_the_video_again(qtbot, page, video, tmp_path):  # noqa: F811
    other = tmp_path / "other.keras"
    other.write_bytes(b"a model")
    first = video.answers
    page.models.take(str(other))
    qtbot.waitUntil(lambda: video.answers is not first and len(video.answers) == 30 and not video.busy, timeout=20_000)


@pytest.mark.parametrize(("frames", "seconds", "step"), [(None, None, 0.0), (300, 10.0, 0.0), (1500, 60.0, 0.1),
                                                       (90_000, 3600.0, 10.0), (10_000_000, 400_000.0, 60.0)])
def test_a_long_video_is_sampled_at_first(frames, seconds, step):
    assert suggested_step(FrameInfo(width=1, height=1, rate=25, frames=frames, seconds=seconds)) == step
