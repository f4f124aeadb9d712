"""Thumbnails and their cache, hashes, measures, inspection, problems."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash, content_hash_of_file
from cnnstudio.imaging.inspect import channel_count, inspect_picture
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.imaging.quality import measure
from cnnstudio.imaging.signature import BYTES, descriptors, differences, signature, turned_signatures
from cnnstudio.imaging.thumbnails import ThumbnailCache, encode_thumbnail, thumbnail

from .pictures import saved, scene, with_alpha


@pytest.mark.parametrize(("width", "height", "wanted"), [
    (800, 600, (96, 128)), (300, 900, (128, 43)), (50, 20, (20, 50)), (128, 128, (128, 128)), (4000, 3, (1, 128)),
])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_thumbnails_fit(width: int, height: int, wanted: tuple[int, int], form: str) -> None:
    small = thumbnail(saved(scene(width, height), form), 128)
    assert small.shape == (*wanted, 3)
    if height > 3:
        reference = np.asarray(scene(width, height).resize(wanted[::-1], Image.Resampling.BOX)).astype(int)
        assert np.abs(small - reference).mean() < 4


def test_thumbnails_are_turned_and_laid_over() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert thumbnail(saved(scene(600, 300), "JPEG", exif=exif), 100).shape == (100, 50, 3)
    clear = saved(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG")
    assert (thumbnail(clear, 64, (9, 8, 7)) == (9, 8, 7)).all()


def put(cache: ThumbnailCache, number: int, size: int = 1000) -> None:
    cache.put(f"/somewhere/{number}.jpg", 5, number, 128, bytes([number % 256]) * size)


def kept(cache: ThumbnailCache, number: int) -> bytes | None:
    return cache.get(f"/somewhere/{number}.jpg", 5, number, 128)


def test_the_cache_keeps_and_finds(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 1 << 20)
    put(cache, 1)
    assert kept(cache, 1) == b"\1" * 1000
    assert cache.get("/somewhere/1.jpg", 5, 2, 128) is None
    assert cache.get("/somewhere/1.jpg", 5, 1, 64) is None
    cache.close()
    assert kept(ThumbnailCache(tmp_path), 1) == b"\1" * 1000


def test_the_cache_is_bounded_and_forgets_the_least_used(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 50_000)
    for number in range(40):
        put(cache, number)
    assert kept(cache, 0) is not None
    for number in range(40, 60):
        put(cache, number)
    assert kept(cache, 0) is not None
    assert kept(cache, 1) is None
    assert kept(cache, 59) is not None
    cache.close()
    with sqlite3.connect(tmp_path / "thumbnails.sqlite") as connection:
        assert connection.execute("SELECT sum(bytes) FROM thumbnails").fetchone()[0] <= 50_000
    cache.put("/x", 1, 1, 1, bytes(60_000))
    assert cache.get("/x", 1, 1, 1) is None


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "thumbnails.sqlite").write_bytes(b"this is no database at all" * 100)
    cache = ThumbnailCache(tmp_path)
    put(cache, 3)
    assert kept(cache, 3) is not None
    cache.close()
    path = tmp_path / "thumbnails.sqlite"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 20_000)
    again = ThumbnailCache(tmp_path)
    assert kept(again, 3) is None
    put(again, 4)
    assert kept(again, 4) is not None


def test_a_cache_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ThumbnailCache(tmp_path / "file")
    put(cache, 1)
    assert kept(cache, 1) is None


def test_the_cache_in_threads(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 100_000)
    wrong: list[int] = []

    def work(start: int) -> None:
        for number in range(start, start + 60):
            put(cache, number, 900)
            result = kept(cache, number)
            if result is not None and result != bytes([number % 256]) * 900:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 30, 60, 90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_encoded_thumbnails_come_back() -> None:
    small = thumbnail(saved(scene(600, 400), "PNG"), 128)
    back = cv2.imdecode(np.frombuffer(encode_thumbnail(small), np.uint8), cv2.IMREAD_COLOR_RGB)
    # Colour is kept at half the resolution.
    assert np.abs(back.astype(int) - small).mean() < 8


def test_content_hashes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 1_000_000)
    assert content_hash_of_file(path) == content_hash(b"abc" * 1_000_000)
    assert content_hash(b"a") != content_hash(b"b")
    assert content_hash(b"").startswith("b2:")
    assert len(content_hash(b"")) == 35


def likeness(picture: np.ndarray) -> np.ndarray:
    return np.frombuffer(signature(np.ascontiguousarray(picture)), np.uint8)[None]


def test_copies_have_alike_signatures_and_others_not() -> None:
    picture = np.asarray(scene(300, 200))
    small = cv2.resize(picture, (90, 60), interpolation=cv2.INTER_AREA)
    mine, copy, other = likeness(picture), likeness(small), likeness(np.rot90(picture, 2))
    assert mine.shape == (1, BYTES)
    assert differences(mine, copy)[0] < 0.08
    assert differences(mine, other)[0] > 0.5
    assert float((descriptors(mine) @ descriptors(copy).T)[0, 0]) > 0.98
    assert likeness(picture[..., 0]).shape == (1, BYTES)


def test_mirrored_and_turned_signatures_are_those_of_the_mirrored_and_turned_pictures() -> None:
    picture = np.asarray(scene(256, 256))
    ways = turned_signatures(likeness(picture))
    changed = (picture[:, ::-1], picture[::-1, ::-1], picture[::-1], np.rot90(picture, -1), np.rot90(picture),
               picture.swapaxes(0, 1), np.rot90(picture, 2).swapaxes(0, 1))
    for way, real in zip(ways, changed, strict=True):
        assert differences(way, likeness(real))[0] < 0.05


def test_plain_pictures_of_one_colour_are_alike_and_of_two_are_not() -> None:
    red, green = np.zeros((40, 50, 3), np.uint8), np.zeros((40, 50, 3), np.uint8)
    red[..., 0], green[..., 1] = 200, 200
    assert differences(likeness(red), likeness(red[:20]))[0] == 0
    assert differences(likeness(red), likeness(green))[0] > 0.5


def test_measures() -> None:
    plain = measure(np.full((40, 50, 3), 255, np.uint8))
    assert (plain.brightness, plain.contrast, plain.sharpness, plain.entropy) == (1.0, 0.0, 0.0, 0.0)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (200, 200), dtype=np.uint8)
    sharp, soft = measure(noise), measure(cv2.GaussianBlur(noise, (9, 9), 3))
    assert sharp.sharpness > 10 * soft.sharpness
    assert sharp.entropy > 7.9
    assert abs(sharp.brightness - 0.5) < 0.01
    checker = np.indices((64, 64)).sum(axis=0) % 2 * np.uint8(255)
    assert abs(measure(checker.astype(np.uint8)).contrast - 0.5) < 1e-6
    assert abs(measure(checker.astype(np.uint8)).entropy - 1.0) < 1e-6


def test_inspection() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    assert inspect_picture(saved(scene(60, 40), "JPEG", exif=exif)) == (60, 40, None)
    assert inspect_picture(saved(scene(60, 40), "PNG")) == (40, 60, None)
    with pytest.raises(PictureError):
        inspect_picture(saved(scene(200, 150), "JPEG")[:2000] + b"\xff\xd9")
    assert channel_count(saved(scene().convert("L"), "JPEG")) == 1
    assert channel_count(saved(scene(), "JPEG")) == 3
    assert channel_count(saved(with_alpha(scene()), "PNG")) == 4


def test_a_problem_names_the_file() -> None:
    problem = picture_problem(PictureError("truncated", format="PNG", detail="pixels"), Path("/data/cats/gato ñ.png"))
    assert problem.code == "picture_truncated"
    assert problem.where.path == "/data/cats/gato ñ.png"
    assert "gato ñ.png" in problem.text.en
    assert "incompleta" in problem.text.es
