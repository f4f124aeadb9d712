"""The doctor: versions, backends, devices and engines on this computer."""

from __future__ import annotations

import importlib.util
import os
import platform
from importlib import metadata
from typing import Any

import cv2

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.jobs import Diagnose, Report
from cnnstudio.core.places import cache_folder
from cnnstudio.engine import environment
from cnnstudio.workers.devices import Card, this_machine, why_unused
from cnnstudio.workers.link import Link


def diagnose(_job: Diagnose, link: Link) -> Event:
    """Send a Report, see `facts`, and a Notice for every backend that does not use a graphics card which is there."""
    machine = this_machine()
    link.emit(Report(facts=facts() | {"cards": [_card_facts(card) for card in machine.cards]}))
    for backend in BACKENDS:
        problem = why_unused(machine, backend)
        if problem is not None:
            link.emit(Notice(problem=problem))
    return Finished()


def facts() -> dict[str, Any]:
    """versions, backend, device, devices (the names of all), gpu, backends (installed version or None), litert (works),
    opencv formats, cpu_count, platform, cache (path and whether it can be written)."""
    cache = cache_folder()
    return {
        "versions": environment.versions(),
        "backend": environment.versions()["backend"],
        "device": environment.device_name(),
        "devices": list(environment.device_names()),
        "gpu": environment.on_gpu(),
        "backends": {name: _version(name) for name in BACKENDS.ids()},
        "litert": _litert_works(),
        "opencv": {"version": cv2.__version__,
                   "formats": {suffix: bool(cv2.haveImageWriter(f"x{suffix}"))
                               for suffix in (".jpg", ".png", ".webp", ".tiff", ".jp2", ".avif")}},
        "cpu_count": os.cpu_count() or 1,
        "platform": platform.platform(),
        "cache": {"path": str(cache), "writable": _writable(cache)},
    }


def _card_facts(card: Card) -> dict[str, Any]:
    return {"maker": card.maker, "name": card.name, "memory_mb": card.memory_mb}


def _version(name: str) -> str | None:
    if importlib.util.find_spec(name) is None:
        return None
    for package in (name, f"{name}-cpu"):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return "?"


def _litert_works() -> bool:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except (ImportError, OSError):
        return False
    return Interpreter is not None


def _writable(folder: Any) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
