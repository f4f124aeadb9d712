"""LeNet-5.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998.
"""

from __future__ import annotations

from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def network() -> NetworkSpec:
    """Two convolutions with average pooling, then 120 and 84 units, with the paper's tanh.

    The first convolution pads 28 x 28 digits as the paper's 32 x 32 border does, and the second sees
    all six maps, as in every modern rendering.
    """
    builder = network_builder()
    builder.add("Input")
    builder.add("Conv2D", filters=6, kernel_size=(5, 5), padding="same", activation="tanh")
    builder.add("AveragePooling2D")
    builder.add("Conv2D", filters=16, kernel_size=(5, 5), activation="tanh")
    builder.add("AveragePooling2D")
    builder.add("Flatten")
    builder.add("Dense", units=120, activation="tanh")
    builder.add("Dense", units=84, activation="tanh")
    builder.add("Output")
    return builder.network("lenet5")


TEMPLATES = (
    Template(
        id="lenet5", label=Text("LeNet-5", "LeNet-5"), year=1998, source="https://doi.org/10.1109/5.726791",
        help=Text("The first convolutional network in everyday use: it read the digits on bank cheques.",
                  "La primera red convolucional de uso cotidiano: leía los dígitos de los cheques bancarios."),
        about=Text(
            "LeNet-5 already has everything that defines a convolutional network: small filters shared over the whole "
            "picture, pooling, and dense layers at the end. In the 1990s it read millions of cheques a day. With 61,706 "
            "parameters for ten digits it is small enough to be understood completely, and a processor trains it in seconds. "
            "Its second convolution receives all six maps, as in every modern version; in the original, each filter received "
            "only some of them.",
            "LeNet-5 ya tiene todo lo que define a una red convolucional: filtros pequeños compartidos por toda la imagen, "
            "agrupamiento y capas densas al final. En los años noventa leía millones de cheques al día. Con 61\u202f706 "
            "parámetros para diez dígitos es lo bastante pequeña para entenderla por completo, y un procesador la entrena en "
            "segundos. Su segunda convolución recibe los seis mapas, como en toda versión moderna; en la original, cada "
            "filtro recibía solo algunos."),
        network=network, recipe={"height": 28, "width": 28, "color_mode": "grayscale"},
        training={"epochs": 60, "batch_size": 32, "callbacks": [
            {"id": "early_stopping", "type": "EarlyStopping",
             "params": {"patience": 12, "restore_best_weights": True}},
            {"id": "reduce_lr_on_plateau", "type": "ReduceLROnPlateau", "params": {"factor": 0.3, "patience": 4}}]}),
)
