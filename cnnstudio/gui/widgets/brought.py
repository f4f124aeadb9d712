"""What a drag or the clipboard brings that is no file: a picture itself, or where on the web one lies."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

_SOURCE: Final = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_DATA: Final = re.compile(r"data:image/([\w.+-]+)((?:;[\w=.-]+)*),", re.IGNORECASE)
_LONGEST: Final = 64 << 20
"""Letters of a picture inside an address."""


@dataclass(frozen=True)
class Brought:
    """One of: pixels, the content of a file with its ending, or an address on the web, from which nothing was fetched."""

    image: QImage | None = None
    data: bytes = b""
    suffix: str = ""
    url: str = ""


def brought_by(mime: QMimeData) -> Brought | None:
    """The picture that is brought, the nearest first: its content in the address, its pixels, its address. None where there
    is no picture; local files are not looked for."""
    addresses = _addresses(mime)
    for address in addresses:
        found = _inside(address)
        if found is not None:
            return found
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Brought(image=image)
    for address in addresses:
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname:
            return Brought(url=address)
    return None


def _addresses(mime: QMimeData) -> list[str]:
    """A browser puts the picture's own address into HTML; the other one may be that of the page it links to."""
    found = []
    if mime.hasHtml():
        match = _SOURCE.search(mime.html()[:_LONGEST])
        if match is not None:
            found.append(unescape(next(group for group in match.groups() if group is not None)).strip())
    if mime.hasUrls():
        found += [url.toString() for url in mime.urls() if not url.isLocalFile()]
    text = mime.text().strip() if mime.hasText() else ""
    if text[:5].casefold() in ("data:", "http:", "https") and not any(letter.isspace() for letter in text[:2000]):
        found.append(text)
    return list(dict.fromkeys(found))


def _inside(address: str) -> Brought | None:
    """The picture that a data: address holds."""
    match = _DATA.match(address)
    if match is None or len(address) > _LONGEST:
        return None
    content = address[match.end():]
    try:
        data = base64.b64decode(unquote_to_bytes(content), validate=False) if ";base64" in match[2].casefold() \
            else unquote_to_bytes(content)
    except (binascii.Error, ValueError):
        return None
    return Brought(data=data, suffix="." + match[1].casefold().split("+")[0].replace("jpeg", "jpg"))
