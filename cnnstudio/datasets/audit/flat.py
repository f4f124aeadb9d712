"""A folder of pictures without class folders, which can be audited but not trained on."""

from __future__ import annotations

import os
from pathlib import Path

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.scan import CHUNK, ListedFile
from cnnstudio.imaging.formats import SUFFIXES


def is_flat(root: Path) -> bool:
    """Whether `root` has pictures and no folders; False where it cannot be listed."""
    pictures = False
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    return False
                pictures = pictures or _is_picture(entry.name)
    except OSError:
        return False
    return pictures


def scan_flat(index: Index, root: Path, spec: DatasetSpec) -> int:
    """List the pictures of `root` itself into the index, with no class; returns how many there are.

    Raises ProblemError for the index, OSError for the folder.
    """
    scan, number = index.begin_scan(), 0
    waiting: list[ListedFile] = []
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not _is_picture(entry.name) or not entry.is_file():
                continue
            facts = entry.stat()
            waiting.append(ListedFile(entry.name, "", None, facts.st_size, facts.st_mtime_ns))
            if len(waiting) == CHUNK:
                index.add(waiting, scan)
                number, waiting = number + len(waiting), []
    index.add(waiting, scan)
    index.end_scan(scan, spec)
    return number + len(waiting)


def _is_picture(name: str) -> bool:
    if os.path.splitext(name)[1].lower() not in SUFFIXES:
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
