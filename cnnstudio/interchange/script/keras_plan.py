"""The training of a Keras script: each `compile` and `fit` is a stage of the plan."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.bases.entry import keras_order
from cnnstudio.catalog.context import LOSS_OF
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training import CALLBACKS, METRICS
from cnnstudio.core.item import Item, Step, as_immutable
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.description import ranked_models
from cnnstudio.interchange.keras_source.language import KerasState
from cnnstudio.interchange.keras_source.training import find_loss, find_optimizer, object_name
from cnnstudio.interchange.keras_source.values import BaseModel, TrainingCall
from cnnstudio.interchange.python_source.names import normalized_name
from cnnstudio.interchange.python_source.values import CallValue, Name, Remark, Unknown
from cnnstudio.interchange.script.model import StageSettings
from cnnstudio.interchange.script.notes import NOTHING_LIKE_IT, UNKNOWN, Notes, spell

_FIT: Final = ("x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle",
               "class_weight", "sample_weight", "initial_epoch")
_COMPILE: Final = ("optimizer", "loss", "loss_weights", "metrics")
_QUIET: Final = ("x", "y", "verbose", "shuffle", "validation_data", "generator", "workers", "use_multiprocessing",
                 "max_queue_size", "validation_freq", "validation_batch_size")
_METRICS: Final = {"acc": "accuracy", "binaryaccuracy": "accuracy", "categoricalaccuracy": "accuracy",
                   "sparsecategoricalaccuracy": "accuracy", "topkcategoricalaccuracy": "top_k_accuracy",
                   "sparsetopkcategoricalaccuracy": "top_k_accuracy"}
_MODES: Final = {loss: mode for mode, loss in LOSS_OF.items()}
_PASSES: Final = Text("an epoch is one pass over all training pictures",
                      "una época es una pasada por todas las imágenes de entrenamiento")


class Plan:
    """The stages of a script, and what all of them share."""

    def __init__(self, state: KerasState, notes: Notes) -> None:
        self._state, self._notes = state, notes
        self.stages: list[StageSettings] = []
        self.training: dict[str, Any] = {}
        self.label_mode = ""
        self.class_weights: dict[int, float] = {}
        self.validation_split: float | None = None
        self._loss_said: set[str] = set()

    @property
    def validated(self) -> bool:
        """Whether a fit has validation pictures."""
        return any("validation_data" in call.keywords or "validation_split" in call.keywords or len(call.arguments) > 6
                   for call in self._state.training_calls if call.name == "fit")

    def read(self) -> None:
        """Read all calls in their order."""
        compiled: dict[int, TrainingCall] = {}
        calls = [call for call in self._state.training_calls if call.model in self._trained()]
        for call in calls:
            if call.name == "compile":
                compiled[id(call.model)] = call
            else:
                self._add_stage(call, compiled.get(id(call.model)))
        if not self.stages and compiled:
            self._compile_only(list(compiled.values())[-1])
        freezing = {stage.trainable_from for stage in self.stages}
        if len(freezing) == 1:
            # All stages learn alike, as the network says.
            self.stages = [StageSettings(epochs=stage.epochs, optimizer=stage.optimizer, schedule=stage.schedule,
                                         in_epochs=stage.in_epochs, callbacks=stage.callbacks) for stage in self.stages]

    def _trained(self) -> list[Any]:
        """The model that is taken over; what trains others of the file is not."""
        last = ranked_models(self._state)[:1]
        for call in self._state.training_calls:
            if call.model not in last and call.name == "fit":
                self._notes.leave(call.line, "training", "fit", Text("it trains another model",
                                                                     "entrena otro modelo"))
        return last

    def _compile_only(self, call: TrainingCall) -> None:
        optimizer, schedule, in_epochs = self._compile(call)
        self.stages.append(StageSettings(optimizer=optimizer, schedule=schedule, in_epochs=in_epochs))

    def _add_stage(self, fit: TrainingCall, compiled: TrainingCall | None) -> None:
        values = dict(zip(_FIT, fit.arguments, strict=False)) | fit.keywords
        optimizer, schedule, in_epochs = self._compile(compiled) if compiled is not None else (None, None, {})
        frozen = compiled.frozen if compiled is not None else fit.frozen
        epochs = self._epochs(values, fit.line)
        callbacks: tuple[Step, ...] = ()
        for name, value in values.items():
            what = f"{name}={spell(value)}"
            if name in _QUIET or name in ("epochs", "initial_epoch") or value is None:
                continue
            if isinstance(value, Unknown):
                self._notes.leave(fit.line, "training", what, UNKNOWN)
            elif name == "callbacks":
                callbacks = self._callbacks(value, fit.line)
            elif name == "batch_size" and isinstance(value, int) and 1 <= value <= 65_536:
                self.training["batch_size"] = value
                self._notes.take(fit.line, "training", what, "training.batch_size")
            elif name == "validation_split" and isinstance(value, float) and 0 < value < 1:
                self.validation_split = value
                self._notes.take(fit.line, "data", what, "dataset.splits")
            elif name == "class_weight" and isinstance(value, dict):
                self._class_weight(value, fit.line)
            elif name in ("steps_per_epoch", "validation_steps"):
                self._notes.leave(fit.line, "training", what, _PASSES)
            else:
                self._notes.leave(fit.line, "training", what, NOTHING_LIKE_IT)
        line = self._freeze_line(frozen, compiled.line if compiled is not None else fit.line)
        self.stages.append(StageSettings(epochs=epochs, optimizer=optimizer, schedule=schedule, in_epochs=in_epochs,
                                         trainable_from=line, callbacks=callbacks))

    def _epochs(self, values: dict[str, Any], line: int) -> int | None:
        epochs, begun = values.get("epochs", 1), values.get("initial_epoch", 0)
        stage = f"stages.{len(self.stages) + 1}"
        if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
            self._notes.leave(line, "training", f"epochs={spell(epochs)}", UNKNOWN)
            return None
        if isinstance(begun, Unknown | CallValue) or (isinstance(begun, int) and begun > 0):
            # `epochs` counts those of the stages before.
            before = begun if isinstance(begun, int) else sum(stage.epochs or 0 for stage in self.stages)
            epochs = max(epochs - before, 1)
            self._notes.take(line, "training", f"epochs={spell(values.get('epochs'))}, initial_epoch={spell(begun)}",
                             f"training.{stage}.epochs={epochs}")
        else:
            self._notes.take(line, "training", f"epochs={epochs}", f"training.{stage}.epochs")
        return min(epochs, 100_000)

    def _class_weight(self, value: dict[Any, Any], line: int) -> None:
        if value and all(isinstance(key, int) and isinstance(item, int | float) and item >= 0 for key, item in value.items()):
            self.class_weights = {key: float(item) for key, item in value.items()}
            self._notes.take(line, "training", f"class_weight={spell(value)}", "training.class_weights")
        else:
            self._notes.leave(line, "training", f"class_weight={spell(value)}", UNKNOWN)

    def _freeze_line(self, frozen: dict[int, frozenset[str]], line: int) -> str:
        """What of the bases learns in a stage."""
        models = [model for model in self._state.graph.models if isinstance(model, BaseModel) and id(model) in frozen]
        if not models:
            return ""
        model = models[-1]
        before, model.frozen = model.frozen, set(frozen[id(model)])
        remarks: list[Remark] = []
        params = bases.node_params(model, remarks)
        model.frozen = before
        found = str(params.get("trainable_from", "none"))
        for remark in remarks:
            self._notes.tell(remark.line, "network", remark.text, False)
        count = sum(node.id not in frozen[id(model)] for node in keras_order(model.base.graph()))
        what = Text("{base}: layers that learn: {n}", "{base}: capas que aprenden: {n}").fill(base=model.base.label, n=count)
        self._notes.take(line, "training", what,
                         f"training.stages.{len(self.stages) + 1}.trainable_from={found}")
        return found

    # compile ------------------------------------------------------------------------------------------

    def _compile(self, call: TrainingCall) -> tuple[Item | None, Item | None, dict[str, Any]]:
        values = dict(zip(_COMPILE, call.arguments, strict=False)) | call.keywords
        optimizer, schedule = self._optimizer(values.get("optimizer"), call.line)
        self._loss(values.get("loss"), call.line)
        self._metrics(values.get("metrics"), call.line)
        for name, value in values.items():
            what = f"compile: {name}={spell(value)}"
            if name == "steps_per_execution" or value is None or name in (*_COMPILE, "run_eagerly", "weighted_metrics"):
                continue
            if name == "jit_compile":
                self.training["jit_compile"] = "on" if value is True else "auto"
                self._notes.take(call.line, "training", what, "training.jit_compile")
            else:
                self._notes.leave(call.line, "training", what, NOTHING_LIKE_IT)
        return optimizer, schedule, {}

    def _optimizer(self, value: Any, line: int) -> tuple[Item | None, Item | None]:
        if value is None:
            return None, None
        line = value.line if isinstance(value, CallValue) else line
        remarks: list[Remark] = []
        schedule: Item | None = None
        if isinstance(value, CallValue):
            first_argument = value.arguments[0] if value.arguments else None
            rate = value.keywords.get("learning_rate", value.keywords.get("lr", first_argument))
            if isinstance(rate, CallValue):
                schedule = self._schedule(rate)
                first = schedule.params.get("initial_learning_rate", 0.001) if schedule is not None else 0.001
                value = CallValue(value.path, [], {name: item for name, item in value.keywords.items()
                                                   if name not in ("learning_rate", "lr")} | {"learning_rate": first}, line)
        item = find_optimizer(value, line, remarks)
        stage = f"training.stages.{len(self.stages) + 1}"
        for remark in remarks:
            self._notes.tell(remark.line, "training", remark.text, False)
        if item is not None:
            self._notes.take(line, "training", spell(value), f"{stage}.optimizer")
            for name in self._lost(item, value):
                self._notes.leave(line, "training", f"{item.type}: {name}", NOTHING_LIKE_IT)
        return item, schedule

    def _lost(self, item: Item, value: Any) -> list[str]:
        """Arguments of an optimizer that no parameter holds."""
        if not isinstance(value, CallValue):
            return []
        known = {**item.params, "learning_rate": 0, "lr": 0, "name": 0, "decay": 0}
        usual = {"clipnorm": None, "clipvalue": None, "weight_decay": None, "use_ema": False, "global_clipnorm": None}
        return [f"{name}={spell(given)}" for name, given in value.keywords.items()
                if name not in known and given not in (None, False) and given != usual.get(name) and not (
                    isinstance(given, int | float) and name in ("beta_1", "beta_2", "epsilon", "rho", "momentum"))]

    def _schedule(self, call: CallValue) -> Item | None:
        entry = SCHEDULES.find(call.path.rpartition(".")[2])
        if entry is None:
            self._notes.leave(call.line, "training", spell(call), NOTHING_LIKE_IT)
            return None
        values = dict(zip(entry.call.kwargs, call.arguments, strict=False)) | call.keywords
        params = {name: as_immutable(value) for name, value in values.items()
                  if name in entry.call.kwargs and not isinstance(value, Unknown)}
        for name, value in values.items():
            if isinstance(value, Unknown):
                self._notes.leave(call.line, "training", f"{entry.id}: {name}", UNKNOWN)
        wrong = {problem.where.field for problem in check(entry.params, params, "training")}
        params = {name: value for name, value in params.items() if name not in wrong}
        self._notes.take(call.line, "training", spell(call), f"training.stages.{len(self.stages) + 1}.schedule")
        return Item(type=entry.id, params=params)

    def _loss(self, value: Any, line: int) -> None:
        name = object_name(value)
        if not name or name in self._loss_said:
            return
        self._loss_said.add(name)
        known, params = find_loss(value)
        line = value.line if isinstance(value, CallValue) else line
        if known is None:
            self._notes.leave(line, "training", f"loss={spell(value)}", Text(
                "it is not meant for classes; the loss follows the labels",
                "no está pensada para clases; la pérdida sigue las etiquetas"))
            return
        self.label_mode = _MODES.get(known.id, self.label_mode) or known.label_mode
        if params or known.id not in LOSS_OF.values():
            self.training["loss"] = Item(type=known.id, params=params)
        self._notes.take(line, "training", f"loss={spell(value)}", "training.loss, dataset.label_mode")

    def _metrics(self, value: Any, line: int) -> None:
        if not isinstance(value, list | tuple):
            return
        steps: list[Step] = []
        for item in value:
            name = normalized_name(object_name(item)) if isinstance(item, str | Name | CallValue) else ""
            entry = METRICS.find(_METRICS.get(name, "")) or next(
                (metric for metric in METRICS if normalized_name(metric.id) == name), None)
            if entry is None:
                self._notes.leave(line, "training", f"metrics: {spell(item)}", NOTHING_LIKE_IT)
                continue
            params: dict[str, Any] = {}
            if isinstance(item, CallValue):
                params = {key: given for key, given in item.keywords.items()
                          if any(param.name == key for param in entry.params) and not isinstance(given, Unknown)}
                if check(entry.params, params, "training"):
                    params = {}
            if entry.id not in {step.id for step in steps}:
                steps.append(Step(id=entry.id, type=entry.id, params=params))
                self._notes.take(line, "training", f"metrics: {spell(item)}", f"training.metrics.{entry.id}")
        if steps:
            self.training["metrics"] = tuple(steps)

    def _callbacks(self, value: Any, line: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        for item in value if isinstance(value, list | tuple) else [value]:
            name = object_name(item) if isinstance(item, CallValue | Name) else ""
            entry = CALLBACKS.find(name)
            where = item.line if isinstance(item, CallValue) else line
            if entry is None:
                self._notes.leave(where, "training", f"callbacks: {spell(item)}",
                                  UNKNOWN if isinstance(item, Unknown) else NOTHING_LIKE_IT)
                continue
            params: dict[str, Any] = {}
            if isinstance(item, CallValue):
                values = dict(zip(entry.call.kwargs, item.arguments, strict=False)) | item.keywords
                plain = {key: given for key, given in values.items() if isinstance(given, str | int | float | bool)}
                params = {key: given for key, given in entry.call.parameters(plain).items()
                          if any(param.name == key for param in entry.params)}
                wrong = {problem.where.field for problem in check(entry.params, params, "training")}
                params = {key: given for key, given in params.items() if key not in wrong}
            taken = {step.id for step in steps}
            base = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in entry.id).strip("_")
            identifier, number = base, 2
            while identifier in taken:
                identifier, number = f"{base}_{number}", number + 1
            steps.append(Step(id=identifier, type=entry.id, params=params))
            self._notes.take(where, "training", spell(item), f"training.stages.{len(self.stages) + 1}.callbacks")
        return tuple(steps)


