"""Scripts that the program printed: their settings stand behind the code, their pictures in a list beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.foreign_files import decode_json, open_regular
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.settings_comment import PrintedSettings
from cnnstudio.interchange.python_source.source import Source
from cnnstudio.interchange.script.model import Area, Script
from cnnstudio.interchange.script.notes import Notes

_LINE: Final = 1 << 20
"""Bytes of the first line of a list."""
_AREAS: Final[dict[Area, str]] = {"data": "dataset", "recipe": "recipe", "augmentation": "augmentation",
                                  "training": "training"}
replace = msgspec.structs.replace


def with_printed_settings(script: Script, settings: PrintedSettings, is_unchanged: bool, path: Path, source: Source) -> Script:
    """The script with the settings of the project that printed it. What the code itself says of the network stays; where
    the code was changed since, also what it says of the training."""
    notes = Notes(source)
    line = source.text.count("\n", 0, source.text.find("# The settings of the project, for:")) + 1
    for area, name in _AREAS.items():
        notes.take(line, area, Text("Settings of the project that printed the script",
                                    "Ajustes del proyecto que generó el script"), name)
    if not is_unchanged:
        notes.tell(line, "training", Text(
            "The code was changed since it was printed: its network, epochs and optimizers count; how pictures are read and "
            "changed is as it was printed.",
            "El código se modificó después de generarse: cuentan su red, sus épocas y sus optimizadores; cómo se leen y "
            "cambian las imágenes es como se generó."), True)
    kept = tuple(item for item in script.items if item.area == "network" or (not is_unchanged and item.taken))
    root = _pictures_folder(path)
    return replace(script, printed=settings, folders=(root,) if root else script.folders, augmentation=(), recipe={},
                   dataset={}, splits={}, training={}, class_weights={}, stages=() if is_unchanged else script.stages,
                   items=(*kept, *notes.items()))


def _pictures_folder(path: Path) -> str:
    """The folder that the list of the pictures beside a script names; "" if there is none."""
    for name in (f"{path.stem}.pictures.jsonl", "manifest.jsonl"):
        try:
            with open_regular(path.with_name(name)) as file:
                header: Any = decode_json(file.readline(_LINE))
        except (OSError, ValueError):
            continue
        root = header.get("root") if isinstance(header, dict) else None
        if isinstance(root, str):
            return root
    return ""
