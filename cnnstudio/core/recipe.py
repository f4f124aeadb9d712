"""The recipe: how a file becomes the tensor that the network sees. One definition for preview,
training, evaluation, prediction and export."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.item import Step
from cnnstudio.core.params import Choice, Color, Int, Option
from cnnstudio.core.text import Text, same

ColorMode = Literal["grayscale", "rgb", "rgba"]
CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}
Fit = Literal["stretch", "crop", "pad"]
Interpolation = Literal["auto", "nearest", "bilinear", "bicubic", "area", "lanczos4"]
Normalization = Literal["zero_one", "minus_one_one", "base", "none"]


class RecipeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Orientation, colour mode, resize, steps, and the normalisation that goes into the model.

    The pixel path ends with uint8 of shape (height, width, channels). `normalization` becomes a
    Rescaling layer inside the model, so that a saved model takes plain 0-255 pixels; "base" means
    that the pretrained base scales by itself.
    """

    height: int = 64
    width: int = 64
    color_mode: ColorMode = "rgb"
    fit: Fit = "stretch"
    interpolation: Interpolation = "auto"
    background: tuple[int, int, int] = (255, 255, 255)
    steps: tuple[Step, ...] = ()
    normalization: Normalization = "zero_one"

    @property
    def channels(self) -> int:
        return CHANNELS[self.color_mode]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a prepared picture."""
        return (self.height, self.width, self.channels)

    def as_dictionary(self) -> dict[str, Any]:
        """The plain form that the pixel path (and an exported bundle) reads."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


RECIPE_PARAMS: Final = (
    Int(name="height", default=64, minimum=1, maximum=4096, unit=same("px"), label=Text("Height", "Alto"),
        help=Text("Height of the picture that the network sees.", "Alto de la imagen que ve la red.")),
    Int(name="width", default=64, minimum=1, maximum=4096, unit=same("px"), label=Text("Width", "Ancho"),
        help=Text("Width of the picture that the network sees.", "Ancho de la imagen que ve la red.")),
    Choice(name="color_mode", default="rgb", label=Text("Colour mode", "Modo de color"),
           help=Text("grayscale has 1 channel, rgb 3, rgba 4 (with transparency).",
                     "grayscale tiene 1 canal, rgb 3, rgba 4 (con transparencia)."),
           options=(Option("grayscale", same("grayscale")), Option("rgb", same("rgb")),
                    Option("rgba", same("rgba")))),
    Choice(name="fit", default="stretch", label=Text("Fit", "Ajuste"),
           help=Text("How a picture of another shape is brought to this size.",
                     "Cómo se lleva a este tamaño una imagen de otra forma."),
           options=(
               Option("stretch", Text("stretch", "estirar"),
                      Text("Uses the whole picture; changes its proportions.",
                           "Usa toda la imagen; cambia sus proporciones.")),
               Option("crop", Text("crop", "recortar"),
                      Text("Keeps proportions; cuts off what is too long.",
                           "Conserva las proporciones; corta lo que sobra.")),
               Option("pad", Text("pad", "rellenar"),
                      Text("Keeps proportions and the whole picture; fills up with the background.",
                           "Conserva las proporciones y toda la imagen; rellena con el fondo.")))),
    Choice(name="interpolation", default="auto", advanced=True, label=Text("Interpolation", "Interpolación"),
           help=Text("How new pixels are computed. auto: area when shrinking, bilinear when enlarging.",
                     "Cómo se calculan los píxeles nuevos. auto: area al reducir, bilinear al ampliar."),
           options=tuple(Option(each, same(each))
                         for each in ("auto", "nearest", "bilinear", "bicubic", "area", "lanczos4"))),
    Color(name="background", default=(255, 255, 255), advanced=True, label=Text("Background", "Fondo"),
          help=Text("Colour under transparent pictures and around padded ones.",
                    "Color bajo las imágenes transparentes y alrededor de las rellenadas.")),
    Choice(name="normalization", default="zero_one", label=Text("Normalisation", "Normalización"),
           help=Text("Scaling of the pixels, done inside the model.",
                     "Escalado de los píxeles, dentro del modelo."),
           options=(Option("zero_one", Text("[0, 1]", "[0, 1]")),
                    Option("minus_one_one", Text("[-1, 1]", "[-1, 1]")),
                    Option("base", Text("the base's own", "la propia de la base")),
                    Option("none", Text("none: 0 to 255", "ninguna: 0 a 255")))),
)
