"""Thumbnails decoded in threads, the visible ones first, cached in memory and on the disk within limits."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from cnnstudio.core.places import cache_folder

if TYPE_CHECKING:
    from cnnstudio.imaging.thumbnails import ThumbnailCache

SIZES: Final = (96, 192, 384, 768)
_MEMORY: Final = 96 << 20


def size_for(pixels: float) -> int:
    """The smallest stored size that suffices for a picture at that many device pixels."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


@dataclass(frozen=True)
class Wanted:
    """A requested thumbnail: `key` identifies it for the caller; size and time of the file reveal changes."""

    key: Hashable
    path: Path
    file_bytes: int
    modified_ns: int
    size: int


class Thumbnails(QObject):
    """`want(list)` replaces the pending requests, most urgent first; `arrived()` when some are done.

    `get(wanted)` returns the image, None while it is missing, or a null QImage when the picture is unreadable.
    """

    arrived = Signal()
    _loaded = Signal(object, object)

    def __init__(self, parent: QObject | None = None, threads: int | None = None) -> None:
        super().__init__(parent)
        self._count = threads or max(1, min(8, (os.cpu_count() or 2) - 1))
        self._threads: list[threading.Thread] = []
        self._condition = threading.Condition()
        self._queue: list[Wanted] = []
        self._ending = False
        self._cache: ThumbnailCache | None = None
        self._images: OrderedDict[Wanted, QImage] = OrderedDict()
        self._bytes = 0
        self._loaded.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        # Many arrive at once: one repaint per frame is enough.
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.setInterval(16)
        self._tell.timeout.connect(self.arrived)

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Decode these, the first ones first; pending requests that have not started are dropped."""
        missing = [thumbnail for thumbnail in wanted if thumbnail not in self._images]
        with self._condition:
            self._queue = missing[::-1]
            if missing:
                self._start()
                self._condition.notify_all()

    def get(self, wanted: Wanted) -> QImage | None:
        image = self._images.get(wanted)
        if image is not None:
            self._images.move_to_end(wanted)
        return image

    def close(self) -> None:
        """Stop the threads and wait for them."""
        with self._condition:
            self._ending = True
            self._queue.clear()
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._tell.stop()
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _start(self) -> None:
        if not self._threads and not self._ending:
            for number in range(self._count):
                thread = threading.Thread(target=self._work, name=f"thumbnails-{number}")
                self._threads.append(thread)
                thread.start()

    def _disk(self) -> ThumbnailCache:
        with self._condition:
            if self._cache is None:
                from cnnstudio.imaging.thumbnails import ThumbnailCache

                self._cache = ThumbnailCache(cache_folder() / "thumbnails")
            return self._cache

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._ending:
                    self._condition.wait()
                if self._ending:
                    return
                wanted = self._queue.pop()
            self._loaded.emit(wanted, self._load(wanted))

    def _load(self, wanted: Wanted) -> QImage:
        from cnnstudio.gui.widgets.picture import image_of
        from cnnstudio.imaging.errors import PictureError
        from cnnstudio.imaging.thumbnails import decode_thumbnail, encode_thumbnail, thumbnail

        cache = self._disk()
        content = cache.get(wanted.path, wanted.file_bytes, wanted.modified_ns, wanted.size)
        if content is not None:
            kept = decode_thumbnail(content)
            if kept is not None:
                return image_of(kept)
        try:
            pixels = thumbnail(wanted.path, wanted.size)
        except PictureError:
            return QImage()
        # Small pictures are quicker to decode than to look up, and JPEG would blur their pixels.
        if max(pixels.shape[:2]) >= SIZES[0]:
            cache.put(wanted.path, wanted.file_bytes, wanted.modified_ns, wanted.size, encode_thumbnail(pixels))
        return image_of(pixels)

    def _keep(self, wanted: Wanted, image: QImage) -> None:
        if self._ending:
            return
        self._images[wanted] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > _MEMORY and len(self._images) > 1:
            _, old = self._images.popitem(last=False)
            self._bytes -= old.sizeInBytes()
        if not self._tell.isActive():
            self._tell.start()
