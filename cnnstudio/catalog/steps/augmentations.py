"""Augmentations with the meaning of Keras's preprocessing layers."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.steps.entry import StepType
from cnnstudio.core.params import Choice, Factor, Float, Option, Param
from cnnstudio.core.text import Text, same

_FILL_MODE = Choice(
    name="fill_mode", default="reflect", advanced=True, label=same("fill_mode"),
    help=Text("What stands where the picture has no pixels.", "Qué hay donde la imagen no tiene píxeles."),
    options=(Option("reflect", Text("reflect: mirrored", "reflect: reflejado")),
             Option("nearest", Text("nearest: the border", "nearest: el borde")),
             Option("wrap", Text("wrap: the other side", "wrap: el otro lado")),
             Option("constant", Text("constant: one value", "constant: un valor"))))
_FILL_VALUE = Float(
    name="fill_value", default=0.0, minimum=0, maximum=255, step=1, decimals=0, advanced=True, label=same("fill_value"),
    help=Text("The value for fill_mode constant, 0 to 255.", "El valor para fill_mode constant, de 0 a 255."))
_PROBABILITY = Float(
    name="probability", default=1.0, minimum=0, maximum=1, step=0.1, decimals=2, advanced=True,
    label=Text("Probability", "Probabilidad"),
    help=Text("Share of the pictures that are changed.", "Parte de las imágenes que se cambian."))


def _factor(name: str, default: float | tuple[float, float] | None, help: Text, maximum: float = 1.0,
            optional: bool = False) -> Param:
    return Factor(name=name, default=default, minimum=-maximum, maximum=maximum, optional=optional, label=same(name),
                  help=help)


STEPS: Final = (
    StepType(id="random_flip", label=Text("Flip", "Volteo"), keras="keras.layers.RandomFlip",
             help=Text("Mirrors half of the pictures.", "Refleja la mitad de las imágenes."),
             changes_class=Text("A mirrored digit or letter can be another one.",
                                "Una cifra o letra reflejada puede ser otra."),
             params=(Choice(name="mode", default="horizontal", label=same("mode"),
                            help=Text("Left and right, up and down, or both.", "Izquierda y derecha, arriba y abajo, o ambos."),
                            options=(Option("horizontal", Text("horizontal", "horizontal")),
                                     Option("vertical", Text("vertical", "vertical")),
                                     Option("horizontal_and_vertical", Text("both", "ambos")))),
                     _PROBABILITY)),
    StepType(id="random_rotation", label=Text("Rotation", "Rotación"), keras="keras.layers.RandomRotation",
             help=Text("Turns by a random angle.", "Gira un ángulo al azar."),
             changes_class=Text("A 6 that is turned far is a 9.", "Un 6 muy girado es un 9."),
             params=(_factor("factor", 0.1, Text("Share of a full turn: 0.1 is up to 36 degrees either way.",
                                                 "Parte de una vuelta: 0.1 es hasta 36 grados a cada lado.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    StepType(id="random_zoom", label=Text("Zoom", "Zoom"), keras="keras.layers.RandomZoom",
             help=Text("Enlarges or shrinks at random.", "Amplía o reduce al azar."),
             params=(_factor("height_factor", 0.2, Text("0.2: from 20 % nearer (-0.2) to 20 % farther (0.2).",
                                                        "0.2: desde un 20 % más cerca (-0.2) a un 20 % más lejos (0.2).")),
                     _factor("width_factor", None, Text("The same across; none keeps the proportions.",
                                                        "Lo mismo a lo ancho; none conserva las proporciones."),
                             optional=True),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    StepType(id="random_translation", label=Text("Translation", "Traslación"), keras="keras.layers.RandomTranslation",
             help=Text("Shifts at random.", "Desplaza al azar."),
             params=(_factor("height_factor", 0.1, Text("Share of the height, up or down.",
                                                        "Parte del alto, hacia arriba o abajo.")),
                     _factor("width_factor", 0.1, Text("Share of the width, left or right.",
                                                       "Parte del ancho, a izquierda o derecha.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    StepType(id="random_shear", label=Text("Shear", "Cizalla"), keras="keras.layers.RandomShear",
             help=Text("Slants at random.", "Inclina al azar."),
             params=(Factor(name="x_factor", default=0.1, minimum=0, maximum=1, label=same("x_factor"),
                            help=Text("Slant across.", "Inclinación a lo ancho.")),
                     Factor(name="y_factor", default=0.0, minimum=0, maximum=1, label=same("y_factor"),
                            help=Text("Slant down.", "Inclinación a lo alto.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    StepType(id="random_brightness", label=Text("Brightness", "Brillo"), keras="keras.layers.RandomBrightness",
             help=Text("Lighter or darker at random.", "Más claro o más oscuro al azar."),
             params=(_factor("factor", 0.2, Text("Share of the full range that is added.",
                                                 "Parte del rango completo que se suma.")), _PROBABILITY)),
    StepType(id="random_contrast", label=Text("Contrast", "Contraste"), keras="keras.layers.RandomContrast",
             help=Text("More or less contrast at random.", "Más o menos contraste al azar."),
             params=(Factor(name="factor", default=0.2, minimum=0, maximum=1, label=same("factor"),
                            help=Text("0.2: contrast times 0.8 to 1.2.", "0.2: contraste por 0.8 a 1.2.")), _PROBABILITY)),
)
