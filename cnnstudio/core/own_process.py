"""Programs of Python that run in a process of their own, from source and in a frozen program alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from cnnstudio.core.library_path import VARIABLE
from cnnstudio.core.places import is_frozen

SWITCH: Final = "--run-module"
"""The first argument of a process that runs a module instead of the program."""


def worker_program() -> Path:
    """In a frozen program: the program beside this one that child processes run, which holds no Qt."""
    name, ending = os.path.splitext(sys.executable)
    return Path(name).parent / ("cnnstudio-worker" + (ending if ending == ".exe" else ""))


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module as `python -m` does."""
    start = [str(worker_program())] if is_frozen() else [sys.executable, "-m", "cnnstudio"]
    return [*start, SWITCH, module, *arguments]


def module_environment(library_path: str = "") -> dict[str, str]:
    """Its environment: the added libraries that it needs, and in a checkout the package itself."""
    environment = {**os.environ, VARIABLE: library_path, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
    if not is_frozen():
        ours = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH", ""))))
    return environment
