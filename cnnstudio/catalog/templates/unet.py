"""The encoder of U-Net, with a classifier.

Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015. The
paper's convolutions shrink the picture; these pad, as nearly every later rendering does.
"""

from __future__ import annotations

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.templates.entry import Template, with_classifier
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def network() -> NetworkSpec:
    builder = BaseBuilder()
    for level, filters in enumerate((64, 128, 256, 512, 1024), start=1):
        if level > 1:
            builder.pooling("MaxPooling2D", 2, 2, id=f"down{level}_pool")
        for number in (1, 2):
            builder.convolution(filters, 3, id=f"level{level}_conv{number}", padding="same", activation="relu",
                                kernel_initializer="he_normal")
    builder.add("Dropout", id="dropout", rate=0.5)
    return with_classifier(builder, "unet_encoder")


TEMPLATES = (
    Template(
        id="unet_encoder", label=Text("U-Net's encoder", "Codificador de U-Net"), year=2015,
        source="https://arxiv.org/abs/1505.04597",
        help=Text("The contracting half of U-Net: five levels of two convolutions.",
                  "La mitad contractiva de U-Net: cinco niveles de dos convoluciones."),
        about=Text(
            "U-Net marks cells and organs in medical pictures, pixel by pixel. Its left half, shown here, covers more and "
            "more of the picture in less and less detail: each level has two 3 × 3 convolutions and a pooling layer, and the "
            "next one has twice as many filters. With a mean over each map and an output layer it becomes a classifier; "
            "trained in this way, it can be the starting point of a complete U-Net.",
            "U-Net marca células y órganos en imágenes médicas, píxel a píxel. Su mitad izquierda, que se muestra aquí, "
            "abarca cada vez más de la imagen con cada vez menos detalle: cada nivel tiene dos convoluciones 3 × 3 y un "
            "agrupamiento, y el siguiente tiene el doble de filtros. Con la media de cada mapa y una capa de salida se "
            "convierte en un clasificador; así entrenada, puede ser el punto de partida de una U-Net completa."),
        network=network, recipe={"height": 128, "width": 128}, adapts=True, minimum_size=32,
        training={"batch_size": 16, "optimizer": {"type": "adam", "params": {"learning_rate": 0.0001}}}),
)
