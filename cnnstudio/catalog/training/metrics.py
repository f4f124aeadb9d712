"""The registry of metrics, with Keras's parameters and defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.keras_parts import PREFIX, WHOLE_LABELS
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import Helper
from cnnstudio.catalog.training import torch_metrics
from cnnstudio.core.item import Step
from cnnstudio.core.params import Bool, Choice, Float, Int, Option, Param, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric: its parameters, its class in Keras for each label mode, and its function in PyTorch.

    `targets` are classes under keras.metrics by the label modes that it is for; `needs_one_hot` says that they take
    one-hot labels only. `arguments(values, label_mode)` are those that differ from Keras's own. `torch` is a function of
    probabilities and one-hot labels (batch, classes) or (batch, 1), and of what `torch_arguments` gives. All are better the
    greater they are.
    """

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    targets: dict[str, str]
    needs_one_hot: bool = False
    arguments: Callable[[Values, str], dict[str, Any]] = lambda _values, _mode: {}
    torch: tuple[Helper, ...]
    torch_arguments: tuple[str, ...] = ()


def _others(params: tuple[Param, ...], *one_hot_only: str) -> Callable[[Values, str], dict[str, Any]]:
    """The values that differ from the defaults; those of `one_hot_only` have no meaning for one sigmoid unit."""
    def arguments(values: Values, mode: str) -> dict[str, Any]:
        return {param.name: values[param.name] for param in params
                if values[param.name] != param.default and not (mode == "binary" and param.name in one_hot_only)}

    return arguments


_ALL: Final = ("binary", "categorical", "int")
_K: Final = (Int(name="k", default=5, minimum=1, maximum=100_000, label=same("k"),
                 help=Text("The right class must be among this many most probable ones.",
                           "La clase correcta debe estar entre este número de clases más probables.")),)
_COUNTING: Final = (
    Float(name="thresholds", default=None, minimum=0, maximum=1, step=0.05, decimals=4, optional=True, label=same("thresholds"),
          help=Text("A class counts as the answer where its probability is greater than this; none: 0.5, or any with top_k.",
                    "Una clase cuenta como respuesta si su probabilidad es mayor que esta; none: 0,5, o cualquiera con "
                    "top_k.")),
    Int(name="top_k", default=None, minimum=1, maximum=100_000, optional=True, label=same("top_k"),
        help=Text("Count the k most probable classes as the answer; none: by the threshold.",
                  "Contar como respuesta las k clases más probables; none: por el umbral.")),
    Int(name="class_id", default=None, minimum=0, maximum=100_000, optional=True, label=same("class_id"),
        help=Text("Number of the only class to look at, from 0; none: all classes together.",
                  "Número de la única clase que se mira, desde 0; none: todas juntas.")),
)
_F1: Final = (
    Choice(name="average", default="macro", label=same("average"),
           help=Text("macro: the mean over the classes; weighted: by their pictures; micro: of all answers together.",
                     "macro: la media de las clases; weighted: según sus imágenes; micro: de todas las respuestas juntas."),
           options=(Option("macro", same("macro")), Option("weighted", same("weighted")), Option("micro", same("micro")))),
    Float(name="threshold", default=None, minimum=0, maximum=1, step=0.05, decimals=4, optional=True, label=same("threshold"),
          help=Text("A class counts as the answer where its probability is greater than this; none: the most probable class "
                    "(of one sigmoid unit: 0.5).",
                    "Una clase cuenta como respuesta si su probabilidad es mayor que esta; none: la clase más probable (con "
                    "una unidad sigmoid: 0,5).")),
)
_AUC: Final = (
    Choice(name="curve", default="ROC", label=same("curve"),
           help=Text("ROC: true against false positive rate; PR: precision against recall, for rare classes.",
                     "ROC: tasa de verdaderos positivos frente a falsos positivos; PR: precisión frente a exhaustividad, para "
                     "clases raras."),
           options=(Option("ROC", same("ROC")), Option("PR", same("PR")))),
    Int(name="num_thresholds", default=200, minimum=2, maximum=10_000, step=100, label=same("num_thresholds"),
        help=Text("Number of points of the curve.", "Número de puntos de la curva.")),
    Bool(name="multi_label", default=False, label=same("multi_label"),
         help=Text("The mean of the areas of each class; otherwise one area of all answers together.",
                   "La media de las áreas de cada clase; si no, un área de todas las respuestas juntas.")),
)


def _f1_arguments(values: Values, mode: str) -> dict[str, Any]:
    # The most probable of one unit is always that one.
    threshold = 0.5 if mode == "binary" and values["threshold"] is None else values["threshold"]
    return {"average": values["average"]} | ({} if threshold is None else {"threshold": threshold})


METRICS: Final[Registry[Metric]] = Registry("metric", (
    Metric(id="accuracy", label=Text("Accuracy", "Exactitud"),
           help=Text("Share of the pictures whose most probable class is the right one.",
                     "Parte de las imágenes cuya clase más probable es la correcta."),
           targets={"binary": "BinaryAccuracy", "categorical": "CategoricalAccuracy", "int": "SparseCategoricalAccuracy"},
           torch=(torch_metrics.ACCURACY,)),
    Metric(id="top_k_accuracy", label=Text("Top-k accuracy", "Exactitud top-k"),
           help=Text("Share of the pictures whose right class is among the k most probable.",
                     "Parte de las imágenes cuya clase correcta está entre las k más probables."),
           params=_K, targets={"categorical": "TopKCategoricalAccuracy", "int": "SparseTopKCategoricalAccuracy"},
           arguments=_others(_K), torch=(torch_metrics.TOP_K,), torch_arguments=("k",)),
    Metric(id="precision", label=Text("Precision", "Precisión (precision)"),
           help=Text("Of the answers given with more than the threshold, the share of right ones, over all classes together.",
                     "De las respuestas dadas por encima del umbral, la parte correcta, con todas las clases juntas."),
           params=_COUNTING, targets=dict.fromkeys(_ALL, "Precision"), needs_one_hot=True,
           arguments=_others(_COUNTING, "top_k", "class_id"), torch=(torch_metrics.CONFUSION, torch_metrics.PRECISION),
           torch_arguments=("thresholds", "top_k", "class_id")),
    Metric(id="recall", label=Text("Recall", "Exhaustividad (recall)"),
           help=Text("Share of the pictures whose right class was answered with more than the threshold.",
                     "Parte de las imágenes cuya clase correcta se respondió por encima del umbral."),
           params=_COUNTING, targets=dict.fromkeys(_ALL, "Recall"), needs_one_hot=True,
           arguments=_others(_COUNTING, "top_k", "class_id"), torch=(torch_metrics.CONFUSION, torch_metrics.RECALL),
           torch_arguments=("thresholds", "top_k", "class_id")),
    Metric(id="f1_score", label=Text("F1 score", "Valor F1"),
           help=Text("Harmonic mean of precision and recall. Keras can also give one number per class, which cannot be "
                     "monitored: the Evaluate page shows these.",
                     "Media armónica de precisión y exhaustividad. Keras también puede dar un número por clase, que no se "
                     "puede vigilar: se muestran en la página Evaluar."),
           params=_F1, targets=dict.fromkeys(_ALL, "F1Score"), needs_one_hot=True, arguments=_f1_arguments,
           torch=(torch_metrics.F1,), torch_arguments=("average", "threshold")),
    Metric(id="auc", label=Text("Area under the curve (AUC)", "Área bajo la curva (AUC)"),
           help=Text("How well the probabilities separate right from wrong classes, whatever the threshold: 1 is perfect.",
                     "Cómo de bien separan las probabilidades las clases correctas de las demás, sea cual sea el umbral: 1 es "
                     "perfecto."),
           params=_AUC, targets=dict.fromkeys(_ALL, "AUC"), needs_one_hot=True,
           arguments=_others(_AUC, "multi_label"), torch=(torch_metrics.AUC,),
           torch_arguments=("curve", "num_thresholds", "multi_label")),
))


def values_of_metric(step: Step) -> Values:
    """All parameters of a metric; raises KeyError for an unknown one."""
    return with_defaults(METRICS[step.type].params, step.params)


def metric_call(step: Step, label_mode: str, shares: bool = False) -> Call | None:
    """The call that makes a metric for labels of that mode, named by the step; with `shares` labels may be mixed.

    None where this version does not know it or it has no meaning for these labels.
    """
    entry = METRICS.find(step.type)
    if entry is None or label_mode not in entry.targets:
        return None
    values = values_of_metric(step)
    inner = Call(f"keras.metrics.{entry.targets[label_mode]}", {**entry.arguments(values, label_mode), "name": step.id})
    # Keras's BinaryAccuracy compares labels with 0 and 1, and precision counts every share that is not 0.
    if (entry.needs_one_hot and label_mode == "int") or (shares and (entry.needs_one_hot or label_mode == "binary")):
        return Call(PREFIX + WHOLE_LABELS.name, {"metric": inner})
    return inner


def is_own(call: Call) -> bool:
    """Whether a file with this metric needs a class of the script."""
    return call.target.startswith(PREFIX)


def active_metrics(steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if step.enabled]


def monitored_names(steps: Iterable[Step], validated: bool = True) -> tuple[str, ...]:
    """What a callback can monitor: the loss and the metrics; with `validated` of the validation pictures first."""
    names = ("loss", *(step.id for step in active_metrics(steps)))
    return (*(f"val_{name}" for name in names if validated), *names)
