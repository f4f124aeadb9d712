"""Optional libraries: what needs one declares it, and the user adds it to a folder beside the installation."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.places import is_frozen, libraries_folder
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text

RECORD: Final = "cnnstudio-library.json"
"""Beside the packages of an added library: what was added."""
GPU: Final = "gpu"
"""The id of what the graphics card of this computer needs."""


class Library(msgspec.Struct, frozen=True):
    """A library that something needs and that does not come along.

    `module` is imported, `package` is what pip installs, from `index` besides the usual one; `processor_index` has builds for
    a processor alone, a fraction of the size, where the usual ones on Linux are for graphics cards. `hint` is a sentence on
    what works without it.
    """

    module: str
    name: str
    package: str
    hint: Text = Text("", "")
    index: str = ""
    processor_index: str = ""

    @property
    def id(self) -> str:
        """Its name in commands and folders."""
        return re.split(r"[\[<>=!~ ]", self.package, maxsplit=1)[0].lower()


class AddedLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """A library that the user added: versions by package, and how many bytes it takes."""

    id: str
    package: str
    versions: dict[str, str]
    bytes: int
    backend: str = ""
    """The backend of Keras that it lets compute on a graphics card."""

    @property
    def folder(self) -> Path:
        return libraries_folder() / self.id

    def unlike(self) -> dict[str, str]:
        """Its packages in another version than the program's own, which it would replace: it was added for another version
        of the program, and is not used."""
        # Not before the first paint of the window.
        from importlib import metadata

        found = {}
        for name, version in self.versions.items():
            for own in (name, f"{name}-cpu"):
                try:
                    present = metadata.version(own).partition("+")[0]
                except metadata.PackageNotFoundError:
                    continue
                if present != version.partition("+")[0]:
                    found[name] = version
        return found


def added_libraries() -> tuple[AddedLibrary, ...]:
    """What the user added for this Python, by name. A folder that an installation did not finish does not count."""
    found = []
    for record in sorted(libraries_folder().glob(f"*/{RECORD}")):
        try:
            library = decode_json(read_bytes(record, SMALL), AddedLibrary)
        except (OSError, ValueError):
            continue
        if library.id == record.parent.name:
            found.append(library)
    return tuple(found)


def folders_providing(modules: Iterable[str]) -> list[str]:
    """The folders of added libraries that hold one of these modules; what is for a graphics card comes first."""
    added = sorted((library for library in added_libraries() if not library.unlike()),
                   key=lambda library: library.id != GPU)
    folders = []
    for module in modules:
        folders += [str(library.folder) for library in added if PathFinder.find_spec(module, [str(library.folder)])][:1]
    return list(dict.fromkeys(folders))


def is_available(library: Library) -> bool:
    """Whether a child process can import it: it comes along, is installed in this Python, or was added."""
    if importlib.util.find_spec(library.module) is not None or folders_providing([library.module]):
        return True
    if not is_frozen():
        return False
    # Not before the first paint of the window.
    from importlib import metadata

    # What only the worker program can import has left its description.
    try:
        metadata.version(library.id)
    except metadata.PackageNotFoundError:
        return False
    return True


def library_path(modules: Iterable[str]) -> str:
    """The value of `library_path.VARIABLE` for a child that needs these modules."""
    return os.pathsep.join(folders_providing(modules))


def install_fix(library: Library) -> Fix:
    """Adds the library with one click."""
    return Fix(action="install_library", label=Text("Install {name}", "Instalar {name}").fill(name=library.name),
               arguments={"library": library.id})


def install_hint(library: Library) -> Text:
    """How it is added in a terminal."""
    return Text("To add it: cnnstudio doctor --install {id}.", "Para añadirla: cnnstudio doctor --install {id}.").fill(
        id=library.id)
