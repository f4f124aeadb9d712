"""The resident prediction server of the window: started once for a model, for many requests of every page."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.commands import Cancel, Predict, PredictFrame, PredictVideo, Request, ShowPrepared
from cnnstudio.core.events import Event, Failed, Notice, Progress
from cnnstudio.core.explain_jobs import (
    Explain,
    Explained,
    ExplainedTogether,
    ExplainRequest,
    FeaturesRequest,
    FeaturesShown,
    LayersListed,
    ListLayers,
    LookInside,
)
from cnnstudio.core.feature_jobs import Featured, Featurize
from cnnstudio.core.jobs import Answered, Prediction, Prepared, Ready
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.renamed_classes import FILE as RENAMED
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.map_store import MapStore
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.job_setup import serving_job
from cnnstudio.workers.runs.folder import RunFolder

KIND: Final = "serve"
_TELLING: Final = 50
"""Passes from which on the time of an explanation tells that of others; that of less is mostly the compiling."""
_ROOM: Final = 1.5
"""How many times the memory of a model must be free for a second one."""
Model = tuple[str, str]
"""A project, bundle or `.keras` file, and the run of the project ("" otherwise)."""


class PredictionServer(QObject):
    """Lives as long as the session, over rebuilds of the window; `server_of(session)` returns it.

    `ready` is None while the model is loading; `problem` is set where it could not be loaded. `layers` is known once
    `ask_layers` was answered. Every request ends with `answered`, or with `dropped(number)` where another model took its place
    or the server ended.
    """

    changed = Signal()
    predicted = Signal(object)
    explained = Signal(object)
    """Explained and ExplainedTogether."""
    features_shown = Signal(object)
    featured = Signal(object)
    prepared = Signal(object)
    answered = Signal(object)
    progressed = Signal(object)
    dropped = Signal(int)
    target: ClassVar[str] = ""
    """Another entry point of the child process, for tests."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: ChildJob | None = None
        self._waiting: list[Request] = []
        self._open: set[int] = set()
        self._requests = 0
        self._layers_asked = False
        self.layers: LayersListed | None = None
        self.seconds_per_pass: float | None = None
        """How long a picture takes through the network, by the last explanation that was long enough to tell."""
        self.maps = MapStore()
        """Explanations by the model that is served."""
        self._pasted: Path | None = None
        self._settings: tuple[int, ...] = ()
        self.model: Model | None = None
        self.ready: Ready | None = None
        self.problem: Problem | None = None
        session.changed.connect(self._on_session_changed)

    @property
    def rejection(self) -> Rejection | None:
        """When the model that is loaded is not sure."""
        return self.ready.rejection if self.ready is not None else None

    @property
    def running(self) -> bool:
        """Whether a server is running or starting."""
        return self._job is not None

    def serve(self, model: Model) -> None:
        """Start a server for that model; a running one is kept if it serves that model already, with its present
        calibration and class names."""
        settings = _settings_times(model)
        if model == self.model and self._job is not None and settings == self._settings:
            return
        self.stop()
        self.model, self.problem, self._settings = model, None, settings
        try:
            job = serving_job(Path(model[0]), model[1] or None)
        except ProblemError as err:
            self.problem = err.problems[0]
            self.changed.emit()
            return
        self._job = ChildJob(job, Text("Prediction server", "Servidor de predicción"), KIND, page="predict", quiet=True,
                             target=self.target)
        self._job.event.connect(self._on_event)
        self._job.ended.connect(self._on_ended)
        self._session.jobs.start(self._job)
        self.changed.emit()

    def stop(self) -> None:
        """Stop the server; pending requests are dropped."""
        job, self._job = self._job, None
        self.model = None
        if job is not None:
            job.event.disconnect(self._on_event)
            job.ended.disconnect(self._on_ended)
            job.cancel()
        self._forget()

    def make_room(self) -> None:
        """Stop the server where the memory that is left does not hold a second model like it."""
        from cnnstudio.workers.memory import available_memory, process_memory

        pid = self._job.supervisor.pid if self._job is not None else None
        if pid is not None and available_memory() < _ROOM * process_memory(pid):
            self.stop()
            self.changed.emit()

    def _forget(self) -> None:
        """What was known of the model, and what was asked of it, is over."""
        self.ready = self.layers = self.seconds_per_pass = None
        self._layers_asked = False
        self.maps.clear()
        self._waiting.clear()
        pending, self._open = sorted(self._open), set()
        for number in pending:
            self.dropped.emit(number)

    def ask(self, paths: Sequence[str]) -> int:
        """Classify these files, all classes each; the result is the request number that every answer carries."""
        return self._ask(Predict(request=self._requests + 1, paths=tuple(paths), top=0))

    def ask_video(self, path: str, every: float) -> int:
        """Classify the frames of a video, or one every so many seconds; as `ask`."""
        return self._ask(PredictVideo(request=self._requests + 1, path=path, every=every, top=0))

    def ask_frame(self, store: str, shape: tuple[int, ...], frame: int, seconds: float) -> int:
        """Classify the frame that lies in a file, before anything that takes longer; as `ask`."""
        return self._ask(PredictFrame(request=self._requests + 1, store=store, shape=shape, frame=frame, seconds=seconds))

    def ask_prepared(self, path: str) -> int:
        """Give a picture as the network gets it: `prepared` follows."""
        return self._ask(ShowPrepared(request=self._requests + 1, path=path))

    def explain(self, what: ExplainRequest) -> int:
        """Explain pictures; the result is the request number that every answer carries."""
        return self._ask(Explain(request=self._requests + 1, what=what))

    def look_inside(self, what: FeaturesRequest) -> int:
        """Show what layers compute; the result is the request number that every answer carries."""
        return self._ask(LookInside(request=self._requests + 1, what=what))

    def featurize(self, paths: Sequence[str]) -> int:
        """Give the features of files; the result is the request number that every answer carries."""
        return self._ask(Featurize(request=self._requests + 1, paths=tuple(paths)))

    def ask_layers(self) -> None:
        """Ask once for the layers at which may be explained; `changed` follows when `layers` has them."""
        if not self._layers_asked:
            self._layers_asked = True
            self._send(ListLayers(request=0))

    def cancel(self, number: int) -> None:
        """End a request; its `answered` follows soon, and the model stays loaded."""
        if any(request.request == number for request in self._waiting):
            self._waiting = [request for request in self._waiting if request.request != number]
            self._open.discard(number)
            self.dropped.emit(number)
        elif number in self._open and self._job is not None:
            self._job.send(Cancel(request=number))

    def _ask(self, request: Request) -> int:
        self._requests = request.request
        self._open.add(request.request)
        self._send(request)
        return request.request

    def _send(self, request: Request) -> None:
        if self._job is not None and self.ready is not None:
            self._job.send(request)
        else:
            self._waiting.append(request)

    @property
    def paste_folder(self) -> Path:
        """A temporary folder for pasted pictures; it is deleted with the program."""
        if self._pasted is None or not self._pasted.is_dir():
            self._pasted = Path(tempfile.mkdtemp(prefix="cnnstudio-pasted-"))
            weakref.finalize(self, shutil.rmtree, self._pasted, True)
        return self._pasted

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Prediction):
            self.predicted.emit(event)
        elif isinstance(event, Explained | ExplainedTogether):
            self.explained.emit(event)
        elif isinstance(event, Featured):
            self.featured.emit(event)
        elif isinstance(event, Prepared):
            self.prepared.emit(event)
        elif isinstance(event, FeaturesShown):
            self.features_shown.emit(event)
        elif isinstance(event, LayersListed):
            self.layers = event
            self.changed.emit()
        elif isinstance(event, Answered):
            self._open.discard(event.request)
            if event.passes >= _TELLING and event.pictures and not event.cancelled:
                self.seconds_per_pass = event.seconds / event.passes
            self.answered.emit(event)
        elif isinstance(event, Progress):
            self.progressed.emit(event)
        elif isinstance(event, Notice):
            self._session.report(event.problem)
        elif isinstance(event, Ready):
            self.ready = event
            waiting, self._waiting = self._waiting, []
            for request in waiting:
                self._send(request)
            self.changed.emit()

    def _on_ended(self, last: Event) -> None:
        self._job = None
        if isinstance(last, Failed):
            self.problem = last.problem
        self._forget()
        self.changed.emit()

    def _on_session_changed(self, change: Change) -> None:
        if change.of("folder"):
            self.stop()
            self.problem = None
            self.changed.emit()


def _settings_times(model: Model) -> tuple[int, ...]:
    """When the calibration and the class names of a run were written, in nanoseconds; 0 without. A server reads them once."""
    folder, name = model
    run = RunFolder(Path(folder) / RUNS / name)
    times = []
    for path in (run.calibration_path, run.folder / RENAMED) if name else ():
        try:
            times.append(path.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


def server_of(session: Session) -> PredictionServer:
    """The one server of a session."""
    server = session.findChild(PredictionServer)
    return server if server is not None else PredictionServer(session)
