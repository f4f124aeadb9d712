"""Output of the command line: JSON lines or text on standard output, progress and problems on standard error."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.display import format_percent
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, format_number, language, on_one_line, printable, tr


def localized(value: Any) -> Any:
    """Plain JSON values, with every Text in the language of the program."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, Problem):
        return problem_line(value)
    if isinstance(value, msgspec.Struct):
        plain: dict[str, Any] = {}
        config = type(value).__struct_config__
        if config.tag is not None and config.tag_field is not None:
            plain[config.tag_field] = config.tag
        for name in value.__struct_fields__:
            plain[name] = localized(getattr(value, name))
        return plain
    if isinstance(value, dict):
        return {key: localized(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [localized(item) for item in value]
    return msgspec.to_builtins(value)


def problem_line(problem: Problem) -> dict[str, Any]:
    """A problem as JSON for other programs."""
    where = {name: value for name, value in msgspec.to_builtins(problem.where).items() if value is not None}
    commands = _commands(problem)
    return {"code": problem.code, "severity": problem.severity, "text": str(problem.text), "where": where,
            **({"commands": commands} if commands else {}),
            **({"hint": str(_HINTS[problem.code])} if problem.code in _HINTS else {}), **problem.facts}


def _set_values(fields: dict[str, Any]) -> str:
    values = (f"{name.lstrip('.')}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
              for name, value in fields.items())
    return " ".join(["cnnstudio set PROJECT", *(shlex.quote(item) for item in values)])


_COMMANDS: Final[dict[str, Callable[..., str]]] = {
    "set_index_aside": lambda folder: f"cnnstudio check {folder} --set-index-aside",
    "measure_statistics": lambda folder: "cnnstudio measure PROJECT",  # noqa: ARG005
    "set_field": lambda folder, spec, field, value: _set_values({f"{spec}.{field}": value}),  # noqa: ARG005
    "set_values": lambda folder, values: _set_values(values),  # noqa: ARG005
    "set_fields": lambda folder, spec, values: _set_values(  # noqa: ARG005
        {f"{spec}.{field}": value for field, value in values.items()}),
}
"""Commands that apply a fix of the window, by the fix's action, if the text of the problem does not name them."""


_COLUMN_HINT: Final = Text(
    "Choose it with --label-column COLUMN (repeat it for several columns of zeros and ones; “.” for the folder of each "
    "picture), or in a project with: set PROJECT dataset.label_columns=COLUMN.",
    "Elíjala con --label-column COLUMNA (repítalo para varias columnas de ceros y unos; «.» para la carpeta de cada imagen) "
    "o, en un proyecto, con: set PROYECTO dataset.label_columns=COLUMNA.")
_DATA_HINT: Final = Text("Name their folder with --data.", "Indique su carpeta con --data.")
_PATH_HINT: Final = Text("Choose it with --path-column COLUMN, or in a project with: set PROJECT "
                         "dataset.path_columns=COLUMN.",
                         "Elíjala con --path-column COLUMNA o, en un proyecto, con: set PROYECTO "
                         "dataset.path_columns=COLUMNA.")
_HINTS: Final = {
    "no_temperature": Text("To set only a reject option: calibrate PROJECT --no-temperature --reject OPTION.",
                           "Para poner solo una opción de rechazo: calibrate PROYECTO --no-temperature --reject OPCIÓN."),
    "damaged_calibration": Text("To remove it: cnnstudio calibrate PROJECT --remove.",
                                "Para quitarla: cnnstudio calibrate PROYECTO --remove."),
    "outdated_calibration": Text("To calibrate it again: cnnstudio calibrate PROJECT; to remove it: calibrate PROJECT "
                                 "--remove.",
                                 "Para calibrarlo de nuevo: cnnstudio calibrate PROYECTO; para quitarla: calibrate PROYECTO "
                                 "--remove."),
    "left_out_linked_folder": Text("Use --follow-links, or in a project: set PROJECT dataset.follow_links=true.",
                                   "Use --follow-links o, en un proyecto: set PROYECTO dataset.follow_links=true."),
    "script_without_folder": _DATA_HINT, "script_folder_missing": _DATA_HINT,
    "columns_unclear": _COLUMN_HINT, "too_many_classes": _COLUMN_HINT, "several_labels": _COLUMN_HINT,
    "path_unclear": _PATH_HINT, "no_path_column": _PATH_HINT,
    "no_project": Text("To make a project of a folder of pictures: cnnstudio new PROJECT --data FOLDER, or in the window: "
                       "cnnstudio FOLDER.",
                       "Para crear un proyecto con una carpeta de imágenes: cnnstudio new PROYECTO --data CARPETA, o en la "
                       "ventana: cnnstudio CARPETA."),
    "pictures_gone": Text("Tell the project where they are: cnnstudio set PROJECT dataset.source=FOLDER.",
                          "Indique al proyecto dónde están: cnnstudio set PROYECTO dataset.source=CARPETA."),
    "no_calibration_pictures": Text("Tell the project where they are: cnnstudio set PROJECT dataset.source=FOLDER.",
                                    "Indique al proyecto dónde están: cnnstudio set PROYECTO dataset.source=CARPETA."),
    "no_check_pictures": Text("Use --check-data FOLDER or --unchecked, or: cnnstudio set PROJECT dataset.source=FOLDER.",
                              "Use --check-data CARPETA o --unchecked, o bien: cnnstudio set PROYECTO "
                              "dataset.source=CARPETA."),
}
"""How the command line does what the text of a problem names, by the problem's code."""


def _commands(problem: Problem) -> list[str]:
    folder = shlex.quote(str(Path(problem.where.path or "").parent))
    return [_COMMANDS[fix.action](folder, **fix.arguments) for fix in problem.fixes if fix.action in _COMMANDS]


_STEERING: Final = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Output:
    """Standard output and standard error of one command."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._progress = ""
        self._last_progress = 0.0
        self.unread = False
        """Whether nothing more can be written: the reader closed the pipe (such as head), or the disk is full."""
        self.on_unread: Callable[[], object] = lambda: None
        """Called once when that happens, to stop the job."""

    def line(self, value: dict[str, Any], text: str = "") -> None:
        """Write a result: the object with --json, else the text (nothing if it is empty)."""
        if self.as_json:
            self._write_json(localized(value))
        elif text:
            self.write_line(printable(text))

    def _write_json(self, value: Any) -> None:
        self.write_json_line(msgspec.json.encode(value).decode())

    def write_json_line(self, text: str) -> None:
        """Write one line of JSON. JSON escapes what is below the space; what else steers a terminal is escaped here, with
        the same meaning."""
        self.write_line(_STEERING.sub(lambda match: f"\\u{ord(match.group()):04x}", text))

    def write_line(self, text: str) -> None:
        """Write one line to standard output."""
        if self.unread:
            return
        self.clear_progress()
        if sys.stdout is None:
            self._stop_writing(OSError(errno.EBADF, os.strerror(errno.EBADF)))
            return
        try:
            sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
            sys.stdout.flush()
        except OSError as os_error:
            # Flushing the buffer at exit must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._stop_writing(os_error)

    def _stop_writing(self, os_error: OSError) -> None:
        self.unread = True
        if not isinstance(os_error, BrokenPipeError):
            text = Text("The output cannot be written: {reason}. What the command had already changed remains changed.",
                        "No se puede escribir la salida: {reason}. Lo que el comando ya había cambiado queda cambiado.")
            self.problems([error("cannot_write", text.fill(reason=reason_of(os_error)), "file")], as_lines=False)
        self.on_unread()

    def print_message(self, text: str) -> None:
        """Write a message to standard error."""
        self.clear_progress()
        _write_error(printable(text) + "\n")

    def problems(self, problems: Iterable[Problem], as_lines: bool = True) -> None:
        """Print every problem; with --json also as a line of JSON."""
        marks = {"error": tr("error", "error"), "warning": tr("warning", "aviso"), "info": tr("note", "nota")}
        for problem in problems:
            text, path = problem.text.in_language(language()), problem.where.path
            self.print_message(f"{marks[problem.severity]}: {text.replace(path, on_one_line(path)) if path else text}")
            if problem.code in _HINTS:
                self.print_message(f"    {_HINTS[problem.code]}")
            for command in _commands(problem):
                self.print_message("    " + tr("To do so: {command}", "Para hacerlo: {command}", command=command))
            if self.as_json and as_lines:
                self._write_json({"problem": problem_line(problem)})

    def progress(self, text: str, at_once: bool = False) -> None:
        """Print progress: on a terminal the line is overwritten; elsewhere a line every ten seconds at most."""
        now, text = time.monotonic(), on_one_line(text)
        if sys.stderr is not None and sys.stderr.isatty():
            if at_once or now - self._last_progress > 0.1:
                self._last_progress = now
                _write_error("\r" + text.ljust(len(self._progress)))
                self._progress = text
        elif at_once or now - self._last_progress > 10:
            self._last_progress = now
            _write_error(text + "\n")

    def clear_progress(self) -> None:
        if self._progress:
            _write_error("\r" + " " * len(self._progress) + "\r")
            self._progress = ""


def _write_error(text: str) -> None:
    """Write to standard error, as far as that is possible."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def scan_progress(output: Output) -> Callable[[int, int], None]:
    """A callback that prints the progress of a scan."""

    def report(done: int, total: int) -> None:
        if not done:
            # Nothing yet: where the folder is refused, nothing is what was found.
            return
        output.progress(tr("pictures examined: {done:,} of {total:,}",
                           "imágenes examinadas: {done:,} de {total:,}", done=done, total=total)
                        if total else tr("pictures found: {done:,}", "imágenes encontradas: {done:,}", done=done))

    return report


def count_progress(output: Output, unit: Text | None = None) -> Callable[[int, int], None]:
    """A callback that prints progress in that unit, or without one in percent."""

    def report(done: int, total: int) -> None:
        if unit is not None:
            left = f" / {format_number(total, ',')}" if total else ""
            output.progress(f"{format_number(done, ',')}{left} {unit}")
        elif total:
            output.progress(format_percent(done / total, 0))

    return report
