"""The stages of a training, one after the other, from a checkpoint on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.schedules import spans_stage
from cnnstudio.core.differences import changed_settings, setting_differences
from cnnstudio.core.events import Artifact, Notice
from cnnstudio.core.migrations import migrate
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.project import FORMAT, Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import Stage, TrainingSpec
from cnnstudio.engine import features
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.building import Built, build, compile_model, compile_to_keep, set_trainable
from cnnstudio.engine.cluster.ranks import on_own_devices
from cnnstudio.engine.devices import remainder_problem
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.models import save_model
from cnnstudio.engine.pixels import Prepared
from cnnstudio.engine.progress import phase
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.checkpoints import Arrays, Position, read_checkpoint
from cnnstudio.engine.training.kept_models import RunFiles
from cnnstudio.engine.training.layer_observer import LayerObserver
from cnnstudio.engine.training.layer_rows import layer_rows
from cnnstudio.engine.training.observing import Observer
from cnnstudio.engine.training.optimizer_copies import copy_optimizer
from cnnstudio.engine.training.pictures import Pictures, make_sources
from cnnstudio.engine.training.steering import Steering
from cnnstudio.engine.training.trainer import Progress, StageTrainer
from cnnstudio.engine.training.writer import CheckpointWriter
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.resuming import no_checkpoint_problem

_EPOCHS: Final = re.compile(r"training\.stages\.[^.]+\.epochs")


class Plan:
    """Trains a built network through the stages of its project."""

    def __init__(self, run: RunFolder, project: Project, context: Context, built: Built, pictures: Pictures, cache: Path,
                 link: Link, card: Card) -> None:
        self._run = run
        self._project = project
        self._context = context
        self._built = built
        self._pictures = pictures
        self._cache = cache
        self._link = link
        self._card = card
        self._copy: Any = None
        self._settings = {"training": msgspec.to_builtins(project.training),
                          "augmentation": msgspec.to_builtins(project.augmentation)}
        self._changed = False
        self._anew = False
        self._progress = Progress()
        self._trainer: StageTrainer | None = None
        self._seconds_at_risk = 0.0
        self._base_learned = False
        self._told_remainder = False
        self._observer = Observer(link, built.model, project, pictures)
        self._layers = LayerObserver(link, pictures, project.training.seed)
        self.optimizer: Any = None
        """That of the last stage, with its state."""

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics of the model's weights, with their "epoch"."""
        return self._progress.metrics

    def run(self, resume: bool) -> bool:
        """Train the remaining stages: True at the end, False if the user stopped it. Raises ProblemError."""
        resumed = self._resumed() if resume else None
        writer = CheckpointWriter(self._run.checkpoints, self._written, writes=self._pictures.rank == 0)
        try:
            for number, stage in enumerate(self._project.training.stages):
                here = resumed if resumed is not None and resumed[0].stage == number else None
                if resumed is not None and number < resumed[0].stage:
                    self._base_learned = self._base_learned or not self._is_cut(stage)
                    continue
                if not self._stage(number, stage, here, writer):
                    return False
                if self._link.stop is not None and number + 1 < len(self._project.training.stages):
                    return False
            writer.flush()
            return True
        finally:
            writer.close()

    def _resumed(self) -> tuple[Position, Arrays] | None:
        checkpoint = read_checkpoint(self._run.checkpoints)
        if checkpoint is None and self._run.has_model_file:
            raise ProblemError(no_checkpoint_problem(self._run))
        if checkpoint is None or checkpoint[0].stage >= len(self._project.training.stages):
            self._link.emit(Notice(problem=_from_the_start()))
            return None
        before = _present_form(checkpoint[0].settings)
        changes = changed_settings(before, self._settings) if before else ()
        if changes and _only_epochs(before, self._settings):
            self._link.emit(Notice(problem=_longer(checkpoint[0], self._project.training)))
            position = msgspec.structs.replace(checkpoint[0], finished=False)
            # What made it end early would do so again at once.
            self._anew = checkpoint[0].finished
            return position, checkpoint[1]
        if changes:
            self._changed = True
            self._link.emit(Notice(problem=_changed(changes)))
        return checkpoint

    def _stage(self, number: int, stage: Stage, resumed: tuple[Position, Arrays] | None, writer: CheckpointWriter) -> bool:
        built, project = self._built, self._project
        set_trainable(built, project.network, self._context.bases, stage.trainable_from)
        all_weights = snapshots.weights_of(built.model)
        if resumed is not None and self._base_learned:
            # Features are computed with the weights that the base learned in an earlier stage.
            snapshots.assign(all_weights, resumed[1]["model"], "model")
        model, held, saved_weights, tensors = built.model, self._pictures.prepared, all_weights, built.tensors
        cut = features.find_cut(project, built, stage.trainable_from)
        if self._keeps_features(cut):
            assert cut is not None
            held, engine = self._features(cut, stage)
            model, tensors = cut.head, cut.tensors
            saved_weights = all_weights if self._base_learned else snapshots.weights_of(model)
            self._link.emit(Notice(problem=_features_notice(engine)))
        else:
            self._base_learned = True
        train, validation = make_sources(project, self._context, self._pictures, held, augment=model is built.model)
        compile_model(model, project, self._context, stage, len(train))
        self._tell_remainder(train)
        count = len(project.training.stages)
        phase(self._link, "training", None if count == 1 else Text(
            "stage {number} of {count} ({name})", "etapa {number} de {count} ({name})").fill(
                number=number + 1, count=count, name=stage.id))
        before = len(self._progress.logs) if resumed is None else resumed[0].before
        planned = before + sum(later.epochs for later in project.training.stages[number:])
        self.optimizer = model.optimizer
        self._layers.enter(number, model, lambda most: layer_rows(built, project.network, model, tensors, most), held, train,
                           project.training.accumulation)
        files = RunFiles(self._run, self._link, lambda path: self._write_model(path, stage, len(train)))
        self._trainer = StageTrainer(model, saved_weights, stage, number, before, planned, train, validation, writer,
                                     self._link, Steering(self._link, model, self._observer, self._layers, number, before),
                                     self._progress, project.training, self._settings, files, changed=self._changed,
                                     anew=self._anew)
        return self._trainer.run(resumed)

    def _features(self, cut: features.Cut, stage: Stage) -> tuple[Prepared, str]:
        """The features of the pictures, and the engine that computed them. Of several processes each computes those of its own
        pictures, with a copy of the network that no other takes part in."""
        if self._pictures.world == 1:
            return features.compute(cut, self._pictures.prepared, self._project, self._cache, self._link)
        state = snapshots.generators()
        weights = self._built.model.get_weights()
        with on_own_devices():
            copy = build(self._project.network, self._context, weights=False)
            snapshots.restore_generators(state)
            copy.model.set_weights(weights)
            own = features.find_cut(self._project, copy, stage.trainable_from)
            assert own is not None
            return features.compute(own, self._pictures.prepared, self._project, self._cache, self._link)

    def _write_model(self, path: Path, stage: Stage, epoch_batches: int) -> None:
        """Write the whole network as it is now, in float32, with the state of the optimizer."""
        if self._trainer is not None:
            self._trainer.sync()
        if self._copy is None:
            # New layers draw seeds: the training must not feel it.
            state = snapshots.generators()
            self._copy = build(self._project.network, self._context, weights=False)
            snapshots.restore_generators(state)
        set_trainable(self._copy, self._project.network, self._context.bases, stage.trainable_from)
        self._copy.model.set_weights(self._built.model.get_weights())
        optimizer = copy_optimizer(self.optimizer, self._copy.model, stage, self._project.training.accumulation, epoch_batches)
        compile_to_keep(self._copy.model, self._project, self._context, optimizer)
        save_model(self._copy.model, path, self._card)

    def _tell_remainder(self, train: BatchSource) -> None:
        problem = remainder_problem(train.available)
        if problem is not None and not self._told_remainder:
            self._told_remainder = True
            self._link.emit(Notice(problem=problem))

    def _is_cut(self, stage: Stage) -> bool:
        cut = features.find_cut(self._project, self._built, stage.trainable_from)
        return self._keeps_features(cut)

    def _keeps_features(self, cut: features.Cut | None) -> bool:
        pictures = self._pictures
        # The same on all ranks, whose shares may differ by a picture.
        count = len(pictures.prepared.rows) if pictures.shown is None else pictures.shown + len(pictures.validation)
        return cut is not None and features.fits(cut, count)

    def _written(self, path: Path, seconds: float) -> None:
        """A checkpoint is on the disk (in the writer's thread)."""
        seconds = float(np.ceil(seconds + (self._trainer.longest_gap if self._trainer is not None else 0.0)))
        self._link.emit(Artifact(kind="checkpoint", path=str(path), seconds_at_risk=seconds))
        if seconds > 2 * self._seconds_at_risk:
            self._seconds_at_risk = seconds
            text = Text("From now on, a crash or a power cut costs at most about {n} s of training: a checkpoint is written "
                        "at this interval.",
                        "Desde ahora, un fallo o un corte de luz cuesta como máximo unos {n} s de entrenamiento: con esa "
                        "frecuencia se escribe un punto de control.")
            problem = warning("seconds_at_risk", text.fill(n=round(seconds)), "training")
            self._link.emit(Notice(problem=msgspec.structs.replace(problem, severity="info")))


def _only_epochs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether nothing but the number of epochs of stages differs."""
    return all(_EPOCHS.fullmatch(key) for key, _old, _new in setting_differences(before, after))


def _longer(position: Position, training: TrainingSpec) -> Problem:
    """What the user should know of a training that goes on for another number of epochs than it was planned for."""
    stage = training.stages[position.stage]
    done, planned = position.epoch, position.before + sum(later.epochs for later in training.stages[position.stage:])
    schedule = spans_stage(stage)
    if schedule is not None:
        text = Text("The training goes on from epoch {done} to {planned} with its optimizer and callbacks. The schedule {name} "
                    "spans the whole stage, so from here on its rate is that of the longer stage: the result is not that of an "
                    "unbroken training.",
                    "El entrenamiento sigue desde la época {done} hasta la {planned} con su optimizador y sus callbacks. El "
                    "plan {name} abarca toda la etapa, así que desde aquí su tasa es la de la etapa más larga: el resultado no "
                    "es el de un entrenamiento sin interrupción.")
        text = text.fill(done=done, planned=planned, name=schedule.id)
    elif position.finished:
        text = Text("The training goes on from epoch {done} to {planned} with its optimizer and callbacks. A callback had "
                    "ended it; callbacks that count epochs without improvement count anew.",
                    "El entrenamiento sigue desde la época {done} hasta la {planned} con su optimizador y sus callbacks. Un "
                    "callback lo había terminado; los callbacks que cuentan épocas sin mejora cuentan de nuevo.")
        text = text.fill(done=done, planned=planned)
    else:
        text = Text("The training goes on from epoch {done} to {planned} with its optimizer, callbacks and random numbers, as "
                    "if it had been planned for that many epochs.",
                    "El entrenamiento sigue desde la época {done} hasta la {planned} con su optimizador, sus callbacks y sus "
                    "números aleatorios, como si se hubiera planeado con esas épocas.")
        text = text.fill(done=done, planned=planned)
    return msgspec.structs.replace(warning("goes_on", text, "training"), severity="info")


def _present_form(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings that an earlier version kept, with the fields and defaults of this one; what cannot be read stays as it is."""
    try:
        training = migrate({"format": 4, "training": settings["training"]}, FORMAT)["training"]
        return settings | {"training": msgspec.to_builtins(msgspec.convert(training, TrainingSpec))}
    except (KeyError, TypeError, msgspec.ValidationError):
        return settings


def _changed(changes: Sequence[Text]) -> Problem:
    text = Text("The training continues with other settings: {changes}.",
                "El entrenamiento continúa con otros ajustes: {changes}.")
    listed = Text("; ".join(change.en for change in changes), "; ".join(change.es for change in changes))
    return msgspec.structs.replace(warning("settings_changed", text.fill(changes=listed), "training"), severity="info")


def _from_the_start() -> Problem:
    text = Text("There is no complete checkpoint: the training starts again from the beginning.",
                "No hay ningún punto de control completo: el entrenamiento empieza de nuevo desde el principio.")
    return warning("no_checkpoint", text, "run")


def _features_notice(engine: str) -> Problem:
    how = {"cache": Text("saved earlier", "guardadas antes"), "litert": Text("with LiteRT", "con LiteRT"),
           "keras": Text("with Keras", "con Keras")}[engine]
    text = Text("The base is frozen and there is no augmentation, so its features were computed once ({how}) and only the "
                "layers after it are trained. The resulting network is the same; you can turn this off in the training "
                "settings (keep_features).",
                "La base está congelada y no hay aumento, así que sus características se calcularon una vez ({how}) y solo "
                "se entrenan las capas posteriores. La red resultante es la misma; puede desactivarlo en los ajustes del "
                "entrenamiento (keep_features).")
    problem = warning("features_kept", text.fill(how=how), "training", field="keep_features")
    return msgspec.structs.replace(problem, severity="info")
