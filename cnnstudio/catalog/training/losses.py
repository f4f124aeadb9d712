"""The registry of losses, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.component import TorchLoss
from cnnstudio.catalog.context import LOSS_OF
from cnnstudio.catalog.layers.common import arguments
from cnnstudio.catalog.shapes import Values
from cnnstudio.core.item import Item
from cnnstudio.core.params import Bool, Float, Param, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same

AUTO: Final = "auto"
"""The type of the choice that leaves the loss to the labels."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """A loss: its parameters, the call that makes it in Keras, and its form in PyTorch.

    `label_mode` is the form of labels that it takes; `activation` that of the last layer whose probabilities it takes.
    """

    id: str
    label: Text
    help: Text
    label_mode: str
    activation: str = "softmax"
    params: tuple[Param, ...] = ()
    call: Call
    torch: TorchLoss


_SMOOTHING: Final = Float(
    name="label_smoothing", default=0.0, minimum=0, maximum=0.9999, step=0.05, decimals=4, label=same("label_smoothing"),
    help=Text("Share of each label that is spread evenly over all classes: the network becomes less sure of itself, and wrong "
              "labels do less harm. 0.1 is usual; 0: none.",
              "Parte de cada etiqueta que se reparte por igual entre todas las clases: la red se vuelve menos segura de sí "
              "misma y las etiquetas equivocadas hacen menos daño. Lo habitual es 0,1; 0: ninguna."))
_ALPHA: Final = Float(
    name="alpha", default=0.25, minimum=0, maximum=1, step=0.05, decimals=4, label=same("alpha"),
    help=Text("Factor of the loss of every picture.", "Factor de la pérdida de cada imagen."))
_GAMMA: Final = Float(
    name="gamma", default=2.0, minimum=0, maximum=10, step=0.5, decimals=4, label=same("gamma"),
    help=Text("How much less the pictures count that are already recognised with confidence; 0: all alike.",
              "Cuánto menos cuentan las imágenes que ya se reconocen con seguridad; 0: todas por igual."))


def _smoothed(values: Values, binary: bool) -> str:
    """The labels as code, with the share of label_smoothing spread as Keras does."""
    share = values.get("label_smoothing", 0.0)
    if not share:
        return "labels"
    even = repr(0.5 * share) if binary else f"{share!r} / labels.shape[1]"
    return f"(labels * {1 - share:.6g} + {even})"


def _criterion_options(values: Values) -> str:
    share = values.get("label_smoothing", 0.0)
    return f", label_smoothing={share!r}" if share else ""


def _binary(values: Values) -> str:
    return f'F.binary_cross_entropy({{probable}}, {_smoothed(values, True)}, reduction="none").mean(1)'


def _binary_logits(values: Values) -> str:
    return f'F.binary_cross_entropy_with_logits(answers, {_smoothed(values, True)}, reduction="none")'


def _categorical(values: Values) -> str:
    return f"-({_smoothed(values, False)} * {{probable}}.log()).sum(1)"


def _softmax_logits(values: Values) -> str:
    return f'F.cross_entropy(answers, labels, reduction="none"{_criterion_options(values)})'


def _binary_focal(values: Values) -> str:
    labels, power = _smoothed(values, True), repr(values["gamma"])
    code = (f"((1 - torch.lerp(1 - answers, answers, {labels})) ** {power} * "
            f'F.binary_cross_entropy({{probable}}, {labels}, reduction="none"))')
    if values["apply_class_balancing"]:
        alpha = values["alpha"]
        code = f"({labels} * {alpha!r} + (1 - {labels}) * {1 - alpha:.6g}) * {code}"
    return f"({code}).mean(1)"


def _categorical_focal(values: Values) -> str:
    return (f"-({_smoothed(values, False)} * {{probable}}.log() * {values['alpha']!r} * "
            f"(1 - {{probable}}) ** {values['gamma']!r}).sum(1)")


_FOCAL_HELP: Final = Text("Pictures that are already recognised with confidence count less (gamma), so that the training turns "
                          "to the difficult and rare ones.",
                          "Las imágenes que ya se reconocen con seguridad cuentan menos (gamma), de modo que el entrenamiento "
                          "se dedica a las difíciles y raras.")

LOSSES: Final[Registry[Loss]] = Registry("loss", (
    Loss(
        id="binary_crossentropy", label=same("binary_crossentropy"), label_mode="binary", activation="sigmoid",
        params=(_SMOOTHING,), torch=TorchLoss(shares=_binary, logits=_binary_logits),
        call=Call("keras.losses.BinaryCrossentropy", arguments("label_smoothing"), {"label_smoothing": 0.0}),
        help=Text("Two classes, one sigmoid unit.", "Dos clases, una unidad sigmoid.")),
    Loss(
        id="categorical_crossentropy", label=same("categorical_crossentropy"), label_mode="categorical",
        params=(_SMOOTHING,), torch=TorchLoss(shares=_categorical, logits=_softmax_logits),
        call=Call("keras.losses.CategoricalCrossentropy", arguments("label_smoothing"), {"label_smoothing": 0.0}),
        help=Text("One-hot labels, one softmax unit per class.",
                  "Etiquetas one-hot, una unidad softmax por clase.")),
    Loss(
        id="sparse_categorical_crossentropy", label=same("sparse_categorical_crossentropy"), label_mode="int",
        torch=TorchLoss(shares=_categorical, logits=_softmax_logits,
                        numbers=lambda _values: 'F.nll_loss({probable}.log(), labels, reduction="none")'),
        call=Call("keras.losses.SparseCategoricalCrossentropy"),
        help=Text("Labels as whole numbers, one softmax unit per class. Keras has no label smoothing for these labels; for "
                  "categorical ones it has.",
                  "Etiquetas como números enteros, una unidad softmax por clase. Keras no tiene label_smoothing para estas "
                  "etiquetas; para las categorical sí.")),
    Loss(
        id="binary_focal_crossentropy", label=same("binary_focal_crossentropy"), label_mode="binary", activation="sigmoid",
        params=(_GAMMA,
                Bool(name="apply_class_balancing", default=False, label=same("apply_class_balancing"),
                     help=Text("Weigh the second class with alpha and the first with 1 - alpha.",
                               "Ponderar la segunda clase con alpha y la primera con 1 - alpha.")),
                msgspec.structs.replace(_ALPHA, help=Text("Weight of the second class, with apply_class_balancing.",
                                                          "Peso de la segunda clase, con apply_class_balancing.")),
                _SMOOTHING),
        torch=TorchLoss(shares=_binary_focal),
        call=Call("keras.losses.BinaryFocalCrossentropy",
                  arguments("apply_class_balancing", "alpha", "gamma", "label_smoothing"),
                  {"apply_class_balancing": False, "alpha": 0.25, "gamma": 2.0, "label_smoothing": 0.0}),
        help=_FOCAL_HELP),
    Loss(
        id="categorical_focal_crossentropy", label=same("categorical_focal_crossentropy"), label_mode="categorical",
        params=(_GAMMA, _ALPHA, _SMOOTHING), torch=TorchLoss(shares=_categorical_focal),
        call=Call("keras.losses.CategoricalFocalCrossentropy", arguments("alpha", "gamma", "label_smoothing"),
                  {"alpha": 0.25, "gamma": 2.0, "label_smoothing": 0.0}),
        help=_FOCAL_HELP),
))


def chosen_loss(loss: Item, label_mode: str) -> tuple[Loss, Values]:
    """The entry of a choice and all its values; for "auto", and for one that this version does not know, that of
    the label mode."""
    entry = LOSSES.find(loss.type)
    if entry is None:
        entry = LOSSES[LOSS_OF[label_mode]]
        return entry, with_defaults(entry.params, {})
    return entry, with_defaults(entry.params, loss.params)


def losses_for(label_mode: str) -> tuple[Loss, ...]:
    """The losses that take labels of that mode; the one of "auto" first."""
    return tuple(sorted((entry for entry in LOSSES if entry.label_mode == label_mode),
                        key=lambda entry: entry.id != LOSS_OF[label_mode]))
