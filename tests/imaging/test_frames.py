"""Frames of videos and animations, in order, by time, turned as the file says; what is no video is told."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from cnnstudio.core.problems import ProblemError
from cnnstudio.imaging import frames
from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.frames import as_picture, frame_at, open_video, sampled
from cnnstudio.imaging.video_names import is_video
from tests.imaging.video_material import FORMATS, plain_frames, turn_video, write_video

VALUES = tuple(range(0, 200, 10))


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_frame_comes_with_its_time(tmp_path, suffix):
    path = write_video(tmp_path / f"clip ñ{suffix}", plain_frames(VALUES))
    source = open_video(path)
    assert (source.info.width, source.info.height, source.info.frames) == (64, 48, 20)
    found = list(sampled(source))
    source.close()
    assert [frame.number for frame in found] == list(range(20))
    assert [frame.seconds for frame in found] == pytest.approx([number / 10 for number in range(20)], abs=0.002)
    assert [int(frame.pixels[30, 40, 0]) for frame in found] == pytest.approx(VALUES, abs=6)


@pytest.mark.parametrize(("every", "numbers"), [(0.5, [0, 5, 10, 15]), (0.25, [0, 3, 5, 8, 10, 13, 15, 18]), (10, [0]),
                                               (0.01, list(range(20)))])
def test_one_frame_every_so_many_seconds(tmp_path, every, numbers):
    source = open_video(write_video(tmp_path / "clip.mp4", plain_frames(VALUES)))
    assert [frame.number for frame in sampled(source, every)] == numbers
    source.close()


def test_the_frame_at_a_time_is_the_same_as_in_order(tmp_path):
    path = write_video(tmp_path / "clip.mp4", plain_frames(VALUES))
    source = open_video(path)
    in_order = list(sampled(source))
    for frame in (in_order[13], in_order[2], in_order[19], in_order[0]):
        found = frame_at(source, frame.seconds)
        assert found is not None and found.seconds == pytest.approx(frame.seconds, abs=0.002)
        assert np.array_equal(found.pixels, frame.pixels)
    source.close()


def test_a_video_of_a_phone_is_turned(tmp_path):
    path = write_video(tmp_path / "clip.mp4", plain_frames(VALUES[:3]))
    turn_video(path)
    source = open_video(path)
    frame = next(sampled(source))
    assert frame.pixels.shape == (64, 48, 3)
    assert frame.pixels[4, 43].min() > 200 and frame.pixels[60, 4].max() < 60, "the white corner is at the top right"
    source.close()


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_is_shown_as_long_as_it_says(tmp_path, suffix):
    colors = ("red", "blue", "lime")
    pictures = [Image.new("RGB", (30, 20), color) for color in colors]
    pictures[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=pictures[1:], duration=[100, 500, 200],
                     lossless=True)
    source = open_video(tmp_path / f"a{suffix}")
    found = list(sampled(source))
    assert [frame.seconds for frame in found] == pytest.approx([0, 0.1, 0.6])
    assert [tuple(as_picture(frame.pixels)[5, 5].tolist()) for frame in found] == [(255, 0, 0), (0, 0, 255), (0, 255, 0)]
    at = frame_at(source, 0.3)
    assert at is not None and at.seconds == pytest.approx(0.1)
    source.close()


@pytest.mark.parametrize("name", ["empty.mp4", "noise.mp4", "noise.gif", "text.avi", "cut.mp4", "gone.mp4", "folder.mp4",
                                  "pipe.mp4"])
def test_what_is_no_video_is_told_at_once(tmp_path, name):
    path = tmp_path / name
    if name.startswith("noise"):
        path.write_bytes(os.urandom(5000))
    elif name == "text.avi":
        path.write_text("hello\n" * 100)
    elif name == "cut.mp4":
        whole = write_video(tmp_path / "whole.mp4", plain_frames(VALUES)).read_bytes()
        path.write_bytes(whole[:len(whole) // 2])
    elif name == "folder.mp4":
        path.mkdir()
    elif name == "pipe.mp4":
        os.mkfifo(path)
    elif name == "empty.mp4":
        path.touch()
    with pytest.raises(ProblemError) as caught:
        open_video(path)
    assert caught.value.problems[0].code in ("no_video", "cannot_read")


def test_frames_that_are_too_large_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "MAXIMUM_PIXELS", 1000)
    with pytest.raises(ProblemError, match="64 × 48"):
        open_video(write_video(tmp_path / "clip.mp4", plain_frames(VALUES)))


def test_a_frame_saved_as_png_decodes_to_the_same_pixels(tmp_path):
    import cv2

    source = open_video(write_video(tmp_path / "clip.avi", [np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)]))
    frame = next(sampled(source))
    source.close()
    assert np.array_equal(decode(cv2.imencode(".png", frame.pixels)[1].tobytes()), as_picture(frame.pixels))


def test_videos_are_known_by_their_ending():
    assert is_video("A.MP4") and is_video("b.webm") and not is_video("c.gif") and not is_video("d.png")
