"""The inspector of the Train page: epochs and batch, optimizer, callbacks, what the loss follows."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.core import edits
from cnnstudio.core.item import Item, Step
from cnnstudio.core.params import Value, complete
from cnnstudio.core.text import Text, tr
from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS, TrainingSpec
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Caption, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Expander, Facts
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select, Switch
from cnnstudio.gui.widgets.words import count

_PLAIN = (*STAGE_PARAMS[:1], *TRAINING_PARAMS)


class TrainSettings(QWidget):
    """Rebuilt when another optimizer or callback is chosen; kept, with its focus, while values change."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session, self._counts = workspace.session, workspace.counts
        self._key: object = None
        self._forms: dict[str, Form] = {}
        self._layout = column(spacing=12, margins=(16, 16, 16, 16))
        self._facts = Facts()
        self.setLayout(self._layout)

    def refresh(self) -> None:
        training = self._session.project.training
        stage = training.last_stage
        key = (stage.optimizer.type, tuple((step.id, step.type, step.enabled) for step in stage.callbacks),
               self._session.is_open)
        if key != self._key:
            self._key = key
            self._build()
        self._forms["training"].set_values(_plain_values(training))
        optimizer = OPTIMIZERS.find(stage.optimizer.type)
        if optimizer is not None:
            self._forms["optimizer"].set_values(complete(optimizer.params, stage.optimizer.params))
        for step in stage.callbacks:
            entry = CALLBACKS.find(step.type)
            if entry is not None and step.id in self._forms:
                self._forms[step.id].set_values(complete(entry.params, step.params))
        mine = [problem for problem in self._session.problems if problem.where.area == "training"]
        for name, form in self._forms.items():
            node = None if name == "training" else name
            form.set_problems([problem for problem in mine if problem.where.node == node])
        self._show_facts()

    def _build(self) -> None:
        clear(self._layout)
        self._forms = {}
        self._facts = Facts()
        training = self._session.project.training
        stage = training.last_stage
        form = Form(_PLAIN, _plain_values(training))
        form.value_changed.connect(self._set_plain)
        self._keep("training", form)
        self._layout.addWidget(Caption(tr("Training", "Entrenamiento")))
        self._layout.addWidget(form)
        self._layout.addWidget(Caption(tr("Optimizer", "Optimizador")))
        choice = Select([(entry.id, str(entry.label)) for entry in OPTIMIZERS], stage.optimizer.type)
        choice.setAccessibleName(tr("Optimizer", "Optimizador"))
        choice.chosen.connect(self._choose_optimizer)
        self._layout.addWidget(choice)
        optimizer = OPTIMIZERS.find(stage.optimizer.type)
        if optimizer is not None:
            self._layout.addWidget(Label(str(optimizer.help), "secondary", "dim", wrap=True))
            form = Form(optimizer.params, stage.optimizer.params)
            form.value_changed.connect(self._set_optimizer)
            self._keep("optimizer", form)
            self._layout.addWidget(form)
        self._layout.addWidget(Caption(tr("While training", "Durante el entrenamiento")))
        present = {step.type for step in stage.callbacks}
        for step in stage.callbacks:
            self._add_callback(step)
        for entry in CALLBACKS:
            if entry.id not in present:
                self._add_callback(Step(id=_id_of(entry.id), type=entry.id, enabled=False))
        self._layout.addWidget(Caption(tr("What will be trained", "Qué se entrenará")))
        self._layout.addWidget(self._facts)
        self._layout.addStretch(1)

    def _keep(self, name: str, form: Form) -> None:
        form.settled.connect(lambda _field: self._session.seal())
        self._forms[name] = form

    def _add_callback(self, step: Step) -> None:
        entry = CALLBACKS.find(step.type)
        card = Card(margins=(12, 10, 12, 10), spacing=8)
        title = Label(step.type if entry is None else str(entry.label), "body_strong", wrap=True)
        switch = Switch(step.enabled, step.type)
        switch.switched.connect(partial(self._enable, step))
        line = row(title, switch, spacing=8)
        line.setStretch(0, 1)
        card.body.addLayout(line)
        if entry is not None:
            card.body.addWidget(Label(str(entry.help), "secondary", "dim", wrap=True))
            if step.enabled:
                form = Form(entry.params, step.params)
                form.value_changed.connect(partial(self._set_callback, step.id))
                self._keep(step.id, form)
                card.body.addWidget(Expander(tr("Parameters", "Parámetros"), form))
        self._layout.addWidget(card)

    def _set_plain(self, name: str, value: Value) -> None:
        self._session.edit(lambda project: edits.set_field(project, "training", name, value),
                           Text("Set {name}", "Cambiar {name}").fill(name=name), f"training.{name}")

    def _choose_optimizer(self, kind: object) -> None:
        rate = OPTIMIZERS[str(kind)].params[0].default
        wanted = Item(type=str(kind), params={"learning_rate": rate})
        self._session.edit(
            lambda project: edits.set_field(project, "training", "optimizer", wanted),
            Text("Choose an optimizer", "Elegir optimizador"))

    def _set_optimizer(self, name: str, value: Value) -> None:
        optimizer = self._session.project.training.last_stage.optimizer
        changed = edits.replace(optimizer, params=optimizer.params | {name: value})
        self._session.edit(lambda project: edits.set_field(project, "training", "optimizer", changed),
                           Text("Set {name}", "Cambiar {name}").fill(name=name), f"stage.optimizer.{name}")

    def _enable(self, step: Step, enabled: bool) -> None:
        present = {each.id for each in self._session.project.training.last_stage.callbacks}
        label = Text("Switch {name}", "Activar o desactivar {name}").fill(name=step.type)
        if step.id in present:
            self._session.edit(lambda project: edits.enable_step(project, "training", step.id, enabled), label)
        else:
            wanted = edits.replace(step, enabled=enabled)
            self._session.edit(lambda project: edits.with_steps(
                project, "training", (*edits.steps_of(project, "training"), wanted)), label)

    def _set_callback(self, step: str, name: str, value: Value) -> None:
        self._session.edit(lambda project: edits.set_step_param(project, "training", step, name, value),
                           Text("Set {name}", "Cambiar {name}").fill(name=name), f"training.{step}.{name}")

    def _show_facts(self) -> None:
        session = self._session
        project = session.project
        context = context_of(project, max(2, len(self._counts.class_names)), session.bases)
        splits = self._counts.split_counts() if session.is_open else {}
        loss = project.training.loss if project.training.loss != "auto" else context.loss
        train = splits.get("train", 0)
        batches = -(-train // max(1, project.training.batch_size))
        self._facts.set_facts([
            (tr("Training pictures", "Imágenes de entrenamiento"), count(train)),
            (tr("Validation pictures", "Imágenes de validación"), count(splits.get("validation", 0))),
            (tr("Batches an epoch", "Lotes por época"), count(batches)),
            (tr("Loss", "Pérdida"), loss),
        ])


def _id_of(kind: str) -> str:
    return {"EarlyStopping": "early_stopping", "ReduceLROnPlateau": "reduce_lr_on_plateau"}.get(kind, kind.lower())


def _plain_values(training: TrainingSpec) -> dict[str, Value]:
    return {param.name: getattr(training if param in TRAINING_PARAMS else training.last_stage, param.name)
            for param in _PLAIN}
