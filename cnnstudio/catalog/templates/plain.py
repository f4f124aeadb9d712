"""Small and medium convolutional networks: the plain pattern, after
https://keras.io/examples/vision/image_classification_from_scratch/ and He et al.'s advice to put the
normalisation between convolution and ReLU.
"""

from __future__ import annotations

from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def _convolution(builder: NetworkBuilder, filters: int) -> None:
    """Momentum 0.9: Keras's 0.99 needs hundreds of steps, and a small collection has few in an epoch."""
    builder.add("Conv2D", filters=filters, kernel_size=(3, 3), padding="same", use_bias=False)
    builder.add("BatchNormalization", momentum=0.9)
    builder.add("ReLU")


def small() -> NetworkSpec:
    builder = network_builder()
    builder.add("Input")
    for filters in (32, 64, 128):
        _convolution(builder, filters)
        builder.add("MaxPooling2D")
    builder.add("Conv2D", filters=128, kernel_size=(3, 3), padding="same", activation="relu")
    builder.add("GlobalAveragePooling2D")
    builder.add("Dropout", rate=0.3)
    builder.add("Output")
    return builder.network("small_cnn")


def medium() -> NetworkSpec:
    builder = network_builder()
    builder.add("Input")
    for filters in (32, 64, 128, 256):
        _convolution(builder, filters)
        _convolution(builder, filters)
        builder.add("MaxPooling2D")
        builder.add("SpatialDropout2D", rate=0.1)
    builder.add("GlobalAveragePooling2D")
    builder.add("Dense", units=256, activation="relu")
    builder.add("Dropout", rate=0.5)
    builder.add("Output")
    return builder.network("medium_cnn")


TEMPLATES = (
    Template(
        id="small_cnn", label=Text("Small CNN", "CNN pequeña"), year=2015, adapts=True,
        source="https://keras.io/examples/vision/image_classification_from_scratch/",
        help=Text("Convolution, normalisation and pooling, repeated: the pattern shared by most networks.",
                  "Convolución, normalización y agrupamiento, repetidos: el patrón común a casi todas las redes."),
        about=Text(
            "Convolution, batch normalisation, ReLU and pooling, three times; then one more convolution, a mean over each "
            "map, dropout and the output. Whenever height and width are halved, the number of filters is doubled. With a "
            "quarter of a million parameters, this network trains on a processor in minutes and is a good first attempt for "
            "any collection.",
            "Convolución, normalización por lotes, ReLU y agrupamiento, tres veces; luego una convolución más, la media de "
            "cada mapa, dropout y la salida. Cada vez que el alto y el ancho se reducen a la mitad, el número de filtros se "
            "duplica. Con un cuarto de millón de parámetros, esta red se entrena en un procesador en minutos y es un buen "
            "primer intento con cualquier colección."),
        network=small, recipe={"height": 96, "width": 96}, training={"epochs": 40}),
    Template(
        id="medium_cnn", label=Text("Medium CNN", "CNN mediana"), year=2015, adapts=True,
        source="https://keras.io/examples/vision/image_classification_from_scratch/",
        help=Text("Four stages of two convolutions: for a few thousand pictures.",
                  "Cuatro etapas de dos convoluciones: para unos miles de imágenes."),
        about=Text(
            "The pattern of the small CNN with two convolutions before each pooling, as in VGG, one more stage, and a dense "
            "layer before the output. Dropout of whole maps between the stages and of units at the end protects its 1.2 "
            "million parameters from overfitting. A good next step when the small CNN no longer improves.",
            "El patrón de la CNN pequeña con dos convoluciones antes de cada agrupamiento, como en VGG, una etapa más y una "
            "capa densa antes de la salida. El dropout de mapas enteros entre las etapas y de unidades al final protege del "
            "sobreajuste a sus 1,2 millones de parámetros. Un buen paso siguiente cuando la CNN pequeña ya no mejora."),
        network=medium, recipe={"height": 128, "width": 128}, training={"epochs": 60}),
)
