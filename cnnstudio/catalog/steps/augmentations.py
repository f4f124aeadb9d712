"""Augmentations with the meaning of Keras's preprocessing layers."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.steps.entry import Augmentation
from cnnstudio.core.params import Choice, Factor, Float, Int, Option, Param
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


_EDGE = ("fill_mode", "fill_value")
_DOWN_AND_UP = Text("How far down and how far up: 0.2 and 0.2 are contrast times 0.8 to 1.2.",
                    "Cuánto baja y cuánto sube: 0.2 y 0.2 son contraste por 0.8 a 1.2.")
_OTHER_WAY = Text("What points left then points right.", "Lo que apunta a la izquierda apunta entonces a la derecha.")
_OTHER_COLOR = Text("Classes that are named by a colour would take another one.",
                    "Las clases que se llaman por un color tomarían otro.")


def _call(layer: str, *names: str, **others: Any) -> dict[str, Any]:
    """The layer's name, and the call of it with these parameters."""
    return {"keras": layer, "call": Call(layer, {name: P(name) for name in names} | others)}


def _factor(name: str, default: float | tuple[float, float] | None, help: Text, maximum: float = 1.0,
            optional: bool = False) -> Param:
    return Factor(name=name, default=default, minimum=-maximum, maximum=maximum, optional=optional, label=same(name),
                  help=help)


def _seldom(default: float) -> Param:
    """The probability where it is all there is to set."""
    return msgspec.structs.replace(_PROBABILITY, default=default, advanced=False)


def _share(name: str, default: tuple[float, float] | None, help: Text, maximum: float = 1.0, minimum: float = 0.0,
           optional: bool = False) -> Param:
    """A range that is not negative."""
    return Factor(name=name, default=default, minimum=minimum, maximum=maximum, optional=optional, label=same(name),
                  help=help)


STEPS: Final = (
    Augmentation(id="random_flip", label=Text("Flip", "Volteo"), group="geometry",
             **_call("keras.layers.RandomFlip", "mode"),
             help=Text("Mirrors half of the pictures.", "Refleja la mitad de las imágenes."),
             changes_class=Text("A mirrored digit or letter can be another one.",
                                "Una cifra o letra reflejada puede ser otra."),
             changes_direction=_OTHER_WAY,
             params=(Choice(name="mode", default="horizontal", label=same("mode"),
                            help=Text("Left and right, up and down, or both.", "Izquierda y derecha, arriba y abajo, o ambos."),
                            options=(Option("horizontal", Text("horizontal", "horizontal")),
                                     Option("vertical", Text("vertical", "vertical")),
                                     Option("horizontal_and_vertical", Text("both", "ambos")))),
                     _PROBABILITY)),
    Augmentation(id="random_rotation", label=Text("Rotation", "Rotación"), group="geometry",
             **_call("keras.layers.RandomRotation", "factor", *_EDGE),
             help=Text("Turns by a random angle.", "Gira un ángulo al azar."),
             changes_class=Text("A 6 that is turned far is a 9.", "Un 6 muy girado es un 9."),
             changes_direction=Text("What points up and is turned far points sideways.",
                                    "Lo que apunta arriba y se gira mucho apunta a un lado."),
             params=(_factor("factor", 0.1, Text("Share of a full turn: 0.1 is up to 36 degrees either way.",
                                                 "Parte de una vuelta: 0.1 es hasta 36 grados a cada lado.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    Augmentation(id="random_zoom", label=Text("Zoom", "Zoom"), group="geometry",
             **_call("keras.layers.RandomZoom", "height_factor", "width_factor", *_EDGE),
             help=Text("Enlarges or shrinks at random.", "Amplía o reduce al azar."),
             params=(_factor("height_factor", 0.2, Text("0.2: from 20 % nearer (-0.2) to 20 % farther (0.2).",
                                                        "0.2: desde un 20 % más cerca (-0.2) a un 20 % más lejos (0.2).")),
                     _factor("width_factor", None, Text("The same across; none keeps the proportions.",
                                                        "Lo mismo a lo ancho; none conserva las proporciones."),
                             optional=True),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    Augmentation(id="random_translation", label=Text("Translation", "Traslación"), group="geometry",
             **_call("keras.layers.RandomTranslation", "height_factor", "width_factor", *_EDGE),
             help=Text("Shifts at random.", "Desplaza al azar."),
             params=(_factor("height_factor", 0.1, Text("Share of the height, up or down.",
                                                        "Parte del alto, hacia arriba o abajo.")),
                     _factor("width_factor", 0.1, Text("Share of the width, left or right.",
                                                       "Parte del ancho, a izquierda o derecha.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    Augmentation(id="random_shear", label=Text("Shear", "Cizalla"), group="geometry",
             **_call("keras.layers.RandomShear", "x_factor", "y_factor", *_EDGE),
             help=Text("Slants at random.", "Inclina al azar."),
             params=(Factor(name="x_factor", default=0.1, minimum=0, maximum=1, label=same("x_factor"),
                            help=Text("Slant across.", "Inclinación a lo ancho.")),
                     Factor(name="y_factor", default=0.0, minimum=0, maximum=1, label=same("y_factor"),
                            help=Text("Slant down.", "Inclinación a lo alto.")),
                     _FILL_MODE, _FILL_VALUE, _PROBABILITY)),
    Augmentation(id="random_brightness", label=Text("Brightness", "Brillo"), group="color",
             **_call("keras.layers.RandomBrightness", "factor"),
             help=Text("Lighter or darker at random.", "Más claro o más oscuro al azar."),
             params=(_factor("factor", 0.2, Text("Share of the full range that is added.",
                                                 "Parte del rango completo que se suma.")), _PROBABILITY)),
    Augmentation(id="random_contrast", label=Text("Contrast", "Contraste"), group="color",
             **_call("keras.layers.RandomContrast", "factor"),
             help=Text("More or less contrast at random.", "Más o menos contraste al azar."),
             params=(Factor(name="factor", default=(0.2, 0.2), minimum=0, maximum=1, label=same("factor"),
                            help=_DOWN_AND_UP), _PROBABILITY)),
    Augmentation(id="random_crop", label=Text("Random crop", "Recorte al azar"), group="geometry",
             keras="keras.layers.RandomCrop",
             help=Text("Cuts a part out at a random place and enlarges it to the whole size.",
                       "Recorta una parte en un lugar al azar y la amplía al tamaño completo."),
             params=(_share("scale", (0.8, 1.0), Text("Share of height and width that stays.",
                                                      "Parte del alto y del ancho que queda."), minimum=0.05),
                     _PROBABILITY)),
    Augmentation(id="random_hue", label=Text("Hue", "Tono"), group="color", needs_color=True,
             **_call("keras.layers.RandomHue", "factor"), changes_color=_OTHER_COLOR,
             help=Text("Turns all colours around the colour circle.", "Gira todos los colores en el círculo cromático."),
             params=(_share("factor", (0.0, 0.1), Text("1 is half a turn: red becomes cyan.",
                                                       "1 es media vuelta: el rojo pasa a cian.")), _PROBABILITY)),
    Augmentation(id="random_saturation", label=Text("Saturation", "Saturación"), group="color", needs_color=True,
             **_call("keras.layers.RandomSaturation", "factor"), changes_color=_OTHER_COLOR,
             help=Text("Paler or stronger colours at random.", "Colores más pálidos o más vivos al azar."),
             params=(_share("factor", (0.4, 0.6), Text("0.5 changes nothing, 0 is grey, 0.75 three times as strong.",
                                                       "0.5 no cambia nada, 0 es gris, 0.75 el triple de vivo.")),
                     _PROBABILITY)),
    Augmentation(id="random_color_jitter", label=Text("Colour jitter", "Variación de color"), group="color",
             **_call("keras.layers.RandomColorJitter", "brightness_factor", "contrast_factor", "saturation_factor",
                     "hue_factor"), changes_color=_OTHER_COLOR,
             help=Text("Brightness, contrast, saturation and hue in one step; none leaves one out.",
                       "Brillo, contraste, saturación y tono en un paso; ninguno omite uno."),
             params=(_factor("brightness_factor", 0.2, Text("Share of the full range that is added.",
                                                            "Parte del rango completo que se suma."), optional=True),
                     Factor(name="contrast_factor", default=(0.2, 0.2), minimum=0, maximum=1, optional=True,
                            label=same("contrast_factor"), help=_DOWN_AND_UP),
                     _share("saturation_factor", (0.4, 0.6), Text("0.5 changes nothing, 0 is grey.",
                                                                  "0.5 no cambia nada, 0 es gris."), optional=True),
                     _share("hue_factor", (0.0, 0.05), Text("1 is half a turn of the colour circle.",
                                                            "1 es media vuelta del círculo cromático."),
                            optional=True),
                     _PROBABILITY)),
    Augmentation(id="random_grayscale", label=Text("Grayscale", "Escala de grises"), group="color", needs_color=True,
             **_call("keras.layers.RandomGrayscale", factor=P("probability")), changes_color=_OTHER_COLOR,
             help=Text("Takes the colour out of some pictures; the channels stay.",
                       "Quita el color a algunas imágenes; los canales quedan."),
             params=(_seldom(0.2),)),
    Augmentation(id="equalization", label=Text("Equalization", "Ecualización"), group="color",
             **_call("keras.layers.Equalization"),
             help=Text("Spreads the histogram of each channel over the whole range.",
                       "Reparte el histograma de cada canal por todo el rango."),
             params=(_seldom(0.2),)),
    Augmentation(id="random_posterization", label=Text("Posterization", "Posterización"), group="color",
             **_call("keras.layers.RandomPosterization", "factor"),
             help=Text("Keeps fewer bits of every value.", "Conserva menos bits de cada valor."),
             params=(_share("factor", (3.0, 8.0), Text("Bits that stay, the upper end excluded: 8 changes nothing.",
                                                       "Bits que quedan, sin el extremo superior: 8 no cambia nada."),
                            maximum=8.0, minimum=1.0), _PROBABILITY)),
    Augmentation(id="solarization", label=Text("Solarization", "Solarización"), group="color",
             **_call("keras.layers.Solarization", "addition_factor", "threshold_factor"), changes_color=_OTHER_COLOR,
             help=Text("Inverts what is brighter than a threshold.", "Invierte lo que es más claro que un umbral."),
             params=(_share("addition_factor", (0.0, 0.0), Text("Share of the full range that is added before.",
                                                                "Parte del rango completo que se suma antes.")),
                     _share("threshold_factor", (0.5, 1.0), Text("Threshold, share of the full range.",
                                                                 "Umbral, parte del rango completo.")), _PROBABILITY)),
    Augmentation(id="random_invert", label=Text("Invert", "Invertir"), group="color",
             **_call("keras.layers.RandomInvert", factor=P("always")), changes_color=_OTHER_COLOR,
             help=Text("Makes a negative of some pictures.", "Hace un negativo de algunas imágenes."),
             params=(_seldom(0.2),)),
    Augmentation(id="random_gaussian_noise", label=Text("Gaussian noise", "Ruido gaussiano"), group="detail",
             keras="keras.layers.GaussianNoise",
             help=Text("Adds noise to every value.", "Añade ruido a cada valor."),
             params=(_share("stddev", (0.0, 0.05), Text("Standard deviation, share of the full range.",
                                                        "Desviación típica, parte del rango completo.")),
                     _PROBABILITY)),
    Augmentation(id="random_gaussian_blur", label=Text("Gaussian blur", "Desenfoque gaussiano"), group="detail",
             **_call("keras.layers.RandomGaussianBlur", "kernel_size", "sigma", factor=P("always")),
             help=Text("Blurs by a random width.", "Desenfoca con una anchura al azar."),
             params=(Int(name="kernel_size", default=5, minimum=1, maximum=63, step=2, odd=True,
                         label=same("kernel_size"), help=Text("Side of the window in pixels; odd.",
                                                              "Lado de la ventana en píxeles; impar.")),
                     _share("sigma", (0.1, 1.5), Text("Width of the bell in pixels.", "Anchura de la campana en píxeles."),
                            maximum=20.0), _PROBABILITY)),
    Augmentation(id="random_sharpness", label=Text("Sharpness", "Nitidez"), group="detail",
             **_call("keras.layers.RandomSharpness", "factor"),
             help=Text("Softer or sharper at random.", "Más suave o más nítida al azar."),
             params=(_share("factor", (0.0, 1.0), Text("0 softens, 0.5 changes nothing, 1 sharpens.",
                                                       "0 suaviza, 0.5 no cambia nada, 1 afila.")), _PROBABILITY)),
    Augmentation(id="random_erasing", label=Text("Erasing (cutout)", "Borrado (cutout)"), group="detail",
             **_call("keras.layers.RandomErasing", "scale", "fill_value", factor=P("always")),
             help=Text("Covers a random rectangle, so that no single part decides.",
                       "Tapa un rectángulo al azar, para que no decida una sola parte."),
             params=(_share("scale", (0.02, 0.33), Text("Square of the share of each side that is covered.",
                                                        "Cuadrado de la parte de cada lado que se tapa.")),
                     Float(name="fill_value", default=None, minimum=0, maximum=255, step=1, decimals=0, optional=True,
                           label=same("fill_value"), help=Text("Value from 0 to 255; none: noise.",
                                                               "Valor de 0 a 255; ninguno: ruido.")), _PROBABILITY)),
    Augmentation(id="mix_up", label=Text("MixUp", "MixUp"), group="mix", **_call("keras.layers.MixUp", "alpha"),
             help=Text("Fades every picture with another one of the batch, and their labels alike.",
                       "Funde cada imagen con otra del lote, y sus etiquetas igual."),
             params=(Float(name="alpha", default=0.2, minimum=0, above=True, maximum=8, step=0.1, decimals=2,
                           label=same("alpha"), help=Text("Higher mixes more evenly: weights are Beta(alpha, alpha).",
                                                          "Más alto mezcla más por igual: los pesos son Beta(alpha, "
                                                          "alpha).")), _PROBABILITY)),
    Augmentation(id="cut_mix", label=Text("CutMix", "CutMix"), group="mix", **_call("keras.layers.CutMix", "factor"),
             help=Text("Puts a rectangle of another picture of the batch in, and mixes the labels by area.",
                       "Pone un rectángulo de otra imagen del lote y mezcla las etiquetas según el área."),
             params=(_share("factor", (1.0, 1.0), Text("Alpha of the Beta distribution of the area; drawn for a batch.",
                                                       "Alfa de la distribución beta del área; se sortea por lote.")),
                     _PROBABILITY)),
)
