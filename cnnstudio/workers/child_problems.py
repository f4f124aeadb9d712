"""Problems of a child that ended without a last event."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.core.training import TrainingSpec
from cnnstudio.workers.trouble import is_memory_report, memory_fix, memory_problem

_ABORTS = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"}


def log_tail(log: Path | None, characters: int = 6000) -> str:
    """The last lines of a log; empty when there is none."""
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - characters))
            return file.read().decode("utf-8", "backslashreplace")
    except OSError:
        return ""


def death_problem(exit_code: int | None, log: Path | None, training: TrainingSpec | None = None) -> Problem:
    """The problem of a child that ended with `exit_code` (negative: a signal) without a last event; `training` are the
    settings of the run that it trained."""
    tail = log_tail(log)
    name = _signal_name(exit_code)
    keep = Text("Everything finished before that is kept.", "Todo lo terminado hasta entonces se conserva.")
    if name == "SIGKILL":
        text = Text("The worker process was killed (SIGKILL), most probably because the computer ran out of memory. Close "
                    "other programs, or choose a smaller batch or smaller pictures. {keep}",
                    "El proceso de trabajo fue eliminado (SIGKILL), muy probablemente porque el equipo se quedó sin memoria. "
                    "Cierre otros programas o elija un lote o imágenes más pequeños. {keep}")
        fix = None if training is None else memory_fix(training)
        return error("child_killed", text.fill(keep=keep), "machine", details=_report(name, tail),
                     fixes=() if fix is None else (fix,))
    if name in _ABORTS or (sys.platform == "win32" and exit_code is not None and exit_code > 0xC0000000):
        text = Text("The worker process crashed inside a library ({name}). {keep} The report shows where.",
                    "El proceso de trabajo falló dentro de una biblioteca ({name}). {keep} El informe muestra dónde.")
        signal_name = name or hex(exit_code or 0)
        return error("child_crashed", text.fill(name=signal_name, keep=keep), "machine", details=_report(signal_name, tail))
    if name:
        text = Text("The worker process was ended by a signal ({name}). {keep}",
                    "Una señal terminó el proceso de trabajo ({name}). {keep}")
        return error("child_killed", text.fill(name=name, keep=keep), "machine", details=_report(name, tail))
    if is_memory_report(tail):
        return memory_problem(training, _report(f"exit code {exit_code}", tail))
    text = Text("The worker process ended without a result (exit code {code}). {keep} The report shows the end of "
                "its log.",
                "El proceso de trabajo terminó sin resultado (código de salida {code}). {keep} El informe muestra "
                "el final de su registro.")
    code = "?" if exit_code is None else exit_code
    return error("child_died", text.fill(code=code, keep=keep), "machine", details=_report(f"exit code {code}", tail))


def protocol_problem(sample: str, log: Path | None) -> Problem:
    """The problem of a child that sent something that is not an event."""
    text = Text("The worker process sent a message that could not be understood and was stopped. Everything finished before "
                "that is kept.",
                "El proceso de trabajo envió un mensaje que no se pudo entender y se detuvo. Todo lo terminado hasta "
                "entonces se conserva.")
    return error("child_nonsense", text, "machine", details=f"{sample}\n\n{log_tail(log)}")


def start_problem(exception: BaseException) -> Problem:
    """The problem of a child that could not be started."""
    text = Text("The worker process could not be started: {reason}.",
                "No se pudo iniciar el proceso de trabajo: {reason}.")
    return error("child_not_started", text.fill(reason=reason_of(exception)), "machine", details=repr(exception))


def _signal_name(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return ""
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def _report(first: str, tail: str) -> str:
    return f"{first}\n\n{tail}".strip()
