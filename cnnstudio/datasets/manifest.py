"""The manifest of a run: its pictures with their classes and splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index, Picture


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First line: the collection's folder (absolute), the classes in order, the form of the labels."""

    root: str
    class_names: tuple[str, ...]
    label_mode: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture: path relative to the root, number of its class (-1: unknown), split, content hash if known."""

    path: str
    label: int
    split: str
    size: int = 0
    modified_ns: int = 0
    hash: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest in memory."""

    header: Header
    entries: tuple[Entry, ...]

    def split(self, name: str) -> tuple[Entry, ...]:
        """The entries of one split, in the order of the file."""
        return tuple(entry for entry in self.entries if entry.split == name)

    def path(self, entry: Entry) -> Path:
        return Path(self.header.root) / entry.path


def entries_of(pictures: Iterable[Picture], class_names: Sequence[str]) -> list[Entry]:
    """Manifest entries of pictures; those of other classes are left out."""
    numbers = {name: number for number, name in enumerate(class_names)}
    return [Entry(path=picture.path, label=numbers[picture.class_name], split=picture.split, size=picture.size,
                  modified_ns=picture.modified_ns, hash=picture.hash)
            for picture in pictures if picture.class_name in numbers]


def write_manifest(path: Path, header: Header, entries: Iterable[Entry]) -> None:
    """Write the manifest atomically as JSON lines; raises ProblemError."""
    encode = msgspec.json.encode
    write_atomically(path, b"\n".join([encode(header), *(encode(entry) for entry in entries)]) + b"\n")


def write_index_manifest(path: Path, index: Index, root: Path, class_names: Sequence[str], label_mode: str,
                         splits: Sequence[str] = ()) -> int:
    """Write the usable pictures of an index (of these splits, or all); returns how many."""
    entries = entries_of(index.usable(class_names), class_names)
    if splits:
        entries = [entry for entry in entries if entry.split in splits]
    write_manifest(path, Header(root=str(root), class_names=tuple(class_names), label_mode=label_mode), entries)
    return len(entries)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; raises ProblemError (damaged_manifest, or that it is not there)."""
    try:
        lines = path.read_bytes().splitlines()
        header = msgspec.json.decode(lines[0], type=Header)
        decoder = msgspec.json.Decoder(Entry)
        return Manifest(header=header, entries=tuple(decoder.decode(line) for line in lines[1:]))
    except (OSError, IndexError, msgspec.MsgspecError) as err:
        text = Text("The list of pictures {path} cannot be read: {reason}.",
                    "No se puede leer la lista de imágenes {path}: {reason}.")
        raise ProblemError(error("damaged_manifest", text.fill(path=path, reason=reason_of(err)), "run",
                                 path=path)) from err
