"""The operations of the bench, in the order in which they are offered. Parameters are OpenCV's."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from cnnstudio.core.params import Choice, Float, Int, Option
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same
from cnnstudio.learning.benches.image_processing.entry import (
    Operation,
    Picture,
    Values,
    is_gray,
    lightness_lines,
    on_lightness,
)
from cnnstudio.learning.benches.image_processing.geometry import RESIZE, ROTATION, TRANSLATION


def _gray(picture: Picture, _values: Values) -> Picture:
    return picture if is_gray(picture) else np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def _gray_in_numpy(_values: Values, gray: bool) -> list[str]:
    if gray:
        return []
    return ["red, green, blue = (picture[..., channel].astype(np.int64) for channel in range(3))",
            "# 0.299 red + 0.587 green + 0.114 blue, in whole numbers as OpenCV calculates.",
            "picture = ((9798 * red + 19235 * green + 3735 * blue + 16384) >> 15).astype(np.uint8)"]


GRAY: Final = Operation(
    id="gray", label=Text("Grey", "Gris"), apply=_gray, whole=True, grays=True, numpy=_gray_in_numpy,
    help=Text("One channel: 0.299 red + 0.587 green + 0.114 blue, as bright as the eye sees the colours.",
              "Un canal: 0,299 rojo + 0,587 verde + 0,114 azul, tan claro como el ojo ve los colores."),
    opencv=lambda _values, gray: [] if gray else ["picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)"])

_NORMALIZED: Final = {
    "unit": ["picture = picture / 255"],
    "signed": ["picture = picture / 127.5 - 1"],
    "standard": ["picture = (picture - picture.mean()) / max(picture.std(), 1e-7)"],
}


def _normalize(picture: Picture, values: Values) -> Picture:
    if values["mode"] == "unit":
        return np.asarray(picture / 255)
    if values["mode"] == "signed":
        return np.asarray(picture / 127.5 - 1)
    if values["mode"] == "standard":
        return np.asarray((picture - picture.mean()) / max(picture.std(), 1e-7))
    return np.asarray(cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX))  # type: ignore[call-overload]


NORMALIZE: Final = Operation(
    id="normalize", label=Text("Normalise", "Normalizar"), apply=_normalize, whole=True,
    help=Text("Brings the values into a range that networks learn well from; the picture looks the same.",
              "Lleva los valores a un intervalo del que las redes aprenden bien; la imagen se ve igual."),
    params=(Choice(name="mode", default="unit", label=Text("Range", "Intervalo"),
                   help=Text("What the values become.", "En qué se convierten los valores."),
                   options=(Option("unit", same("[0, 1]")), Option("signed", same("[−1, 1]")),
                            Option("standard", Text("Mean 0, deviation 1", "Media 0, desviación 1")),
                            Option("minmax", Text("Darkest 0, lightest 255", "Más oscuro 0, más claro 255")))),),
    opencv=lambda values, _gray: _NORMALIZED.get(
        str(values["mode"]), ["picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)"]),
    numpy=lambda values, _gray: _NORMALIZED.get(str(values["mode"])))


def _equalize_in_numpy(_values: Values, gray: bool) -> list[str] | None:
    if not gray:
        return None
    return ["counts = np.bincount(picture.ravel(), minlength=256)",
            "first = np.flatnonzero(counts)[0]",
            "scale = np.float32(255) / np.float32(max(picture.size - counts[first], 1))",
            "table = np.rint((np.cumsum(counts) - counts[first]).astype(np.float32) * scale).clip(0, 255).astype(np.uint8)",
            "picture = table[picture] if counts[first] < picture.size else picture"]


EQUALIZE: Final = Operation(
    id="equalize", label=Text("Equalise", "Ecualizar"), whole=True, numpy=_equalize_in_numpy,
    help=Text("Spreads the values so that all are equally frequent; in colours, those of the lightness.",
              "Reparte los valores para que todos sean igual de frecuentes; en colores, los de la luminosidad."),
    apply=lambda picture, _values: on_lightness(picture, lambda plane: np.asarray(cv2.equalizeHist(plane))),
    opencv=lambda _values, gray: lightness_lines(gray, "cv2.equalizeHist(plane)"))


def _clahe(picture: Picture, values: Values) -> Picture:
    tiles = int(values["tile_grid_size"])
    clahe = cv2.createCLAHE(clipLimit=float(values["clip_limit"]), tileGridSize=(tiles, tiles))
    return on_lightness(picture, lambda plane: np.asarray(clahe.apply(plane)))


CLAHE: Final = Operation(
    id="clahe", label=same("CLAHE"), apply=_clahe, whole=True,
    help=Text("Equalises tile by tile with limited contrast: it mends uneven light.",
              "Ecualiza por celdas con contraste limitado: corrige una luz desigual."),
    params=(Float(name="clip_limit", default=2.0, minimum=0.1, maximum=40, step=0.5, decimals=2,
                  label=Text("Contrast limit", "Límite de contraste"),
                  help=Text("Higher values allow more contrast, and more noise.",
                            "Los valores altos permiten más contraste y más ruido.")),
            Int(name="tile_grid_size", default=8, minimum=1, maximum=32, label=Text("Tiles", "Celdas"),
                help=Text("Tiles in each direction.", "Celdas en cada dirección."))),
    opencv=lambda values, gray: [
        f"clahe = cv2.createCLAHE(clipLimit={float(values['clip_limit'])}, tileGridSize=({int(values['tile_grid_size'])}, "
        f"{int(values['tile_grid_size'])}))", *lightness_lines(gray, "clahe.apply(plane)")])


def _size(help: Text) -> Int:
    return Int(name="ksize", default=5, minimum=1, maximum=31, step=2, odd=True, label=Text("Kernel size", "Tamaño del núcleo"),
               help=help)


def _gaussian(picture: Picture, values: Values) -> Picture:
    size = int(values["ksize"])
    return np.asarray(cv2.GaussianBlur(picture, (size, size), float(values["sigma"])))


GAUSSIAN: Final = Operation(
    id="gaussian", label=Text("Gaussian blur", "Desenfoque gaussiano"), apply=_gaussian,
    help=Text("A mean in which near pixels count more: it removes noise, and fine detail with it.",
              "Una media en la que los píxeles cercanos pesan más: quita ruido y, con él, el detalle fino."),
    params=(_size(Text("Side of the window in pixels, an odd number.", "Lado de la ventana en píxeles, un número impar.")),
            Float(name="sigma", default=0.0, minimum=0, maximum=20, step=0.5, decimals=2, label=same("Sigma"),
                  help=Text("Width of the bell curve; 0: it follows from the kernel size.",
                            "Anchura de la campana; 0: se deduce del tamaño del núcleo."))),
    opencv=lambda values, _gray: [
        f"picture = cv2.GaussianBlur(picture, ({int(values['ksize'])}, {int(values['ksize'])}), {float(values['sigma'])})"])


def _median_in_numpy(values: Values, gray: bool) -> list[str]:
    size = int(values["ksize"])
    edges = f"(({size // 2}, {size // 2}), ({size // 2}, {size // 2}){'' if gray else ', (0, 0)'})"
    return [f'padded = np.pad(picture, {edges}, mode="edge")',
            f"windows = np.lib.stride_tricks.sliding_window_view(padded, ({size}, {size}), axis=(0, 1))",
            "picture = np.median(windows, axis=(-2, -1)).astype(np.uint8)"]


MEDIAN: Final = Operation(
    id="median", label=Text("Median", "Mediana"), whole=True, numpy=_median_in_numpy,
    help=Text("The middle value of the window: specks vanish, edges stay.",
              "El valor central de la ventana: las motas desaparecen, los bordes quedan."),
    params=(_size(Text("Side of the window in pixels, an odd number.", "Lado de la ventana en píxeles, un número impar.")),),
    apply=lambda picture, values: np.asarray(cv2.medianBlur(picture, int(values["ksize"]))),
    opencv=lambda values, _gray: [f"picture = cv2.medianBlur(picture, {int(values['ksize'])})"])


def _canny(picture: Picture, values: Values) -> Picture:
    gray = _gray(picture, values)
    return np.asarray(cv2.Canny(gray, float(values["threshold1"]), float(values["threshold2"])))


CANNY: Final = Operation(
    id="canny", label=Text("Canny edges", "Bordes de Canny"), apply=_canny, whole=True, grays=True,
    help=Text("Thin edges: those above the upper threshold, and those above the lower one that are connected to them.",
              "Bordes finos: los que superan el umbral superior, y los que superan el inferior y están unidos a ellos."),
    params=(Float(name="threshold1", default=100.0, minimum=0, maximum=1000, step=10, decimals=0,
                  label=Text("Lower threshold", "Umbral inferior"),
                  help=Text("Weaker edges are left out.", "Los bordes más débiles se descartan.")),
            Float(name="threshold2", default=200.0, minimum=0, maximum=1000, step=10, decimals=0,
                  label=Text("Upper threshold", "Umbral superior"),
                  help=Text("Stronger edges are always kept.", "Los bordes más fuertes siempre quedan."))),
    opencv=lambda values, gray: [
        *([] if gray else ["picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)"]),
        f"picture = cv2.Canny(picture, {float(values['threshold1'])}, {float(values['threshold2'])})"])

OPERATIONS: Final[Registry[Operation]] = Registry("operation", (
    RESIZE, GRAY, NORMALIZE, EQUALIZE, CLAHE, GAUSSIAN, MEDIAN, CANNY, ROTATION, TRANSLATION))
