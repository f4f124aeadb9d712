"""A folder of pictures without class folders, which can be audited but not trained on."""

from __future__ import annotations

import os
from pathlib import Path

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.content import ContentProbe
from cnnstudio.datasets.ignoring import make_matcher
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.layout import is_picture
from cnnstudio.datasets.scan import CHUNK, ListedFile
from cnnstudio.imaging.picture_files import Tally, is_system, reason_against


def is_flat(root: Path) -> bool:
    """Whether `root` has pictures and no folders but those of systems; False where it cannot be listed."""
    pictures = False
    probe = ContentProbe()
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name.startswith(".") or is_system(entry.name):
                    continue
                if entry.is_dir():
                    return False
                pictures = pictures or is_picture(entry.name) or not _reason(entry, probe)
    except OSError:
        return False
    return pictures


def scan_flat(index: Index, root: Path, spec: DatasetSpec, tally: Tally | None = None) -> int:
    """List the pictures of `root` itself into the index, with no class; returns how many there are. What is left out is
    counted in `tally`.

    Raises ProblemError for the index and the patterns, OSError for the folder.
    """
    scan, number = index.begin_scan(), 0
    waiting: list[ListedFile] = []
    tally = tally or Tally()
    probe, ignored = ContentProbe(), make_matcher(spec.ignore)
    with os.scandir(root) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(".") or is_system(name):
                tally.add("system" if is_system(name) else "hidden", name)
            elif ignored is not None and ignored(name, False):
                tally.add("ignored", name)
            elif reason := _reason(entry, probe):
                tally.add(reason, name)
            elif _is_text(name):
                if not is_picture(name):
                    tally.add("by_content", name)
                facts = entry.stat()
                waiting.append(ListedFile(name, "", None, facts.st_size, facts.st_mtime_ns))
                if len(waiting) == CHUNK:
                    index.add(waiting, scan)
                    number, waiting = number + len(waiting), []
    index.add(waiting, scan)
    index.end_scan(scan, spec)
    return number + len(waiting)


def _reason(entry: os.DirEntry[str], probe: ContentProbe) -> str:
    """Why an entry is no picture; "" if it is one."""
    try:
        return reason_against(entry, probe)
    except FileNotFoundError:
        return "broken_link"
    except OSError:
        return "no_permission"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
