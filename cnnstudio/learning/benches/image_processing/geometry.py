"""The operations that move pixels: resize, rotation, translation."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from cnnstudio.core.params import Choice, Float, Int, Option
from cnnstudio.core.text import Text
from cnnstudio.learning.benches.image_processing.entry import Operation, Picture, Values

_INTERPOLATIONS: Final = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC,
                          "area": cv2.INTER_AREA, "lanczos4": cv2.INTER_LANCZOS4}
_CHOICES: Final = (
    Option("nearest", Text("Nearest", "Vecino más próximo"), Text("Copies a pixel: hard steps.",
                                                                  "Copia un píxel: escalones duros.")),
    Option("linear", Text("Linear", "Lineal"), Text("Mixes four pixels.", "Mezcla cuatro píxeles.")),
    Option("cubic", Text("Cubic", "Cúbica"), Text("Mixes 16 pixels: sharper.", "Mezcla 16 píxeles: más nítida.")),
    Option("area", Text("Area", "Área"), Text("The mean of the area: the best for shrinking.",
                                              "La media del área: la mejor para reducir.")),
    Option("lanczos4", Text("Lanczos", "Lanczos"), Text("Mixes 64 pixels: the sharpest.", "Mezcla 64 píxeles: la más nítida.")))


def _interpolation(options: tuple[Option, ...]) -> Choice:
    return Choice(name="interpolation", default="linear", label=Text("Interpolation", "Interpolación"), options=options,
                  help=Text("How a new pixel is calculated from old ones.", "Cómo se calcula un píxel nuevo con los antiguos."))


def _side(name: str, label: Text, default: int) -> Int:
    return Int(name=name, default=default, minimum=1, maximum=1024, label=label, unit=Text("px", "px"),
               help=Text("Pixels of the result.", "Píxeles del resultado."))


def _resize(picture: Picture, values: Values) -> Picture:
    size = int(values["width"]), int(values["height"])
    return np.asarray(cv2.resize(picture, size, interpolation=_INTERPOLATIONS[str(values["interpolation"])]))


def _resize_in_numpy(values: Values, _gray: bool) -> list[str] | None:
    if values["interpolation"] != "nearest":
        return None
    return [f"rows = (np.arange({int(values['height'])}) * (1 / ({int(values['height'])} / picture.shape[0]))).astype(int)",
            f"columns = (np.arange({int(values['width'])}) * (1 / ({int(values['width'])} / picture.shape[1]))).astype(int)",
            "picture = picture[np.minimum(rows, picture.shape[0] - 1)][:, np.minimum(columns, picture.shape[1] - 1)]"]


RESIZE: Final = Operation(
    id="resize", label=Text("Resize", "Redimensionar"), apply=_resize, numpy=_resize_in_numpy,
    help=Text("Another number of pixels; the interpolation decides how they are calculated.",
              "Otro número de píxeles; la interpolación decide cómo se calculan."),
    params=(_side("width", Text("Width", "Ancho"), 64), _side("height", Text("Height", "Alto"), 48), _interpolation(_CHOICES)),
    opencv=lambda values, _gray: [
        f"picture = cv2.resize(picture, ({int(values['width'])}, {int(values['height'])}), "
        f"interpolation=cv2.INTER_{str(values['interpolation']).upper()})"])

_BORDERS: Final = {"constant": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT,
                   "wrap": cv2.BORDER_WRAP}
_BORDER: Final = Choice(
    name="border", default="constant", label=Text("Border", "Borde"),
    help=Text("What is seen where the picture has no pixels.", "Qué se ve donde la imagen no tiene píxeles."),
    options=(Option("constant", Text("Black", "Negro")), Option("replicate", Text("Edge repeated", "Borde repetido")),
             Option("reflect", Text("Mirrored", "Reflejado")), Option("wrap", Text("From the other side", "Del otro lado"))))


def _rotate(picture: Picture, values: Values) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), float(values["angle"]), float(values["scale"]))
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), flags=_INTERPOLATIONS[str(values["interpolation"])],
                                     borderMode=_BORDERS[str(values["border"])]))


ROTATION: Final = Operation(
    id="rotation", label=Text("Rotation", "Rotación"), apply=_rotate,
    help=Text("Turns the picture around its middle, against the clock.",
              "Gira la imagen en torno a su centro, en sentido antihorario."),
    params=(Float(name="angle", default=30.0, minimum=-180, maximum=180, step=5, decimals=1, label=Text("Angle", "Ángulo"),
                  unit=Text("°", "°"), help=Text("Degrees against the clock.", "Grados en sentido antihorario.")),
            Float(name="scale", default=1.0, minimum=0.1, maximum=5, step=0.1, decimals=2, label=Text("Scale", "Escala"),
                  help=Text("How many times as large.", "Cuántas veces más grande.")),
            _interpolation(_CHOICES[:3]), _BORDER),
    opencv=lambda values, _gray: [
        "height, width = picture.shape[:2]",
        f"matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), {float(values['angle'])}, "
        f"{float(values['scale'])})",
        f"picture = cv2.warpAffine(picture, matrix, (width, height), "
        f"flags=cv2.INTER_{str(values['interpolation']).upper()}, borderMode=cv2.BORDER_{str(values['border']).upper()})"])


def _matrix(values: Values) -> str:
    return f"np.float32([[1, 0, {int(values['right'])}], [0, 1, {int(values['down'])}]])"


def _translate(picture: Picture, values: Values) -> Picture:
    height, width = picture.shape[:2]
    matrix = np.asarray([[1, 0, int(values["right"])], [0, 1, int(values["down"])]], np.float32)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=_BORDERS[str(values["border"])]))


def _translate_in_numpy(values: Values, _gray: bool) -> list[str] | None:
    right, down = int(values["right"]), int(values["down"])
    if values["border"] == "wrap":
        return [f"picture = np.roll(picture, ({down}, {right}), axis=(0, 1))"]
    if values["border"] == "replicate":
        return [f"rows = np.clip(np.arange(picture.shape[0]) - {down}, 0, picture.shape[0] - 1)".replace("- -", "+ "),
                f"columns = np.clip(np.arange(picture.shape[1]) - {right}, 0, picture.shape[1] - 1)".replace("- -", "+ "),
                "picture = picture[rows][:, columns]"]
    return None


TRANSLATION: Final = Operation(
    id="translation", label=Text("Translation", "Traslación"), apply=_translate, numpy=_translate_in_numpy,
    help=Text("Moves the picture to the right and down.", "Mueve la imagen a la derecha y hacia abajo."),
    params=(Int(name="right", default=20, minimum=-512, maximum=512, label=Text("To the right", "A la derecha"),
                unit=Text("px", "px"), help=Text("Negative: to the left.", "Negativo: a la izquierda.")),
            Int(name="down", default=10, minimum=-512, maximum=512, label=Text("Down", "Hacia abajo"), unit=Text("px", "px"),
                help=Text("Negative: up.", "Negativo: hacia arriba.")), _BORDER),
    opencv=lambda values, _gray: [
        "height, width = picture.shape[:2]",
        f"picture = cv2.warpAffine(picture, {_matrix(values)}, (width, height), "
        f"borderMode=cv2.BORDER_{str(values['border']).upper()})"])
