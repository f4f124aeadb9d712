"""Which files of a folder are pictures, and what is passed over: shared by the scan, by predictions and by exported bundles.

A file is a picture by what it begins with; its ending only saves a look. Only regular files are ever opened: a named pipe
would wait for a writer, and a device can do anything.

This module is copied as it is into exported bundles: it needs the standard library only.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Final

from .errors import PictureError
from .formats import FORMATS, SUFFIXES

SYSTEM_NAMES: Final = frozenset((
    # Network drives: Synology, QNAP, snapshots
    "@eadir", "@tmp", "@sharebin", "@recycle", "#trash", "@__thumb", "@recently-snapshot", "#recycle", "#snapshot", "~snapshot",
    ".@__thumb", ".snapshot", ".snapshots", ".zfs",
    # Windows
    "$recycle.bin", "recycler", "system volume information", "config.msi", "msdownld.tmp", "onedrivetemp",
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini",
    # macOS
    "__macosx", ".ds_store", ".trashes", ".trash", ".spotlight-v100", ".fseventsd", ".temporaryitems", ".appledouble",
    ".documentrevisions-v100", ".apdisk", "icon\r", "network trash folder", "temporary items",
    # Linux
    "lost+found", ".directory", ".thumbnails", ".trash-1000", ".nomedia",
    # Programs
    ".ipynb_checkpoints", "__pycache__", ".git", ".svn", ".picasaoriginals", ".picasa.ini", "picasa.ini", ".dtrash",
    ".dropbox.cache", ".stfolder", "_gsdata_", "ipod photo cache", "node_modules",
))
"""Lower-case names of files and folders that systems and programs put among pictures."""
_SYSTEM_PATTERN: Final = re.compile(
    r"\._|\.trash-|synofile_thumb|synophoto_thumb|found\.\d{3}$|.*@syno(eastream|resource)$", re.DOTALL)
"""What the lower-case names of such files and folders begin with, where a part of them varies."""
RAW_SUFFIXES: Final = frozenset((
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw",
    ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"))
"""Camera raw: many begin like a TIFF, but the picture in it is a small preview."""
HEAD_BYTES: Final = 512
_SURE: Final = tuple(entry for entry in FORMATS if entry.sure)


def is_system(name: str) -> bool:
    """Whether a file or folder of that name belongs to a system or a program."""
    lower = name.lower()
    return lower in SYSTEM_NAMES or _SYSTEM_PATTERN.match(lower) is not None


def suffix_of(name: str) -> str:
    """The lower-case ending of a file's name, with its dot; "" without one."""
    return os.path.splitext(name)[1].lower()


def open_regular(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a regular file for reading. Raises PictureError (not_regular) for pipes, sockets and devices, without opening
    or waiting for them; OSError as `open` does."""
    _check_regular(os.stat(path).st_mode)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    try:
        # It may have been replaced in between; without O_NONBLOCK opening a pipe would have waited.
        _check_regular(os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise PictureError("not_regular")


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """The content of a regular file; raises PictureError (not_regular) and OSError."""
    with open_regular(path) as file:
        return file.read()


def begins_as_picture(head: bytes) -> bool:
    """Whether a file of any name that begins with these bytes is a picture. Formats without a signature do not count."""
    name = next((entry.name for entry in _SURE if entry.begins(head)), "")
    if name == "PNM":
        # A text may begin with "P1 " as well; in a picture the width or a comment follows.
        return head[2:].lstrip()[:1] in (*(b"%d" % digit for digit in range(10)), b"#")
    return bool(name)


def holds_picture(path: str | os.PathLike[str]) -> bool:
    """Whether the first bytes of a regular file are those of a picture; raises PictureError and OSError."""
    with open_regular(path) as file:
        return begins_as_picture(file.read(HEAD_BYTES))


@dataclass(frozen=True)
class LeftOut:
    """What was not taken for one reason: how many, an example, and the endings with their numbers."""

    reason: str
    number: int
    example: str
    endings: tuple[tuple[str, int], ...] = ()

    def text(self, language: str = "en") -> str:
        """One sentence; English unless `language` is "es"."""
        one, many = _TEXTS[self.reason][2:] if language == "es" else _TEXTS[self.reason][:2]
        shown = ", ".join(f"{ending or _NO_ENDING[language == 'es']} {number}" for ending, number in self.endings[:6])
        return (one if self.number == 1 else many).format(n=self.number, example=self.example, endings=shown)


_NO_ENDING: Final = ("without an extension", "sin extensión")
_TEXTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "other_kind": (
        "One file is not a picture and was left out: {example}.",
        "{n} files are not pictures and were left out ({endings}), for example {example}.",
        "Un archivo no es una imagen y se dejó fuera: {example}.",
        "{n} archivos no son imágenes y se dejaron fuera ({endings}), por ejemplo {example}."),
    "raw": (
        "One camera raw file was left out: {example}. Export it as JPEG or TIFF to use it.",
        "{n} camera raw files were left out ({endings}), for example {example}. Export them as JPEG or TIFF to use them.",
        "Un archivo RAW de cámara se dejó fuera: {example}. Expórtelo como JPEG o TIFF para usarlo.",
        "{n} archivos RAW de cámara se dejaron fuera ({endings}), por ejemplo {example}. Expórtelos como JPEG o TIFF para "
        "usarlos."),
    "linked_folder": (
        "One linked folder was not followed: {example}. Turn on “Follow links” to take its pictures.",
        "{n} linked folders were not followed, for example {example}. Turn on “Follow links” to take their pictures.",
        "No se siguió una carpeta enlazada: {example}. Active «Seguir enlaces» para tomar sus imágenes.",
        "No se siguieron {n} carpetas enlazadas, por ejemplo {example}. Active «Seguir enlaces» para tomar sus imágenes."),
    "broken_link": (
        "One link leads nowhere: {example}.",
        "{n} links lead nowhere, for example {example}.",
        "Un enlace no lleva a ninguna parte: {example}.",
        "{n} enlaces no llevan a ninguna parte, por ejemplo {example}."),
    "empty_class": (
        "One class folder has no pictures: {example}.",
        "{n} class folders have no pictures, for example {example}.",
        "Una carpeta de clase no tiene imágenes: {example}.",
        "{n} carpetas de clase no tienen imágenes, por ejemplo {example}."),
    "no_class": (
        "One picture lies outside the class folders and has no class; it was left out: {example}. Move it into a class "
        "folder to use it.",
        "{n} pictures lie outside the class folders and have no class; they were left out, for example {example}. Move them "
        "into a class folder to use them.",
        "Una imagen está fuera de las carpetas de clase y no tiene clase; se dejó fuera: {example}. Muévala a una carpeta de "
        "clase para usarla.",
        "{n} imágenes están fuera de las carpetas de clase y no tienen clase; se dejaron fuera, por ejemplo {example}. "
        "Muévalas a una carpeta de clase para usarlas."),
    "system": (
        "One file or folder of the system was ignored: {example}.",
        "{n} files and folders of the system were ignored, for example {example}.",
        "Se ignoró un archivo o carpeta del sistema: {example}.",
        "Se ignoraron {n} archivos y carpetas del sistema, por ejemplo {example}."),
    "hidden": (
        "One hidden file or folder was ignored: {example}.",
        "{n} hidden files and folders were ignored, for example {example}.",
        "Se ignoró un archivo o carpeta oculto: {example}.",
        "Se ignoraron {n} archivos y carpetas ocultos, por ejemplo {example}."),
    "ignored": (
        "One file or folder matches the patterns to ignore: {example}.",
        "{n} files and folders match the patterns to ignore, for example {example}.",
        "Un archivo o carpeta coincide con los patrones que ignorar: {example}.",
        "{n} archivos y carpetas coinciden con los patrones que ignorar, por ejemplo {example}."),
    "not_regular": (
        "One entry is not a regular file (a pipe, socket or device) and was not opened: {example}.",
        "{n} entries are not regular files (pipes, sockets or devices) and were not opened, for example {example}.",
        "Una entrada no es un archivo normal (es una tubería, un socket o un dispositivo) y no se abrió: {example}.",
        "{n} entradas no son archivos normales (son tuberías, sockets o dispositivos) y no se abrieron, por ejemplo "
        "{example}."),
    "no_permission": (
        "One file or folder cannot be opened, because you have no permission to read it: {example}.",
        "{n} files and folders cannot be opened, because you have no permission to read them, for example {example}.",
        "No se puede abrir un archivo o carpeta por falta de permiso de lectura: {example}.",
        "No se pueden abrir {n} archivos y carpetas por falta de permiso de lectura, por ejemplo {example}."),
    "by_content": (
        "One file is a picture although its ending does not say so; it was taken: {example}.",
        "{n} files are pictures although their endings do not say so; they were taken, for example {example}.",
        "Un archivo es una imagen aunque su extensión no lo diga; se tomó: {example}.",
        "{n} archivos son imágenes aunque su extensión no lo diga; se tomaron, por ejemplo {example}."),
}
REASONS: Final = tuple(_TEXTS)
QUIET_REASONS: Final = frozenset(("other_kind", "system", "hidden", "ignored", "by_content"))
"""Reasons that are worth a note, no warning."""


class Tally:
    """Counts what is left out, by reason, with the first example of each."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._examples: dict[str, str] = {}
        self._endings: dict[str, dict[str, int]] = {}

    def add(self, reason: str, example: str, number: int = 1) -> None:
        self._numbers[reason] = self._numbers.get(reason, 0) + number
        self._examples.setdefault(reason, example)
        if reason in ("other_kind", "raw"):
            endings = self._endings.setdefault(reason, {})
            ending = suffix_of(example)
            endings[ending] = endings.get(ending, 0) + number

    def number(self, reason: str) -> int:
        """How many were left out for that reason."""
        return self._numbers.get(reason, 0)

    def entries(self) -> tuple[LeftOut, ...]:
        """One entry a reason, in a fixed order."""
        return tuple(LeftOut(reason, self._numbers[reason], _readable(self._examples[reason]),
                             tuple(sorted(self._endings.get(reason, {}).items(), key=lambda item: (-item[1], item[0]))))
                     for reason in REASONS if reason in self._numbers)


def _readable(path: str) -> str:
    """A path as text, also where its name is in an old encoding."""
    return os.fsencode(path).decode("utf-8", "replace")


Ignored = Callable[[str, bool], bool]
"""Whether a path relative to the folder, with "/", is to be ignored; the second argument: it is a folder."""


def list_pictures(paths: Iterable[str], follow_links: bool = False, ignored: Ignored | None = None
                  ) -> tuple[list[str], tuple[LeftOut, ...]]:
    """The named files themselves; for a folder all pictures in it and below, in the order of their names. With what was
    left out."""
    result: list[str] = []
    tally = Tally()
    for path in paths:
        if os.path.isdir(path):
            _list_folder(path, follow_links, ignored, result, tally)
        else:
            result.append(path)
    return result, tally.entries()


def _list_folder(root: str, follow_links: bool, ignored: Ignored | None, result: list[str], tally: Tally) -> None:
    seen: set[tuple[int, int]] = set()
    waiting = [(root, "")]
    while waiting:
        folder, before = waiting.pop()
        try:
            if follow_links and not _is_new(folder, seen):
                continue
            with os.scandir(folder) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            tally.add("no_permission", folder)
            continue
        folders = []
        for entry in children:
            name, path = entry.name, os.path.join(folder, entry.name)
            try:
                is_folder = entry.is_dir(follow_symlinks=follow_links)
                if is_system(name) or name.startswith("."):
                    tally.add("system" if is_system(name) else "hidden", path)
                elif ignored is not None and ignored(before + name, is_folder):
                    tally.add("ignored", path)
                elif is_folder:
                    folders.append((path, before + name + "/"))
                elif (reason := reason_against(entry)) and not (reason == "not_regular" and suffix_of(name) in SUFFIXES):
                    tally.add(reason, path)
                else:
                    if not reason and suffix_of(name) not in SUFFIXES:
                        tally.add("by_content", path)
                    # A pipe that is called z.png is answered by its problem, like any other unreadable picture.
                    result.append(path)
            except FileNotFoundError:
                tally.add("broken_link", path)
            except (OSError, PictureError):
                tally.add("no_permission", path)
        waiting += reversed(folders)


def reason_against(entry: os.DirEntry[str], holds: Callable[[str], bool] = holds_picture) -> str:
    """Why an entry that is no folder to be entered is not taken as a picture; "" if it is one. Raises OSError."""
    mode = entry.stat().st_mode
    if stat.S_ISDIR(mode):
        return "linked_folder"
    if not stat.S_ISREG(mode):
        return "not_regular"
    suffix = suffix_of(entry.name)
    if suffix in SUFFIXES:
        return ""
    if suffix in RAW_SUFFIXES:
        return "raw"
    return "" if holds(entry.path) else "other_kind"


def _is_new(folder: str, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder is visited for the first time: links may lead in a circle."""
    facts = os.stat(folder)
    key = (facts.st_dev, facts.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True
