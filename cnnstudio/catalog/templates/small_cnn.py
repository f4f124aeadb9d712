"""A small network for a first try with photos."""

from __future__ import annotations

from cnnstudio.catalog.drawing import Drawing
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def network() -> NetworkSpec:
    """Momentum 0.9: Keras's 0.99 needs hundreds of steps, and a small collection has few in an epoch."""
    drawing = Drawing()
    drawing.add("Input")
    for filters in (32, 64, 128):
        drawing.add("Conv2D", filters=filters, kernel_size=(3, 3), padding="same", use_bias=False)
        drawing.add("BatchNormalization", momentum=0.9)
        drawing.add("ReLU")
        drawing.add("MaxPooling2D")
    drawing.add("Conv2D", filters=128, kernel_size=(3, 3), padding="same", activation="relu")
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Dropout", rate=0.3)
    drawing.add("Output")
    return drawing.network("small_cnn")


TEMPLATE = Template(
    id="small_cnn", label=Text("Small CNN", "CNN pequeña"), year=2015, adapts=True,
    source="https://keras.io/examples/vision/image_classification_from_scratch/",
    help=Text("Convolution, normalisation and pooling, repeated: the plain pattern that most networks share.",
              "Convolución, normalización y agrupamiento, repetidos: el patrón común a casi todas las redes."),
    network=network, recipe={"height": 96, "width": 96}, training={"epochs": 40},
)
