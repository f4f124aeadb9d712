"""The time machine: a slider over the kept epochs of a run replays what its models answered."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.feature_jobs import EpochReplayed, Replay
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.evaluate.replay.film import write_scene_film
from cnnstudio.gui.pages.evaluate.replay.player import Player
from cnnstudio.gui.pages.evaluate.replay.reading import ReadReplays, ReplayRequest, read_replays
from cnnstudio.gui.pages.evaluate.replay.saving import FilmDialog
from cnnstudio.gui.pages.evaluate.replay.scene import Scene
from cnnstudio.gui.pages.evaluate.replay.stage import Stage
from cnnstudio.gui.pages.evaluate.start import REPLAY_KIND, start_replay
from cnnstudio.gui.pages.evaluate.views import INSIDE, EvaluationContext, EvaluationView
from cnnstudio.gui.pages.file_dialogs import ask_files, ask_save_path, report_saved
from cnnstudio.gui.state.commands import ShowPage
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import (
    Button,
    Elided,
    Label,
    MenuButton,
    Stack,
    box,
    column,
    row,
    scroll_area,
)
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.formatting import format_count, format_size
from cnnstudio.gui.widgets.map.working_bar import WorkingBar
from cnnstudio.gui.widgets.problem_box import ProblemBox
from cnnstudio.gui.widgets.room import Room
from cnnstudio.workers.replays import MOST_FIXED
from cnnstudio.workers.runs.kept_checkpoints import keep_every_epoch, keeps_every_epoch

_READ: Final = "replay-read"
_FILM: Final = "film"
_WAITING, _NONE, _EMPTY, _STAGE = range(4)


class ReplayView(EvaluationView):
    id = "replay"
    title = Text("Time machine", "Máquina del tiempo")
    group = INSIDE

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._session, self._jobs = workspace.session, workspace.session.jobs
        self._read: ReadReplays | None = None
        self._shown: tuple[object, ...] = ()
        self._failed: dict[int, Problem] = {}
        self._film: Work | None = None
        self._make()
        self._jobs.changed.connect(self._show_work)
        self._jobs.ended.connect(self._on_job_ended)

    def _make(self) -> None:
        self._which = MenuButton(tr("Pictures: ", "Imágenes: "))
        self._which.setToolTip(tr("The pictures that are followed through the epochs", "Las imágenes que se siguen a través de "
                                                                                      "las épocas"))
        self._which.chosen.connect(self._choose_pictures)
        self._more = Button("", "link", on_click=self.compute)
        self._save = Button(tr("Save film…", "Guardar película…"), "", "save", on_click=self.save_film)
        self._bar = box(row(self._which, self._more, None, self._save, spacing=10))
        self._working = WorkingBar(self._cancel)
        self._problem = ProblemBox()
        self.stage = Stage()
        self.stage.cell_chosen.connect(self._on_cell)
        self.stage.picture_chosen.connect(self._on_picture)
        self.player = Player(self.state)
        self.player.moved.connect(self._go_to)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._few = Elided("", "secondary", "warn")
        self._keep = Button(tr("Keep every epoch", "Guardar cada época"), "link", on_click=self.keep_epochs)
        few = row(self._few, self._keep, spacing=10)
        few.setStretch(0, 1)
        self._few_box = box(few)
        self._nothing = EmptyState("clock", tr("No epoch was kept", "No se guardó ninguna época"), " ",
                                   tr("Keep every epoch", "Guardar cada época"), on_click=self._keep_or_train)
        self._nothing_text = self._nothing.findChildren(Label)[-1]
        self._empty = EmptyState(
            "clock", tr("See how the network learned", "Vea cómo aprendió la red"),
            tr("The models of the kept epochs answer the same pictures: the confusion matrix, the map of features, and where "
               "the network looked, epoch by epoch, as a film.",
               "Los modelos de las épocas guardadas responden a las mismas imágenes: la matriz de confusión, el mapa de "
               "características y dónde miraba la red, época a época, como una película."),
            tr("Replay the epochs", "Repasar las épocas"), on_click=self.compute)
        self._stack = Stack()
        for page in (EmptyState("clock", tr("Reading the epochs…", "Leyendo las épocas…")), self._nothing, self._empty,
                     self.stage):
            self._stack.addWidget(page)
        layout = column(self._bar, self._problem, self._working, self._stack, self.player, self._few_box, self._note,
                        spacing=6, margins=(24, 12, 24, 10))
        layout.setStretch(3, 1)
        # On a small screen, or with large text, the epoch keeps its size.
        self.setLayout(column(scroll_area(Room(layout, QSize(560, 500)), sideways=True)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._show_state()

    def close_threads(self) -> None:
        self.player.pause()
        if self._film is not None and self._film.running:
            self._film.cancel()

    # What is shown -------------------------------------------------------------------------------

    @property
    def _fixed(self) -> tuple[str, ...]:
        return tuple(self.state.get("fixed", ()))

    @property
    def _scene(self) -> Scene | None:
        return None if self._read is None else self._read.scene

    def _request(self) -> ReplayRequest | None:
        context = self.context
        if context is None:
            return None
        colors = tuple(context.class_color(number) for number in range(len(context.class_names)))
        return ReplayRequest(context.run, context.split, self._fixed, colors)

    def show_evaluation(self, context: EvaluationContext) -> None:
        shown = (context.run.folder, context.split)
        if shown != self._shown:
            self._shown, self._read, self._failed = shown, None, {}
            self.player.pause()
            self._problem.show_problem(None)
            self._show_state()
        self._start_reading()

    def _start_reading(self) -> None:
        request = self._request()
        if request is not None:
            def work(_report: Report) -> tuple[ReplayRequest, ReadReplays]:
                return request, read_replays(request)

            self._jobs.run(work, Text("Reading the epochs", "Leyendo las épocas"), _READ, quiet=True, done=self._on_read,
                           owner=self)

    def _on_read(self, work: Work) -> None:
        wanted = self._request()
        if work.result is None or wanted is None:
            return
        request, read = work.result
        if (request.run.folder, request.split, request.fixed) != (wanted.run.folder, wanted.split, wanted.fixed):
            return
        self._read = read
        if read.problem is not None:
            self._problem.show_problem(read.problem)
        self._show_state()

    def _show_state(self) -> None:
        read, scene = self._read, self._scene
        if read is None:
            self._stack.setCurrentIndex(_WAITING)
        elif not read.kept:
            self._stack.setCurrentIndex(_NONE)
        else:
            self._stack.setCurrentIndex(_EMPTY if scene is None else _STAGE)
        self._bar.setVisible(read is not None and bool(read.kept))
        for item in (self.player, self._note, self._save):
            item.setVisible(scene is not None)
        choices = [("worst", tr("worst mistakes, right ones", "peores errores y aciertos")),
                   *([("chosen", tr("{n} chosen", "{n} elegidas", n=len(self._fixed)))] if self._fixed else []),
                   ("files", tr("Choose files…", "Elegir archivos…"))]
        self._which.set_choices(choices, "chosen" if self._fixed else "worst")
        if read is not None:
            missing = [epoch for epoch in read.missing if epoch not in self._failed] if scene is not None else []
            self._more.setText(tr("Replay {n} more", "Repasar {n} más", n=len(missing)))
            self._more.setVisible(bool(missing))
            self._nothing_text.setText(self._keeping_text(read))
        if scene is not None:
            index = min(int(self.state.get("index", len(scene) - 1)), len(scene) - 1)
            self.player.set_count(len(scene), index)
            self._go_to(index)
            self._note.setText(self._note_text(scene))
        self._show_keeping()
        self._show_work()

    def _keeping_text(self, read: ReadReplays) -> str:
        if self._keeps:
            return tr("From the next training on, every epoch is kept. Train again, and come back.",
                      "A partir del próximo entrenamiento se guarda cada época. Entrene de nuevo y vuelva.")
        size = "" if not read.model_bytes else tr(" Each takes {size}.", " Cada uno ocupa {size}.",
                                                  size=format_size(read.model_bytes))
        return tr("A training keeps its best model only, so there is nothing to look back at. With a callback it keeps the "
                  "model of every epoch.{size}",
                  "Un entrenamiento solo guarda su mejor modelo, así que no hay nada que repasar. Con un callback guarda el "
                  "modelo de cada época.{size}", size=size)

    def _note_text(self, scene: Scene) -> str:
        parts = [tr("Map: the two principal components of the last epoch's features are the axes of all epochs, so a point "
                    "moves only where its features change; ringed ones are wrong.",
                    "Mapa: los dos componentes principales de las características de la última época son los ejes de todas, "
                    "así que un punto se mueve solo si cambian sus características; los rodeados son fallos.")]
        if len(scene.replays[-1].overlays):
            parts.append(tr("Grad-CAM: what speaks for the true class.",
                            "Grad-CAM: lo que habla a favor de la clase verdadera."))
        elif scene.replays[-1].fixed:
            parts.append(tr("This network has no feature maps to explain.", "Esta red no tiene mapas de características que "
                                                                           "explicar."))
        context = self.context
        if context is not None and len(scene.replays[-1].paths) < context.evaluated.images:
            parts.append(tr("A sample of {n} of {all} pictures, spread over the classes.",
                            "Una muestra de {n} de {all} imágenes, repartida entre las clases.",
                            n=format_count(len(scene.replays[-1].paths)), all=format_count(context.evaluated.images)))
        if self._failed:
            parts.append(tr("Left out because their models are damaged: {epochs}.",
                            "Omitidas porque sus modelos están dañados: {epochs}.",
                            epochs=", ".join(map(str, sorted(self._failed)))))
        return " ".join(parts)

    # Keeping more --------------------------------------------------------------------------------

    @property
    def _keeps(self) -> bool:
        return keeps_every_epoch(self._session.project)

    def keep_epochs(self) -> None:
        """Let trainings keep the model of every epoch from now on."""
        self._session.edit(keep_every_epoch, Text("Keep every epoch", "Guardar cada época"))
        self._show_state()

    def _keep_or_train(self) -> None:
        if self._keeps:
            self._session.request(ShowPage("train"))
        else:
            self.keep_epochs()

    def _show_keeping(self) -> None:
        scene = self._scene
        few = scene is not None and len(scene) == 1
        self._few_box.setVisible(few)
        self._keep.setVisible(not self._keeps)
        self._nothing.button.setText(tr("Go to Train", "Ir a Entrenar") if self._keeps else
                                     tr("Keep every epoch", "Guardar cada época"))
        if scene is not None:
            self._few.setText(tr("Only epoch {n} was kept, so nothing moves.",
                                 "Solo se guardó la época {n}, así que nada se mueve.", n=scene.epochs[0]))

    # Moving through the epochs -------------------------------------------------------------------

    def _go_to(self, index: int) -> None:
        self.state["index"] = index
        scene = self._scene
        if scene is not None:
            self.stage.show_epoch(scene, index)
            self.player.slider.setToolTip(scene.title(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._scene is None or not self.player.press(event):
            super().keyPressEvent(event)

    def _numbers(self, paths: list[str]) -> np.ndarray:
        """The numbers of pictures in the answers, those that are among them."""
        read = None if self.context is None else self.context.read
        if read is None or read.answers is None:
            return np.empty(0, np.int64)
        files = {str(answer.file): number for number, answer in enumerate(read.pictures(np.arange(len(read.answers))))}
        return np.asarray([files[path] for path in paths if path in files], np.int64)

    def _on_cell(self, true: int, predicted: int) -> None:
        scene = self._scene
        if scene is None:
            return
        replay = scene.replays[self.player.index]
        rows = np.flatnonzero((replay.labels == true) & (replay.probabilities.argmax(axis=1) == predicted))
        title = tr("Epoch {n}: {true} → {predicted}", "Época {n}: {true} → {predicted}", n=replay.epoch,
                   true=scene.class_names[true], predicted=scene.class_names[predicted])
        self.pictures_requested.emit(title, tr("below each: what the run's model answers today",
                                               "debajo de cada una: lo que hoy responde el modelo del entrenamiento"),
                                     self._numbers([replay.paths[row] for row in rows.tolist()]))

    def _on_picture(self, number: int) -> None:
        scene = self._scene
        if scene is not None:
            numbers = self._numbers([scene.replays[-1].fixed[number]])
            if len(numbers):
                self.pictures_requested.emit(tr("Followed picture", "Imagen seguida"), "", numbers)

    def _choose_pictures(self, value: object) -> None:
        if value == "files":
            paths = ask_files(self._session, self, tr("Choose up to {n} pictures", "Elija hasta {n} imágenes", n=MOST_FIXED))
            if paths:
                self.state["fixed"] = paths[:MOST_FIXED]
        elif value == "worst":
            self.state["fixed"] = []
        self._read = None
        self._show_state()
        self._start_reading()

    # Computing -----------------------------------------------------------------------------------

    def compute(self) -> None:
        """Replay the epochs that are missing."""
        request = self._request()
        if request is None or self._jobs.of_kind(REPLAY_KIND) is not None:
            return
        self._problem.show_problem(None)
        self._failed = {}
        start_replay(self._session, request.job, self._on_event)
        self._show_work()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, EpochReplayed) and event.problem is not None:
            self._failed[event.epoch] = event.problem

    def _cancel(self) -> None:
        for job in (self._film, self._jobs.of_kind(REPLAY_KIND)):
            if job is not None and job.running and not job.cancelling:
                job.cancel()
        self._show_work()

    def _own_job(self) -> Job | None:
        if self._film is not None and self._film.running:
            return self._film
        job, context = self._jobs.of_kind(REPLAY_KIND), self.context
        if isinstance(job, ChildJob) and isinstance(job.job, Replay) and context is not None:
            return job if job.job.run_folder == str(context.run.folder) else None
        return job

    def _show_work(self) -> None:
        self._working.show_job(self._own_job())
        idle = self._jobs.of_kind(REPLAY_KIND) is None
        self._empty.button.setEnabled(idle)
        self._more.setEnabled(idle)
        self._which.setEnabled(idle)
        self._save.setEnabled(self._film is None or not self._film.running)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind == REPLAY_KIND:
            if isinstance(last, Failed):
                self._problem.show_problem(last.problem)
            if isinstance(job, ChildJob):
                # What was done before a stop is shown, too.
                self._start_reading()
            self._show_work()

    # The film ------------------------------------------------------------------------------------

    def save_film(self) -> None:
        """Ask for form and place, and write the film in a thread."""
        scene, context = self._scene, self.context
        if scene is None or context is None:
            return
        self.player.pause()
        dialog = FilmDialog(self, self.state, self.player.speed)
        if not dialog.exec():
            return
        form = dialog.form
        kinds = {".mp4": "MP4 (*.mp4)", ".gif": "GIF (*.gif)"}[form.ending]
        path = ask_save_path(self._session, self, tr("Save the film as", "Guardar la película como"),
                             f"{context.run.id}{form.ending}", kinds)
        if path is None:
            return
        target = path if path.suffix.lower() == form.ending else path.with_name(path.name + form.ending)

        def work(report: Report) -> None:
            def progress(done: int, total: int) -> None:
                report.check()
                report.progress(done, total, "epochs")

            write_scene_film(target, scene, form.size, form.per_second, form.theme_name, progress)

        def on_done(job: Work) -> None:
            if isinstance(job.last, Failed):
                self._problem.show_problem(job.last.problem)
            elif not job.cancelling:
                report_saved(self._session, target, opens=True)
            self._show_work()

        self._film = self._jobs.run(work, Text("Saving the film", "Guardando la película"), _FILM, page="evaluate",
                                    done=on_done, owner=self)
        self._show_work()
