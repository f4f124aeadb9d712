"""Deterministic steps that filter: morphology, derivatives, subtraction of the background. Parameters are OpenCV's."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.entry import RecipeStep
from cnnstudio.core.params import Choice, Float, Int, Option
from cnnstudio.core.text import Text
from cnnstudio.imaging.operations import Picture, odd, on_colors

_KERNEL: Final = Text("Kernel", "Núcleo")
_SHAPE: Final = Choice(
    name="shape", default="ellipse", label=Text("Shape", "Forma"),
    help=Text("Shape of the window (structuring element).", "Forma de la ventana (elemento estructurante)."),
    options=(Option("ellipse", Text("Ellipse", "Elipse")), Option("rect", Text("Rectangle", "Rectángulo")),
             Option("cross", Text("Cross", "Cruz"))))


def _kernel(help: Text, default: int) -> Int:
    return Int(name="kernel_size", default=default, minimum=1, maximum=199, step=2, odd=True, label=_KERNEL, help=help)


def _element_code(values: Values) -> str:
    size = odd(values["kernel_size"])
    return f"cv2.getStructuringElement(cv2.MORPH_{str(values['shape']).upper()}, ({size}, {size}))"


def morphology(picture: Picture, operation: str = "open", kernel_size: int = 3, shape: str = "ellipse",
               iterations: int = 1) -> Picture:
    """Grey-value morphology, channel by channel; an even `kernel_size` counts as the next odd one."""
    element = cv2.getStructuringElement(getattr(cv2, f"MORPH_{shape.upper()}"), (odd(kernel_size), odd(kernel_size)))
    return on_colors(picture, lambda colors: cv2.morphologyEx(
        colors, getattr(cv2, f"MORPH_{operation.upper()}"), element, iterations=int(iterations)))


MORPHOLOGY: Final = RecipeStep(
    id="morphology", label=Text("Morphology", "Morfología"),
    help=Text("Makes light areas smaller (erode) or larger (dilate), removes small light spots (open) or closes small dark "
              "gaps (close).",
              "Reduce (erode) o agranda (dilate) las zonas claras, quita manchas claras pequeñas (open) o cierra huecos "
              "oscuros pequeños (close)."),
    params=(
        Choice(name="operation", default="open", label=Text("Operation", "Operación"),
               help=Text("The operation applied to each window.", "La operación que se aplica a cada ventana."),
               options=(Option("erode", Text("Erode", "Erosionar"), Text("The darkest value of the window.",
                                                                         "El valor más oscuro de la ventana.")),
                        Option("dilate", Text("Dilate", "Dilatar"), Text("The lightest value of the window.",
                                                                         "El valor más claro de la ventana.")),
                        Option("open", Text("Open", "Abrir"), Text("Erode, then dilate.", "Erosionar y luego dilatar.")),
                        Option("close", Text("Close", "Cerrar"), Text("Dilate, then erode.",
                                                                      "Dilatar y luego erosionar.")),
                        Option("gradient", Text("Gradient", "Gradiente"), Text("Dilated minus eroded: outlines.",
                                                                               "Dilatado menos erosionado: contornos.")))),
        _kernel(Text("Side of the window in pixels, an odd number.", "Lado de la ventana en píxeles, un número impar."), 3),
        _SHAPE,
        Int(name="iterations", default=1, minimum=1, maximum=20, label=Text("Iterations", "Iteraciones"),
            help=Text("Number of repetitions.", "Número de repeticiones."))),
    pixels=morphology,
    opencv=lambda values, _channels: [
        f"element = {_element_code(values)}",
        f"picture = cv2.morphologyEx(picture, cv2.MORPH_{str(values['operation']).upper()}, element, "
        f"iterations={int(values['iterations'])})"],
)


def background_subtraction(picture: Picture, kernel_size: int = 25, shape: str = "ellipse", objects: str = "light") -> Picture:
    """Top-hat: the picture less its opening (light objects), or its closing less the picture (dark objects, which become
    light). Structures that are larger than the window count as background."""
    element = cv2.getStructuringElement(getattr(cv2, f"MORPH_{shape.upper()}"), (odd(kernel_size), odd(kernel_size)))
    operation = cv2.MORPH_BLACKHAT if objects == "dark" else cv2.MORPH_TOPHAT
    return on_colors(picture, lambda colors: cv2.morphologyEx(colors, operation, element))


BACKGROUND_SUBTRACTION: Final = RecipeStep(
    id="background_subtraction", label=Text("Subtract background (top-hat)", "Restar el fondo (top-hat)"),
    help=Text("Keeps objects smaller than the window and removes an uneven background, as in microscopy.",
              "Conserva los objetos más pequeños que la ventana y quita un fondo desigual, como en microscopía."),
    params=(
        _kernel(Text("Side of the window in pixels, an odd number larger than the objects.",
                     "Lado de la ventana en píxeles, un número impar mayor que los objetos."), 25),
        _SHAPE,
        Choice(name="objects", default="light", label=Text("Objects", "Objetos"),
               help=Text("Whether the objects are lighter or darker than their background.",
                         "Si los objetos son más claros o más oscuros que su fondo."),
               options=(Option("light", Text("Light on dark", "Claros sobre oscuro")),
                        Option("dark", Text("Dark on light", "Oscuros sobre claro"))))),
    pixels=background_subtraction,
    opencv=lambda values, _channels: [
        f"element = {_element_code(values)}",
        f"picture = cv2.morphologyEx(picture, cv2.MORPH_{'BLACKHAT' if values['objects'] == 'dark' else 'TOPHAT'}, element)"],
)


def sobel(picture: Picture, direction: str = "both", kernel_size: int = 3, scale: float = 1.0) -> Picture:
    """The size of the Sobel gradient times `scale`, clipped at 255, channel by channel."""

    def apply(colors: Picture) -> NDArray[Any]:
        size = odd(min(int(kernel_size), 31))
        across = cv2.Sobel(colors, cv2.CV_32F, 1, 0, ksize=size) if direction != "y" else np.float32(0)
        down = cv2.Sobel(colors, cv2.CV_32F, 0, 1, ksize=size) if direction != "x" else np.float32(0)
        strength = np.sqrt(across * across + down * down) * np.float32(scale)
        return np.rint(np.minimum(strength, 255)).astype(np.uint8)

    return on_colors(picture, apply)


def _sobel_code(values: Values, _channels: int) -> list[str]:
    size, scale = odd(min(int(values["kernel_size"]), 31)), float(values["scale"])
    lines = [f"across = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize={size})" if values["direction"] != "y" else
             "across = np.float32(0)",
             f"down = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize={size})" if values["direction"] != "x" else
             "down = np.float32(0)"]
    return [*lines, f"strength = np.sqrt(across * across + down * down) * np.float32({scale})",
            "picture = np.rint(np.minimum(strength, 255)).astype(np.uint8)"]


SOBEL: Final = RecipeStep(
    id="sobel", label=Text("Sobel gradient", "Gradiente de Sobel"),
    help=Text("Shows how fast the brightness changes: edges become light, uniform areas black.",
              "Muestra con qué rapidez cambia el brillo: los bordes quedan claros, las zonas uniformes negras."),
    params=(
        Choice(name="direction", default="both", label=Text("Direction", "Dirección"),
               help=Text("Changes from left to right (x), from top to bottom (y), or both.",
                         "Cambios de izquierda a derecha (x), de arriba abajo (y) o ambos."),
               options=(Option("both", Text("Both", "Ambas")), Option("x", Text("x", "x")), Option("y", Text("y", "y")))),
        Int(name="kernel_size", default=3, minimum=1, maximum=31, step=2, odd=True, label=_KERNEL,
            help=Text("Side of the window in pixels, an odd number. Larger windows give a stronger result.",
                      "Lado de la ventana en píxeles, un número impar. Las ventanas más grandes dan un resultado más "
                      "intenso.")),
        Float(name="scale", default=1.0, minimum=0, above=True, maximum=100, step=0.1, decimals=3,
              label=Text("Scale", "Escala"), help=Text("Factor of the result.", "Factor del resultado."))),
    pixels=sobel,
    opencv=_sobel_code,
)


def laplacian(picture: Picture, kernel_size: int = 3, scale: float = 1.0) -> Picture:
    """The absolute Laplacian times `scale`, clipped at 255, channel by channel."""

    def apply(colors: Picture) -> NDArray[Any]:
        size = odd(min(int(kernel_size), 31))
        return np.rint(np.minimum(np.abs(cv2.Laplacian(colors, cv2.CV_32F, ksize=size, scale=float(scale))), 255)
                       ).astype(np.uint8)

    return on_colors(picture, apply)


LAPLACIAN: Final = RecipeStep(
    id="laplacian", label=Text("Laplacian", "Laplaciano"),
    help=Text("Second derivative of the brightness: fine lines and spots become light.",
              "Segunda derivada del brillo: las líneas finas y los puntos quedan claros."),
    params=(
        Int(name="kernel_size", default=3, minimum=1, maximum=31, step=2, odd=True, label=_KERNEL,
            help=Text("Side of the window in pixels, an odd number. Larger windows give a stronger result.",
                      "Lado de la ventana en píxeles, un número impar. Las ventanas más grandes dan un resultado más "
                      "intenso.")),
        Float(name="scale", default=1.0, minimum=0, above=True, maximum=100, step=0.1, decimals=3,
              label=Text("Scale", "Escala"), help=Text("Factor of the result.", "Factor del resultado."))),
    pixels=laplacian,
    opencv=lambda values, _channels: [
        f"edges = cv2.Laplacian(picture, cv2.CV_32F, ksize={odd(min(int(values['kernel_size']), 31))}, "
        f"scale={float(values['scale'])})",
        "picture = np.rint(np.minimum(np.abs(edges), 255)).astype(np.uint8)"],
)

STEPS: Final = (MORPHOLOGY, BACKGROUND_SUBTRACTION, SOBEL, LAPLACIAN)
