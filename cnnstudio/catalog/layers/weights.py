"""Initialisers, regularisers and constraints of weights, with Keras's names and meanings.

Each is a choice by name and the numbers that belong to it, `<name>_<number>`, shown while they matter.
"""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import Call, P, Switch
from cnnstudio.core.params import Choice, Float, Option, Param, ShownWhen, options
from cnnstudio.core.text import Text, same

INITIALIZERS: Final = (
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "variance_scaling", "random_normal", "random_uniform", "truncated_normal", "zeros", "ones", "constant",
)
"""For kernels: all that Keras has for weights of any shape of two axes or more."""
POSITIONAL_WEIGHTS: Final = (
    "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "bias_constraint")
"""Keras's positional arguments for a kernel and a bias, in their order."""
VECTOR_INITIALIZERS: Final = ("zeros", "ones", "constant", "random_normal", "random_uniform", "truncated_normal")
"""For one number a channel: those that do not count the inputs of a unit."""


def initializer_params(name: str, default: str, vector: bool = False) -> tuple[Param, ...]:
    """The choice of an initialiser and its numbers."""
    scaling = ShownWhen(name, ("variance_scaling",))
    return (
        Choice(name=name, default=default, label=same(name), advanced=True,
               help=Text("How these weights are initialised.",
                         "Cómo se inicializan estos pesos."),
               options=options(*(VECTOR_INITIALIZERS if vector else INITIALIZERS))),
        Float(name=f"{name}_stddev", default=0.05, minimum=0, maximum=10, above=True, step=0.01, decimals=5,
              label=same("stddev"), advanced=True, help=Text("Standard deviation.", "Desviación estándar."),
              shown_when=ShownWhen(name, ("random_normal", "truncated_normal"))),
        Float(name=f"{name}_value", default=0.0, minimum=-1e6, maximum=1e6, step=0.1, label=same("value"), advanced=True,
              help=Text("The initial value of all weights.", "El valor inicial de todos los pesos."),
              shown_when=ShownWhen(name, ("constant",))),
        *(() if vector else (
            Float(name=f"{name}_scale", default=1.0, minimum=0, maximum=100, above=True, step=0.5, label=same("scale"),
                  advanced=True, shown_when=scaling,
                  help=Text("Factor of the variance; 2 suits ReLU.", "Factor de la varianza; 2 conviene a ReLU.")),
            Choice(name=f"{name}_mode", default="fan_in", label=same("mode"), advanced=True, shown_when=scaling,
                   help=Text("What the variance is divided by: the number of inputs, of outputs, or their mean.",
                             "Entre qué se divide la varianza: el número de entradas, el de salidas o la media de ambos."),
                   options=options("fan_in", "fan_out", "fan_avg")),
            Choice(name=f"{name}_distribution", default="truncated_normal", label=same("distribution"), advanced=True,
                   help=Text("The distribution from which the weights are drawn.",
                             "La distribución de la que se extraen los pesos."),
                   shown_when=scaling, options=options("truncated_normal", "untruncated_normal", "uniform")))),
    )


def initializer(name: str, vector: bool = False) -> Switch:
    """The expression of an initialiser declared by `initializer_params`; Keras's own name where it has no numbers."""
    cases: dict[Any, Any] = {kind: kind for kind in (VECTOR_INITIALIZERS if vector else INITIALIZERS)}
    stddev = {"stddev": P(f"{name}_stddev")}
    cases["constant"] = Call("keras.initializers.Constant", {"value": P(f"{name}_value")})
    cases["random_normal"] = Call("keras.initializers.RandomNormal", stddev)
    cases["truncated_normal"] = Call("keras.initializers.TruncatedNormal", stddev)
    if not vector:
        cases["variance_scaling"] = Call("keras.initializers.VarianceScaling", {
            "scale": P(f"{name}_scale"), "mode": P(f"{name}_mode"), "distribution": P(f"{name}_distribution")})
    return Switch(name, cases)


def regularizer_params(name: str, advanced: bool = False) -> tuple[Param, ...]:
    """The choice of a regulariser and its factors, `<name>_l1` and `<name>_l2`."""
    factor = Text("Weight of the penalty in the loss.", "Peso de la penalización en la pérdida.")
    return (
        Choice(name=name, default=None, label=same(name), advanced=advanced,
               help=Text("Penalty for large weights, against overfitting: L1 on their absolute values, L2 on their squares.",
                         "Penalización de los pesos grandes, contra el sobreajuste: L1 sobre sus valores absolutos, L2 sobre "
                         "sus cuadrados."),
               options=(Option(None, Text("None", "Ninguno")), Option("L1", same("L1")), Option("L2", same("L2")),
                        Option("L1L2", same("L1L2")))),
        Float(name=f"{name}_l1", default=0.01, minimum=0, maximum=10, step=0.001, decimals=6, logarithmic=True,
              label=same("l1"), help=factor, shown_when=ShownWhen(name, ("L1", "L1L2")), advanced=advanced),
        Float(name=f"{name}_l2", default=0.01, minimum=0, maximum=10, step=0.001, decimals=6, logarithmic=True,
              label=same("l2"), help=factor, shown_when=ShownWhen(name, ("L2", "L1L2")), advanced=advanced),
    )


def regularizer(name: str) -> Switch:
    """The expression of a regulariser declared by `regularizer_params`."""
    return Switch(name, {
        None: None,
        "L1": Call("keras.regularizers.L1", {"l1": P(f"{name}_l1")}),
        "L2": Call("keras.regularizers.L2", {"l2": P(f"{name}_l2")}),
        "L1L2": Call("keras.regularizers.L1L2", {"l1": P(f"{name}_l1"), "l2": P(f"{name}_l2")}),
    })


def constraint_params(name: str) -> tuple[Param, ...]:
    """The choice of a constraint and its numbers."""
    both = ShownWhen(name, ("MinMaxNorm",))
    return (
        Choice(name=name, default=None, label=same(name), advanced=True,
               help=Text("Constraint applied to the weights after every step: a maximum norm, norm 1, a range of norms, or "
                         "no negative values.",
                         "Restricción que se aplica a los pesos tras cada paso: una norma máxima, norma 1, un rango de "
                         "normas o ningún valor negativo."),
               options=(Option(None, Text("None", "Ninguna")), *options("MaxNorm", "UnitNorm", "MinMaxNorm", "NonNeg"))),
        Float(name=f"{name}_min_value", default=0.0, minimum=0, maximum=1000, step=0.1, label=same("min_value"),
              advanced=True, help=Text("Minimum norm.", "Norma mínima."), shown_when=both),
        Float(name=f"{name}_max_value", default=2.0, minimum=0, maximum=1000, above=True, step=0.1,
              label=same("max_value"), advanced=True, help=Text("Maximum norm.", "Norma máxima."),
              shown_when=ShownWhen(name, ("MaxNorm", "MinMaxNorm"))),
    )


def constraint(name: str, axis: int | tuple[int, ...] = 0) -> Switch:
    """The expression of a constraint declared by `constraint_params`; norms run over `axis`, the inputs of a unit."""
    over = {} if axis == 0 else {"axis": axis}
    return Switch(name, {
        None: None,
        "MaxNorm": Call("keras.constraints.MaxNorm", {"max_value": P(f"{name}_max_value")} | over),
        "UnitNorm": Call("keras.constraints.UnitNorm", over),
        "MinMaxNorm": Call("keras.constraints.MinMaxNorm", {
            "min_value": P(f"{name}_min_value"), "max_value": P(f"{name}_max_value")} | over),
        "NonNeg": Call("keras.constraints.NonNeg"),
    })


def weight_params(*names: str, plain: tuple[str, ...] = ("kernel",)) -> tuple[Param, ...]:
    """Initialiser, regulariser and constraint of each weight of a layer, its bias last where it has one.

    Regularisers of the weights in `plain` stand among the ordinary parameters.
    """
    params: list[Param] = []
    for name in names:
        vector = name in VECTORS
        params += regularizer_params(f"{name}_regularizer", advanced=name not in plain)
        params += initializer_params(f"{name}_initializer", VECTORS.get(name, "glorot_uniform"), vector)
        params += constraint_params(f"{name}_constraint")
    return tuple(params)


def weight_arguments(*names: str, axes: dict[str, tuple[int, ...]] | None = None) -> dict[str, Any]:
    """The keyword arguments of what `weight_params` declares; `axes` over which norms of a kernel run."""
    arguments: dict[str, Any] = {}
    for name in names:
        arguments[f"{name}_initializer"] = initializer(f"{name}_initializer", name in VECTORS)
        arguments[f"{name}_regularizer"] = regularizer(f"{name}_regularizer")
        arguments[f"{name}_constraint"] = constraint(f"{name}_constraint", (axes or {}).get(name, 0))
    return arguments


def weight_defaults(*names: str) -> dict[str, Any]:
    """Keras's defaults of the same arguments."""
    defaults: dict[str, Any] = {}
    for name in names:
        defaults |= {f"{name}_initializer": VECTORS.get(name, "glorot_uniform"), f"{name}_regularizer": None,
                  f"{name}_constraint": None}
    return defaults


VECTORS: Final = {"bias": "zeros", "beta": "zeros", "gamma": "ones", "alpha": "zeros"}
"""Weights of one number a channel, with Keras's default initialiser."""
