"""Augmentations that move pixels, as Keras's preprocessing layers do.

A matrix leads from a pixel of the result to one of the picture; pixel centres lie on whole numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.common import FILL, PROBABILITY, draw_expression, factor, share
from cnnstudio.catalog.steps.entry import Augmentation, MatrixScript
from cnnstudio.core.display import PERCENT, TURN
from cnnstudio.core.params import Choice, Factor, Option
from cnnstudio.core.text import Text, same
from cnnstudio.imaging.changes import Geometric, Params
from cnnstudio.imaging.counter_rng import CounterRng, Floats, factor_range

OTHER_WAY: Final = Text("What points left will point right.", "Lo que apunta a la izquierda apuntará a la derecha.")


def _unchanged(count: int) -> Floats:
    return np.tile(np.eye(3), (count, 1, 1))


def _middle(height: int, width: int) -> tuple[float, float]:
    """(x, y) of the middle of a picture."""
    return (width - 1) / 2.0, (height - 1) / 2.0


def _flip(params: Params, rng: CounterRng, height: int, width: int) -> Floats:
    """horizontal_and_vertical mirrors both ways or not at all."""
    matrices = _unchanged(rng.count)
    if params["mode"] in ("horizontal", "horizontal_and_vertical"):
        matrices[:, 0, 0], matrices[:, 0, 2] = -1.0, width - 1
    if params["mode"] in ("vertical", "horizontal_and_vertical"):
        matrices[:, 1, 1], matrices[:, 1, 2] = -1.0, height - 1
    return matrices


def _flip_script(values: Values, _height: int, _width: int) -> list[str]:
    across, down = {"horizontal": (-1, 1), "vertical": (1, -1)}.get(values["mode"], (-1, -1))
    return ["if rng.random() < 0.5:", f"    matrix = matrix @ about_middle({across}, 0, 0, {down})"]


def _rotation(params: Params, rng: CounterRng, height: int, width: int) -> Floats:
    """A positive angle turns counter-clockwise."""
    matrices, (across, down) = _unchanged(rng.count), _middle(height, width)
    angle = rng.uniform(*factor_range(params["factor"])) * 2.0 * np.pi
    cosine, sine = np.cos(angle), np.sin(angle)
    matrices[:, 0, 0], matrices[:, 0, 1] = cosine, -sine
    matrices[:, 1, 0], matrices[:, 1, 1] = sine, cosine
    matrices[:, 0, 2] = across - across * cosine + down * sine
    matrices[:, 1, 2] = down - across * sine - down * cosine
    return matrices


def _rotation_script(values: Values, _height: int, _width: int) -> list[str]:
    return [f"angle = 2 * np.pi * {draw_expression(values['factor'])}",
            "matrix = matrix @ about_middle(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))"]


def _zoom(params: Params, rng: CounterRng, height: int, width: int) -> Floats:
    """A positive factor shrinks."""
    matrices, (across, down) = _unchanged(rng.count), _middle(height, width)
    high = 1.0 + rng.uniform(*factor_range(params["height_factor"]))
    wide = high if params["width_factor"] is None else 1.0 + rng.uniform(*factor_range(params["width_factor"]))
    matrices[:, 0, 0], matrices[:, 0, 2] = wide, across * (1.0 - wide)
    matrices[:, 1, 1], matrices[:, 1, 2] = high, down * (1.0 - high)
    return matrices


def _zoom_script(values: Values, _height: int, _width: int) -> list[str]:
    wide = "high" if values["width_factor"] is None else draw_expression(values["width_factor"], plus=1.0)
    return [f"high = {draw_expression(values['height_factor'], plus=1.0)}",
            f"matrix = matrix @ about_middle({wide}, 0, 0, high)"]


def _translation(params: Params, rng: CounterRng, height: int, width: int) -> Floats:
    """A positive factor shifts right and down."""
    matrices = _unchanged(rng.count)
    matrices[:, 1, 2] = -height * rng.uniform(*factor_range(params["height_factor"]))
    matrices[:, 0, 2] = -width * rng.uniform(*factor_range(params["width_factor"]))
    return matrices


def _translation_script(values: Values, height: int, width: int) -> list[str]:
    down, right = (draw_expression(values["height_factor"], times=height),
                   draw_expression(values["width_factor"], times=width))
    return [f"down, right = {down}, {right}",
            "matrix = matrix @ np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])"]


def _shear(params: Params, rng: CounterRng, _height: int, _width: int) -> Floats:
    """The origin is the top left corner."""
    matrices = _unchanged(rng.count)
    sign = np.where(rng.uniform(0.0, 1.0) > 0.5, -1.0, 1.0)
    matrices[:, 1, 0] = sign * rng.uniform(*factor_range(params["y_factor"]))
    matrices[:, 0, 1] = sign * rng.uniform(*factor_range(params["x_factor"]))
    return matrices


def _shear_script(values: Values, _height: int, _width: int) -> list[str]:
    return ["side = rng.choice([-1, 1])",
            f"matrix = matrix @ np.array([[1, side * {draw_expression(values['x_factor'])}, 0], "
            f"[side * {draw_expression(values['y_factor'])}, 1, 0], [0, 0, 1]])"]


def _crop(params: Params, rng: CounterRng, height: int, width: int) -> Floats:
    """A share of both sides is cut out at a random place and brought back to the whole size."""
    matrices = _unchanged(rng.count)
    part = np.minimum(rng.uniform(*factor_range(params["scale"], 0.01)), 1.0)
    for axis, side in ((0, width), (1, height)):
        # Centres of pixels lie at n + 1/2 when a picture is made larger, as in Keras's resize.
        start = rng.uniform(0.0, 1.0) * (1.0 - part) * side
        matrices[:, axis, axis], matrices[:, axis, 2] = part, start + (part - 1.0) / 2.0
    return matrices


def _crop_script(values: Values, height: int, width: int) -> list[str]:
    return [f"share = min({draw_expression(values['scale'], 0.01)}, 1.0)",
            f"left, top = rng.random() * (1 - share) * {width}, rng.random() * (1 - share) * {height}",
            "matrix = matrix @ np.array([[share, 0, left + (share - 1) / 2], [0, share, top + (share - 1) / 2], [0, 0, 1]])"]


STEPS: Final = (
    Augmentation(
        id="random_flip", label=Text("Flip", "Volteo"), group="geometry",
        keras="keras.layers.RandomFlip",
        help=Text("Flips half of the pictures.", "Voltea la mitad de las imágenes."),
        changes_class=Text("A mirrored digit or letter can become another one.",
                           "Un dígito o una letra reflejados pueden convertirse en otro."),
        changes_direction=OTHER_WAY,
        params=(Choice(name="mode", default="horizontal", label=same("mode"),
                       help=Text("Horizontally, vertically, or both.", "En horizontal, en vertical o ambos."),
                       options=(Option("horizontal", Text("Horizontal", "Horizontal")),
                                Option("vertical", Text("Vertical", "Vertical")),
                                Option("horizontal_and_vertical", Text("Both", "Ambos")))),
                PROBABILITY),
        change=Geometric(_flip, share=0.5, fills=False), script=MatrixScript(_flip_script, around_middle=True)),
    Augmentation(
        id="random_rotation", label=Text("Rotation", "Rotación"), group="geometry",
        keras="keras.layers.RandomRotation",
        help=Text("Rotates pictures by a random angle.", "Gira las imágenes un ángulo al azar."),
        changes_class=Text("A 6 that is rotated far enough becomes a 9.",
                           "Un 6 que gira lo suficiente se convierte en un 9."),
        changes_direction=Text("What points up can end up pointing sideways.",
                               "Lo que apunta arriba puede acabar apuntando a un lado."),
        params=(factor("factor", 0.1, Text("The angle, positive anticlockwise; Keras's value is the fraction of a full turn: "
                                           "0.1 means up to 36 degrees in either direction.",
                                            "El ángulo, positivo en sentido antihorario; el valor de Keras es la fracción de "
                                            "una vuelta: 0,1 significa hasta 36 grados en cada sentido."), display=TURN),
                *FILL, PROBABILITY),
        change=Geometric(_rotation), script=MatrixScript(_rotation_script, around_middle=True)),
    Augmentation(
        id="random_zoom", label=Text("Zoom", "Zoom"), group="geometry",
        keras="keras.layers.RandomZoom",
        help=Text("Enlarges or reduces pictures at random.", "Amplía o reduce las imágenes al azar."),
        params=(factor("height_factor", 0.2, Text("0.2: from 20% closer (-0.2) to 20% farther away (0.2).",
                                                   "0,2: desde un 20 % más cerca (-0,2) hasta un 20 % más lejos (0,2).")),
                factor("width_factor", None, Text("The same for the width; none keeps the proportions.",
                                                   "Lo mismo para el ancho; none conserva las proporciones."),
                        optional=True),
                *FILL, PROBABILITY),
        change=Geometric(_zoom), script=MatrixScript(_zoom_script, around_middle=True)),
    Augmentation(
        id="random_translation", label=Text("Translation", "Traslación"), group="geometry",
        keras="keras.layers.RandomTranslation",
        help=Text("Shifts pictures at random.", "Desplaza las imágenes al azar."),
        params=(factor("height_factor", 0.1, Text("Fraction of the height, up or down.",
                                                   "Fracción del alto, hacia arriba o hacia abajo.")),
                factor("width_factor", 0.1, Text("Fraction of the width, to the left or right.",
                                                  "Fracción del ancho, hacia la izquierda o la derecha.")),
                *FILL, PROBABILITY),
        change=Geometric(_translation), script=MatrixScript(_translation_script)),
    Augmentation(
        id="random_shear", label=Text("Shear", "Cizalla"), group="geometry",
        keras="keras.layers.RandomShear",
        help=Text("Slants pictures at random.", "Inclina las imágenes al azar."),
        params=(Factor(name="x_factor", default=0.1, minimum=0, maximum=1, label=same("x_factor"), display=PERCENT,
                       help=Text("Horizontal slant.", "Inclinación horizontal.")),
                Factor(name="y_factor", default=0.0, minimum=0, maximum=1, label=same("y_factor"), display=PERCENT,
                       help=Text("Vertical slant.", "Inclinación vertical.")),
                *FILL, PROBABILITY),
        change=Geometric(_shear), script=MatrixScript(_shear_script)),
    Augmentation(
        id="random_crop", label=Text("Random crop", "Recorte al azar"), group="geometry",
        keras="keras.layers.RandomCrop",
        help=Text("Cuts out a part at a random position and enlarges it to the full size.",
                  "Recorta una parte en un lugar al azar y la amplía al tamaño completo."),
        params=(share("scale", (0.8, 1.0), Text("Fraction of the height and width that is kept.",
                                                 "Fracción del alto y del ancho que se "
                                                 "conserva."), minimum=0.05, display=PERCENT),
                PROBABILITY),
        change=Geometric(_crop, fills=False), script=MatrixScript(_crop_script)),
)
