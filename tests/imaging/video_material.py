"""Small videos for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

FORMATS = {".mp4": "mp4v", ".avi": "MJPG", ".mov": "mp4v", ".webm": "VP80", ".mkv": "mp4v"}


def plain_frames(values: Sequence[int], width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Frames of one grey each, with a white corner at the top left."""
    frames = []
    for value in values:
        frame = np.full((height, width, 3), value, np.uint8)
        frame[:12, :12] = 255
        frames.append(frame)
    return frames


def write_video(path: Path, frames: Sequence[np.ndarray], rate: float = 10.0) -> Path:
    """A video in the format of the file's ending."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*FORMATS[path.suffix]), rate, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def turn_video(path: Path) -> None:
    """Say in the metadata of an MP4 that it is shown turned by a quarter, as phones do."""
    data = bytearray(path.read_bytes())
    matrix = data.find(b"tkhd") + 4 + 4 + 20 + 8 + 8
    assert struct.unpack(">i", data[matrix:matrix + 4]) == (65536,)
    data[matrix:matrix + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
