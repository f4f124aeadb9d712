"""The command line. Exit code 0 done, 1 the job failed, 2 the input was wrong."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from cnnstudio.cli.arguments import parser
from cnnstudio.cli.output import Output
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.settings import load_settings, load_settings_with_problem
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import LANGUAGES, Text, set_language, system_language, tr
from cnnstudio.imaging.quiet import silence_codecs

_RUN: Final = {
    "new": "projects:new", "set": "projects:change", "show": "projects:show", "check": "projects:check",
    "audit": "audit:audit", "decide": "decisions:decide", "add": "adding:add", "map": "mapping:map_pictures",
    "import": "collection:import_source",
    "network": "networks:network", "code": "code:code", "draw": "drawing:draw",
    "collect": "collection:collect", "datasets": "collection:datasets", "runs": "runs:runs", "train": "training:train",
    "reproduce": "training:reproduce", "control": "control:control",
    "evaluate": "evaluating:evaluate", "calibrate": "calibrating:calibrate_run",
    "predict": "predicting:predict", "export": "exporting:export", "exports": "exporting:exports", "doctor": "doctor:doctor",
    "compare": "comparing:compare", "fetch": "jobs:fetch", "sample": "sample:sample", "measure": "measuring:measure",
    "robustness": "measuring:robustness", "probe": "measuring:probe", "plan": "plans:plan",
    "augment": "augmenting:augment",
    "help": "reference:explain", "selfcheck": "selfcheck:selfcheck", "find-rate": "measuring:find_rate",
    "forecast": "trials:forecast", "find-batch": "trials:find_batch", "coach": "coaching:coach",
    "layers": "layers:layers", "shortcuts": "shortcuts:shortcuts", "curve": "curve:curve", "report": "report:report",
    "scenarios": "scenarios:scenarios",
    "serve": "serving:serve", "classes": "classes:classes", "learn": "learning:learn",
    "explain": "explaining:explain", "features": "features:features", "replay": "replaying:replay",
    "assignment": "assignments:assignment", "grade": "grading:grade", "search": "searching:search",
    "cluster": "clusters:cluster", "jobs": "clusters:jobs", "attach": "clusters:attach", "stop": "clusters:stop",
}
"""Module of this package and function of each command; imported on use, so that each command starts quickly."""


def main(arguments: Sequence[str]) -> int:
    """Run one command; `arguments` without the program's name. Never raises for wrong input."""
    _occupy_closed_streams()
    set_language(_language(arguments))
    arguments = _command_first(arguments)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    if arguments and arguments[0] not in _RUN and not arguments[0].startswith("-"):
        parser(arguments).error(tr(
            "{word} is neither a command nor a project in this folder. Commands: {all}",
            "{word} no es un comando ni un proyecto de esta carpeta. Comandos: {all}", word=arguments[0],
            all=", ".join(_RUN)))
    parsed = parser(arguments).parse_args(arguments)
    silence_codecs()
    output = Output(parsed.json)
    damaged_settings = load_settings_with_problem()[1]
    if damaged_settings is not None:
        output.problems([damaged_settings], as_lines=False)
    try:
        os.getcwd()
    except OSError as os_error:
        text = Text("The current folder of the terminal no longer exists ({reason}). Change to another one.",
                    "La carpeta actual de la terminal ya no existe ({reason}). Cambie a otra.")
        output.problems([error("no_working_folder", text.fill(reason=reason_of(os_error)), "machine")])
        return 2
    try:
        code = _command(parsed.command)(parsed, output)
        # The reader closed the pipe: no failure, but the output is incomplete.
        return 1 if output.unread else code
    except ProblemError as problem_error:
        output.problems(problem_error.problems)
        _log(parsed.command, problem_error)
        return 2
    except OSError as os_error:
        problem = write_problem(os_error, os_error.filename or "?")
        output.problems([problem])
        _log(parsed.command, ProblemError(problem))
        return 1
    except KeyboardInterrupt:
        output.clear_progress()
        return 1


def _occupy_closed_streams() -> None:
    """Where a stream was closed by the caller, the next file would get its number, and what libraries print would go
    there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _log(command: str, problem_error: ProblemError) -> None:
    """Write problems to the program's log. Imported here, since most commands have nothing to log and start sooner."""
    import logging

    from cnnstudio.core.logs import start_logging

    start_logging("command")
    for problem in problem_error.problems:
        logging.getLogger(__name__).warning("%s: %s: %s", command, problem.code, problem.text.en)


def _command(name: str) -> Callable[[argparse.Namespace, Output], int]:
    module, _, function = _RUN[name].partition(":")
    command: Callable[[argparse.Namespace, Output], int] = getattr(import_module(f"{__name__}.{module}"), function)
    return command


def _command_first(arguments: Sequence[str]) -> list[str]:
    """Options of every command are allowed before the command, too."""
    before: list[str] = []
    rest = list(arguments)
    while rest and (rest[0] == "--json" or rest[0].partition("=")[0] == "--language"):
        taken = 2 if rest[0] == "--language" else 1
        before, rest = before + rest[:taken], rest[taken:]
    return [*rest[:1], *before, *rest[1:]]


def _language(arguments: Sequence[str]) -> str:
    """The language: --language, then the settings, then the system. Needed before the help is written."""
    for place, argument in enumerate(arguments):
        wanted = argument.partition("=")[2] if argument.startswith("--language=") else (
            arguments[place + 1] if argument == "--language" and place + 1 < len(arguments) else "")
        if wanted in LANGUAGES:
            return wanted
    chosen = load_settings().language
    return system_language() if chosen == "system" else chosen


__all__ = ["main"]
