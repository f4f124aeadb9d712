"""The inspector of the Train page: stages, epochs and batch, optimizer, learning rate, callbacks and loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training import CALLBACKS, METRICS, OPTIMIZERS, chosen_loss
from cnnstudio.core import edits, stage_edits
from cnnstudio.core.class_balance import shown_pictures
from cnnstudio.core.item import Item
from cnnstudio.core.network import BASE
from cnnstudio.core.params import Param, Value, find_param, with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, same, tr
from cnnstudio.core.training import STAGE_FIELDS, STAGE_PARAMS, TRAINING_PARAMS, Stage, TrainingSpec
from cnnstudio.gui.pages.train.settings.class_weights import ClassWeights
from cnnstudio.gui.pages.train.settings.learning import StageLearning
from cnnstudio.gui.pages.train.settings.loss import LossSettings
from cnnstudio.gui.pages.train.settings.plan_card import PlanCard
from cnnstudio.gui.pages.train.settings.rate_curve import RateCurve
from cnnstudio.gui.pages.train.settings.stage_list import StageList
from cnnstudio.gui.pages.train.settings.step_cards import StepCards
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Facts, fix_row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.inputs import Select

_EPOCHS = STAGE_PARAMS[0]
_FEATURES = "keep_features"
"""The setting that has a meaning only with a base."""
_CONSTANT = ""
"""The choice of no schedule."""


class TrainSettings(QWidget):
    """Rebuilt when another stage, optimizer, schedule or callback is chosen; kept, with its focus, while values change.

    With one stage its settings are listed with those of the training; with several a list selects the edited one.
    """

    rate_wanted = Signal(str)
    """The id of a stage to find a learning rate for."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._session, self._counts = workspace.session, workspace.counts
        self._key: object = None
        self._forms: dict[str, Form] = {}
        self._chosen = ""
        self._layout = column(spacing=12, margins=(16, 16, 16, 16))
        self._facts = Facts()
        self._make_parts()
        self._stages = StageList()
        self._schedule_problems = column(spacing=4)
        self.setLayout(self._layout)

    @property
    def stage(self) -> Stage:
        """The edited stage."""
        training = self._session.project.training
        return training.stage(self._chosen) or training.last_stage

    @property
    def _has_several(self) -> bool:
        return len(self._session.project.training.stages) > 1

    @property
    def _has_base(self) -> bool:
        return any(node.type == BASE for node in self._session.project.network.nodes)

    @property
    def _shows_learning(self) -> bool:
        """Whether the stage says what of a base learns: among several, and where something of it does."""
        nodes = [node for node in self._session.project.network.nodes if node.type == BASE]
        return bool(nodes) and (self._has_several or self.stage.trainable_from != "" or any(
            node.params.get("trainable_from", "none") != "none" for node in nodes))

    def _make_parts(self) -> None:
        mode = self._session.project.dataset.label_mode
        self._rate_curve = RateCurve()
        self._plan = PlanCard(self._workspace)
        self._learning = StageLearning(self._session)
        self._learning.changed.connect(self._set_plain)
        self._learning.settled.connect(self._session.seal)
        self._loss = LossSettings(self._workspace)
        self._weights = ClassWeights(self._workspace)
        self._metrics = StepCards(self._workspace, METRICS, lambda: edits.METRICS, lambda step: f"metrics.{step}",
                                  tr("Add a metric", "Añadir una métrica"), fits=lambda entry: mode in entry.targets)
        self._callbacks = StepCards(self._workspace, CALLBACKS, lambda: self._spec, self._node_of,
                                    tr("Add a callback", "Añadir un callback"), id_of)

    def _node_of(self, step: str) -> str:
        """The place of a callback in problems."""
        return f"{self.stage.id}.{step}" if self._has_several else step

    # Showing ------------------------------------------------------------------------------------

    def refresh(self) -> None:
        training, stage = self._session.project.training, self.stage
        key = (stage.id, self._session.project.dataset.label_mode, self._has_several,
               self._has_base, self._shows_learning, stage.optimizer.type,
               None if stage.schedule is None else stage.schedule.type,
               self._session.is_open)
        if key != self._key:
            self._key = key
            self._build()
        self._forms["training"].set_values(_values(training, stage))
        if "stage" in self._forms:
            self._forms["stage"].set_values(_values(training, stage))
        optimizer = OPTIMIZERS.find(stage.optimizer.type)
        if optimizer is not None:
            self._forms["optimizer"].set_values(with_defaults(optimizer.params, stage.optimizer.params))
        if stage.schedule is not None and "schedule" in self._forms:
            self._forms["schedule"].set_values(with_defaults(SCHEDULES[stage.schedule.type].params, stage.schedule.params))
        for part in (self._loss, self._weights, self._metrics, self._callbacks):
            part.refresh()
        if self._has_base:
            self._learning.show_stage(stage)
            self._plan.refresh()
        self._show_problems()
        self._show_facts()

    def _show_problems(self) -> None:
        stage, several = self.stage, self._has_several
        problems = [problem for problem in self._session.problems if problem.where.area == "training"]
        for name, form in self._forms.items():
            node = None if name == "training" else name
            if several and node is not None:
                node = stage.id if name == "stage" else f"{stage.id}.{name}"
            form.set_problems([problem for problem in problems if problem.where.node == node])
        self._learning.set_problems([problem for problem in problems
                                     if problem.where.node == (stage.id if several else None)])
        self._weights.show_problems(problems)
        self._metrics.show_problems(problems)
        self._callbacks.show_problems(problems)
        clear(self._schedule_problems)
        node = f"{stage.id}.schedule" if several else "schedule"
        for problem in problems:
            if problem.where.node == node and problem.where.field is None:
                self._schedule_problems.addWidget(Label(str(problem.text), "secondary", "error", wrap=True))
                self._schedule_problems.addWidget(fix_row(problem.fixes, self._session.apply))
        if several:
            wrong = {str(problem.where.node).partition(".")[0] for problem in problems if problem.blocks and problem.where.node}
            self._stages.show_stages(self._session.project, stage.id, wrong)

    def _build(self) -> None:
        clear(self._layout)
        self._forms = {}
        self._facts = Facts()
        self._make_parts()
        self._schedule_problems = column(spacing=4)
        training, stage = self._session.project.training, self.stage
        add = Button(tr("Add a stage", "Añadir etapa"), "link", on_click=self._add_stage)
        add.setToolTip(tr("A stage is a part of the training with its own epochs, optimizer and learning rate, such "
                          "as fine-tuning after the head has learned.",
                          "Una etapa es una parte del entrenamiento con sus propias épocas, optimizador y tasa de "
                          "aprendizaje, como el ajuste fino cuando la cabeza ya ha aprendido."))
        params = tuple(param for param in TRAINING_PARAMS if self._has_base or param.name != _FEATURES)
        plain = params if self._has_several else (_EPOCHS, *params)
        form = Form(plain, _values(training, stage))
        form.value_changed.connect(self._set_plain)
        form.insert_below("class_weight", self._weights)
        self._keep("training", form)
        if self._has_base:
            self._layout.addWidget(self._plan)
        if self._has_several:
            self._build_list(add)
        else:
            self._layout.addLayout(_head(tr("Training", "Entrenamiento"), add))
            self._layout.addWidget(form)
            if self._shows_learning:
                self._layout.addWidget(self._learning)
            self._layout.addWidget(self._loss)
        self._build_optimizer(stage)
        self._layout.addWidget(Caption(tr("While training", "Durante el entrenamiento")))
        self._layout.addWidget(self._callbacks)
        if self._has_several:
            self._layout.addWidget(Caption(tr("All stages", "Todas las etapas")))
            self._layout.addWidget(form)
            self._layout.addWidget(self._loss)
        self._layout.addWidget(Caption(tr("Metrics", "Métricas")))
        self._layout.addWidget(self._metrics)
        self._layout.addWidget(Caption(tr("What will be trained", "Qué se entrenará")))
        self._layout.addWidget(self._facts)
        self._layout.addStretch(1)

    def _build_list(self, add: Button) -> None:
        stage = self.stage
        self._layout.addLayout(_head(tr("Stages", "Etapas"), add))
        self._stages = StageList()
        self._stages.chosen.connect(self._choose_stage)
        self._stages.duplicate_wanted.connect(self._duplicate_stage)
        self._stages.remove_wanted.connect(self._remove_stage)
        self._stages.move_wanted.connect(self._move_stage)
        self._layout.addWidget(self._stages)
        number = next((index for index, other in enumerate(self._session.project.training.stages, start=1)
                       if other.id == stage.id), 1)
        self._layout.addWidget(Caption(tr("Stage {n}", "Etapa {n}", n=number)))
        form = Form((_EPOCHS,), _values(self._session.project.training, stage))
        form.value_changed.connect(self._set_plain)
        self._keep("stage", form)
        self._layout.addWidget(form)
        if self._has_base:
            self._layout.addWidget(self._learning)

    def _build_optimizer(self, stage: Stage) -> None:
        self._layout.addWidget(Caption(tr("Optimizer", "Optimizador")))
        choice = Select([(entry.id, str(entry.label)) for entry in OPTIMIZERS], stage.optimizer.type)
        choice.setAccessibleName(tr("Optimizer", "Optimizador"))
        choice.chosen.connect(self._choose_optimizer)
        self._layout.addWidget(choice)
        optimizer = OPTIMIZERS.find(stage.optimizer.type)
        if optimizer is not None:
            self._layout.addWidget(Label(str(optimizer.help), "secondary", "dim", wrap=True))
            # A schedule sets the rate of every step: the number would have no effect.
            params = tuple(param for param in optimizer.params if stage.schedule is None or param.name != "learning_rate")
            form = Form(params, stage.optimizer.params)
            form.value_changed.connect(self._set_optimizer)
            self._keep("optimizer", form)
            self._layout.addWidget(form)
            if stage.schedule is None:
                # A schedule has its own rate, and the finder suggests a constant one.
                find = Button(tr("Find a learning rate…", "Buscar una tasa de aprendizaje…"), "link",
                              on_click=lambda: self.rate_wanted.emit(stage.id))
                self._layout.addLayout(row(find, None))
        self._build_schedule(stage)

    def _build_schedule(self, stage: Stage) -> None:
        kind = _CONSTANT if stage.schedule is None else stage.schedule.type
        name = tr("Learning rate schedule", "Plan de la tasa de aprendizaje")
        schedules = [(entry.id, str(entry.label)) for entry in SCHEDULES]
        choice = Select([(_CONSTANT, tr("Constant", "Constante")), *schedules], kind)
        choice.setAccessibleName(name)
        choice.chosen.connect(self._choose_schedule)
        self._layout.addLayout(column(Label(name, "secondary", "dim"), choice, spacing=4))
        entry = SCHEDULES.find(kind)
        if entry is not None and stage.schedule is not None:
            self._layout.addWidget(Label(str(entry.help), "secondary", "dim", wrap=True))
            form = Form(entry.params, stage.schedule.params)
            form.value_changed.connect(self._set_schedule)
            self._keep("schedule", form)
            self._layout.addWidget(form)
        self._layout.addLayout(self._schedule_problems)
        self._layout.addWidget(self._rate_curve)

    def _keep(self, name: str, form: Form) -> None:
        form.settled.connect(lambda _field: self._session.seal())
        self._forms[name] = form

    # Editing a stage ----------------------------------------------------------------------------

    @property
    def _spec(self) -> str:
        """The stage as the spec of step edits."""
        return f"training.{self.stage.id}"

    def _edit_stage(self, field: str, value: object, label: Text, merge_key: str = "") -> None:
        stage = self.stage.id
        self._session.edit(lambda project: stage_edits.set_stage_field(project, stage, field, value), label, merge_key)

    def _set_plain(self, name: str, value: Value) -> None:
        label = _step_label((*STAGE_PARAMS, *TRAINING_PARAMS), name)
        if name in STAGE_FIELDS:
            self._edit_stage(name, value, label, f"{self._spec}.{name}")
        else:
            self._session.edit(lambda project: edits.set_field(project, "training", name, value), label, f"training.{name}")

    def _choose_optimizer(self, kind: object) -> None:
        rate = OPTIMIZERS[str(kind)].params[0].default
        self._edit_stage("optimizer", Item(type=str(kind), params={"learning_rate": rate}),
                         Text("Choose an optimizer", "Elegir optimizador"))

    def _set_optimizer(self, name: str, value: Value) -> None:
        optimizer = self.stage.optimizer
        self._edit_stage("optimizer", edits.replace(optimizer, params=optimizer.params | {name: value}),
                         _step_label(OPTIMIZERS[optimizer.type].params, name), f"{self._spec}.optimizer.{name}")

    def take_rate(self, stage_id: str, rate: float) -> None:
        """Set the learning rate of a stage, as the finder suggests it."""
        stage = self._session.project.training.stage(stage_id)
        if stage is not None:
            optimizer = edits.replace(stage.optimizer, params=stage.optimizer.params | {"learning_rate": rate})
            self._session.edit(lambda project: stage_edits.set_stage_field(project, stage_id, "optimizer", optimizer),
                               Text("Take a suggested learning rate", "Tomar una tasa de aprendizaje propuesta"))

    def _choose_schedule(self, kind: object) -> None:
        """A schedule starts with the rate of the optimizer."""
        label = Text("Choose a learning rate schedule", "Elegir un plan de la tasa de aprendizaje")
        entry = SCHEDULES.find(str(kind))
        if entry is None:
            self._edit_stage("schedule", None, label)
            return
        rate = self.stage.optimizer.params.get("learning_rate", 0.001)
        names = [param.name for param in entry.params if param.name in ("initial_learning_rate", "max_learning_rate")]
        self._edit_stage("schedule", Item(type=entry.id, params=dict.fromkeys(names, rate)), label)

    def _set_schedule(self, name: str, value: Value) -> None:
        schedule = self.stage.schedule
        if schedule is not None:
            self._edit_stage("schedule", edits.replace(schedule, params=schedule.params | {name: value}),
                             _step_label(SCHEDULES[schedule.type].params, name), f"{self._spec}.schedule.{name}")

    # Editing the list ---------------------------------------------------------------------------

    def _choose_stage(self, stage: str) -> None:
        self._chosen = stage
        self.refresh()

    def _add_stage(self) -> None:
        self._list_edit(stage_edits.add_stage, Text("Add a stage", "Añadir una etapa"))

    def _duplicate_stage(self, stage: str) -> None:
        self._list_edit(lambda project: stage_edits.duplicate_stage(project, stage),
                        Text("Duplicate a stage", "Duplicar una etapa"))

    def _remove_stage(self, stage: str) -> None:
        self._list_edit(lambda project: stage_edits.remove_stage(project, stage), Text("Remove a stage", "Quitar una etapa"))

    def _move_stage(self, stage: str, index: int) -> None:
        self._list_edit(lambda project: stage_edits.move_stage(project, stage, index), Text("Move a stage", "Mover una etapa"))

    def _list_edit(self, function: Callable[[Project], Project], label: Text) -> None:
        """Edit the list of stages; a new stage becomes the edited one."""
        before = {stage.id for stage in self._session.project.training.stages}
        self._session.edit(function, label)
        new = [stage.id for stage in self._session.project.training.stages if stage.id not in before]
        if new:
            self._choose_stage(new[0])

    def _show_facts(self) -> None:
        session = self._session
        project = session.project
        splits = self._counts.split_counts() if session.is_open else {}
        loss, _values_of_loss = chosen_loss(project.training.loss, project.dataset.label_mode)
        train = splits.get("train", 0)
        shown = train
        if session.is_open and project.training.oversampling:
            shown = shown_pictures(self._counts.usable_counts(), self._counts.class_names, project.training.oversampling)
        batches = -(-shown // max(1, project.training.batch_size))
        self._rate_curve.show_plan(project.training, batches)
        self._facts.set_facts([
            (tr("Training pictures", "Imágenes de entrenamiento"), format_count(train)),
            (tr("Validation pictures", "Imágenes de validación"), format_count(splits.get("validation", 0))),
            (tr("Batches per epoch", "Lotes por época"), format_count(batches)),
            (tr("Loss", "Pérdida"), loss.id),
        ])


def id_of(kind: str) -> str:
    """The id of a callback: its class name in small letters, as Keras names objects."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.replace("NaN", "Nan")).lower()


def _values(training: TrainingSpec, stage: Stage) -> dict[str, Value]:
    """All plain values of the training and of a stage."""
    return {param.name: getattr(training, param.name) for param in TRAINING_PARAMS} | {
        param.name: getattr(stage, param.name) for param in STAGE_PARAMS}


def _step_label(params: Sequence[Param], name: str) -> Text:
    """What Undo calls a change of this parameter: as its field is called."""
    param = find_param(params, name)
    return param.label if param is not None else same(name)


def _head(title: str, button: Button) -> QHBoxLayout:
    return row(Caption(title), None, button, spacing=8)
