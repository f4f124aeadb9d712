"""Main function of a process that measures pictures (see `helpers`)."""

from __future__ import annotations

import contextlib
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import msgspec

from cnnstudio.datasets.audit.file_measures import measure_file
from cnnstudio.datasets.audit.memory import keep_memory


def serve(connection: Connection) -> None:
    """Measure incoming pieces until the pipe is closed."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory()
    cv2.setNumThreads(1)
    decoder = msgspec.msgpack.Decoder(tuple[bytes, list[tuple[int, bytes]]])
    with contextlib.suppress(EOFError, OSError):
        while True:
            root, piece = decoder.decode(connection.recv_bytes())
            folder = Path(os.fsdecode(root))
            connection.send_bytes(msgspec.msgpack.encode(
                [measure_file(folder, number, os.fsdecode(path)) for number, path in piece]))
