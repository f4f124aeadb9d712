"""The manifest of a run: its pictures with their classes and splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.checksums import is_line_intact, seal_line
from cnnstudio.core.foreign_files import LARGE, LARGEST, decode_json, open_regular, read_bytes
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.renamed_classes import present_names
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index, Picture

replace = msgspec.structs.replace


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First line: the collection's folder (absolute), the classes in order, the form of the labels, the number of lines
    that follow (None in older files)."""

    root: str
    class_names: tuple[str, ...]
    label_mode: str
    pictures: int | None = None
    source: str = ""
    """The folder or list that was read for an evaluation (absolute), where it is not the run's own collection."""


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
    lines = [seal_line(encode(entry)) for entry in entries]
    write_atomically(path, b"\n".join([seal_line(encode(replace(header, pictures=len(lines)))), *lines]) + b"\n")


def write_index_manifest(path: Path, index: Index, root: Path, class_names: Sequence[str], label_mode: str,
                         splits: Sequence[str] = ()) -> int:
    """Write the usable pictures of an index (of these splits, or all); returns how many."""
    entries = entries_of(index.usable(class_names), class_names)
    if splits:
        entries = [entry for entry in entries if entry.split in splits]
    write_manifest(path, Header(root=str(root), class_names=tuple(class_names), label_mode=label_mode), entries)
    return len(entries)


def read_manifest(path: Path, *, as_trained: bool = False) -> Manifest:
    """Read a manifest; raises ProblemError (damaged_manifest, or that it is not there). The classes have their present names,
    or (`as_trained`) those that the run was trained with: its specs know them by these."""
    try:
        lines = read_bytes(path, LARGEST).removesuffix(b"\n").split(b"\n")
    except OSError as os_error:
        raise ProblemError(_unreadable(path, reason_of(os_error))) from os_error
    decoder = msgspec.json.Decoder(Entry)
    header, entries, number = None, [], 0
    try:
        for number, line in enumerate(lines, start=1):
            if not is_line_intact(line):
                raise ProblemError(_unreadable(path, _CHECKSUM.fill(n=number)))
            if header is None:
                header = decode_json(line, Header)
            else:
                entries.append(decoder.decode(line))
    except (ValueError, RecursionError) as err:
        reason = Text("line {n} is damaged: {reason}", "la línea {n} está dañada: {reason}").fill(n=number, reason=err)
        raise ProblemError(_unreadable(path, reason)) from err
    assert header is not None
    if header.pictures is not None and header.pictures != len(entries):
        raise ProblemError(_unreadable(path, Text("number of pictures {n} instead of {expected}",
                                                  "número de imágenes {n} en lugar de {expected}").fill(
                                                      n=len(entries), expected=header.pictures)))
    return Manifest(header=header if as_trained else _renamed(header, path), entries=tuple(entries))


def _renamed(header: Header, path: Path) -> Header:
    return replace(header, class_names=present_names(path.parent, header.class_names))


def read_header(path: Path) -> Header:
    """The first line of a manifest alone, with the present names of the classes; raises ProblemError as `read_manifest`
    does."""
    try:
        with open_regular(path, LARGEST) as file:
            return _renamed(decode_json(file.readline(LARGE).removesuffix(b"\n"), Header), path)
    except OSError as os_error:
        raise ProblemError(_unreadable(path, reason_of(os_error))) from os_error
    except (ValueError, RecursionError) as err:
        reason = Text("line {n} is damaged: {reason}", "la línea {n} está dañada: {reason}").fill(n=1, reason=err)
        raise ProblemError(_unreadable(path, reason)) from err


_CHECKSUM: Final = Text("line {n} is damaged: its checksum does not match",
                        "la línea {n} está dañada: su suma de comprobación no coincide")


def _unreadable(path: Path, reason: Text) -> Problem:
    text = Text("The list of pictures {path} cannot be read: {reason}. Restore the file from a copy, or train a new run.",
                "No se puede leer la lista de imágenes {path}: {reason}. Restaure el archivo de una copia o entrene de nuevo.")
    return error("damaged_manifest", text.fill(path=path, reason=reason), "run", path=path)
