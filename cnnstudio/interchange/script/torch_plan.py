"""The training of a PyTorch script: its loop as one stage of the plan."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.core.item import Item, Step
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import CallValue, Remark, Unknown
from cnnstudio.interchange.script.model import StageSettings
from cnnstudio.interchange.script.notes import NOTHING_LIKE_IT, UNKNOWN, Notes, is_number, spell
from cnnstudio.interchange.torch_source.language import TorchState
from cnnstudio.interchange.torch_source.training import is_optimizer, loss_calls, read_optimizer

_POSITIONS: Final[dict[str, tuple[str, ...]]] = {
    "StepLR": ("optimizer", "step_size", "gamma"), "ExponentialLR": ("optimizer", "gamma"),
    "MultiStepLR": ("optimizer", "milestones", "gamma"), "CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
    "OneCycleLR": ("optimizer", "max_lr", "total_steps", "epochs", "steps_per_epoch", "pct_start"),
    "ReduceLROnPlateau": ("optimizer", "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr"),
    "CosineAnnealingWarmRestarts": ("optimizer", "T_0", "T_mult", "eta_min")}
_PER_BATCH: Final = Text("there once an epoch, here with every batch", "allí una vez por época; aquí en cada lote")
_SMOOTH: Final = Text("the parameter of the loss has no equivalent here",
                      "el parámetro de la pérdida no tiene equivalente aquí")


def read_torch_plan(state: TorchState, notes: Notes) -> tuple[StageSettings, dict[str, Any], str]:
    """(the stage, further fields of the training, the label mode that the loss tells)."""
    fields: dict[str, Any] = {}
    optimizer = _optimizer(state, notes)
    epochs = _epochs(state, notes)
    mode = _loss(state, notes)
    schedule, in_epochs, callbacks = None, dict[str, Any](), list[Step]()
    for call in state.library_calls:
        name = call.path.rpartition(".")[2]
        if call.path.startswith("torch.optim.lr_scheduler.") and name[:1].isupper():
            if name == "ReduceLROnPlateau":
                callbacks.append(_plateau(call, notes))
            elif schedule is None:
                schedule, in_epochs = _schedule(call, optimizer, epochs, notes)
        elif call.path in ("torch.manual_seed", "torch.random.manual_seed") and call.arguments and isinstance(
                call.arguments[0], int):
            fields["seed"] = abs(call.arguments[0])
            notes.take(call.line, "training", spell(call), "training.seed")
        elif name in ("autocast", "GradScaler") and "amp" in call.path:
            fields["precision"] = "mixed_float16"
            notes.take(call.line, "training", spell(call), "training.precision")
        elif name.startswith("clip_grad"):
            notes.leave(call.line, "training", spell(call), Text(
                "set clipping in the optimizer (global_clipnorm, clipvalue)",
                "ajuste el recorte en el optimizador (global_clipnorm, clipvalue)"))
        elif name == "compile":
            notes.leave(call.line, "training", spell(call), NOTHING_LIKE_IT)
    return StageSettings(epochs=epochs, optimizer=optimizer, schedule=schedule, in_epochs=in_epochs,
                         callbacks=tuple(callbacks)), fields, mode


def _optimizer(state: TorchState, notes: Notes) -> Item | None:
    calls = [call for call in state.library_calls if is_optimizer(call)]
    if not calls:
        return None
    remarks: list[Remark] = []
    item = read_optimizer(calls[-1], remarks)
    for remark in remarks:
        notes.tell(remark.line, "training", remark.text, False)
    if item is not None:
        notes.take(calls[-1].line, "training", spell(CallValue(calls[-1].path, calls[-1].arguments[1:], {
            name: value for name, value in calls[-1].keywords.items() if name != "params"}, calls[-1].line)),
            "training.stages.1.optimizer")
    return item


def _epochs(state: TorchState, notes: Notes) -> int | None:
    for loop in reversed(state.loops):
        if 1 <= loop.rounds <= 100_000:
            notes.take(loop.line, "training", f"epochs={loop.rounds}", "training.stages.1.epochs")
            return loop.rounds
        notes.leave(loop.line, "training", "epochs", UNKNOWN)
    return None


def _loss(state: TorchState, notes: Notes) -> str:
    mode = ""
    for call, kind in loss_calls(state):
        if mode or kind == "other":
            if kind == "other":
                notes.leave(call.line, "training", spell(call), Text(
                    "it is not meant for classes; the loss follows the labels",
                    "no está pensada para clases; la pérdida sigue las etiquetas"))
            continue
        mode = "binary" if kind in ("sigmoid", "probabilities") else "int"
        name = CallValue(call.path, [], {}, call.line)
        notes.take(call.line, "training", spell(name), "training.loss, dataset.label_mode")
        for key in ("weight", "label_smoothing", "pos_weight", "ignore_index"):
            if call.keywords.get(key) not in (None, 0, 0.0):
                notes.leave(call.line, "training", f"{key}={spell(call.keywords[key])}", _SMOOTH)
    return mode


def _values(call: CallValue) -> dict[str, Any]:
    name = call.path.rpartition(".")[2]
    return dict(zip(_POSITIONS.get(name, ("optimizer",)), call.arguments, strict=False)) | call.keywords


def _schedule(call: CallValue, optimizer: Item | None, epochs: int | None, notes: Notes) -> tuple[Item | None, dict[str, Any]]:
    """The schedule of a scheduler; what it counts in epochs is left for when the number of batches is known."""
    name, values = call.path.rpartition(".")[2], _values(call)
    rate = float(optimizer.params.get("learning_rate", 0.001)) if optimizer is not None else 0.001
    item: Item | None = None
    in_epochs: dict[str, Any] = {}
    note: Text | None = None
    gamma = values.get("gamma", 0.1)
    if name == "ExponentialLR" and is_number(gamma):
        item = Item(type="ExponentialDecay", params={"initial_learning_rate": rate, "decay_rate": gamma, "staircase": True})
    elif name == "StepLR" and is_number(gamma) and is_number(values.get("step_size")):
        item = Item(type="ExponentialDecay", params={"initial_learning_rate": rate, "decay_rate": gamma, "staircase": True})
        in_epochs = {"decay_steps": values["step_size"]}
    elif name == "MultiStepLR" and is_number(gamma) and isinstance(values.get("milestones"), tuple | list):
        milestones = values["milestones"]
        rates = tuple(rate * gamma ** number for number in range(len(milestones) + 1))
        item = Item(type="PiecewiseConstantDecay", params={"values": rates})
        in_epochs = {"boundaries": tuple(milestones)}
    elif name == "CosineAnnealingLR" and is_number(values.get("T_max")):
        lowest = values.get("eta_min", 0.0)
        item = Item(type="CosineDecay", params={"initial_learning_rate": rate, "alpha": lowest / rate if rate else 0.0})
        in_epochs = {} if values["T_max"] == epochs else {"decay_steps": values["T_max"]}
        note = _PER_BATCH
    elif name == "CosineAnnealingWarmRestarts" and is_number(values.get("T_0")):
        lowest = values.get("eta_min", 0.0)
        item = Item(type="CosineDecayRestarts", params={
            "initial_learning_rate": rate, "t_mul": float(values.get("T_mult", 1)), "alpha": lowest / rate if rate else 0.0})
        in_epochs = {"first_decay_steps": values["T_0"]}
        note = _PER_BATCH
    elif name == "OneCycleLR" and is_number(values.get("max_lr")):
        item = Item(type="OneCycle", params={"max_learning_rate": values["max_lr"]} | {
            key: float(values[key]) for key in ("pct_start", "div_factor", "final_div_factor") if is_number(values.get(key))})
    if item is None:
        unknown = any(isinstance(value, Unknown) for value in values.values())
        notes.leave(call.line, "training", f"{name}(…)", UNKNOWN if unknown else NOTHING_LIKE_IT)
        return None, {}
    said = CallValue(call.path, call.arguments[1:], {key: value for key, value in call.keywords.items() if key != "optimizer"},
                     call.line)
    notes.take(call.line, "training", spell(said), "training.stages.1.schedule", note)
    return item, in_epochs


def _plateau(call: CallValue, notes: Notes) -> Step:
    """PyTorch waits one epoch longer than Keras after the same number."""
    values = _values(call)
    names = {"factor": "factor", "patience": "patience", "cooldown": "cooldown", "min_lr": "min_lr", "threshold": "min_delta"}
    params: dict[str, Any] = {"factor": 0.1, "patience": 10, "monitor": "val_loss"}
    params |= {ours: values[theirs] for theirs, ours in names.items() if is_number(values.get(theirs))}
    params["patience"] = int(params["patience"]) + 1
    if values.get("mode") == "max":
        params["monitor"] = "val_accuracy"
    notes.take(call.line, "training", "ReduceLROnPlateau(…)", "training.stages.1.callbacks.reduce_lr_on_plateau")
    return Step(id="reduce_lr_on_plateau", type="ReduceLROnPlateau", params=params)
