"""Parameters shared by all optimizers of Keras, with its names and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.component import TorchOptimizer, TrainingComponent
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.params import Bool, Float, Param, ShownWhen
from cnnstudio.core.text import Text, same

MOMENTUM: Final = Text("How much of the last step is kept.", "Cuánto se conserva del paso anterior.")
SQUARES: Final = Text("How slowly the size of gradients is followed.",
                      "Con qué lentitud se sigue el tamaño de los gradientes.")
_DECAY_HELP: Final = Text("Share by which weights shrink at every step; none: not at all.",
                          "Parte en que los pesos encogen a cada paso; none: nada.")
_CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")
AMSGRAD: Final = Bool(name="amsgrad", default=False, advanced=True, label=same("amsgrad"),
                      help=Text("Never forget the largest gradient seen: the step only gets smaller (AMSGrad).",
                                "No olvidar nunca el mayor gradiente visto: el paso solo se reduce (AMSGrad)."))


def learning_rate(default: float) -> Float:
    return Float(name="learning_rate", default=default, minimum=0, above=True, maximum=100, step=0.0001, decimals=8,
                 logarithmic=True, label=Text("Learning rate", "Tasa de aprendizaje"),
                 help=Text("Size of each step. Too large: the loss jumps; too small: it crawls.",
                           "Tamaño de cada paso. Demasiado grande: la pérdida salta; demasiado pequeña: avanza apenas."))


def share(name: str, default: float, help: Text, maximum: float = 0.999999) -> Float:
    """A number from 0 to just below 1, such as a momentum."""
    return Float(name=name, default=default, minimum=0, maximum=maximum, step=0.01, decimals=6, advanced=True,
                 label=same(name), help=help)


def epsilon(default: float = 1e-7) -> Float:
    return Float(name="epsilon", default=default, minimum=0, maximum=1, above=True, step=1e-7, decimals=12, logarithmic=True,
                 advanced=True, label=same("epsilon"),
                 help=Text("Keeps the division by the size of the gradient finite.",
                           "Mantiene finita la división por el tamaño del gradiente."))


def weight_decay(default: float | None = None, required: bool = False, name: str = "weight_decay") -> Float:
    return Float(name=name, default=default, minimum=0, maximum=1, step=0.0001, decimals=6, optional=not required,
                 advanced=not required, label=same(name), help=_DECAY_HELP)


CLIPPING: Final[tuple[Param, ...]] = (
    Float(name="clipnorm", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("clipnorm"), help=Text("Longest gradient of a weight that is let through; none: any.",
                                            "Mayor gradiente de un peso que se deja pasar; none: cualquiera.")),
    Float(name="clipvalue", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("clipvalue"), shown_when=ShownWhen("clipnorm", (None,)),
          help=Text("Largest value of a gradient that is let through; none: any.",
                    "Mayor valor de un gradiente que se deja pasar; none: cualquiera.")),
    Float(name="global_clipnorm", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
          label=same("global_clipnorm"), shown_when=ShownWhen("clipnorm", (None,)),
          help=Text("Longest gradient of all weights together that is let through; none: any.",
                    "Mayor gradiente de todos los pesos juntos que se deja pasar; none: cualquiera.")),
)


class OptimizerCall(Call, frozen=True):
    """Keras accepts one kind of clipping: the first that is set."""

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        passed = super().arguments(values)
        clipping = [name for name in _CLIPPING if name in passed]
        return {name: value for name, value in passed.items() if name not in clipping[1:]}


def optimizer(identifier: str, name: str, help: Text, params: tuple[Param, ...], torch: TorchOptimizer | NotInTorch
              ) -> TrainingComponent:
    """The entry of keras.optimizers.<name>; `params` come in the order of Keras's arguments, without those of clipping."""
    all_params = (*params, *CLIPPING)
    return TrainingComponent(
        id=identifier, label=same(name), help=help, params=all_params, torch=torch,
        call=OptimizerCall(f"keras.optimizers.{name}", {param.name: P(param.name) for param in all_params},
                           {param.name: param.default for param in all_params if param.name != "learning_rate"}))


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
