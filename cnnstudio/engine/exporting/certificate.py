"""The certificate of an export: its check, and for every picture that was compared the answer that must come out.

A folder holds it as check.json and expected.json; beside a file it is `NAME.check.json`. Pictures are known by their content
(SHA-256), so that whoever has the same pictures can repeat the comparison.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio import __version__
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.export_jobs import ExportCheck
from cnnstudio.core.foreign_files import LARGE, decode_json, read_bytes
from cnnstudio.engine.exporting.request import write_json
from cnnstudio.imaging.picture_files import read_regular

PROGRAM: Final = "CNN Studio"
CHECK: Final = "check.json"
EXPECTED: Final = "expected.json"


def beside(path: Path) -> Path:
    """The certificate of an export that is a file."""
    return path.with_name(f"{path.name}.{CHECK}")


def write_certificate(written: Path, check: ExportCheck | None, entry: Exporter, names: Sequence[str],
                      pictures: Sequence[Path], answers: np.ndarray) -> None:
    """Write the certificate of the export that was written at that path, of (n, classes) answers of the trained model."""
    head: dict[str, Any] = {"program": PROGRAM, "version": __version__, "format": entry.id, "tolerance": entry.tolerance}
    described = {} if check is None else msgspec.to_builtins(check)
    expected = {"class_names": list(names), "pictures": _expected(pictures, answers) if check and not check.unchecked else []}
    if written.is_dir():
        write_json(written / CHECK, head | described)
        if check is not None:
            (written / EXPECTED).write_bytes(msgspec.json.encode(expected))
    elif check is not None:
        beside(written).write_bytes(msgspec.json.encode(head | {"check": described, "expected": expected}))


def _expected(pictures: Sequence[Path], answers: np.ndarray) -> list[dict[str, Any]]:
    return [{"name": path.name, "sha256": hashlib.sha256(read_regular(path)).hexdigest(),
             "probabilities": [float(value) for value in row]} for path, row in zip(pictures, answers, strict=True)]


def is_our_folder(folder: Path) -> bool:
    """Whether a folder is an earlier export of this program."""
    return _is_ours(folder / CHECK)


def is_our_certificate(path: Path) -> bool:
    """Whether a file is the certificate of an export."""
    return _is_ours(path)


def _is_ours(path: Path) -> bool:
    try:
        check = decode_json(read_bytes(path, LARGE))
    except (OSError, ValueError):
        return False
    return isinstance(check, dict) and check.get("program") == PROGRAM
