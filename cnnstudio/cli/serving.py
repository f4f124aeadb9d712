"""The command `serve`: a service in the foreground, until Ctrl+C."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cnnstudio.cli.interrupts import handling_interrupts
from cnnstudio.cli.jobs import report_progress
from cnnstudio.cli.output import Output
from cnnstudio.core.display import format_count
from cnnstudio.core.logs import start_logging
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import device_text
from cnnstudio.core.text import Text, tr
from cnnstudio.workers.service.service import Service, ServiceState, uploads_job
from cnnstudio.workers.service.settings import ServiceSettings
from cnnstudio.workers.service.tokens import read_token, write_new_token

_WAIT_SECONDS: Final = 1.0
"""Windows lets no signal through while a lock is waited for."""


def serve(arguments: argparse.Namespace, output: Output) -> int:
    start_logging("command")
    settings = _settings(arguments)
    job = uploads_job(arguments.model, arguments.run, settings.max_pixels)
    report = _Report(output)
    service = Service(job, settings, on_change=report.on_change, on_death=report.on_death,
                      on_event=lambda event: report_progress(event, output))
    report.service = service
    with _stop_on_signals(service, output):
        service.start()
        while not service.join(_WAIT_SECONDS):
            pass
    problem = service.state.problem
    if problem is not None:
        output.problems([problem])
    else:
        output.print_message(tr("The service has ended.", "El servicio ha terminado."))
    return 0 if problem is None else 1


def _settings(arguments: argparse.Namespace) -> ServiceSettings:
    if arguments.new_token and arguments.token_file is None:
        text = Text("--new-token needs --token-file FILE, where the token is written.",
                    "--new-token necesita --token-file ARCHIVO, donde se escribe el token.")
        raise ProblemError(error("no_token_file", text, "machine", field="token_file"))
    chosen = {name: getattr(arguments, name) for name in (
        "host", "port", "max_bytes", "max_pixels", "max_files", "max_waiting", "max_batch", "upload_seconds")}
    settings = ServiceSettings(**chosen, allow_origins=tuple(arguments.allow_origin))
    problems = settings.problems()
    if problems:
        raise ProblemError(*problems)
    if arguments.token_file is None:
        return settings
    if arguments.new_token:
        write_new_token(arguments.token_file)
    return ServiceSettings(**chosen, allow_origins=settings.allow_origins, token=read_token(arguments.token_file))


class _Report:
    """Prints what happens to a service; called from its threads."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._printed = False
        self.service: Service | None = None

    def on_change(self, state: ServiceState) -> None:
        if state.phase != "ready" or state.model is None or self.service is None:
            return
        with self._lock:
            if self._printed:
                self._output.print_message(tr("The model is loaded again.", "El modelo está cargado de nuevo."))
                return
            self._printed = True
            model = state.model
            self._output.line(
                {"url": state.url, "model": self.service.name, **({"run": self.service.run} if self.service.run else {}),
                 "classes": len(model.class_names), "device": model.device, "engine": model.engine, "digest": model.digest},
                tr("{name} ({classes} classes, {height} × {width} pixels) answers on {device} with {engine}:\n    {url}",
                   "{name} ({classes} clases, {height} × {width} píxeles) responde en {device} con {engine}:\n    {url}",
                   name=self._named(), classes=format_count(len(model.class_names)), height=model.height, width=model.width,
                   device=device_text(model.device), engine=model.engine, url=state.url))
            self._output.print_message(tr("Ctrl+C stops the service.", "Ctrl+C detiene el servicio."))

    def _named(self) -> str:
        assert self.service is not None
        return f"{self.service.name}, {self.service.run}" if self.service.run else self.service.name

    def on_death(self, problem: Problem, exit_code: int | None) -> None:
        self._output.problems([problem], as_lines=False)
        self._output.print_message(tr(
            "The process with the model ended (exit code {code}). It is being started again; the requests that it had were "
            "refused.",
            "El proceso con el modelo terminó (código de salida {code}). Se está iniciando de nuevo; las solicitudes que tenía "
            "se rechazaron.", code="?" if exit_code is None else exit_code))


@contextmanager
def _stop_on_signals(service: Service, output: Output) -> Iterator[None]:
    """Inside, Ctrl+C and SIGTERM let the service answer what it has accepted; a second one ends it at once."""
    requests = 0

    def stop(_number: int, _frame: object) -> None:
        nonlocal requests
        requests += 1
        if requests == 1:
            output.print_message(tr("Answering what was accepted, then ending (press Ctrl+C again to end at once).",
                                    "Respondiendo lo aceptado antes de terminar (pulse Ctrl+C otra vez para terminar de "
                                    "inmediato)."))
        service.stop(at_once=requests > 1)

    with handling_interrupts(stop):
        yield
