"""A service from its start to its end, for the command line and the window: HTTP in one thread, the engine in a child."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.service_jobs import ServedModel, ServeUploads
from cnnstudio.workers.job_setup import serving_job
from cnnstudio.workers.runs.folder import run_of
from cnnstudio.workers.service.answers import Phase
from cnnstudio.workers.service.engine import Engine, Supervise, supervise
from cnnstudio.workers.service.listening import listen, url_of
from cnnstudio.workers.service.settings import ServiceSettings

if TYPE_CHECKING:
    import socket

FINISH_SECONDS: Final = 30
"""How long requests that were accepted may take once the service is stopped."""
_KEEP_ALIVE_SECONDS: Final = 5


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """What a service does. `url` is "" before it listens; `problem` is why it ended by itself."""

    phase: Phase | str
    """As `Phase`, and "ended"."""
    url: str = ""
    model: ServedModel | None = None
    restarts: int = 0
    problem: Problem | None = None


def uploads_job(model: Path, run: str | None, max_pixels: int) -> ServeUploads:
    """The job of a service's child for whatever `serving_job` takes. Raises ProblemError."""
    serving = serving_job(model, run)
    return ServeUploads(model=serving.model, max_pixels=max_pixels, backend=serving.backend, device=serving.device,
                        cache=serving.cache, language=serving.language)


class Service:
    """One model at one address. `start` returns at once; every method may be called from any thread.

    The callbacks come from threads of the service: `on_change` after each change of `state`, `on_event` for every event of the
    child, `on_death` where it died and is started again, with its exit code. `supervise` starts the child.
    """

    def __init__(self, job: ServeUploads, settings: ServiceSettings, *,
                 on_change: Callable[[ServiceState], object] = lambda _state: None,
                 on_event: Callable[[Event], object] = lambda _event: None,
                 on_death: Callable[[Problem, int | None], object] = lambda _problem, _code: None,
                 supervise: Supervise = supervise) -> None:
        self._settings, self._on_change = settings, on_change
        self._engine = Engine(job, on_event=on_event, on_change=self._on_engine_change, on_death=on_death,
                              supervise=supervise)
        model = Path(job.model)
        run = run_of(model)
        self.run = "" if run is None else run.id
        self.name = run.project_folder.name if run is not None else model.name
        self._url = ""
        self._http: _Http | None = None
        self._stopping = threading.Event()
        self._over = threading.Event()

    @property
    def state(self) -> ServiceState:
        """What it does at the moment."""
        phase: str = "ended" if self._over.is_set() else "stopping" if self._stopping.is_set() else self._engine.phase
        return ServiceState(phase=phase, url=self._url, model=self._engine.model, restarts=self._engine.restarts,
                            problem=self._engine.problem)

    def start(self) -> None:
        """Listen, and load the model meanwhile. Raises ProblemError where it cannot listen, with every problem of the
        settings."""
        problems = self._settings.problems()
        if problems:
            raise ProblemError(*problems)
        listener = listen(self._settings)
        self._url = url_of(listener, self._settings.host)
        self._http = _Http(self, listener)
        self._engine.start()
        self._http.start()
        threading.Thread(target=self._watch, name="cnnstudio-service", daemon=True).start()

    def stop(self, at_once: bool = False) -> None:
        """Accept nothing more, answer what was accepted, then end; `at_once` leaves it unanswered."""
        self._stopping.set()
        if self._http is not None:
            self._http.stop(at_once)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        return self._over.wait(timeout)

    @property
    def settings(self) -> ServiceSettings:
        return self._settings

    @property
    def engine(self) -> Engine:
        return self._engine

    def _watch(self) -> None:
        """Ends the engine after HTTP, so that what was accepted is answered."""
        assert self._http is not None
        self._http.join()
        self._stopping.set()
        self._engine.stop()
        self._engine.join()
        self._over.set()
        self._on_change(self.state)

    def _on_engine_change(self) -> None:
        if self._engine.problem is not None:
            self.stop()
        self._on_change(self.state)


class _Http(threading.Thread):
    """The thread of the web server."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        super().__init__(name="cnnstudio-http", daemon=True)
        # Imported here: whoever only asks for the state of a service needs no web server. uvicorn names the last two by text,
        # and a frozen program holds what is imported.
        import uvicorn
        import uvicorn.lifespan.on
        import uvicorn.loops.asyncio

        from cnnstudio.workers.service.api import Served, make_app
        from cnnstudio.workers.service.connections import protocol
        from cnnstudio.workers.service.measures import Measures

        self._listener = listener
        settings = service.settings
        # What uvicorn logs is what clients do wrong; it belongs neither into the terminal nor into the program's log.
        quiet = logging.getLogger("uvicorn")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        app = make_app(Served(service.engine, service.name, service.run), settings, Measures())
        self._server = uvicorn.Server(uvicorn.Config(
            app, http=protocol(settings.upload_seconds), ws="none", loop="asyncio", log_config=None,
            access_log=False, proxy_headers=False, server_header=False, headers=[("server", "CNN Studio")],
            timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=FINISH_SECONDS))

    def run(self) -> None:
        self._server.run(sockets=[self._listener])

    def stop(self, at_once: bool) -> None:
        self._server.force_exit = self._server.force_exit or at_once
        self._server.should_exit = True
