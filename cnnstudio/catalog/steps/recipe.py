"""Deterministic steps after the resize. Names and meanings of parameters are OpenCV's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.entry import RecipeStep
from cnnstudio.core.params import Float, Int
from cnnstudio.core.text import Text
from cnnstudio.imaging.operations import Picture, odd, on_colors, on_lightness


def _lightness_code(channels: int) -> list[str]:
    if channels == 1:
        return ["def on_lightness(picture, change):", '    """Grey is all lightness."""', "    return change(picture)"]
    return ["def on_lightness(picture, change):", '    """Changes the lightness (CIE L*) and keeps the colours."""',
            "    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)",
            "    lab[..., 0] = change(np.ascontiguousarray(lab[..., 0]))",
            "    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)"]


def equalize(picture: Picture) -> Picture:
    """Histogram equalization of grey, or of the lightness of a colour picture."""
    return on_lightness(picture, cv2.equalizeHist)


EQUALIZE: Final = RecipeStep(
    id="equalize", label=Text("Equalise histogram", "Ecualizar histograma"),
    help=Text("Spreads the brightness over the whole range (in colour pictures, only the lightness).",
              "Reparte el brillo por todo el rango (en imágenes de color, solo la luminosidad)."),
    pixels=equalize,
    opencv=lambda _values, _channels: ["picture = on_lightness(picture, cv2.equalizeHist)"],
    helper=_lightness_code,
)


def clahe(picture: Picture, clip_limit: float = 2.0, tile_grid_size: int | Sequence[int] = 8) -> Picture:
    """Contrast-limited adaptive histogram equalization; `tile_grid_size` tiles across and down."""
    tiles = (tile_grid_size, tile_grid_size) if isinstance(tile_grid_size, int) else tuple(tile_grid_size)
    work = cv2.createCLAHE(clipLimit=float(clip_limit), tileGridSize=(int(tiles[0]), int(tiles[1])))
    return on_lightness(picture, work.apply)


CLAHE: Final = RecipeStep(
    id="clahe", label=Text("Local equalisation (CLAHE)", "Ecualización local (CLAHE)"),
    help=Text("Equalises tile by tile, with a limit on the contrast.",
              "Ecualiza celda por celda, con un límite de contraste."),
    params=(
        Float(name="clip_limit", default=2.0, minimum=0, above=True, maximum=40, step=0.5, decimals=2,
              label=Text("Contrast limit", "Límite de contraste"),
              help=Text("Higher values keep more contrast.", "Los valores más altos conservan más contraste.")),
        Int(name="tile_grid_size", default=8, minimum=1, maximum=64, label=Text("Tiles", "Celdas"),
            help=Text("Number of tiles in each direction.", "Número de celdas en cada dirección."))),
    pixels=clahe,
    opencv=lambda values, _channels: [
        f"picture = on_lightness(picture, cv2.createCLAHE({float(values['clip_limit'])}, "
        f"({values['tile_grid_size']}, {values['tile_grid_size']})).apply)"],
    helper=_lightness_code,
)


def gaussian_blur(picture: Picture, kernel_size: int = 3, sigma: float = 0.0) -> Picture:
    """Gaussian blur; an even `kernel_size` counts as the next odd one; `sigma` 0 follows from it."""
    size = odd(kernel_size)
    return on_colors(picture, lambda colors: cv2.GaussianBlur(colors, (size, size), float(sigma)))


GAUSSIAN_BLUR: Final = RecipeStep(
    id="gaussian_blur", label=Text("Gaussian blur", "Desenfoque gaussiano"),
    help=Text("Removes fine noise by smoothing.", "Quita el ruido fino suavizando la imagen."),
    params=(
        Int(name="kernel_size", default=3, minimum=1, maximum=99, step=2, odd=True, label=Text("Kernel", "Núcleo"),
            help=Text("Side of the window in pixels, an odd number.", "Lado de la ventana en píxeles, un número impar.")),
        Float(name="sigma", default=0.0, minimum=0, maximum=50, step=0.1, decimals=2,
              label=Text("Sigma", "Sigma"),
              help=Text("Standard deviation of the blur in pixels; 0: computed from the kernel size.",
                        "Desviación estándar del desenfoque en píxeles; 0: se calcula a partir del tamaño del núcleo."))),
    pixels=gaussian_blur,
    opencv=lambda values, _channels: [
        f"picture = cv2.GaussianBlur(picture, ({odd(values['kernel_size'])}, {odd(values['kernel_size'])}), "
        f"{float(values['sigma'])})"],
)


def median_blur(picture: Picture, kernel_size: int = 3) -> Picture:
    """Median of a window; an even `kernel_size` counts as the next odd one."""
    size = odd(kernel_size)
    return on_colors(picture, lambda colors: cv2.medianBlur(colors, size))


MEDIAN_BLUR: Final = RecipeStep(
    id="median_blur", label=Text("Median blur", "Desenfoque de mediana"),
    help=Text("Removes isolated wrong pixels and keeps edges.",
              "Quita píxeles erróneos aislados y conserva los bordes."),
    params=(
        Int(name="kernel_size", default=3, minimum=1, maximum=99, step=2, odd=True, label=Text("Kernel", "Núcleo"),
            help=Text("Side of the window in pixels, an odd number.", "Lado de la ventana en píxeles, un número impar.")),),
    pixels=median_blur,
    opencv=lambda values, _channels: [f"picture = cv2.medianBlur(picture, {odd(values['kernel_size'])})"],
)


def bilateral_filter(picture: Picture, diameter: int = 5, sigma_color: float = 50.0,
                     sigma_space: float = 50.0) -> Picture:
    """Smooths and keeps edges: neighbours within `diameter` pixels that differ little are averaged."""
    return on_colors(picture, lambda colors: cv2.bilateralFilter(
        colors, int(diameter), float(sigma_color), float(sigma_space)))


BILATERAL_FILTER: Final = RecipeStep(
    id="bilateral_filter", label=Text("Bilateral filter", "Filtro bilateral"),
    help=Text("Smooths areas and keeps edges sharp.", "Suaviza las zonas y conserva los bordes nítidos."),
    params=(
        Int(name="diameter", default=5, minimum=1, maximum=31, label=Text("Diameter", "Diámetro"),
            help=Text("Width of the neighbourhood in pixels; large values are slow.",
                      "Anchura de la vecindad en píxeles; los valores grandes son lentos.")),
        Float(name="sigma_color", default=50.0, minimum=0, above=True, maximum=500, step=5, decimals=1,
              label=Text("Sigma of colour", "Sigma de color"),
              help=Text("How much values may differ and still be averaged.",
                        "Cuánto pueden diferir los valores para que aún se promedien.")),
        Float(name="sigma_space", default=50.0, minimum=0, above=True, maximum=500, step=5, decimals=1,
              label=Text("Sigma of distance", "Sigma de distancia"),
              help=Text("Distance, in pixels, up to which neighbours count.",
                        "Distancia, en píxeles, hasta la que cuentan los vecinos."))),
    pixels=bilateral_filter,
    opencv=lambda values, _channels: [
        f"picture = cv2.bilateralFilter(picture, {int(values['diameter'])}, {float(values['sigma_color'])}, "
        f"{float(values['sigma_space'])})"],
)


def canny(picture: Picture, threshold1: float = 100.0, threshold2: float = 200.0) -> Picture:
    """Canny edges, 255 on 0, in as many channels as the picture has."""

    def apply(colors: Picture) -> NDArray[Any]:
        edges = cv2.Canny(colors, float(threshold1), float(threshold2))
        return np.repeat(edges[..., None], colors.shape[2], axis=2)

    return on_colors(picture, apply)


def _canny_code(values: Values, channels: int) -> list[str]:
    lines = [f"picture = cv2.Canny(picture, {float(values['threshold1'])}, {float(values['threshold2'])})"]
    return lines if channels == 1 else [*lines, "picture = np.repeat(picture[..., None], 3, axis=2)"]


CANNY: Final = RecipeStep(
    id="canny", label=Text("Canny edges", "Bordes de Canny"),
    help=Text("Leaves only the edges, white on black.", "Deja solo los bordes, blancos sobre negro."),
    params=(
        Float(name="threshold1", default=100.0, minimum=0, maximum=1000, step=10, decimals=0,
              label=Text("Lower threshold", "Umbral inferior"),
              help=Text("Edges above this threshold count only if they touch strong ones; weaker ones never count.",
                        "Los bordes por encima de este umbral solo cuentan si tocan otros fuertes; los más débiles no "
                        "cuentan nunca.")),
        Float(name="threshold2", default=200.0, minimum=0, maximum=1000, step=10, decimals=0,
              label=Text("Upper threshold", "Umbral superior"),
              help=Text("Edges above this threshold always count.",
                        "Los bordes por encima de este umbral siempre cuentan."))),
    pixels=canny,
    opencv=_canny_code,
)


def sharpen(picture: Picture, amount: float = 1.0, sigma: float = 1.0, threshold: float = 0.0) -> Picture:
    """Unsharp mask: adds `amount` times what a Gaussian blur takes away; differences below `threshold` stay."""

    def apply(colors: Picture) -> NDArray[Any]:
        blurred = cv2.GaussianBlur(colors, (0, 0), float(sigma))
        sharp = cv2.addWeighted(colors, 1 + float(amount), blurred, -float(amount), 0)
        return np.where(cv2.absdiff(colors.reshape(blurred.shape), blurred) < threshold, colors.reshape(blurred.shape), sharp)

    return on_colors(picture, apply)


def _sharpen_code(values: Values, _channels: int) -> list[str]:
    amount, threshold = float(values["amount"]), float(values["threshold"])
    lines = [f"blurred = cv2.GaussianBlur(picture, (0, 0), {float(values['sigma'])})",
             f"sharp = cv2.addWeighted(picture, {1 + amount}, blurred, {-amount}, 0)"]
    return [*lines, f"picture = np.where(cv2.absdiff(picture, blurred) < {threshold}, picture, sharp)" if threshold else
            "picture = sharp"]


SHARPEN: Final = RecipeStep(
    id="sharpen", label=Text("Sharpen (unsharp mask)", "Enfocar (máscara de desenfoque)"),
    help=Text("Strengthens edges and fine detail by adding what a blur would remove.",
              "Refuerza los bordes y el detalle fino sumando lo que quitaría un desenfoque."),
    params=(
        Float(name="amount", default=1.0, minimum=0, above=True, maximum=10, step=0.1, decimals=2,
              label=Text("Amount", "Cantidad"),
              help=Text("How much of the detail is added; 1 doubles it.", "Cuánto detalle se suma; 1 lo duplica.")),
        Float(name="sigma", default=1.0, minimum=0, above=True, maximum=50, step=0.1, decimals=2,
              label=Text("Sigma", "Sigma"),
              help=Text("Width of the blur in pixels, which sets how fine the strengthened detail is.",
                        "Anchura del desenfoque en píxeles, que fija lo fino que es el detalle reforzado.")),
        Float(name="threshold", default=0.0, minimum=0, maximum=255, step=1, decimals=0,
              label=Text("Threshold", "Umbral"),
              help=Text("Smaller differences, such as noise, are not strengthened.",
                        "Las diferencias menores, como el ruido, no se refuerzan."))),
    pixels=sharpen,
    opencv=_sharpen_code,
)


def gamma_correction(picture: Picture, gamma: float = 0.7) -> Picture:
    """Each value v becomes 255 · (v / 255) ** gamma, rounded."""
    table = np.rint(255 * (np.arange(256) / 255) ** float(gamma)).astype(np.uint8)
    return on_colors(picture, lambda colors: cv2.LUT(colors, table))


GAMMA_CORRECTION: Final = RecipeStep(
    id="gamma_correction", label=Text("Gamma correction", "Corrección gamma"),
    help=Text("Brightens or darkens the middle tones; black and white do not change.",
              "Aclara u oscurece los tonos medios; el negro y el blanco no cambian."),
    params=(
        Float(name="gamma", default=0.7, minimum=0.05, maximum=10, step=0.1, decimals=2, label=Text("Gamma", "Gamma"),
              help=Text("Values below 1 brighten, values above 1 darken, 1 changes nothing.",
                        "Los valores menores que 1 aclaran, los mayores que 1 oscurecen, 1 no cambia nada.")),),
    pixels=gamma_correction,
    opencv=lambda values, _channels: [
        f"table = np.rint(255 * (np.arange(256) / 255) ** {float(values['gamma'])}).astype(np.uint8)",
        "picture = cv2.LUT(picture, table)"],
)

STEPS: Final = (EQUALIZE, CLAHE, GAUSSIAN_BLUR, MEDIAN_BLUR, BILATERAL_FILTER, CANNY, SHARPEN, GAMMA_CORRECTION)
