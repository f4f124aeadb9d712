"""Films: as many frames as epochs, opened again, and what happens where they cannot be written."""

import cv2
import numpy as np
import pytest
from PIL import Image

from cnnstudio.core.problems import ProblemError
from cnnstudio.imaging import film
from cnnstudio.imaging.film import count_frames, film_ending, write_film


def frames(count=5, shape=(65, 97)):
    for number in range(count):
        picture = np.full((*shape, 3), (40 * number, 90, 200 - 30 * number), np.uint8)
        picture[10:20, 10 + 10 * number:20 + 10 * number] = 255
        yield picture


def test_a_gif_has_every_frame_and_the_last_one_stays(tmp_path):
    path = tmp_path / "ñ.gif"
    done = []
    assert write_film(path, frames(), 5, 4.0, lambda number, total: done.append((number, total))) == "GIF"
    assert done == [(number, 5) for number in range(1, 6)]
    with Image.open(path) as image:
        times = []
        for number in range(image.n_frames):
            image.seek(number)
            times.append(image.info["duration"])
            pixel = np.asarray(image.convert("RGB"))[40, 5].astype(int)
            assert np.abs(pixel - (40 * number, 90, 200 - 30 * number)).max() < 12
    assert times == [250, 250, 250, 250, 2250]


def test_equal_frames_stay_frames(tmp_path):
    same = [np.zeros((20, 20, 3), np.uint8)] * 3
    write_film(tmp_path / "x.gif", same, 3, 1.0)
    with Image.open(tmp_path / "x.gif") as image:
        total = 0
        for number in range(image.n_frames):
            image.seek(number)
            total += image.info["duration"]
    assert total == 5000, "however they are stored, each lasts its time"


def test_an_mp4_can_be_read_again(tmp_path):
    path = tmp_path / "x.mp4"
    assert write_film(path, frames(), 5, 4.0) in ("H.264", "MPEG-4")
    assert count_frames(path) == 5 + 8
    reader = cv2.VideoCapture(str(path))
    read, frame = reader.read()
    reader.release()
    assert read and frame.shape == (64, 96, 3)
    assert np.abs(frame[40, 5, ::-1].astype(int) - (0, 90, 200)).max() < 16


@pytest.mark.parametrize("ending", [".gif", ".mp4"])
def test_a_cancelled_film_leaves_nothing(tmp_path, ending):
    class Stop(Exception):
        pass

    def stop(done, _total):
        if done == 3:
            raise Stop

    path = tmp_path / f"x{ending}"
    path.write_bytes(b"before")
    with pytest.raises(Stop):
        write_film(path, frames(), 5, 4.0, stop)
    assert path.read_bytes() == b"before"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".gif", ".mp4"])
def test_a_place_that_cannot_be_written_is_told(tmp_path, ending):
    folder = tmp_path / "file"
    folder.write_text("")
    with pytest.raises(ProblemError):
        write_film(folder / f"x{ending}", frames(), 5, 4.0)


def test_an_encoder_that_writes_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(film, "count_frames", lambda _path: 2)
    with pytest.raises(ProblemError) as caught:
        write_film(tmp_path / "x.mp4", frames(), 5, 4.0)
    assert caught.value.problems[0].code == "film_not_written"
    monkeypatch.setattr(film.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 10})())
    with pytest.raises(ProblemError) as caught:
        write_film(tmp_path / "x.mp4", frames(), 5, 4.0)
    assert caught.value.problems[0].code == "no_space"
    assert not list(tmp_path.iterdir())


def test_other_endings_are_refused(tmp_path):
    assert film_ending(tmp_path / "X.GIF") == ".gif"
    with pytest.raises(ProblemError) as caught:
        film_ending(tmp_path / "x.avi")
    assert caught.value.problems[0].code == "unknown_format"
