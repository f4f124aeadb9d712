"""A first look at a source before it becomes a project: how many pictures, a few of them, and the start that suits them."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
from numpy.typing import NDArray

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.layout import root_of
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.sources.staging import Check, no_check
from cnnstudio.imaging.decode import read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.inspect import channel_count, inspect_picture
from cnnstudio.imaging.thumbnails import thumbnail
from cnnstudio.network.new_project import Facts, automatic_start

SHOWN: Final = 8
_COUNTED: Final = 50_000


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What a source holds. `more`: counting stopped there. `samples` are small pictures, red first, of several classes;
    `template` or `base` is what the automatic choice will be, as far as the samples tell."""

    pictures: int = 0
    classes: tuple[str, ...] = ()
    more: bool = False
    samples: tuple[NDArray[Any], ...] = ()
    template: str = ""
    base: str = ""


def take_glance(source: Path, size: int, check: Check = no_check, spec: DatasetSpec | None = None) -> Glance:
    """Look at a folder of classes or a list; an empty Glance where it cannot be read."""
    root = root_of(source.resolve())
    reading = msgspec.structs.replace(spec or DatasetSpec(), source=str(source.resolve()))
    by_class: dict[str, list[str]] = {}
    pictures, more = 0, False
    try:
        for chunk in Listing(root, reading, folder=root):
            check()
            pictures += len(chunk)
            for item in chunk:
                paths = by_class.setdefault(item.class_name, [])
                if len(paths) < SHOWN:
                    paths.append(item.path)
            if pictures >= _COUNTED:
                more = True
                break
    except (OSError, ProblemError):
        return Glance()
    samples, sizes, channels = [], [], []
    for path in _alternating(list(by_class.values())):
        check()
        try:
            data = read_bytes(root / path)
            height, width, _stored = inspect_picture(data)
            samples.append(thumbnail(data, size))
        except PictureError:
            continue
        sizes.append((height, width))
        channels.append(channel_count(data))
        if len(samples) == SHOWN:
            break
    template, base = ("", "") if not sizes else automatic_start(Facts(
        classes=tuple(sorted(by_class)), grey=all(count == 1 for count in channels),
        median_height=int(median(height for height, _width in sizes)),
        median_width=int(median(width for _height, width in sizes))))
    return Glance(pictures=pictures, classes=tuple(sorted(by_class)), more=more, samples=tuple(samples), template=template,
                  base=base)


def _alternating(lists: list[list[str]]) -> list[str]:
    """The first of every list, then the second of every list, and so on."""
    longest = max(map(len, lists), default=0)
    return [items[position] for position in range(longest) for items in lists if position < len(items)]
