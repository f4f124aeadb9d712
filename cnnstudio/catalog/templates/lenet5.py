"""LeNet-5.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998.
"""

from __future__ import annotations

from cnnstudio.catalog.drawing import Drawing
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def network() -> NetworkSpec:
    """Two convolutions with average pooling, then 120 and 84 units, with the paper's tanh.

    The first convolution pads 28 x 28 digits as the paper's 32 x 32 border does, and the second sees
    all six maps, as in every modern rendering.
    """
    drawing = Drawing()
    drawing.add("Input")
    drawing.add("Conv2D", filters=6, kernel_size=(5, 5), padding="same", activation="tanh")
    drawing.add("AveragePooling2D")
    drawing.add("Conv2D", filters=16, kernel_size=(5, 5), activation="tanh")
    drawing.add("AveragePooling2D")
    drawing.add("Flatten")
    drawing.add("Dense", units=120, activation="tanh")
    drawing.add("Dense", units=84, activation="tanh")
    drawing.add("Output")
    return drawing.network("lenet5")


TEMPLATE = Template(
    id="lenet5", label=Text("LeNet-5", "LeNet-5"), year=1998, source="https://doi.org/10.1109/5.726791",
    help=Text("The first convolutional network in everyday use: it read the digits on cheques. Small enough to "
              "understand every number.",
              "La primera red convolucional de uso diario: leía las cifras de los cheques. Lo bastante pequeña para "
              "entender cada número."),
    network=network, recipe={"height": 28, "width": 28, "color_mode": "grayscale"},
    training={"epochs": 60, "batch_size": 32, "callbacks": [
        {"id": "early_stopping", "type": "EarlyStopping", "params": {"patience": 12, "restore_best_weights": True}},
        {"id": "reduce_lr_on_plateau", "type": "ReduceLROnPlateau", "params": {"factor": 0.3, "patience": 4}}]},
)
