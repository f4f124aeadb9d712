"""pip in a process of its own: its progress, its end, and what its errors mean."""

from __future__ import annotations

import contextlib
import importlib.metadata
import queue
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from packaging.version import Version

from cnnstudio.core.libraries import Library
from cnnstudio.core.own_process import module_command, module_environment
from cnnstudio.core.places import resource
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text

_WITH_PROGRESS: Final = Version("24.1")
"""From this version on pip prints how much has arrived in a form for programs."""
_OPTIONS: Final = ("--no-input", "--disable-pip-version-check", "--no-cache-dir", "--retries", "2", "--timeout", "20",
                   "--only-binary", ":all:", "--no-warn-script-location", "--no-warn-conflicts")
_UNREACHED: Final = re.compile("NewConnectionError|Max retries exceeded|name resolution|getaddrinfo|Network is unreachable|"
                               "ConnectTimeout|ReadTimeout|ConnectionError|ProxyError|Connection refused|Connection broken|"
                               "Temporary failure|SSLError")
_FULL: Final = re.compile("No space left|ENOSPC|Disk quota|not enough space", re.IGNORECASE)
_NOT_OFFERED: Final = re.compile("No matching distribution|ResolutionImpossible|not a supported wheel|conflicting dependencies")
_PROGRESS: Final = re.compile(r"Progress (\d+) of (\d+)")
_WAIT_SECONDS: Final = 0.2


def constraints() -> str:
    """Versions that added libraries must fit: those that the program was tested with, and those that run here."""
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", resource("constraints.txt").read_text("utf-8"), re.MULTILINE))
    versions = {_normal(name): version for name, version in pinned.items()}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            # What follows a plus sign names a build of the same version, which the index may not have.
            versions[_normal(name)] = distribution.version.partition("+")[0]
    if "tensorflow-cpu" in versions:
        versions["tensorflow"] = versions["tensorflow-cpu"]
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def run_pip(library: Library, work: Path, options: Sequence[str], on_line: Callable[[str], object],
            check: Callable[[], None]) -> None:
    """Run `pip install` for a library; `work` takes what pip writes on the way. `check` may raise to end it.

    Raises ProblemError (offline, no_space, library_not_offered, library_failed).
    """
    limits = work / "constraints.txt"
    limits.write_text(constraints(), "utf-8")
    index = ("--extra-index-url", library.index) if library.index else ()
    command = module_command("pip", "install", *_OPTIONS, *options, "--constraint", str(limits), *index, library.package)
    environment = {**module_environment(), "PIP_USER": "0", "TMPDIR": str(work), "TEMP": str(work), "TMP": str(work)}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=environment)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process, lines), daemon=True, name="cnnstudio-pip").start()
    tail: list[str] = []
    try:
        while True:
            check()
            try:
                line = lines.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                continue
            if line is None:
                break
            on_line(line)
            if not _PROGRESS.match(line):
                tail = [*tail[-60:], line]
        if process.wait() != 0:
            raise ProblemError(_problem(library, "\n".join(tail)))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[str | None]) -> None:
    if process.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            for line in process.stdout:
                lines.put(line.decode("utf-8", "replace").rstrip())
    lines.put(None)


def progress_options() -> tuple[str, str]:
    """The option that lets pip print its progress for `bytes_of`."""
    try:
        known = Version(importlib.metadata.version("pip")) >= _WITH_PROGRESS
    except importlib.metadata.PackageNotFoundError:
        known = False
    return ("--progress-bar", "raw" if known else "off")


def bytes_of(line: str) -> tuple[int, int] | None:
    """How much of the present file has arrived, and its size, if a line tells that."""
    match = _PROGRESS.match(line.strip())
    return None if match is None else (int(match[1]), int(match[2]))


def _problem(library: Library, output: str) -> Problem:
    if _FULL.search(output):
        code, text = "no_space", Text(
            "The disk is full: {name} could not be added. Nothing of it was kept. Free some space and try again.",
            "El disco está lleno: no se pudo añadir {name}. No se conservó nada. Libere espacio e inténtelo de nuevo.")
    elif _UNREACHED.search(output):
        code, text = "offline", Text(
            "The package index cannot be reached, so {name} could not be added. Connect to the internet and try again. Behind "
            "a proxy, set HTTPS_PROXY; an index of your own stands in pip's settings.",
            "No se puede acceder al índice de paquetes, así que no se pudo añadir {name}. Conéctese a internet e inténtelo de "
            "nuevo. Detrás de un proxy, defina HTTPS_PROXY; un índice propio se indica en los ajustes de pip.")
    elif _NOT_OFFERED.search(output):
        code, text = "library_not_offered", Text(
            "There is no version of {name} for this computer and this Python that fits the libraries of the program. Details "
            "shows the answer of the package index.",
            "No hay ninguna versión de {name} para este equipo y este Python que sea compatible con las bibliotecas del "
            "programa. En Detalles está la respuesta del índice de paquetes.")
    else:
        reason = next((line for line in reversed(output.splitlines()) if line.strip()), "?")
        code, text = "library_failed", Text(
            "{name} could not be added: {reason}. Nothing of it was kept.",
            "No se pudo añadir {name}: {reason}. No se conservó nada.").fill(name=library.name, reason=reason[:200])
    return error(code, text.fill(name=library.name), "machine", details=output)
