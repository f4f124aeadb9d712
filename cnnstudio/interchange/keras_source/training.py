"""The settings of `compile` and `fit` that can be read with certainty: optimizer, loss, epochs, batch size."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.context import LOSS_OF
from cnnstudio.catalog.training import LOSSES, OPTIMIZERS, TrainingComponent
from cnnstudio.catalog.training.losses import Loss
from cnnstudio.core.item import Item
from cnnstudio.core.params import check, with_defaults
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.names import canonical
from cnnstudio.interchange.keras_source.values import Model
from cnnstudio.interchange.python_source.names import normalized_name, path_parts
from cnnstudio.interchange.python_source.values import CallValue, Name, Remark

_LARGEST: Final = {"epochs": 100_000, "batch_size": 65_536}


def training_fields(model: Model, remarks: list[Remark]) -> dict[str, Any]:
    """The fields of the training spec that the code sets: `optimizer`, `loss`, `epochs`, `batch_size`."""
    result: dict[str, Any] = {}
    compiled = model.compiled or {}
    if "optimizer" in compiled:
        optimizer = find_optimizer(compiled["optimizer"], model.line, remarks)
        if optimizer is not None:
            result["optimizer"] = optimizer
    for name, largest in _LARGEST.items():
        value = model.fitted.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest:
            result[name] = value
    loss = object_name(compiled.get("loss"))
    known, params = find_loss(compiled.get("loss"))
    if known is not None and (params or known.id not in LOSS_OF.values()):
        # Without parameters the loss follows the labels, which the code does not tell.
        result["loss"] = Item(type=known.id, params=params)
    if loss and known is None:
        remarks.append(Remark("other_loss", Text(
            "The loss {loss} is not meant for classes: here the loss follows the labels.",
            "La pérdida {loss} no está pensada para clases: aquí la pérdida sigue las "
            "etiquetas.").fill(loss=loss[:60]), model.line))
    if result:
        settings = ", ".join([*([_format_optimizer(result["optimizer"])] if "optimizer" in result else []),
                           *([_format_loss(result["loss"])] if "loss" in result else []),
                           *(f"{name}={result[name]}" for name in _LARGEST if name in result)])
        remarks.append(Remark("training_taken", Text("Imported from compile and fit: {words}.",
                                                     "Importado de compile y fit: "
                                                     "{words}.").fill(words=settings), model.line))
    return result


def find_loss(value: Any) -> tuple[Loss | None, dict[str, Any]]:
    """The loss of `compile` with the parameters that are not Keras's; None if it is none for classes."""
    name = normalized_name(object_name(value))
    known = next((item for item in LOSSES if normalized_name(item.id) == name), None)
    return known, _loss_params(known, value) if known is not None else {}


def has_from_logits(model: Model | None) -> bool:
    """Whether the loss of `compile` has from_logits=True: the last layer gives scores, not probabilities."""
    loss = (model.compiled or {}).get("loss") if model is not None else None
    return isinstance(loss, CallValue) and loss.keywords.get("from_logits") is True


def object_name(value: Any) -> str:
    """The class name of an object passed by name, as a class or as an instance."""
    if isinstance(value, str):
        return value
    return path_parts(canonical(value.path))[2] if isinstance(value, Name | CallValue) else ""


def find_optimizer(value: Any, line: int, remarks: list[Remark]) -> Item | None:
    """The optimizer of `compile`, passed by name or as an object; None if it cannot be taken over, which is a remark."""
    entry = next((item for item in OPTIMIZERS if normalized_name(item.id) == normalized_name(object_name(value))), None)
    if entry is None:
        if object_name(value):
            remarks.append(Remark("other_optimizer", Text(
                "The optimizer {name} is unknown: the optimizer of the project is kept.",
                "El optimizador {name} no se conoce: se conserva el del proyecto.").fill(name=object_name(value)[:60]),
                line))
        return None
    params = _settings(entry, value) if isinstance(value, CallValue) else {}
    if "learning_rate" in params and not isinstance(params["learning_rate"], int | float):
        remarks.append(Remark("other_optimizer", Text(
            "The learning rate is not a plain number in the code: the optimizer of the project is kept.",
            "La tasa de aprendizaje no es un simple número en el código: se conserva el optimizador del "
            "proyecto."), line))
        return None
    wrong = {problem.where.field for problem in check(entry.params, params, "training")}
    params = {name: number for name, number in params.items() if name not in wrong}
    # Keras's own rate where the code names none: it is the default here, too.
    return Item(type=entry.id, params={"learning_rate": with_defaults(entry.params, {})["learning_rate"]} | params)


def _settings(entry: TrainingComponent, call: CallValue) -> dict[str, Any]:
    """The settings of an optimizer in the code; those without a counterpart are left out."""
    settings = dict(zip(tuple(entry.call.kwargs), call.arguments, strict=False)) | {
        "learning_rate" if name == "lr" else name: value for name, value in call.keywords.items()}
    plain = {name: value for name, value in settings.items() if isinstance(value, int | float | bool | None)
             or name == "learning_rate"}
    return entry.call.parameters(plain)


def _loss_params(entry: Loss, value: Any) -> dict[str, Any]:
    """The parameters of a loss that the code sets to other values than Keras has."""
    if not isinstance(value, CallValue):
        return {}
    params = entry.call.parameters({name: number for name, number in value.keywords.items()
                                    if isinstance(number, int | float | bool)})
    wrong = {problem.where.field for problem in check(entry.params, params, "training")}
    usual = with_defaults(entry.params, {})
    return {name: number for name, number in params.items() if name not in wrong and number != usual[name]}


def _format_optimizer(optimizer: Item) -> str:
    return f"{OPTIMIZERS[optimizer.type].label.en}({', '.join(f'{name}={value}' for name, value in optimizer.params.items())})"


def _format_loss(loss: Item) -> str:
    return f"{loss.type}({', '.join(f'{name}={value}' for name, value in loss.params.items())})"
