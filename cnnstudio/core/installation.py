"""Whether the program's files were replaced while it runs, as by an upgrade. What is loaded afterwards is another version's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import cnnstudio
from cnnstudio.core.places import is_frozen
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text

_Stamp = tuple[int, int, int] | None


_PROGRAM: Final = Path(sys.executable if is_frozen() else str(cnnstudio.__file__))


def _stamp() -> _Stamp:
    """Which file this program is; None where it is gone."""
    try:
        facts = _PROGRAM.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


_AT_START: Final = _stamp()


def is_replaced() -> bool:
    """Whether the program that runs is no longer the one on the disk."""
    return _stamp() != _AT_START


def replaced_problem(details: str = "") -> Problem:
    """What the user does about it."""
    text = Text("CNN Studio was replaced or removed while it runs, as by an upgrade. Your work is saved; close the window and "
                "start the program again.",
                "CNN Studio se reemplazó o se quitó mientras estaba abierto, como en una actualización. Su trabajo está "
                "guardado; cierre la ventana y vuelva a iniciar el programa.")
    return error("program_replaced", text, "machine", details=details)
