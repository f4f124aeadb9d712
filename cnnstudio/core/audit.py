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
          help=Text("0 means the same picture; recompressed and resized copies differ by less than 10 %.",
                    "0 es la misma imagen; las copias recomprimidas y reescaladas difieren en menos de un 10 %.")),
    Bool(name="flips", default=False, label=Text("Mirrored and rotated copies", "Copias reflejadas y giradas"),
         help=Text("Also look for copies that were mirrored or rotated by a quarter turn.",
                   "Buscar también copias reflejadas o giradas un cuarto de vuelta.")),
    Float(name="blurry", default=0.4, minimum=0, maximum=10, step=0.01, decimals=3,
          label=Text("Blurry: sharpness below", "Borrosas: nitidez menor que"),
          help=Text("Share of the finest detail in all fine detail; sharp photos have more than 0.5.",
                    "Parte del detalle más fino en todo el detalle fino; las fotos nítidas superan 0,5.")),
    Float(name="dark", default=0.36, minimum=0, maximum=1, display=PERCENT,
          label=Text("Dark: brightest areas below", "Oscuras: zonas claras menores que"),
          help=Text("Grey level of the brightest hundredth of the picture, as a share of white.",
                    "Nivel de gris de la centésima parte más clara, como parte del blanco.")),
    Float(name="bright", default=0.72, minimum=0, maximum=1, display=PERCENT,
          label=Text("Bright: darkest areas above", "Claras: zonas oscuras mayores que"),
          help=Text("Grey level of the darkest twentieth of the picture, as a share of white.",
                    "Nivel de gris de la vigésima parte más oscura, como parte del blanco.")),
    Float(name="low_contrast", default=0.05, minimum=0, maximum=0.5, step=0.005, decimals=3,
          label=Text("Low contrast: below", "Poco contraste: menor que"),
          help=Text("Standard deviation of grey, 0 to 0.5.", "Desviación estándar del gris, de 0 a 0,5.")),
    Float(name="low_information", default=3.0, minimum=0, maximum=8, step=0.1, decimals=2, unit=same("bit"),
          label=Text("Low information: below", "Poca información: menor que"),
          help=Text("Entropy of the grey values; 0 is a plain area, 8 the most.",
                    "Entropía de los valores de gris; 0 es un área lisa, 8 lo máximo.")),
    Float(name="odd_size", default=5.0, minimum=1, maximum=100, step=0.5, decimals=1, unit=same("×"),
          label=Text("Odd size: factor from the median", "Tamaño raro: factor desde la mediana"),
          help=Text("Pictures this many times larger or smaller than the median.",
                    "Imágenes al menos estas veces mayores o menores que la mediana.")),
    Float(name="odd_ratio", default=2.5, minimum=1, maximum=100, step=0.1, decimals=1, unit=same("×"),
          label=Text("Odd ratio: factor from the median", "Proporción rara: factor desde la mediana"),
          help=Text("Pictures this many times wider or narrower than the median.",
                    "Imágenes al menos estas veces más anchas o estrechas que la mediana.")),
    Float(name="color_mismatch", default=0.15, minimum=0, maximum=0.5, display=PERCENT,
          label=Text("Grey among colour: share up to", "Gris entre color: parte hasta"),
          help=Text("If at most this share of the pictures is grey (or coloured), they are the odd ones.",
                    "Si como mucho esta parte de las imágenes es gris (o en color), son las raras.")),
    Float(name="imbalance", default=5.0, minimum=1, maximum=1000, step=0.5, decimals=1, unit=same("×"),
          label=Text("Imbalance: factor", "Desequilibrio: factor"),
          help=Text("The largest class has this many times as many pictures as a class.",
                    "La clase mayor tiene estas veces las imágenes de una clase.")),
    Int(name="tiny_class", default=20, minimum=0, maximum=1_000_000,
        label=Text("Tiny class: fewer than", "Clase diminuta: menos de"),
        help=Text("Classes with fewer usable pictures than this.", "Clases con menos imágenes útiles que estas.")),
    Float(name="outlier", default=0.6, minimum=0, maximum=1, step=0.01, decimals=2,
          label=Text("Outlier: score from", "Atípicas: puntuación desde"),
          help=Text("How far a picture is from its nearest ones, 0 to 1, by the features of the bundled base.",
                    "Lo lejos que está una imagen de las más cercanas, de 0 a 1, según las características de la base.")),
    Float(name="mislabeled", default=0.5, minimum=0, maximum=1, display=PERCENT,
          label=Text("Mislabelled: quality below", "Mal etiquetadas: calidad menor que"),
          help=Text("How well the label fits what a classifier that never saw the picture says.",
                    "Lo bien que la etiqueta encaja con lo que dice un clasificador que no la vio.")),
)
