"""The settings of a PyTorch training that can be read with certainty: optimizer, loss, epochs, batch size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from cnnstudio.catalog.component import TorchOptimizer, TrainingComponent
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.item import Item
from cnnstudio.core.params import check, with_defaults
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import CallValue, Remark
from cnnstudio.interchange.torch_source.language import TorchState

LossKind = Literal["logits", "log_softmax", "sigmoid", "probabilities", "other", ""]
"""What the loss of the code takes: scores, their log-softmax, scores of sigmoids, probabilities, no classes; "" untold."""
_LOSSES: Final[dict[str, LossKind]] = {
    "crossentropyloss": "logits", "crossentropy": "logits", "nllloss": "log_softmax", "multimarginloss": "logits",
    "bcewithlogitsloss": "sigmoid", "binarycrossentropywithlogits": "sigmoid", "multilabelsoftmarginloss": "sigmoid",
    "bceloss": "probabilities", "binarycrossentropy": "probabilities", "mseloss": "other", "l1loss": "other",
    "smoothl1loss": "other"}
_OPTIMIZERS: Final = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop", "Adagrad": "adagrad",
                      "Adadelta": "adadelta", "Adamax": "adamax", "NAdam": "nadam"}
_ARGUMENTS: Final = {"lr": "learning_rate", "momentum": "momentum", "nesterov": "nesterov", "eps": "epsilon", "alpha": "rho",
                     "rho": "rho", "centered": "centered", "amsgrad": "amsgrad",
                     "initial_accumulator_value": "initial_accumulator_value"}
_POSITIONS: Final = {"SGD": ("params", "lr", "momentum", "dampening", "weight_decay", "nesterov"),
                     "RMSprop": ("params", "lr", "alpha", "eps", "weight_decay", "momentum", "centered"),
                     "Adadelta": ("params", "lr", "rho", "eps", "weight_decay"),
                     "Adagrad": ("params", "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")}
_ADAM: Final = ("params", "lr", "betas", "eps", "weight_decay", "amsgrad")
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "SGD": {"lr": 0.001}, "Adam": {"lr": 0.001, "eps": 1e-8}, "AdamW": {"lr": 0.001, "eps": 1e-8, "weight_decay": 0.01},
    "RMSprop": {"lr": 0.01, "alpha": 0.99, "eps": 1e-8},
    "Adagrad": {"lr": 0.01, "initial_accumulator_value": 0.0, "eps": 1e-10},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6}, "Adamax": {"lr": 0.002, "eps": 1e-8},
    "NAdam": {"lr": 0.002, "eps": 1e-8}}
"""PyTorch's defaults that are not Keras's."""


def loss_calls(state: TorchState) -> Iterator[tuple[CallValue, LossKind]]:
    """The losses of the code, with what they take."""
    for call in state.library_calls:
        name = call.path.rpartition(".")[2].replace("_", "").lower()
        if name in _LOSSES and call.path.startswith("torch.nn."):
            yield call, _LOSSES[name]


def loss_kind(state: TorchState) -> LossKind:
    """What the loss of the code takes; "" where it has none."""
    return next((kind for _call, kind in loss_calls(state)), "")


def training_fields(state: TorchState, remarks: list[Remark]) -> dict[str, Any]:
    """The fields of the training spec that the code sets: `optimizer`, `epochs`, `batch_size`."""
    fields: dict[str, Any] = {}
    call = next((call for call in reversed(state.library_calls) if is_optimizer(call)), None)
    if call is not None:
        optimizer = read_optimizer(call, remarks)
        if optimizer is not None:
            fields["optimizer"] = optimizer
    rounds = [loop.rounds for loop in state.loops if loop.rounds]
    if rounds and 1 <= rounds[-1] <= 100_000:
        fields["epochs"] = rounds[-1]
    loaders = [call for call in state.library_calls if call.path.endswith(".DataLoader")]
    for loader in loaders[:1]:
        size = loader.arguments[1] if len(loader.arguments) > 1 else loader.keywords.get("batch_size", 1)
        if isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= 65_536:
            fields["batch_size"] = size
    if fields:
        words = [*([format_optimizer(fields["optimizer"])] if "optimizer" in fields else []),
                 *(f"{name}={fields[name]}" for name in ("epochs", "batch_size") if name in fields)]
        remarks.append(Remark("training_taken", Text("Imported from the training code: {words}.",
                                                     "Importado del código de entrenamiento: {words}.").fill(
            words=", ".join(words)), call.line if call is not None else 1))
    return fields


def is_optimizer(call: CallValue) -> bool:
    return call.path.startswith("torch.optim.") and call.path.count(".") == 2 and call.path[12:13].isupper()


def read_optimizer(call: CallValue, remarks: list[Remark]) -> Item | None:
    """The optimizer of a call of torch.optim; None where the catalog has no such, which is a remark then."""
    name = call.path.rpartition(".")[2]
    entry = OPTIMIZERS.find(_OPTIMIZERS.get(name, ""))
    if entry is None or not isinstance(entry.torch, TorchOptimizer):
        remarks.append(Remark("other_optimizer", Text(
            "The optimizer {name} is unknown: the optimizer of the project is kept.",
            "El optimizador {name} no se conoce: se conserva el del proyecto.").fill(name=name), call.line))
        return None
    values = _DEFAULTS.get(name, {}) | dict(zip(_POSITIONS.get(name, _ADAM), call.arguments, strict=False)) | call.keywords
    values.pop("params", None)
    params: dict[str, Any] = {}
    for key, value in values.items():
        if key == "betas" and isinstance(value, tuple | list) and len(value) == 2:
            params |= {"beta_1": value[0], "beta_2": value[1]}
        elif key in _ARGUMENTS:
            params[_ARGUMENTS[key]] = value
        elif key == "weight_decay":
            params |= _weight_decay(entry, value, call, remarks)
        elif value not in (None, False, 0, 0.0) and key not in ("foreach", "fused", "capturable", "differentiable", "maximize"):
            remarks.append(_not_taken(name, key, value, call.line))
    if not isinstance(params.get("learning_rate"), int | float):
        remarks.append(Remark("other_optimizer", Text(
            "The learning rate is not a plain number in the code: the optimizer of the project is kept.",
            "La tasa de aprendizaje no es un simple número en el código: se conserva el optimizador del "
            "proyecto."), call.line))
        return None
    known = {param.name for param in entry.params}
    params = {key: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
              for key, value in params.items() if key in known}
    wrong = {problem.where.field for problem in check(entry.params, params, "training")}
    for key in sorted(key for key in wrong if key is not None and key in params):
        remarks.append(_not_taken(name, key, params.pop(key), call.line))
    usual = with_defaults(entry.params, {})
    return Item(type=entry.id, params={key: value for key, value in params.items()
                                       if key == "learning_rate" or value != usual.get(key)})


def _weight_decay(entry: TrainingComponent, value: Any, call: CallValue, remarks: list[Remark]) -> dict[str, Any]:
    """PyTorch's weight_decay stands apart from the gradient in AdamW alone; elsewhere it is an L2 penalty."""
    if not isinstance(value, int | float) or not value:
        return {}
    if entry.id == "adamw":
        return {"weight_decay": float(value)}
    text = Text("{name}: weight_decay={value} was not taken over: there it is an L2 penalty on all weights (kernel_regularizer "
                "L2 with half of it), here the optimizer's weight decay is apart from the gradient.",
                "{name}: weight_decay={value} no se tomó: allí es una penalización L2 de todos los pesos (kernel_regularizer "
                "L2 con la mitad); aquí el decaimiento del optimizador es independiente del gradiente.")
    remarks.append(Remark("weight_decay", text.fill(name=entry.label.en, value=value), call.line))
    return {}


def _not_taken(name: str, key: str, value: Any, line: int) -> Remark:
    plain = value if isinstance(value, str | int | float | bool | tuple) else "…"
    return Remark("without_counterpart", Text("{name}: {key}={value} was not taken over.",
                                              "{name}: {key}={value} no se tomó.").fill(
        name=name, key=key, value=str(plain)[:60]), line)


def format_optimizer(optimizer: Item) -> str:
    """An optimizer as text, for a remark."""
    return f"{OPTIMIZERS[optimizer.type].label.en}({', '.join(f'{name}={value}' for name, value in optimizer.params.items())})"
