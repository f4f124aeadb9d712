"""A report as a file, in any of the formats."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cnnstudio.catalog.reports import REPORT_FORMATS, REPORT_SECTIONS, ReportFormat, report_format
from cnnstudio.core.atomic import atomic_path, write_atomically
from cnnstudio.core.libraries import install_fix, install_hint, is_available, library_path
from cnnstudio.core.own_process import module_command, module_environment
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.workers.reports.run_report import run_report
from cnnstudio.workers.runs.folder import RunFolder

_SECONDS: Final = 300


def check_format(path: Path) -> ReportFormat:
    """The format of a file by its ending; raises ProblemError (unknown_format, library_missing)."""
    entry = report_format(path.suffix)
    if entry is None:
        text = Text("{path}: the file name of a report must end in {endings}.",
                    "{path}: el nombre del archivo de un informe debe terminar en {endings}.")
        raise ProblemError(error("unknown_format", text.fill(path=path.name, endings=", ".join(
            item.suffix for item in REPORT_FORMATS)), "file", path=path))
    for library in entry.libraries:
        if not is_available(library):
            text = Text("A report as {format} needs the library {name}. {how} {hint}",
                        "Un informe en {format} necesita la biblioteca {name}. {how} {hint}")
            raise ProblemError(error("library_missing", text.fill(
                format=entry.label, name=library.name, how=install_hint(library), hint=library.hint), "file", path=path,
                fixes=(install_fix(library),)))
    return entry


def check_sections(names: Sequence[str]) -> tuple[str, ...]:
    """The ids of these sections in the order of a report; raises ProblemError (unknown_section)."""
    unknown = [name for name in names if name not in REPORT_SECTIONS]
    if unknown or not names:
        text = Text("There is no section called {name} in a report. Available: {names}.",
                    "Ninguna sección de un informe se llama {name}. Disponibles: {names}.")
        raise ProblemError(error("unknown_section", text.fill(name=", ".join(unknown) or '""', names=", ".join(
            REPORT_SECTIONS.ids())), "file", field="sections"))
    return tuple(name for name in REPORT_SECTIONS.ids() if name in names)


def write_run_report(path: Path, run: RunFolder, split: str, network_svg: str = "",
                     sections: Sequence[str] = REPORT_SECTIONS.ids(), on_progress: OnProgress | None = None,
                     cancelled: Cancelled = never) -> None:
    """Write the report of a run on its evaluated `split` with these sections, in the language of the program; the ending of the
    file decides the format. `network_svg` is the drawing of its network, if there is one. Nothing is written where the user
    cancelled meanwhile. Raises ProblemError."""
    entry = check_format(path)
    page = run_report(run, split, network_svg, sections, on_progress, cancelled).encode("utf-8", "replace")
    if cancelled():
        return
    if not entry.module:
        write_atomically(path, page)
        return
    with tempfile.TemporaryDirectory(prefix="cnnstudio-report-") as folder, atomic_path(path) as target:
        source = Path(folder) / "report.html"
        source.write_bytes(page)
        _convert(entry, source, target)


def _convert(entry: ReportFormat, source: Path, target: Path) -> None:
    paths = library_path([library.module for library in entry.libraries])
    try:
        done = subprocess.run(module_command(entry.module, str(source), str(target)), env=module_environment(paths),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise ProblemError(_failed(entry, str(err))) from err
    if done.returncode or not target.is_file():
        raise ProblemError(_failed(entry, done.stderr.decode("utf-8", "replace")))


def _failed(entry: ReportFormat, details: str) -> Problem:
    text = Text("The report could not be turned into {format}: {name} failed (on Linux it needs the system's Pango). "
                "Write it as HTML and print it in a browser.",
                "No se pudo convertir el informe a {format}: falló {name} (en Linux necesita el Pango del "
                "sistema). Escríbalo en HTML e imprímalo en un navegador.")
    return error("report_failed", text.fill(format=entry.label, name=entry.module), "file", details=details)
