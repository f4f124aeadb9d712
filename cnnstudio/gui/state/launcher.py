"""Starts trainings: a new run, one that goes on, or several; what cannot start at once waits in the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import Problem, ProblemError, blocking, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.kept_queue import KeptQueue
from cnnstudio.gui.state.run_queue import RunQueue, Waiting
from cnnstudio.workers.job_setup import prepare_training, refresh_index, training_job
from cnnstudio.workers.runs.adding import AddedClass, NewClass, add_class, adopt_class
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.groups import Member, prepare_folds, prepare_seeds
from cnnstudio.workers.runs.reproducing import (
    OUTCOME_TEXTS,
    Reproduction,
    picture_problems,
    prepare_again,
    reproduction,
)
from cnnstudio.workers.runs.resuming import resumed_job
from cnnstudio.workers.runs.weights import KeptWeights, copy_weights, seen_pictures, weights_origin

if TYPE_CHECKING:
    from cnnstudio.gui.state.checks import ProjectChecks
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.session import Session
    from cnnstudio.gui.state.training_places import TrainingPlaces

Prepare = Callable[[Path, Project, Index, Sequence[Problem]], list[Member]]
_PREPARING = Text("Reading the pictures", "Leyendo las imágenes")


class Launcher(QObject):
    """`launched(RunFolder, Job)` when a training has begun; one that waits begins by itself when its turn comes."""

    launched = Signal(object, object)
    prepared = Signal()
    """New runs are on the disk, or could not be made."""
    told = Signal(object, str)
    """A problem to show with the run of that id."""

    def __init__(self, session: Session, collection: Collection, checks: ProjectChecks, places: TrainingPlaces) -> None:
        super().__init__(session)
        self._session, self._collection, self._checks, self._places = session, collection, checks, places
        self.queue = RunQueue(self)
        self._kept_queue = KeptQueue(session, self.queue)
        self._session.jobs.ended.connect(self._on_ended)

    @property
    def running(self) -> Job | None:
        """The training that runs now."""
        return self._session.jobs.of_kind("train")

    @property
    def preparing(self) -> bool:
        return self._session.jobs.of_kind("prepare_run") is not None

    # New runs -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Scan the folder again, create a run of the present specs, and train it."""
        self._prepare(lambda folder, project, index, noticed: [prepare_training(folder, project, index, noticed)])

    def start_seeds(self, count: int) -> None:
        """Train so many times with seeds that follow one another."""
        self._prepare(lambda folder, project, index, noticed: prepare_seeds(folder, project, index, count, noticed))

    def start_folds(self, folds: int) -> None:
        """Train on each fold of a cross-validation."""
        self._prepare(lambda folder, project, index, noticed: prepare_folds(folder, project, index, folds, noticed))

    def start_from(self, parent: RunFolder, weights: KeptWeights) -> None:
        """Train a run of the present specs that begins with these weights."""

        def prepare(folder: Path, project: Project, index: Index, noticed: Sequence[Problem]) -> list[Member]:
            return [prepare_training(folder, project, index, noticed, origin=weights_origin(parent, weights),
                                     begin=lambda run: copy_weights(parent, weights, run))]

        def warn(members: list[Member]) -> None:
            seen = seen_pictures(parent, read_manifest(members[0][0].manifest_path))
            if seen is not None:
                self.told.emit(seen, members[0][0].id)

        self._prepare(prepare, warn)

    def start_with_class(self, parent: RunFolder, new: NewClass) -> None:
        """Train a run whose model has one class more than that of `parent`; its pictures become a source of the project."""
        session = self._session
        folder, index = session.folder, self._collection.index
        if folder is None or index is None or self.preparing:
            return
        before = session.project

        def work(report: Report) -> AddedClass:
            return add_class(folder, before, index, parent, new, report.progress, report.is_cancelled, report.check)

        def done(job: Work) -> None:
            added: AddedClass | None = self._result(job)
            if added is None or session.folder != folder:
                return
            if added.project != before:
                session.edit(lambda project: adopt_class(project, before, added.project),
                             Text("Add the class {name}", "Añadir la clase {name}").fill(name=new.name))
            self._begin([(added.run, added.job)])
            for problem in added.problems:
                self.told.emit(problem, added.run.id)

        session.jobs.run(work, _PREPARING, "prepare_run", page="train", done=done, owner=self)
        self.prepared.emit()

    def start_again(self, run: RunFolder) -> None:
        """Train a run again from its own specs, seed and pictures."""

        def work(report: Report) -> Any:
            def on_progress(done: int, total: int) -> None:
                report.check()
                report.progress(done, total)

            again, job, changes = prepare_again(run, on_progress)
            return [(again, job)], picture_problems(changes)

        def done(job: Work) -> None:
            result = self._result(job)
            if result is not None:
                members, problems = result
                self._begin(members)
                for problem in problems:
                    self.told.emit(problem, members[0][0].id)

        self._session.jobs.run(work, _PREPARING, "prepare_run", page="train", done=done, owner=self)
        self.prepared.emit()

    def _prepare(self, prepare: Prepare, begun: Callable[[list[Member]], object] | None = None) -> None:
        session = self._session
        folder, index = session.folder, self._collection.index
        if folder is None or index is None or self.preparing:
            return
        problems = blocking(self._checks.check_now())
        if problems:
            session.report(problems[0])
            return
        project = session.project

        def work(report: Report) -> Any:
            noticed = refresh_index(folder, project, index, report.progress, report.is_cancelled)
            report.check()
            return prepare(folder, project, index, noticed)

        def done(job: Work) -> None:
            members = self._result(job)
            if members is not None:
                self._begin(members)
                if begun is not None:
                    begun(members)

        session.jobs.run(work, _PREPARING, "prepare_run", page="train", done=done, owner=self)
        self.prepared.emit()

    def _result(self, job: Work) -> Any:
        """What a preparation made; None where it failed, which is reported."""
        self.prepared.emit()
        if isinstance(job.last, Failed):
            self._session.report(job.last.problem)
            return None
        return job.result

    def _begin(self, members: Sequence[Member]) -> None:
        for run, job in members:
            self.launch(run, job, run.spec().training.epochs)
        self._session.announce("runs")

    # Runs that go on ----------------------------------------------------------------------------

    def resume(self, run: RunFolder) -> None:
        """Continue a run that was paused, stopped or interrupted, or start one that was not."""
        try:
            project = run.spec()
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return
        self.launch(run, training_job(run, project, resume=run.events_path.exists()), project.training.epochs)

    def go_on(self, run: RunFolder, wanted: Project) -> None:
        """Continue a run with the settings of `wanted`."""
        try:
            self.launch(run, resumed_job(run, wanted), wanted.training.epochs)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)

    # Turns --------------------------------------------------------------------------------------

    def launch(self, run: RunFolder, job: Train, epochs: int) -> None:
        """Train now, or after what runs and waits, where the user chose to train. Where nothing runs, what waits is on hold:
        this one passes it."""
        item = Waiting(run, job, epochs, self._places.chosen)
        if self.running is not None:
            self.queue.add(item)
        else:
            self.queue.remove(run.id)
            self._start(item)

    def _start(self, item: Waiting) -> None:
        run = item.run
        try:
            job = self._cluster_job(item) if item.cluster else self._local_job(item)
        except ProblemError as problem_error:
            # The cluster was removed while the run waited.
            self._session.report(*problem_error.problems)
            self.queue.insert(0, item._replace(cluster=""), held=True)
            return
        self._session.jobs.start(job)
        self.queue.release()
        self.launched.emit(run, job)
        self._session.announce("runs")

    @staticmethod
    def _local_job(item: Waiting) -> Job:
        # Its answers are asked for next, on Evaluate or Predict.
        wanted = msgspec.structs.replace(item.job, convert=True)
        job = ChildJob(wanted, Text("Training", "Entrenamiento"), "train", page="train", epochs=item.epochs,
                       log=item.run.log_path)
        job.run_folder = str(item.run.folder)
        return job

    def _cluster_job(self, item: Waiting) -> Job:
        from cnnstudio.gui.state.cluster_job import begin_on_cluster

        return begin_on_cluster(item.run, item.job, item.epochs, self._places.find(item.cluster))

    def start_next(self) -> None:
        """Start what waits longest; while something runs it follows by itself."""
        if self.running is not None:
            self.queue.release()
        elif (item := self.queue.take()) is not None:
            if item.run.spec_path.is_file():
                self._start(item)
            else:
                self.start_next()

    def _on_ended(self, job: Job, last: object) -> None:
        if job.kind != "train":
            return
        if job.cancelling or isinstance(last, Stopped):
            self.queue.hold()
        elif not self.queue.held:
            self.start_next()
        if isinstance(last, Finished) and job.run_folder:
            self._judge(RunFolder(Path(job.run_folder)))

    # What training again gave -------------------------------------------------------------------

    def _judge(self, again: RunFolder) -> None:
        """Say whether a run that was trained again gave the same."""
        original = RunFolder(again.folder.parent / again.origin().repeats)
        if not again.origin().repeats or not original.spec_path.is_file() or original.state() != "finished":
            return

        def done(job: Work) -> None:
            if isinstance(job.result, Reproduction):
                self.told.emit(_judged(job.result), again.id)

        self._session.jobs.run(lambda _report: reproduction(original, again), Text("Comparing", "Comparando"), "reproduction",
                               page="train", quiet=True, done=done, owner=self)


def _judged(result: Reproduction) -> Problem:
    """What the window says of a run that was trained again."""
    if result.outcome == "identical":
        problem = warning("reproduced", OUTCOME_TEXTS["identical"], "run")
        return msgspec.structs.replace(problem, severity="info")
    text = Text("Not identical to {run}: epochs with the same figures {n} of {total}. Compare the two runs to see whether the "
                "difference is more than noise.",
                "No es idéntico a {run}: épocas con las mismas cifras, {n} de {total}. Compare los dos entrenamientos para ver "
                "si la diferencia es más que ruido.").fill(run=result.original, n=result.epochs_equal, total=result.epochs)
    if result.differences:
        listed = Text("; ".join(line.en for line in result.differences), "; ".join(line.es for line in result.differences))
        text = Text("{text} What differs: {listed}.", "{text} Lo que difiere: {listed}.").fill(text=text, listed=listed)
    return warning("not_reproduced", text, "run")
