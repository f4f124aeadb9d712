"""What a run comes from: the run whose weights or settings it began with, and the group it was trained in.

It is frozen with the run, in `origin.json` beside its specs. What the user writes about a run is in `run_labels`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.checksums import is_file_intact, seal_file
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.text import Text

_FILE: Final = "origin.json"
START: Final = "start"
"""The folder in a run with the weights that it begins with: a copy, since the run they are from may be deleted."""


class RunOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` "weights": it began with the weights of `parent` after `epoch` (0: unknown); "": with new ones. `added` are its
    classes that the parent does not have: they come after those of the parent.

    `repeats` is the run whose settings, seed and pictures it has once more.
    `group` is the id of the runs that were trained together, of which it is number `member` (from 0) of `members`;
    `grouped_by` says by what they differ.
    `search` is the id of the search that made it, of which it is trial number `trial` (from 0).
    """

    kind: Literal["", "weights"] = ""
    parent: str = ""
    epoch: int = 0
    added: tuple[str, ...] = ()
    repeats: str = ""
    group: str = ""
    grouped_by: Literal["", "seeds", "folds"] = ""
    member: int = 0
    members: int = 0
    search: str = ""
    trial: int = 0


def read_origin(folder: Path) -> RunOrigin:
    """The origin of the run in `folder`; of its own where nothing else is written, or it cannot be read."""
    try:
        data = read_bytes(folder / _FILE, SMALL)
        return decode_json(data, RunOrigin) if is_file_intact(data) else RunOrigin()
    except (OSError, ValueError):
        return RunOrigin()


def write_origin(folder: Path, origin: RunOrigin) -> None:
    """Write it. Raises ProblemError."""
    plain = msgspec.json.format(msgspec.json.encode(origin), indent=2)
    write_atomically(folder / _FILE, seal_file(plain + b"\n"))


def origin_text(origin: RunOrigin) -> Text | None:
    """What a run comes from, in a few words; None for one that stands alone."""
    if origin.repeats:
        return Text("again: {run}", "de nuevo: {run}").fill(run=origin.repeats)
    parts = []
    if origin.search:
        parts.append(Text("search {id}, trial {n}", "búsqueda {id}, ensayo {n}").fill(id=origin.search, n=origin.trial + 1))
    if origin.grouped_by:
        text = {"seeds": Text("seed {n} of {total}", "semilla {n} de {total}"),
                "folds": Text("fold {n} of {total}", "pliegue {n} de {total}")}[origin.grouped_by]
        parts.append(text.fill(n=origin.member + 1, total=origin.members))
    if origin.kind == "weights":
        text = Text("from {run}", "desde {run}").fill(run=origin.parent)
        parts.append(Text("{text}, epoch {epoch}", "{text}, época {epoch}").fill(text=text, epoch=origin.epoch)
                     if origin.epoch else text)
    if origin.added:
        parts.append(Text("class added: {names}", "clase añadida: {names}").fill(names=", ".join(origin.added)))
    return Text("; ".join(part.en for part in parts), "; ".join(part.es for part in parts)) if parts else None
