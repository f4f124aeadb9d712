"""The folder of one training: `runs/<id>/` with its specs and results."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.commands import Command
from cnnstudio.core.events import Epoch, Event, Failed, Finished, Hello, Stopped
from cnnstudio.core.files import check_project, decode_project, encode_frozen
from cnnstudio.core.foreign_files import LARGE, find_json, read_bytes
from cnnstudio.core.jobs import AugmentationMeasured, Evaluated
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import encode_command
from cnnstudio.core.own_folders import CHECKPOINTS, NO_FOLLOW, RUNS, link_problem
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import present_name, present_names, renamed_problem
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.workers.journal import begin_of, damaged_lines, read_events, read_tail
from cnnstudio.workers.link import COMMAND_FILE, EVENT_FILE
from cnnstudio.workers.runs.away import cluster_name, is_away
from cnnstudio.workers.runs.data import keep_data_facts
from cnnstudio.workers.runs.idle import idle_seconds
from cnnstudio.workers.runs.ids import fresh_folder, network_label, run_id
from cnnstudio.workers.runs.labels import RunLabels, labels_problem, read_labels
from cnnstudio.workers.runs.names import read_name
from cnnstudio.workers.runs.origin import RunOrigin, read_origin, write_origin
from cnnstudio.workers.runs.states import final_event, tells_state, waits

State = Literal["created", "running", "paused", "finished", "stopped", "failed", "interrupted", "damaged"]
STATE_NAMES: Final[dict[State, Text]] = {
    "created": Text("not started", "sin empezar"),
    "running": Text("running", "en marcha"),
    "paused": Text("paused", "en pausa"),
    "finished": Text("finished", "terminado"),
    "stopped": Text("stopped", "detenido"),
    "failed": Text("failed", "fallido"),
    "interrupted": Text("interrupted", "interrumpido"),
    "damaged": Text("damaged", "dañado"),
}


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the list.

    `epochs` were done of `planned`; `metrics` are those of the kept weights, else of the last epoch.
    `started` is seconds since the epoch; `seconds` are those in which it worked, without pauses.
    `has_model`: there is a model, or a checkpoint that gives one as nobody trains it.
    `resumable`: there is a checkpoint and no process works on it. `cluster` is the name of that which trains or trained it.
    """

    id: str
    folder: Path
    state: State
    name: str = ""
    """What the user calls it; empty without a name of its own."""
    epochs: int = 0
    planned: int = 0
    metrics: dict[str, float] = {}
    started: float = 0.0
    seconds: float = 0.0
    network: str = ""
    has_model: bool = False
    resumable: bool = False
    problem: Problem | None = None
    damage: Problem | None = None
    """Damaged lines of its events, which are left out, or damaged labels."""
    origin: RunOrigin = RunOrigin()
    labels: RunLabels = RunLabels()
    cluster: str = ""

    @property
    def group(self) -> str:
        """The group that it stands in: the user's, else that of the seeds or folds it was trained with; "" for none."""
        return self.labels.group or self.origin.group

    @property
    def title(self) -> str:
        """What it is called everywhere: its name, else its id."""
        return self.name or self.id


class RunFolder:
    """One run on the disk. Only `spec` raises for a damaged folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.folder)!r})"

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def project_folder(self) -> Path:
        """The folder of the run's project, which holds its own bases."""
        return self.folder.absolute().parent.parent

    @property
    def spec_path(self) -> Path:
        return self.folder / "spec.json"

    @property
    def manifest_path(self) -> Path:
        return self.folder / "manifest.jsonl"

    @property
    def events_path(self) -> Path:
        return self.folder / EVENT_FILE

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    @property
    def model_path(self) -> Path:
        return self.folder / "model.keras"

    @property
    def checkpoints(self) -> Path:
        return self.folder / CHECKPOINTS

    @property
    def has_model_file(self) -> bool:
        return self.model_path.is_file()

    @property
    def has_checkpoints(self) -> bool:
        return any(self.checkpoints.glob("epoch-*.ckpt"))

    @property
    def has_model(self) -> bool:
        """Whether there is a model, or a checkpoint that gives one; those of a run that the user discarded do not."""
        return self.has_model_file or (self.has_checkpoints and not self._was_discarded())

    def _was_discarded(self) -> bool:
        try:
            last = final_event(read_tail(self.events_path, enough=tells_state))
        except OSError:
            return False
        return isinstance(last, Stopped) and not last.kept

    def table_path(self, split: str) -> Path:
        """The path of the table of an evaluation of that split (or another name of the pictures)."""
        name = re.sub(r"[^\w-]+", "_", split) or "pictures"
        return self.folder / f"evaluation-{name}.jsonl"

    def answers_path(self, split: str) -> Path:
        """The path of the answers (`evaluation.answers`) of an evaluation of that split, beside its table."""
        return self.table_path(split).with_suffix(".npz")

    @property
    def calibration_path(self) -> Path:
        """The path of the temperature and the reject option of its model."""
        return self.folder / "calibration.json"

    @property
    def augmentation_path(self) -> Path:
        """The path of the result of its augmentation measurement."""
        return self.folder / "augmentation.json"

    def augmentation(self) -> AugmentationMeasured | None:
        """The kept result of the last augmentation measurement, or None."""
        measured = find_json(self.augmentation_path, AugmentationMeasured)
        return None if measured is None else msgspec.structs.replace(measured, rows=tuple(
            msgspec.structs.replace(row, class_name=present_name(self.folder, row.class_name),
                                    called=present_name(self.folder, row.called)) for row in measured.rows))

    def evaluation(self, split: str) -> Evaluated | None:
        """The kept result of the last evaluation of that split, or None."""
        evaluated = find_json(self.table_path(split).with_suffix(".json"), Evaluated)
        if evaluated is None:
            return None
        names = present_names(self.folder, [item.name for item in evaluated.classes])
        return msgspec.structs.replace(evaluated, classes=tuple(
            msgspec.structs.replace(item, name=name) for item, name in zip(evaluated.classes, names, strict=True)))

    def spec(self) -> Project:
        """The frozen project; raises ProblemError when it is missing, damaged or of a newer format."""
        try:
            data = read_bytes(self.spec_path, LARGE)
        except OSError as os_error:
            raise ProblemError(self._damaged_spec(self.spec_path, reason_of(os_error))) from os_error
        return decode_project(data, self.spec_path, self._damaged_spec)

    def _damaged_spec(self, path: Path, reason: Text) -> Problem:
        text = Text("The run {id} is damaged: its spec.json cannot be read ({reason}). Restore that file from a copy, choose "
                    "another run, or delete this one (cnnstudio runs PROJECT --delete {id}).",
                    "El entrenamiento {id} está dañado: no se puede leer su spec.json ({reason}). Restaure ese archivo de una "
                    "copia, elija otro entrenamiento o elimine este (cnnstudio runs PROYECTO --delete {id}).")
        return error("damaged_run", text.fill(id=self.id, reason=reason), "run", path=path, details=reason.en)

    def events(self) -> list[Event]:
        """All events, oldest first; damaged lines are skipped."""
        return read_events(self.events_path)[0]

    def epochs(self) -> list[Epoch]:
        """The epochs in order, without duplicates: after a crash the last repetition counts."""
        by_number = {event.epoch: event for event in self.events() if isinstance(event, Epoch)}
        return [by_number[number] for number in sorted(by_number)]

    def living(self) -> bool:
        """Whether a process works on this run now, ours, an orphan, or one on a cluster. Of this computer's a lock tells,
        since a pid may be reused."""
        return ProjectLock(self.folder).is_held() or is_away(self.folder)

    def pid(self) -> int | None:
        """Process id of the last child of this run, from its Hello."""
        pids = [event.pid for event in self.events() if isinstance(event, Hello)]
        return pids[-1] if pids else None

    def state(self) -> State:
        return self.summary().state

    def origin(self) -> RunOrigin:
        """What it comes from."""
        return read_origin(self.folder)

    def summary(self) -> RunSummary:
        """A summary, read quickly from the end of the events."""
        try:
            self.check_links()
            project = self.spec()
            size = self.events_path.stat().st_size if self.events_path.exists() else 0
            tail = read_tail(self.events_path, enough=tells_state) if size else []
            last = final_event(tail)
            state = self._state(tail, last, size)
            # It may have waited for its turn since it was made.
            begin = (begin_of(self.events_path) if size else None) or self._started()
            # The file of a training that goes on grows with every look.
            idle = idle_seconds(self.events_path, tail[-1].time) if tail else 0.0
            damage = self._damage(damaged_lines(self.events_path) if size and state not in ("running", "paused") else []
                                  ) or labels_problem(self.folder) or renamed_problem(self.folder)
        except ProblemError as problem_error:
            return self._damaged(problem_error.problems[0])
        except OSError as os_error:
            text = Text("The run {id} cannot be read: {reason}.", "No se puede leer el entrenamiento {id}: {reason}.")
            return self._damaged(error("damaged_run", text.fill(id=self.id, reason=reason_of(os_error)), "run",
                                       path=self.folder))
        epochs = [event for event in tail if isinstance(event, Epoch)]
        metrics = dict(epochs[-1].metrics) if epochs else {}
        if isinstance(last, Finished | Stopped) and last.metrics:
            metrics = dict(last.metrics)
        return RunSummary(
            id=self.id, folder=self.folder, state=state, name=read_name(self.folder),
            origin=read_origin(self.folder), labels=read_labels(self.folder),
            epochs=max((epoch.epoch for epoch in epochs), default=0),
            planned=project.training.epochs, metrics=metrics, started=self._started(),
            seconds=max(0.0, tail[-1].time - begin - idle) if tail else 0.0,
            network=network_label(project),
            has_model=self.has_model_file or (self.has_checkpoints and state not in ("running", "paused")
                                              and not (isinstance(last, Stopped) and not last.kept)),
            resumable=state in ("stopped", "failed", "interrupted", "created") and self.manifest_path.is_file(),
            problem=tail[-1].problem if tail and isinstance(tail[-1], Failed) else None, damage=damage,
            cluster=cluster_name(self.folder))

    def _damage(self, lines: list[int]) -> Problem | None:
        if not lines:
            return None
        text = Text("Damaged lines in {path}: {n}; the first is line {line}. They are skipped, so the curves of this run may "
                    "have gaps.",
                    "Líneas dañadas en {path}: {n}; la primera es la {line}. Se omiten, así que las curvas de este "
                    "entrenamiento pueden tener huecos.")
        return warning("damaged_events", text.fill(path=self.events_path, n=len(lines), line=lines[0]), "run",
                       path=self.events_path)

    def _state(self, tail: list[Event], last: Event | None, size: int) -> State:
        if isinstance(last, Finished):
            return "finished"
        if isinstance(last, Stopped):
            return "stopped"
        if isinstance(last, Failed):
            return "failed"
        if self.living():
            return "paused" if waits(tail) else "running"
        return "interrupted" if size else "created"

    def _started(self) -> float:
        """The start time by the id, which begins with local date and time; else the folder's time."""
        try:
            return time.mktime(time.strptime(self.id[:17], "%Y-%m-%d-%H%M%S"))
        except (ValueError, OverflowError):
            with contextlib.suppress(OSError):
                return self.folder.stat().st_mtime
            return 0.0

    def _damaged(self, problem: Problem) -> RunSummary:
        return RunSummary(id=self.id, folder=self.folder, state="damaged", name=read_name(self.folder), started=self._started(),
                          has_model=self.has_model, problem=problem, labels=read_labels(self.folder))

    def check_links(self) -> None:
        """Raise ProblemError if the folder has a link where something is written."""
        problem = link_problem(self.folder)
        if problem is not None:
            raise ProblemError(problem)

    def send(self, command: Command) -> None:
        """Send a command to a child whose window is gone; it polls twice a second. Raises ProblemError."""
        self.check_links()
        try:
            descriptor = os.open(self.folder / COMMAND_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
            with os.fdopen(descriptor, "ab") as file:
                file.write(encode_command(command) + b"\n")
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, self.folder / COMMAND_FILE)) from os_error


def run_of(model: Path) -> RunFolder | None:
    """The run of this folder; None for an exported bundle or a file."""
    return RunFolder(model) if model.parent.name == RUNS and (model / "spec.json").is_file() else None


def create_run(project_folder: Path, project: Project, write_manifest: Callable[[Path], object],
               origin: RunOrigin | None = None) -> RunFolder:
    """Create a run with the frozen project; `write_manifest` is called with the path of the manifest, and `origin` tells
    what the run comes from, where it does not stand alone.

    The folder appears only when it is complete. Raises ProblemError (no_space, read_only...).
    """
    runs = Path(project_folder) / RUNS
    RunFolder(runs / "new").check_links()
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = fresh_folder(runs, run_id(project))
        (folder / CHECKPOINTS).mkdir()
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, runs)) from os_error
    run = RunFolder(folder)
    try:
        write_manifest(run.manifest_path)
        keep_data_facts(run.manifest_path)
        if origin is not None:
            write_origin(run.folder, origin)
        write_atomically(run.spec_path, encode_frozen(project))
    except BaseException:
        delete_run(run)
        raise
    return run


def delete_run(run: RunFolder) -> bool:
    """Delete a run permanently; False if something could not be removed or a process works on it."""
    import shutil

    if run.living():
        return False
    shutil.rmtree(run.folder, ignore_errors=True)
    return not run.folder.exists()


def list_runs(project_folder: Path) -> list[RunSummary]:
    """All runs of a project, newest first. A damaged one is listed as such."""
    runs = Path(project_folder) / RUNS
    try:
        with os.scandir(runs) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []
    summaries = [RunFolder(runs / name).summary() for name in names]
    return sorted(summaries, key=lambda run: (run.started, run.id), reverse=True)


def find_run(project_folder: Path, run: str | None = None) -> RunFolder:
    """The run of that id, or for None the newest one with a model. Raises ProblemError (no_run, no_project)."""
    runs = Path(project_folder) / RUNS
    if run is not None:
        folder = runs / run
        # Neither the folder of the runs nor one above it, nor the trash.
        if run and Path(run).name == run and not run.startswith(".") and folder.is_dir():
            RunFolder(folder).check_links()
            return RunFolder(folder)
        check_project(project_folder)
        text = Text("There is no run called {run} in {path}. `cnnstudio runs` lists the runs of a project.",
                    "No hay ningún entrenamiento llamado {run} en {path}. `cnnstudio runs` enumera los entrenamientos de un "
                    "proyecto.")
        raise ProblemError(error("no_run", text.fill(run=run or '""', path=runs), "run", path=runs))
    for summary in list_runs(project_folder):
        if summary.has_model:
            RunFolder(summary.folder).check_links()
            return RunFolder(summary.folder)
    check_project(project_folder)
    text = Text("There is no trained model yet. Train the network first.",
                "Aún no hay ningún modelo entrenado. Entrene antes la red.")
    raise ProblemError(error("no_run", text, "run", path=runs))
