"""Parameters shared by all optimizers of Keras, with its names and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.component import TorchOptimizer, TrainingComponent
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.params import Bool, Float, Param, ShownWhen
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
