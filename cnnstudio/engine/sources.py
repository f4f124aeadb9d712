"""Source files of the program for exports."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text


def source_file(module: str) -> Path:
    """The source of a module by its dotted name; raises ProblemError (source_missing) where there is none."""
    spec = importlib.util.find_spec(module)
    # A frozen program names the compiled file and has the source beside it.
    path = Path(spec.origin).with_suffix(".py") if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        text = Text("This installation lacks the source of {name}, which a bundle must contain. Install CNN Studio again.",
                    "A esta instalación le falta el código de {name}, que debe ir en el paquete. Instale CNN Studio de "
                    "nuevo.")
        raise ProblemError(error("source_missing", text.fill(name=module), "machine"))
    return path
