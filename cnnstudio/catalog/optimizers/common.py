"""Parameters shared by all optimizers of Keras, with its names and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.component import TorchOptimizer, TrainingComponent
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.params import Bool, Float, Int, Param, ShownWhen
from cnnstudio.core.text import Text, same

MOMENTUM: Final = Text("Fraction of the previous step that is kept.", "Fracción del paso anterior que se conserva.")
SQUARES: Final = Text("How slowly the average size of the gradients changes.",
                      "Con qué lentitud cambia el tamaño medio de los gradientes.")
_DECAY_HELP: Final = Text("Fraction by which the weights shrink at every step; none: no weight decay.",
                          "Fracción en que se reducen los pesos en cada paso; none: sin decaimiento.")
_CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")
AMSGRAD: Final = Bool(name="amsgrad", default=False, advanced=True, label=same("amsgrad"),
                      help=Text("Remember the largest gradient seen, so that steps never grow again (AMSGrad).",
                                "Recordar el mayor gradiente visto, para que los pasos no vuelvan a crecer (AMSGrad)."))


def learning_rate(default: float) -> Float:
    return Float(name="learning_rate", default=default, minimum=0, above=True, maximum=100, step=0.0001, decimals=8,
                 logarithmic=True, label=Text("Learning rate", "Tasa de aprendizaje"),
                 help=Text("Size of each step. Too large: the loss fluctuates; too small: training is very slow.",
                           "Tamaño de cada paso. Demasiado grande: la pérdida oscila; demasiado pequeña: el entrenamiento es "
                           "muy lento."))


def share(name: str, default: float, help: Text, maximum: float = 0.999999) -> Float:
    """A number from 0 to just below 1, such as a momentum."""
    return Float(name=name, default=default, minimum=0, maximum=maximum, step=0.01, decimals=6, advanced=True,
                 label=same(name), help=help)


def epsilon(default: float = 1e-7) -> Float:
    return Float(name="epsilon", default=default, minimum=0, maximum=1, above=True, step=1e-7, decimals=12, logarithmic=True,
                 advanced=True, label=same("epsilon"),
                 help=Text("Small number that prevents a division by zero.",
                           "Número pequeño que evita una división por cero."))


def weight_decay(default: float | None = None, required: bool = False, name: str = "weight_decay") -> Float:
    return Float(name=name, default=default, minimum=0, maximum=1, step=0.0001, decimals=6, optional=not required,
                 advanced=not required, label=same(name), help=_DECAY_HELP)


CLIPPING: Final[tuple[Param, ...]] = (
    Float(name="clipnorm", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("clipnorm"), help=Text("Maximum norm of the gradient of a weight; longer ones are shortened. none: no "
                                            "limit.",
                                            "Norma máxima del gradiente de un peso; los más largos se acortan. none: sin "
                                            "límite.")),
    Float(name="clipvalue", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("clipvalue"), shown_when=ShownWhen("clipnorm", (None,)),
          help=Text("Maximum value of a gradient; larger ones are clipped. none: no limit.",
                    "Valor máximo de un gradiente; los mayores se recortan. none: sin límite.")),
    Float(name="global_clipnorm", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("global_clipnorm"), shown_when=ShownWhen("clipnorm", (None,)),
          help=Text("Maximum norm of the gradient of all weights together; longer ones are shortened. none: no limit.",
                    "Norma máxima del gradiente de todos los pesos juntos; los más largos se acortan. none: sin límite.")),
)


AVERAGING: Final[tuple[Param, ...]] = (
    Bool(name="use_ema", default=False, advanced=True, label=same("use_ema"),
         help=Text("Average the weights over the steps (exponential moving average). The averages become the weights of the "
                   "network when the stage ends; the metrics shown before are of the weights without averaging. A callback "
                   "that restores the best weights sets these instead.",
                   "Promediar los pesos a lo largo de los pasos (media móvil exponencial). Las medias pasan a ser los pesos "
                   "de la red cuando termina la etapa; las métricas anteriores son de los pesos sin promediar. Un callback "
                   "que restaura los mejores pesos pone esos en su lugar.")),
    Float(name="ema_momentum", default=0.99, minimum=0, maximum=1, step=0.001, decimals=6, advanced=True,
          label=same("ema_momentum"), shown_when=ShownWhen("use_ema", (True,)),
          help=Text("Fraction of the average that is kept at every step.",
                    "Fracción de la media que se conserva en cada paso.")),
    Int(name="ema_overwrite_frequency", default=None, minimum=1, maximum=2**31 - 1, optional=True, advanced=True,
        label=same("ema_overwrite_frequency"), shown_when=ShownWhen("use_ema", (True,)), unit=Text("steps", "pasos"),
        help=Text("The weights are set to their averages after every so many steps; none: only when the stage ends.",
                  "Cada cuántos pasos se ponen las medias como pesos; none: solo cuando termina la etapa.")),
)
DECAY_EXEMPT: Final = ("bias", "gamma", "beta")
"""Names of the variables that exclude_bias_and_norm exempts from weight decay, in Keras."""
_EXEMPT: Final = Bool(
    name="exclude_bias_and_norm", default=False, advanced=True, label=Text("Exempt biases and normalisation",
                                                                             "Eximir sesgos y normalización"),
    help=Text("Weight decay does not shrink biases and the factors and offsets of normalisation layers "
              "(exclude_from_weight_decay of Keras).",
              "El decaimiento de pesos no reduce los sesgos ni los factores y desplazamientos de las capas de normalización "
              "(exclude_from_weight_decay de Keras)."))


def exempts(values: Mapping[str, Any]) -> bool:
    """Whether there is a weight decay that leaves out biases and normalisation."""
    return bool(values.get("weight_decay")) and bool(values.get(_EXEMPT.name))


class OptimizerCall(Call, frozen=True):
    """Keras accepts one kind of clipping: the first that is set."""

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        passed = super().arguments(values)
        clipping = [name for name in _CLIPPING if name in passed]
        return {name: value for name, value in passed.items() if name not in clipping[1:]}


def optimizer(identifier: str, name: str, help: Text, params: tuple[Param, ...], torch: TorchOptimizer | NotInTorch
              ) -> TrainingComponent:
    """The entry of keras.optimizers.<name>; `params` come in the order of Keras's arguments, without those of
    clipping and averaging."""
    decays = any(param.name == "weight_decay" for param in params)
    passed = (*params, *CLIPPING, *AVERAGING)
    all_params = (*params, *((_EXEMPT,) if decays else ()), *CLIPPING, *AVERAGING)
    return TrainingComponent(
        id=identifier, label=same(name), help=help, params=all_params, torch=torch,
        call=OptimizerCall(f"keras.optimizers.{name}", {param.name: P(param.name) for param in passed},
                           {param.name: param.default for param in passed if param.name != "learning_rate"}))


def clipping_lines(values: Mapping[str, Any]) -> list[str]:
    """The lines of a PyTorch loop that clip the gradients of `learning`."""
    if values.get("clipnorm"):
        return ["for parameter in learning:  # every weight for itself, as clipnorm does",
                f"    nn.utils.clip_grad_norm_(parameter, {values['clipnorm']!r})"]
    if values.get("clipvalue"):
        return [f"nn.utils.clip_grad_value_(learning, {values['clipvalue']!r})"]
    if values.get("global_clipnorm"):
        return [f"nn.utils.clip_grad_norm_(learning, {values['global_clipnorm']!r})"]
    return []


def decay_lines(values: Mapping[str, Any], grouped: bool = False) -> list[str]:
    """The lines of a PyTorch loop that shrink the weights of `learning` apart from the gradient, as Keras does; `grouped`:
    those of each group of the optimizer by its own rate."""
    if grouped:
        return ["with torch.no_grad():  # weight_decay of Keras: apart from the gradient",
                "    for group in optimizer.param_groups:", '        for parameter in group["params"]:',
                *(["            if parameter.ndim > 1:  # no bias, and nothing of a normalisation"] if exempts(values) else []),
                f"            {'    ' if exempts(values) else ''}"
                f'parameter.mul_(1 - group["lr"] * {values["weight_decay"]!r})']
    lines = ["with torch.no_grad():  # weight_decay of Keras: apart from the gradient", "    for parameter in learning:"]
    shrink = f'parameter.mul_(1 - optimizer.param_groups[0]["lr"] * {values["weight_decay"]!r})'
    if exempts(values):
        return [*lines, "        if parameter.ndim > 1:  # no bias, and nothing of a normalisation", f"            {shrink}"]
    return [*lines, f"        {shrink}"]


def averaging_lines(values: Mapping[str, Any], accumulation: int = 1) -> list[str]:
    """The lines of a PyTorch loop behind a batch that average the weights of `network` into `average`, as use_ema does;
    `accumulation` batches make a step."""
    if not values.get("use_ema"):
        return []
    lines = ["average.update_parameters(network)"]
    if values.get("ema_overwrite_frequency"):
        steps = "average.n_averaged" if accumulation == 1 else f"((average.n_averaged - 1) // {accumulation} + 1)"
        lines += [f"if {steps} % {values['ema_overwrite_frequency']} == 0:", "    take_average(network, average)"]
    return lines
