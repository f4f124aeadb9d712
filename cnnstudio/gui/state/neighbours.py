"""The nearest training pictures of a picture, by the features of a run's model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.feature_jobs import ComputeFeatures, Featured
from cnnstudio.core.jobs import Answered
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.evaluation.feature_sets import FeatureSet, Neighbour
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.prediction_server import Model, server_of
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.feature_sets import features_job, find_features

KIND: Final = "training-features"
_READ: Final = "training-features-read"
COUNT: Final = 8
NO_PICTURES: Final = "no_training_pictures"
Stage = Literal["nothing", "reading", "not_kept", "computing", "asking", "found", "failed"]


@dataclass(frozen=True)
class _Kept:
    """The features of the training pictures, None where they are not kept, of the model as it was at that time."""

    model: Model
    modified: int
    features: FeatureSet | None


class NeighbourFinder(QObject):
    """`changed()` with every `stage`: features are read from the cache, or computed once when the user wants them, then the
    warm server gives those of the picture."""

    changed = Signal()

    def __init__(self, session: Session, page: str, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._page, self._jobs = session, page, session.jobs
        self._server = server_of(session)
        self._model: Model | None = None
        self._file = Path()
        self._kept: _Kept | None = None
        self._number: int | None = None
        self.stage: Stage = "nothing"
        self.neighbours: tuple[Neighbour, ...] = ()
        self.problem: Problem | None = None
        self._server.featured.connect(self._on_featured)
        self._server.answered.connect(self._on_answered)
        self._server.dropped.connect(self._on_dropped)
        self._jobs.changed.connect(self._on_jobs_changed)
        self._jobs.ended.connect(self._on_job_ended)

    @property
    def job(self) -> Job | None:
        """The computation of the features of the run, also while it is prepared."""
        job = self._jobs.of_kind(KIND)
        if isinstance(job, ChildJob) and isinstance(job.job, ComputeFeatures) and self._model is not None:
            return job if Path(job.job.model) == _run_folder(self._model) else None
        return job

    def show(self, model: Model, file: Path) -> None:
        """Look for the neighbours of a picture; those of another one are dropped."""
        if (model, file) == (self._model, self._file) and self.stage not in ("nothing", "failed"):
            return
        self._drop()
        self._model, self._file = model, file
        if not model[1]:
            text = Text("{name} is a model alone, without the list of its training pictures. Choose a run of this project.",
                        "{name} es solo un modelo, sin la lista de sus imágenes de entrenamiento. Elija un entrenamiento de "
                        "este proyecto.")
            self._fail(error(NO_PICTURES, text.fill(name=Path(model[0]).name), "file", path=model[0]))
        elif self._kept is not None and (self._kept.model, self._kept.modified) == (model, _modified(model)):
            self._look()
        else:
            self._read()

    def clear(self) -> None:
        """Nothing is looked for any more; a computation goes on."""
        self._drop()
        self._model = None
        self._set("nothing")

    def compute(self) -> None:
        """Compute the features of the training pictures; they are kept in the cache."""
        model = self._model
        if model is None or not model[1] or self._jobs.of_kind(KIND) is not None:
            return
        label = Text("Features of the training pictures", "Características de las imágenes de entrenamiento")

        def prepare(_report: Report) -> ComputeFeatures:
            return features_job(Path(model[0]), ("train",), run=model[1])

        def start(work: Work) -> None:
            if work.result is not None:
                self._jobs.start(ChildJob(work.result, label, KIND, page=self._page))

        self._set("computing")
        self._jobs.run(prepare, label, KIND, page=self._page, done=start, owner=self)

    def cancel(self) -> None:
        """Stop the computation."""
        job = self.job
        if job is not None and not job.cancelling:
            job.cancel()

    # Steps ---------------------------------------------------------------------------------------

    def _set(self, stage: Stage) -> None:
        self.stage = stage
        self.changed.emit()

    def _fail(self, problem: Problem) -> None:
        self.problem = problem
        self._set("failed")

    def _drop(self) -> None:
        number, self._number = self._number, None
        if number is not None:
            self._server.cancel(number)
        self.neighbours, self.problem = (), None

    def _read(self) -> None:
        model = self._model
        assert model is not None
        if self.job is not None:
            self._set("computing")
            return
        self._set("reading")
        modified = _modified(model)

        def work(_report: Report) -> _Kept:
            sets = find_features(features_job(Path(model[0]), ("train",), run=model[1]))
            return _Kept(model, modified, sets[0] if sets else None)

        self._jobs.run(work, Text("Reading the features", "Leyendo las características"), _READ, quiet=True, done=self._on_read,
                       owner=self)

    def _on_read(self, work: Work) -> None:
        if self.stage != "reading":
            return
        if isinstance(work.result, _Kept) and work.result.model == self._model:
            if work.result.features is None:
                self._set("not_kept")
            else:
                self._kept = work.result
                self._look()
        elif isinstance(work.last, Failed):
            self._fail(work.last.problem)

    def _look(self) -> None:
        assert self._model is not None and self._kept is not None and self._kept.features is not None
        if not len(self._kept.features):
            text = Text("None of the training pictures of this run can be read any more.",
                        "Ya no se puede leer ninguna de las imágenes de entrenamiento de este modelo.")
            self._fail(error(NO_PICTURES, text, "run"))
            return
        self._server.serve(self._model)
        if not self._server.running:
            if self._server.problem is not None:
                self._fail(self._server.problem)
            return
        self._number = self._server.featurize([str(self._file)])
        self._set("asking")

    def _on_featured(self, event: Featured) -> None:
        if event.request != self._number or self._kept is None or self._kept.features is None:
            return
        self._number = None
        kept = self._kept.features
        if event.problem is not None:
            self._fail(event.problem)
        elif len(event.features) != kept.features.shape[1]:
            # The model was trained further between both.
            self._kept = None
            self._read()
        else:
            self.neighbours = kept.nearest(event.features, COUNT, without=str(self._file))
            self._set("found")

    def _on_answered(self, event: Answered) -> None:
        if event.request == self._number:
            self._number = None
            if event.problem is not None:
                self._fail(event.problem)

    def _on_dropped(self, number: int) -> None:
        if number == self._number:
            self._number = None
            if self._server.problem is not None:
                self._fail(self._server.problem)
            else:
                # Another model took its place: the picture is asked for again when it comes to sight.
                self._set("nothing")

    def _on_jobs_changed(self) -> None:
        if self.stage == "computing":
            self.changed.emit()

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != KIND or self.stage != "computing":
            return
        if isinstance(last, Failed):
            self._fail(last.problem)
        elif isinstance(job, ChildJob) or job.cancelling:
            self._read()


def _run_folder(model: Model) -> Path:
    return Path(model[0]) / RUNS / model[1]


def _modified(model: Model) -> int:
    try:
        return (_run_folder(model) / "model.keras").stat().st_mtime_ns
    except OSError:
        return 0
