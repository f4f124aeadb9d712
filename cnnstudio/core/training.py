"""How the network learns."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.item import Item, Step
from cnnstudio.core.params import Bool, Choice, Int, Option, Seed
from cnnstudio.core.text import Text, same

Backend = Literal["tensorflow", "torch", "jax"]
Device = Literal["auto", "cpu", "gpu"]


def _default_callbacks() -> tuple[Step, ...]:
    return (
        Step(id="early_stopping", type="EarlyStopping", params={"patience": 5, "restore_best_weights": True}),
        Step(id="reduce_lr_on_plateau", type="ReduceLROnPlateau", params={"factor": 0.3, "patience": 3}),
    )


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `compile` and `fit` need besides the network and the pictures.

    `loss` "auto" follows the label mode and the last layer. Types of `optimizer` and `callbacks`
    are entries of `catalog.training`.
    """

    epochs: int = 20
    batch_size: int = 32
    seed: int = 42
    optimizer: Item = Item(type="adam", params={"learning_rate": 0.001})
    loss: str = "auto"
    callbacks: tuple[Step, ...] = msgspec.field(default_factory=_default_callbacks)
    class_weight: Literal["none", "balanced"] = "none"
    backend: Backend = "tensorflow"
    device: Device = "auto"
    keep_features: bool = True


TRAINING_PARAMS: Final = (
    Int(name="epochs", default=20, minimum=1, maximum=100_000, label=Text("Epochs", "Épocas"),
        help=Text("How often the network sees every training picture, at most.",
                  "Cuántas veces ve la red cada imagen de entrenamiento, como máximo.")),
    Int(name="batch_size", default=32, minimum=1, maximum=65_536, label=Text("Batch size", "Tamaño de lote"),
        help=Text("Pictures per step of the optimizer.", "Imágenes por paso del optimizador.")),
    Seed(name="seed", default=42, minimum=0, label=Text("Seed", "Semilla"),
         help=Text("Fixes the first weights, the order of the pictures and every random change.",
                   "Fija los pesos iniciales, el orden de las imágenes y todo cambio al azar.")),
    Choice(name="loss", default="auto", label=Text("Loss", "Pérdida"),
           help=Text("auto follows the label mode and the last layer.",
                     "auto sigue la forma de las etiquetas y la última capa."),
           options=(Option("auto", Text("auto: follows the labels", "auto: según las etiquetas")),
                    Option("binary_crossentropy", same("binary_crossentropy")),
                    Option("categorical_crossentropy", same("categorical_crossentropy")),
                    Option("sparse_categorical_crossentropy", same("sparse_categorical_crossentropy")))),
    Choice(name="class_weight", default="none", label=Text("Class weights", "Pesos de las clases"),
           help=Text("balanced lets rare classes count more: n / (classes x pictures of the class).",
                     "balanced da más peso a las clases raras: n / (clases x imágenes de la clase)."),
           options=(Option("none", Text("none", "ninguno")), Option("balanced", Text("balanced", "equilibrados")))),
    Bool(name="keep_features", default=True, label=Text("Keep features", "Guardar características"),
         help=Text("Compute the answers of a frozen base once and train the head on them. The network is the same.",
                   "Calcular una sola vez las respuestas de una base congelada y entrenar la cabeza con ellas. "
                   "La red es la misma.")),
    Choice(name="backend", default="tensorflow", advanced=True, label=Text("Backend", "Motor"),
           help=Text("The library under Keras that computes.", "La biblioteca que calcula bajo Keras."),
           options=(Option("tensorflow", same("TensorFlow")), Option("torch", same("PyTorch")),
                    Option("jax", same("JAX")))),
    Choice(name="device", default="auto", advanced=True, label=Text("Device", "Dispositivo"),
           help=Text("auto takes a GPU when there is one.", "auto usa una GPU si la hay."),
           options=(Option("auto", Text("auto", "automático")), Option("cpu", Text("processor", "procesador")),
                    Option("gpu", same("GPU")))),
)
