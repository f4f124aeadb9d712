"""Thresholds of the audit: what counts as blurred, dark or too similar."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.display import PERCENT
from cnnstudio.core.params import Bool, Float, Int
from cnnstudio.core.text import Text, same


class AuditSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of the findings. The defaults were measured on photos, CIFAR pictures and digits.

    blurry, low_contrast, low_information: pictures with a smaller measure are reported (see `imaging.quality`). dark:
    the largest 99th percentile of grey, bright: the smallest 5th, both 0 to 1. near_duplicate: the largest difference
    of signatures, 0 to 1. odd_size and odd_ratio: the factor by which the longer side or the aspect ratio differs from
    the median. color_mismatch: the largest share of grey (or colour) pictures that counts as unusual. imbalance: how
    many times larger the largest class is. tiny_class: fewer pictures. outlier: the smallest score, 0 to 1. mislabeled:
    the largest quality of a label, 0 to 1. flips: mirrored and rotated duplicates count, too.
    """

    near_duplicate: float = 0.12
    flips: bool = False
    blurry: float = 0.4
    dark: float = 0.36
    bright: float = 0.72
    low_contrast: float = 0.05
    low_information: float = 3.0
    odd_size: float = 5.0
    odd_ratio: float = 2.5
    color_mismatch: float = 0.15
    imbalance: float = 5.0
    tiny_class: int = 20
    outlier: float = 0.6
    mislabeled: float = 0.5


AUDIT_PARAMS: Final = (
    Float(name="near_duplicate", default=0.12, minimum=0, maximum=1, display=PERCENT,
          label=Text("Near duplicates: difference up to", "Casi duplicadas: diferencia hasta"),
          help=Text("0 means the same picture; recompressed and resized copies differ by less than 10%.",
                    "0 es la misma imagen; las copias recomprimidas o redimensionadas difieren en menos de un 10 %.")),
    Bool(name="flips", default=False, label=Text("Mirrored and rotated copies", "Copias reflejadas y giradas"),
         help=Text("Also look for copies that were mirrored or rotated by a multiple of 90°.",
                   "Buscar también copias reflejadas o giradas un múltiplo de 90°.")),
    Float(name="blurry", default=0.4, minimum=0, maximum=10, step=0.01, decimals=3,
          label=Text("Blurry: sharpness below", "Borrosas: nitidez por debajo de"),
          help=Text("Share of the finest detail in all fine detail; for sharp photos it is above 0.5.",
                    "Proporción del detalle más fino en todo el detalle fino; en las fotos nítidas supera 0,5.")),
    Float(name="dark", default=0.36, minimum=0, maximum=1, display=PERCENT,
          label=Text("Dark: brightest areas below", "Oscuras: zonas claras por debajo de"),
          help=Text("Grey level of the brightest 1% of the picture, as a share of white.",
                    "Nivel de gris del 1 % más claro de la imagen, como proporción del blanco.")),
    Float(name="bright", default=0.72, minimum=0, maximum=1, display=PERCENT,
          label=Text("Bright: darkest areas above", "Claras: zonas oscuras por encima de"),
          help=Text("Grey level of the darkest 5% of the picture, as a share of white.",
                    "Nivel de gris del 5 % más oscuro de la imagen, como proporción del blanco.")),
    Float(name="low_contrast", default=0.05, minimum=0, maximum=0.5, step=0.005, decimals=3,
          label=Text("Low contrast: below", "Poco contraste: por debajo de"),
          help=Text("Standard deviation of the grey values, from 0 to 0.5.",
                    "Desviación estándar de los valores de gris, de 0 a 0,5.")),
    Float(name="low_information", default=3.0, minimum=0, maximum=8, step=0.1, decimals=2, unit=same("bit"),
          label=Text("Low information: below", "Poca información: por debajo de"),
          help=Text("Entropy of the grey values: 0 is a uniform area, 8 is the maximum.",
                    "Entropía de los valores de gris: 0 es una zona uniforme, 8 es el máximo.")),
    Float(name="odd_size", default=5.0, minimum=1, maximum=100, step=0.5, decimals=1, unit=same("×"),
          label=Text("Unusual size: factor", "Tamaño inusual: factor"),
          help=Text("Pictures at least this many times larger or smaller than the median.",
                    "Imágenes al menos este número de veces más grandes o más pequeñas que la mediana.")),
    Float(name="odd_ratio", default=2.5, minimum=1, maximum=100, step=0.1, decimals=1, unit=same("×"),
          label=Text("Unusual ratio: factor", "Proporción inusual: factor"),
          help=Text("Pictures at least this many times wider or narrower than the median.",
                    "Imágenes al menos este número de veces más anchas o más estrechas que la mediana.")),
    Float(name="color_mismatch", default=0.15, minimum=0, maximum=0.5, display=PERCENT,
          label=Text("Grey or colour: share up to", "Gris o color: proporción hasta"),
          help=Text("If at most this share of the pictures is grey (or in colour), those pictures are reported.",
                    "Si como máximo esta proporción de las imágenes es gris (o en color), se señalan esas imágenes.")),
    Float(name="imbalance", default=5.0, minimum=1, maximum=1000, step=0.5, decimals=1, unit=same("×"),
          label=Text("Imbalance: factor", "Desequilibrio: factor"),
          help=Text("Classes that have this many times fewer pictures than the largest class.",
                    "Clases con este número de veces menos imágenes que la clase más grande.")),
    Int(name="tiny_class", default=20, minimum=0, maximum=1_000_000,
        label=Text("Tiny class: fewer than", "Clase muy pequeña: menos de"),
        help=Text("Classes with fewer usable pictures than this.", "Clases con menos imágenes utilizables que este número.")),
    Float(name="outlier", default=0.6, minimum=0, maximum=1, step=0.01, decimals=2,
          label=Text("Outlier: score from", "Atípicas: puntuación desde"),
          help=Text("Distance of a picture from its nearest neighbours, from 0 to 1, by the features of the bundled base.",
                    "Distancia de una imagen a sus vecinas más cercanas, de 0 a 1, según las características de la base "
                    "incluida.")),
    Float(name="mislabeled", default=0.5, minimum=0, maximum=1, display=PERCENT,
          label=Text("Mislabelled: quality below", "Mal etiquetadas: calidad por debajo de"),
          help=Text("How well the label agrees with a classifier that was not trained on the picture.",
                    "Cuánto coincide la etiqueta con lo que predice un clasificador no entrenado con la imagen.")),
)
