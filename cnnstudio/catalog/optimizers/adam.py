"""Adam and its relatives, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.optimizers.common import (
    AMSGRAD,
    MOMENTUM,
    SQUARES,
    epsilon,
    learning_rate,
    optimizer,
    share,
    weight_decay,
)
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.params import Bool, Float, Int
from cnnstudio.core.text import Text, same


def _arguments(values: Values) -> dict[str, str]:
    betas = (values["beta_1"], values["beta_2"])
    return {"betas": "" if betas == (0.9, 0.999) else repr(betas), "eps": repr(values["epsilon"])}


def _adam_arguments(values: Values) -> dict[str, str]:
    return {**_arguments(values), "weight_decay": repr(values["weight_decay"]) if values["weight_decay"] else "",
            "amsgrad": "True" if values["amsgrad"] else ""}


ADAM: Final = optimizer(
    "adam", "Adam",
    Text("Adapts the step size of every weight. A good first choice.",
         "Adapta el tamaño del paso de cada peso. Una buena primera opción."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), AMSGRAD,
     weight_decay()),
    # PyTorch's Adam adds the decay to the gradient; AdamW shrinks the weights, as Keras does.
    TorchOptimizer(name=lambda values: "AdamW" if values["weight_decay"] else "Adam", arguments=_adam_arguments,
                   decays=True))

ADAMW: Final = optimizer(
    "adamw", "AdamW",
    Text("Adam with weight decay: at every step the weights shrink a little, independently of the gradient, against "
         "overfitting.",
         "Adam con decaimiento de pesos: en cada paso los pesos se reducen un poco, con independencia del gradiente, contra "
         "el sobreajuste."),
    (learning_rate(0.001), weight_decay(0.004, required=True), share("beta_1", 0.9, MOMENTUM),
     share("beta_2", 0.999, SQUARES), epsilon(), AMSGRAD),
    TorchOptimizer(name="AdamW", arguments=lambda values: _adam_arguments(values) | {
        "weight_decay": repr(values["weight_decay"])}, decays=True))

def _nadam_arguments(values: Values) -> dict[str, str]:
    # Keras's momentum grows with 0.96 ** step, PyTorch's with 0.96 ** (step * momentum_decay).
    decay = {"weight_decay": repr(values["weight_decay"]), "decoupled_weight_decay": "True"}
    return _arguments(values) | {"momentum_decay": "1.0"} | (decay if values["weight_decay"] else {})


NADAM: Final = optimizer(
    "nadam", "Nadam",
    Text("Adam with Nesterov momentum, which reacts a little sooner to changes of the gradient.",
         "Adam con momento de Nesterov, que reacciona un poco antes a los cambios del gradiente."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), weight_decay()),
    TorchOptimizer(name="NAdam", arguments=_nadam_arguments, decays=True))

ADAMAX: Final = optimizer(
    "adamax", "Adamax",
    Text("Adam that divides by the largest recent gradient instead of the typical one: more stable where a few gradients are "
         "huge.",
         "Adam que divide por el mayor gradiente reciente en lugar del típico: más estable cuando unos pocos gradientes son "
         "enormes."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), weight_decay()),
    TorchOptimizer(name="Adamax", arguments=_arguments))

def _factor(name: str, default: float) -> Float:
    return Float(name=name, default=default, minimum=-100, maximum=100, step=0.1, decimals=6, advanced=True,
                 label=same(name), help=Text("Coefficient of the polynomial that makes the step orthogonal.",
                                             "Coeficiente del polinomio que hace ortogonal el paso."))


MUON: Final = optimizer(
    "muon", "Muon",
    Text("Makes the momentum of Dense kernels orthogonal before the step; all other weights are updated by AdamW.",
         "Hace ortogonal el momento de los kernels de Dense antes del paso; los demás pesos se actualizan con AdamW."),
    (learning_rate(0.001), share("adam_beta_1", 0.9, MOMENTUM), share("adam_beta_2", 0.999, SQUARES),
     weight_decay(0.004, name="adam_weight_decay"), epsilon(), weight_decay(0.004),
     _factor("muon_a", 3.4445), _factor("muon_b", -4.775), _factor("muon_c", 2.0315),
     Float(name="adam_lr_ratio", default=1.0, minimum=0, above=True, maximum=100, step=0.1, decimals=4, advanced=True,
           label=same("adam_lr_ratio"), help=Text("Learning rate of AdamW, as a multiple of the learning rate.",
                                                  "Tasa de aprendizaje de AdamW, como múltiplo de la tasa de aprendizaje.")),
     share("momentum", 0.95, MOMENTUM),
     Int(name="ns_steps", default=5, minimum=1, maximum=20, advanced=True, label=same("ns_steps"),
         help=Text("Number of iterations that make the step orthogonal.",
                   "Número de iteraciones que hacen ortogonal el paso.")),
     Bool(name="nesterov", default=True, advanced=True, label=same("nesterov"),
          help=Text("Use Nesterov momentum.", "Usar el momento de Nesterov.")),
     Float(name="rms_rate", default=0.2, minimum=0, above=True, maximum=10, step=0.1, decimals=4, optional=True,
           advanced=True, label=same("rms_rate"),
           help=Text("Root mean square of a step, so that learning rates for Adam can be used; none: not scaled.",
                     "Media cuadrática de un paso, para poder usar tasas de aprendizaje de Adam; none: sin escalar."))),
    NotInTorch("torch.optim.Muon takes only matrices, and Keras leaves all other weights to AdamW",
               "torch.optim.Muon solo toma matrices, y Keras deja los demás pesos a AdamW"))

OPTIMIZERS: Final = (ADAM, ADAMW, NADAM, ADAMAX, MUON)
