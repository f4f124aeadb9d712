"""The registry of shortcut probes: from how little of a picture its class can be told.

A network takes whatever tells the classes apart, also what has nothing to do with them: the table on which the photos of one
class were taken, or the camera. Such shortcuts (Geirhos et al., "Shortcut learning in deep neural networks", 2020) work on
the test pictures of the same collection, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.imaging import views


class ShortcutProbe(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of information. Either `view` makes pictures uint8 (n, height, width, channels) of which only it is left, or
    `numbers` gives it as float32 (n, d), or it is the file's (`of_file`).

    `limit`: what share of the model's advantage over chance may come from it before it is suspicious; None where much is
    expected of it. `meaning` says what a high accuracy means.
    """

    id: str
    label: Text
    help: Text
    meaning: Text
    view: Callable[[np.ndarray], np.ndarray] | None = None
    numbers: Callable[[np.ndarray], np.ndarray] | None = None
    of_file: bool = False
    limit: float | None = 0.6


SHORTCUTS: Final[Registry[ShortcutProbe]] = Registry("shortcut", (
    ShortcutProbe(
        id="border", view=views.border_only, limit=0.7, label=Text("Border only", "Solo el borde"),
        help=Text("Everything but a border of 15% of the side is grey.", "Todo es gris salvo un borde del 15 % del lado."),
        meaning=Text("The surroundings tell the classes apart: background, frame, a mark in a corner. Take pictures of all "
                     "classes in the same surroundings, or crop.",
                     "El entorno distingue las clases: el fondo, un marco, una marca en una esquina. Tome imágenes de todas "
                     "las clases en el mismo entorno, o recórtelas.")),
    ShortcutProbe(
        id="center", view=views.center_only, limit=None, label=Text("Middle only", "Solo el centro"),
        help=Text("Everything but the middle, half the side, is grey.", "Todo es gris salvo el centro, de la mitad del lado."),
        meaning=Text("The middle is enough, as one expects where the object is there.",
                     "El centro basta, como es de esperar si el objeto está ahí.")),
    ShortcutProbe(
        id="thumbnail", view=views.thumbnails, limit=0.9, label=Text("Blurred thumbnail", "Miniatura borrosa"),
        help=Text("The picture as 4 × 4 pixels.", "La imagen en 4 × 4 píxeles."),
        meaning=Text("Four by four pixels are enough: rough brightness and colour tell the classes apart, not shapes.",
                     "Bastan cuatro por cuatro píxeles: las clases se distinguen por el brillo y el color generales, no por "
                     "las formas.")),
    ShortcutProbe(
        id="color", numbers=views.color_statistics, label=Text("Colour means", "Colores medios"),
        help=Text("Mean and deviation of each channel, no picture at all.",
                  "La media y la desviación de cada canal, sin imagen alguna."),
        meaning=Text("Colour or brightness of the whole picture is enough. If it is not what makes the class, light and camera "
                     "were different: take the pictures alike, or augment brightness, contrast and hue.",
                     "Basta el color o el brillo de toda la imagen. Si no es lo que define la clase, la luz o la cámara eran "
                     "distintas: tome las imágenes por igual, o aumente el brillo, el contraste y el tono.")),
    ShortcutProbe(
        id="file", of_file=True, label=Text("File size and format", "Tamaño y formato del archivo"),
        help=Text("Bytes, format, width and height of the file; no pixel is read.",
                  "Los bytes, el formato, el ancho y el alto del archivo; no se lee ningún píxel."),
        meaning=Text("The files of the classes differ: they come from different sources, with other sizes or compression, "
                     "which leaves traces in the pixels. Mix the sources.",
                     "Los archivos de las clases son distintos: proceden de fuentes distintas, con otros tamaños u otra "
                     "compresión, lo que deja huellas en los píxeles. Mezcle las fuentes.")),
    ShortcutProbe(
        id="shuffled", view=views.shuffled_patches, limit=0.95, label=Text("Shuffled patches", "Fragmentos desordenados"),
        help=Text("The picture cut into 4 × 4 patches in random order.",
                  "La imagen cortada en 4 × 4 fragmentos, en orden aleatorio."),
        meaning=Text("Small patches are enough in any order: textures and details tell the classes apart, not shapes. Other "
                     "backgrounds or cameras can deceive such a model.",
                     "Bastan fragmentos pequeños en cualquier orden: las clases se distinguen por texturas y detalles, no por "
                     "formas. Otros fondos o cámaras pueden engañar a un modelo así.")),
))
