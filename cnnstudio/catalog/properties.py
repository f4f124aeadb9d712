"""The registry of properties of pictures by which an accuracy is divided: what is known of a file without its label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same

Kind = Literal["numeric", "categorical"]
COLUMN: Final = "column:"
"""The beginning of the id of a property that is a column of a list."""
GREY: Final = 2.0
"""The colourfulness (`imaging.quality`) below which a picture that is stored as colour shows none."""


class PictureFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a file; None: unknown. `folder` is that of the file in its collection, "" for the outermost. The
    measures are those of `imaging.quality.Quality`, `channels` are 1, 3 or 4 after transparency is laid over white."""

    folder: str = ""
    file_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    brightness: float | None = None
    contrast: float | None = None
    sharpness: float | None = None
    colorfulness: float | None = None
    channels: int | None = None
    format: str | None = None


class PictureProperty(msgspec.Struct, frozen=True, kw_only=True):
    """A property. `value` gives it as a number, or as a text of which `names` has the label in both languages where the user
    should not read it as it is; None: unknown. `decodes`: the file must be decoded for it. A number is shown times `scale`
    with `decimals` and `unit`."""

    id: str
    label: Text
    help: Text
    kind: Kind
    value: Callable[[PictureFacts], float | str | None]
    names: dict[str, Text] = {}
    decodes: bool = False
    scale: float = 1.0
    decimals: int = 2
    unit: str = ""


def _ratio(facts: PictureFacts) -> float | None:
    return None if not facts.width or not facts.height else facts.width / facts.height


def _side(facts: PictureFacts) -> float | None:
    return None if facts.width is None or facts.height is None else float(max(facts.width, facts.height))


def _bytes(facts: PictureFacts) -> float | None:
    return None if facts.file_bytes is None else float(facts.file_bytes)


def _color(facts: PictureFacts) -> str | None:
    if facts.channels is None:
        return None
    if facts.channels == 1:
        return "grey"
    return "grey_as_color" if facts.colorfulness is not None and facts.colorfulness < GREY else "color"


PROPERTIES: Final[Registry[PictureProperty]] = Registry("picture property", (
    PictureProperty(
        id="brightness", label=Text("Brightness", "Brillo"), kind="numeric", decodes=True, scale=100, decimals=0, unit="%",
        help=Text("The mean grey of the picture: 0% is black, 100% white.",
                  "El gris medio de la imagen: 0 % es negro y 100 % blanco."), value=lambda facts: facts.brightness),
    PictureProperty(
        id="contrast", label=Text("Contrast", "Contraste"), kind="numeric", decodes=True, scale=100, decimals=1, unit="%",
        help=Text("The standard deviation of the grey, from 0% (plain) to 50% (black and white).",
                  "La desviación estándar del gris, de 0 % (lisa) a 50 % (blanco y negro)."),
        value=lambda facts: facts.contrast),
    PictureProperty(
        id="sharpness", label=Text("Sharpness", "Nitidez"), kind="numeric", decodes=True,
        help=Text("How much of the detail is finest detail, where the picture is sharpest: below 0.4 it is blurred, above 0.5 "
                  "nearly always sharp.",
                  "Cuánto del detalle es detalle muy fino, donde la imagen es más nítida: por debajo de 0,4 está borrosa, por "
                  "encima de 0,5 casi siempre es nítida."), value=lambda facts: facts.sharpness),
    PictureProperty(
        id="side", label=Text("Size in pixels", "Tamaño en píxeles"), kind="numeric", decodes=True, decimals=0, unit="px",
        help=Text("The longer side of the picture.", "El lado más largo de la imagen."), value=_side),
    PictureProperty(
        id="ratio", label=Text("Aspect ratio", "Relación de aspecto"), kind="numeric", decodes=True,
        help=Text("Width by height: 1 is square, below it is upright.",
                  "Anchura entre altura: 1 es cuadrada, por debajo es vertical."), value=_ratio),
    PictureProperty(
        id="bytes", label=Text("File size", "Tamaño del archivo"), kind="numeric", scale=1 / 1024, decimals=1, unit="KB",
        help=Text("The size of the file on the disk.", "Lo que ocupa el archivo en el disco."), value=_bytes),
    PictureProperty(
        id="format", label=Text("File format", "Formato del archivo"), kind="categorical", decodes=True,
        help=Text("The format of the content, whatever the file is called.",
                  "El formato del contenido, se llame como se llame el archivo."),
        value=lambda facts: None if facts.format is None else facts.format.upper()),
    PictureProperty(
        id="color", label=Text("Colour or grey", "Color o gris"), kind="categorical", decodes=True,
        help=Text("Whether the picture has colours, none, or is grey and stored as colour.",
                  "Si la imagen tiene colores, no los tiene, o es gris y está guardada como color."), value=_color,
        names={"grey": Text("grey", "gris"), "color": Text("colour", "color"),
               "grey_as_color": Text("grey, stored as colour", "gris, guardada como color")}),
    PictureProperty(
        id="folder", label=Text("Source folder", "Carpeta de origen"), kind="categorical",
        help=Text("The folder in which the file lies.", "La carpeta en la que está el archivo."),
        value=lambda facts: facts.folder or ".", names={".": Text("(outermost folder)", "(carpeta exterior)")}),
))


def column_property(name: str, kind: Kind) -> PictureProperty:
    """The property that is a column of the project's list; its values come from the list, not from the file."""
    return PictureProperty(
        id=COLUMN + name, label=same(name), kind=kind, value=lambda _facts: None, decimals=3,
        help=Text("A column of the list of pictures.", "Una columna de la lista de imágenes."))
