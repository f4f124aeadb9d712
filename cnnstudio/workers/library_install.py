"""Add a library to the user's folder beside the installation, and remove it again.

It is written into a temporary folder, which becomes the library's own at the end: a kill or a full disk leaves nothing half.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.events import Event, Phase, Progress
from cnnstudio.core.libraries import GPU, RECORD, AddedLibrary, Library, added_libraries
from cnnstudio.core.own_process import module_command, module_environment
from cnnstudio.core.places import libraries_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import workplace
from cnnstudio.workers.gpu import gpu_support, this_computer
from cnnstudio.workers.libraries import known_libraries
from cnnstudio.workers.pip_process import bytes_of, progress_options, run_pip

_UNPACKED: Final = 3.5
"""Bytes that an installation writes for a byte that is downloaded: the package itself, and what is unpacked from it."""
_SECONDS: Final = 20.0
_IMPORT_SECONDS: Final = 300.0
_ATTEMPTS: Final = 3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would be added: versions by package, and how many bytes are downloaded (0 where the index does not say)."""

    id: str
    library: Library
    versions: dict[str, str]
    bytes: int
    backend: str = ""


def wanted_library(identifier: str) -> tuple[Library, str]:
    """The library of an id ("gpu": what this computer's graphics card needs) and the backend that it moves to the card.
    Raises ProblemError."""
    computer = this_computer()
    if identifier == GPU:
        return gpu_support(computer)
    library = known_libraries().get(identifier)
    if library is None:
        text = Text("Nothing in this program needs a library called {name}. It can add: {all}.",
                    "Nada en este programa necesita una biblioteca llamada {name}. Puede añadir: {all}.")
        raise ProblemError(error("unknown_library", text.fill(name=identifier, all=", ".join((*known_libraries(), GPU))),
                                 "machine"))
    if library.processor_index and computer.system == "linux" and not computer.nvidia:
        library = msgspec.structs.replace(library, index=library.processor_index)
    return library, ""


def make_plan(identifier: str, on_event: Callable[[Event], object], check: Callable[[], None]) -> Plan:
    """Find out what would be downloaded; nothing is added. Raises ProblemError."""
    library, backend = wanted_library(identifier)
    on_event(Phase(name="resolving", text=Text("Looking for {name}", "Buscando {name}").fill(name=library.name)))
    with TemporaryDirectory(prefix="cnnstudio-library-", ignore_cleanup_errors=True) as temporary:
        work = Path(temporary)
        report = work / "report.json"
        run_pip(library, work, ("--dry-run", "--ignore-installed", "--report", str(report)), lambda _line: None,
                check)
        packages: list[dict[str, Any]] = msgspec.json.decode(report.read_bytes())["install"]
    size = 0
    for package in packages:
        check()
        found = _size_of(package["download_info"]["url"])
        if not found:
            size = 0
            break
        size += found
    versions = {package["metadata"]["name"]: package["metadata"]["version"] for package in packages}
    return Plan(id=identifier, library=library, versions=versions, bytes=size, backend=backend)


def _size_of(url: str) -> int:
    """The size of a file of the package index; 0 where it does not say."""
    try:
        if url.startswith("file:"):
            return Path(urllib.request.url2pathname(urllib.parse.urlparse(url).path)).stat().st_size
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_SECONDS) as answer:
            return int(answer.headers.get("Content-Length") or 0)
    except (OSError, ValueError):
        return 0


def install_library(identifier: str, on_event: Callable[[Event], object], check: Callable[[], None]) -> AddedLibrary:
    """Add a library, in place of an earlier copy. `check` may raise to end it; then, and after an error, nothing is left
    behind and the earlier copy stays. Raises ProblemError."""
    plan = make_plan(identifier, on_event, check)
    library = plan.library
    target = libraries_folder() / identifier
    # Of a program that was killed in the middle of its last step.
    shutil.rmtree(_doomed(target), ignore_errors=True)
    progress = _Downloads(plan.bytes, on_event)
    on_event(Phase(name="downloading", text=Text("Downloading {name}", "Descargando {name}").fill(name=library.name)))
    # One name for all, so that each installation clears away what a killed one left; others may run at the same time.
    with workplace(target.with_name(".adding"), round(plan.bytes * _UNPACKED)) as place:
        folder, work = place / "folder", place / "work"
        for part in (folder, work):
            part.mkdir()
        run_pip(library, work, (*progress_options(), "--target", str(folder)), progress.read, check)
        # Programs for a terminal: they name the Python of this moment.
        shutil.rmtree(folder / "bin", ignore_errors=True)
        _import(library, folder, check)
        added = AddedLibrary(id=identifier, package=library.package, versions=_versions(folder), bytes=_bytes(folder),
                             backend=plan.backend)
        (folder / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(added), indent=1))
        _replace(target, folder)
    return added


def _replace(target: Path, folder: Path) -> None:
    """An earlier copy goes where the workplace is deleted; it comes back if the new one cannot take its place."""
    for attempt in range(_ATTEMPTS):
        earlier = folder.with_name(f"earlier-{attempt}")
        try:
            with contextlib.suppress(FileNotFoundError):
                os.rename(target, earlier)
            os.rename(folder, target)
            return
        except OSError as os_error:
            if os.path.lexists(target) and attempt + 1 < _ATTEMPTS:
                # Another installation ended between the two steps.
                continue
            with contextlib.suppress(OSError):
                os.rename(earlier, target)
            raise ProblemError(write_problem(os_error, target)) from os_error


def _import(library: Library, folder: Path, check: Callable[[], None]) -> None:
    """A library that cannot be imported is of no use: it is not kept."""
    command = module_command("cnnstudio.workers.library_check", library.module)
    process = subprocess.Popen(command, env=module_environment(str(folder)), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + _IMPORT_SECONDS
    try:
        while True:
            check()
            try:
                _output, errors = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > end:
                    process.kill()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        details = errors.decode("utf-8", "replace")
        reason = next((line for line in reversed(details.splitlines()) if line.strip()), str(process.returncode))
        text = Text("{name} was downloaded but cannot be loaded on this computer: {reason}. It was not kept.",
                    "{name} se descargó pero no se puede cargar en este equipo: {reason}. No se conservó.")
        raise ProblemError(error("library_failed", text.fill(name=library.name, reason=reason[:200]), "machine",
                                 details=details))


def find_added(identifier: str) -> AddedLibrary:
    """The added library of that id; raises ProblemError where there is none."""
    library = next((added for added in added_libraries() if added.id == identifier), None)
    if library is None:
        text = Text("{name} was not added with this program: there is nothing to remove in {folder}.",
                    "{name} no se añadió con este programa: no hay nada que quitar en {folder}.")
        raise ProblemError(error("library_not_added", text.fill(name=identifier, folder=libraries_folder()), "machine"))
    return library


def remove_library(identifier: str) -> AddedLibrary:
    """Remove an added library; raises ProblemError where there is none, or it cannot be removed."""
    library = find_added(identifier)
    try:
        _remove_folder(library.folder)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, library.folder)) from os_error
    return library


def _remove_folder(folder: Path) -> None:
    """In one step, so that a kill leaves no half of it: under a name that counts as nothing, then the files."""
    doomed = _doomed(folder)
    shutil.rmtree(doomed, ignore_errors=True)
    os.rename(folder, doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _doomed(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.removed")


def _versions(folder: Path) -> dict[str, str]:
    found = {distribution.metadata["Name"]: distribution.version
             for distribution in importlib.metadata.distributions(path=[str(folder)])}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


class _Downloads:
    """Progress over all files, from the lines that pip prints for each."""

    def __init__(self, total: int, on_event: Callable[[Event], object]) -> None:
        self._total, self._on_event = total, on_event
        self._before = self._present = 0
        self._last = 0.0
        self._start = time.monotonic()

    def read(self, line: str) -> None:
        """Take a line of pip's output."""
        arrived = bytes_of(line)
        if arrived is not None:
            self._present = arrived[0]
            if arrived[0] >= arrived[1]:
                self._before, self._present = self._before + arrived[1], 0
            self._report()
        elif line.startswith("Installing collected packages"):
            self._on_event(Phase(name="installing", text=Text("Unpacking", "Descomprimiendo")))

    def _report(self) -> None:
        now, done = time.monotonic(), self._before + self._present
        if self._total and now - self._last > 0.05:
            self._last = now
            rate = done / max(now - self._start, 0.1)
            left = max(self._total - done, 0) / rate if rate else None
            self._on_event(Progress(done=min(done, self._total), total=self._total, unit="bytes", rate=rate, seconds_left=left))
