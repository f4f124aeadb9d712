"""Thumbnails on screen: those of the cache, too, come without Qt's decoders."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QImage

from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.imaging.thumbnails import ThumbnailCache, decode_thumbnail, encode_thumbnail


@pytest.fixture
def wanted(tmp_path) -> Wanted:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((400, 600, 3), (0, 0, 220), np.uint8))
    status = path.stat()
    return Wanted(("test", str(path)), path, status.st_size, status.st_mtime_ns, 256)


def shown(qtbot, wanted) -> QImage:
    thumbnails = Thumbnails(threads=1)
    try:
        thumbnails.want([wanted])
        qtbot.waitUntil(lambda: thumbnails.get(wanted) is not None, timeout=10_000)
        return thumbnails.get(wanted).copy()
    finally:
        thumbnails.close()


def test_a_kept_thumbnail_is_not_decoded_by_qt(qtbot, wanted, monkeypatch):
    """Qt's decoders hold the interpreter's lock and may wait for a lock of the window's thread, which waits for it."""
    first = shown(qtbot, wanted)
    monkeypatch.setattr(QImage, "fromData", lambda *_data: pytest.fail("decoded by Qt in a thread"))
    monkeypatch.setattr("cnnstudio.imaging.thumbnails.thumbnail", lambda *_arguments: pytest.fail("the cache was not used"))
    again = shown(qtbot, wanted)
    assert (again.width(), again.height()) == (first.width(), first.height()) == (256, 171)
    color = again.pixelColor(100, 80)
    assert color.red() > 200 and color.green() < 30 and color.blue() < 30


def test_a_damaged_kept_thumbnail_is_made_again(qtbot, wanted, monkeypatch):
    shown(qtbot, wanted)
    monkeypatch.setattr(ThumbnailCache, "get", lambda *_arguments: b"\xff\xd8 no picture")
    assert not shown(qtbot, wanted).isNull()


def test_what_was_encoded_is_decoded():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :30] = (250, 10, 10)
    decoded = decode_thumbnail(encode_thumbnail(picture))
    assert np.abs(decoded[5:-5, 5:20].astype(int) - (250, 10, 10)).max() < 8
    assert decode_thumbnail(b"") is None
    assert decode_thumbnail(b"nothing") is None
