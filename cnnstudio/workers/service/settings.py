"""What can be set for a service, with its limits."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text

MEGABYTE: Final = 1 << 20
MOST_BYTES: Final = 44 * MEGABYTE
"""The most bytes of pictures in one message to the engine: as text in JSON they are a third more, and a message may have
64 MiB."""
_RANGES: Final[dict[str, tuple[int, int]]] = {
    "port": (0, 65_535), "max_bytes": (1, MOST_BYTES), "max_pixels": (1, 178_956_970), "max_files": (1, 1000),
    "max_waiting": (1, 100_000), "max_batch": (0, 1024), "upload_seconds": (1, 3600)}
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a service listens and what it accepts.

    `port` 0 is any free one. Without a `token` it listens on the loopback address alone. `max_bytes` is the size of the body
    of a request, `max_files` the number of pictures in it, `max_waiting` the number of pictures that wait for the network,
    `max_batch` how many are computed together (0: what is best for the engine), `upload_seconds` how long the body may take to
    arrive.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    allow_origins: tuple[str, ...] = ()
    max_bytes: int = 32 * MEGABYTE
    max_pixels: int = 50_000_000
    max_files: int = 16
    max_waiting: int = 256
    max_batch: int = 0
    upload_seconds: int = 60

    @property
    def max_held_bytes(self) -> int:
        """The most bytes of pictures that are received or wait at one moment."""
        return 8 * self.max_bytes

    def problems(self) -> tuple[Problem, ...]:
        """What is out of range, and origins that are none."""
        found = []
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                text = Text("--{option} must be between {low:,} and {high:,}. You gave {value:,}.",
                            "--{option} debe estar entre {low:,} y {high:,}. Usted indicó {value:,}.")
                found.append(error("bad_setting", text.fill(option=name.replace("_", "-"), low=low, high=high,
                                                            value=getattr(self, name)), "machine", field=name))
        for origin in self.allow_origins:
            if not _ORIGIN.fullmatch(origin):
                text = Text("{origin} is not the origin of a web page. Write the scheme and the host, such as "
                            "https://example.org or http://localhost:3000.",
                            "{origin} no es el origen de una página web. Escriba el esquema y el nombre del equipo, como "
                            "https://example.org o http://localhost:3000.")
                found.append(error("bad_origin", text.fill(origin=origin), "machine", field="allow_origin"))
        return tuple(found)
