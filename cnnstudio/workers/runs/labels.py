"""What the user writes about a run beside its name: a note, tags, a group and a colour. A later training changes none of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.names import clean_name

_FILE: Final = "labels.json"
_ASIDE: Final = f"{_FILE}.damaged"
LONGEST_NOTE: Final = 4000
"""Characters of a note."""
MOST_TAGS: Final = 20


class RunLabels(msgspec.Struct, frozen=True, kw_only=True):
    """`color` is a number of the palette of class colours (from 0); None until a colour was given."""

    note: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    color: int | None = None


def read_labels(folder: Path) -> RunLabels:
    """The labels of the run in `folder`; none where nothing is written, or it cannot be read."""
    try:
        return clean_labels(decode_json(read_bytes(folder / _FILE, SMALL), RunLabels))
    except (OSError, ValueError):
        return RunLabels()


def write_labels(folder: Path, labels: RunLabels) -> None:
    """Write the labels, or take them away where they are empty. Raises ProblemError."""
    path, labels = folder / _FILE, clean_labels(labels)
    try:
        if _is_damaged(path):
            os.replace(path, path.with_name(_ASIDE))
        if labels == RunLabels():
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, msgspec.json.format(msgspec.json.encode(labels), indent=2) + b"\n")
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


def labels_problem(folder: Path) -> Problem | None:
    """A warning where the file of the labels is damaged, so that the run seems to have none."""
    path = folder / _FILE
    if not _is_damaged(path):
        return None
    text = Text("{path} is damaged, so the note, tags, group and colour of this run are not known. Restore it from a copy, or "
                "write them again: the damaged file is then kept as {aside}.",
                "{path} está dañado, así que no se conocen la nota, las etiquetas, el grupo ni el color de este entrenamiento. "
                "Restáurelo de una copia o escríbalos de nuevo: el archivo dañado se conservará como {aside}.")
    return warning("damaged_labels", text.fill(path=path, aside=_ASIDE), "run", path=path)


def _is_damaged(path: Path) -> bool:
    try:
        decode_json(read_bytes(path, SMALL), RunLabels)
    except ValueError:
        return True
    except OSError:
        return False
    return False


def clean_labels(labels: RunLabels) -> RunLabels:
    """The labels without control characters, and not endless."""
    note = "\n".join("".join(sign if sign.isprintable() else " " for sign in line).rstrip()
                     for line in labels.note[:LONGEST_NOTE].splitlines()).strip()
    return RunLabels(note=note, tags=clean_tags(labels.tags), group=clean_name(labels.group), color=(
        labels.color if labels.color is None or 0 <= labels.color < 1000 else None))


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag on one line, without commas, once, in the order they were given."""
    named = (clean_name(part) for tag in tags for part in tag.split(","))
    return tuple(dict.fromkeys(name for name in named if name))[:MOST_TAGS]
