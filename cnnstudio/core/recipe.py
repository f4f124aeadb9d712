"""The recipe: how a file becomes the tensor that the network sees. One definition for preview,
training, evaluation, prediction and export."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.item import Step
from cnnstudio.core.params import Choice, Color, Float, Int, Option, Padding4, ShownWhen
from cnnstudio.core.text import Text, same

ColorMode = Literal["grayscale", "rgb", "rgba"]
CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}
Fit = Literal["stretch", "crop", "pad"]
Interpolation = Literal["auto", "nearest", "nearest_opencv", "bilinear", "linear_exact", "bicubic", "area", "lanczos4"]
Crop = Literal["none", "share", "box"]
Normalization = Literal["zero_one", "minus_one_one", "standardize", "base", "none"]
SampleRangeMode = Literal["type", "bits", "picture", "collection", "window"]
_SAMPLE_FIELDS: Final = {
    "type": (), "bits": ("significant_bits",), "picture": ("low_percentile", "high_percentile"),
    "collection": ("sample_low", "sample_high"), "window": ("sample_low", "sample_high"),
}
"""The fields that decide the pixels, by the mode."""


class RecipeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Sample range, orientation, colour mode, crop, resize, steps, and the normalisation that goes into the model.

    `sample_range` says which samples of pictures with more than 8 bits are black and white: those of the type, of
    `significant_bits`, the picture's own percentiles, or `sample_low` and `sample_high`, which are measured as percentiles
    of the training pictures ("collection"; `samples_measured` identifies these, see `samples_key`) or set ("window").
    `crop` "share" keeps the middle `crop_share` of both sides of a file's picture; "box" keeps the pixels
    of `crop_box` (top, left, height, width; 0 reaches to the end).

    The pixel path ends with uint8 of shape (height, width, channels). `normalization` becomes a
    Rescaling layer inside the model, so that a saved model takes plain 0-255 pixels; "base" means
    that the pretrained base scales by itself. "standardize" uses `mean` and `deviation` of each channel
    (0 to 255) of the training pictures; `measured` identifies the pictures they were measured on (`statistics_key`).
    """

    height: int = 64
    width: int = 64
    color_mode: ColorMode = "rgb"
    crop: Crop = "none"
    crop_share: float = 0.875
    crop_box: tuple[int, int, int, int] = (0, 0, 0, 0)
    fit: Fit = "stretch"
    interpolation: Interpolation = "auto"
    background: tuple[int, int, int] = (255, 255, 255)
    sample_range: SampleRangeMode = "type"
    significant_bits: int = 12
    low_percentile: float = 0.1
    high_percentile: float = 99.9
    sample_low: float = 0.0
    sample_high: float = 0.0
    samples_measured: str = ""
    steps: tuple[Step, ...] = ()
    normalization: Normalization = "zero_one"
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    measured: str = ""

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

    def pixel_part(self) -> dict[str, Any]:
        """Everything that decides the pixels, in its plain form: without the normalisation, which is in the model, and
        without disabled steps."""
        kept = ("sample_range", *_SAMPLE_FIELDS[self.sample_range]) if self.sample_range != "type" else ()
        without = ["normalization", "mean", "deviation", "measured",
                   *(name for name in self.sample_part() if name not in kept),
                   *(name for name in ("crop", "crop_share", "crop_box") if self.crop == "none"),
                   *(["crop_box"] if self.crop == "share" else ["crop_share"] if self.crop == "box" else [])]
        plain = {name: value for name, value in self.as_dictionary().items() if name not in without}
        plain["steps"] = [{name: step[name] for name in ("type", "params")} for step in plain["steps"]
                          if step.get("enabled", True)]
        return plain

    def sample_part(self) -> dict[str, Any]:
        """The fields of the sample range, which a new network or template does not change."""
        return {name: getattr(self, name) for name in self.__struct_fields__
                if name in ("sample_range", "significant_bits", "low_percentile", "high_percentile", "sample_low",
                            "sample_high", "samples_measured")}


def samples_key(recipe: RecipeSpec, dataset: DatasetSpec, pictures: int) -> str:
    """Identifies the pictures of a measured sample range: percentiles, collection, splits and number of training
    pictures."""
    return _key(recipe.low_percentile, recipe.high_percentile, *_pictures_of(dataset, pictures))


def statistics_key(recipe: RecipeSpec, dataset: DatasetSpec, pictures: int) -> str:
    """Identifies the pictures of a mean and a deviation: the pixels of the recipe, the collection, its splits, and the
    number of training pictures."""
    return _key(recipe.pixel_part(), *_pictures_of(dataset, pictures))


def _pictures_of(dataset: DatasetSpec, pictures: int) -> tuple[Any, ...]:
    return dataset.source, dataset.joined, dataset.hidden_classes, msgspec.to_builtins(dataset.splits), pictures


def _key(*plain: Any) -> str:
    # OpenSSL comes with it: not before the first paint of the window.
    import hashlib

    return hashlib.blake2b(msgspec.json.encode(list(plain), order="deterministic"), digest_size=8).hexdigest()


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
    Choice(name="sample_range", default="type", label=Text("Black and white", "Negro y blanco"),
           help=Text("Which values become black and white in pictures with more than 8 bits, such as 16-bit TIFF. Ordinary "
                     "pictures are not affected.",
                     "Qué valores pasan a negro y blanco en imágenes de más de 8 bits, como TIFF de 16 bits. Las imágenes "
                     "corrientes no se ven afectadas."),
           options=(Option("type", Text("Full range of the type", "Rango completo del tipo"),
                           Text("0 to 65,535 in a 16-bit file; 0 to 1 or 0 to 255 in floating point.",
                                "De 0 a 65\u202f535 en un archivo de 16 bits; de 0 a 1 o de 0 a 255 en coma "
                                "flotante.")),
                    Option("bits", Text("Significant bits", "Bits significativos"),
                           Text("Cameras and scanners often store 10, 12 or 14 bits in a 16-bit file.",
                                "Las cámaras y los escáneres suelen guardar 10, 12 o 14 bits en un archivo de 16 bits.")),
                    Option("picture", Text("Each picture's own range", "El rango de cada imagen"),
                           Text("Percentiles of the picture itself; differences in brightness between pictures are lost.",
                                "Percentiles de la propia imagen; se pierden las diferencias de brillo entre imágenes.")),
                    Option("collection", Text("Range of the training pictures", "Rango de las imágenes de entrenamiento"),
                           Text("Percentiles of all training pictures, measured once.",
                                "Percentiles de todas las imágenes de entrenamiento, medidos una vez.")),
                    Option("window", Text("Fixed window", "Ventana fija"),
                           Text("Two fixed values, such as a window in Hounsfield units.",
                                "Dos valores fijos, como una ventana en unidades Hounsfield.")))),
    Int(name="significant_bits", default=12, minimum=1, maximum=32, shown_when=ShownWhen("sample_range", ("bits",)),
        label=Text("Significant bits", "Bits significativos"),
        help=Text("With 12 bits, the value 4095 is white.", "Con 12 bits, el valor 4095 es blanco.")),
    Float(name="low_percentile", default=0.1, minimum=0, maximum=100, step=0.1, decimals=2, unit=same("%"),
          shown_when=ShownWhen("sample_range", ("picture", "collection")),
          label=Text("Black below", "Negro por debajo"),
          help=Text("This share of the darkest pixels becomes black.",
                    "Esta proporción de los píxeles más oscuros pasa a negro.")),
    Float(name="high_percentile", default=99.9, minimum=0, maximum=100, step=0.1, decimals=2, unit=same("%"),
          shown_when=ShownWhen("sample_range", ("picture", "collection")),
          label=Text("White above", "Blanco por encima"),
          help=Text("Pixels brighter than this share of all pixels become white.",
                    "Los píxeles más claros que esta proporción del total pasan a blanco.")),
    Float(name="sample_low", default=0.0, minimum=-1e30, maximum=1e30, step=10, decimals=3,
          shown_when=ShownWhen("sample_range", ("window",)), label=Text("Black at", "Negro en"),
          help=Text("This value in the file, and all lower ones, become black.",
                    "Este valor del archivo y todos los menores pasan a negro.")),
    Float(name="sample_high", default=0.0, minimum=-1e30, maximum=1e30, step=10, decimals=3,
          shown_when=ShownWhen("sample_range", ("window",)), label=Text("White at", "Blanco en"),
          help=Text("This value in the file, and all higher ones, become white.",
                    "Este valor del archivo y todos los mayores pasan a blanco.")),
    Choice(name="crop", default="none", label=Text("Crop", "Recorte"),
           help=Text("Cuts the same part out of every file before it is resized.",
                     "Recorta la misma parte de cada archivo antes de redimensionar."),
           options=(Option("none", Text("None", "Ninguno")),
                    Option("share", Text("Centre", "Centro"), Text("The centre, with a share of the height and the width.",
                                                                   "El centro, con una proporción del alto y del ancho.")),
                    Option("box", Text("Rectangle", "Rectángulo"), Text("The same pixels of every file.",
                                                            "Los mismos píxeles en todos los archivos.")))),
    Float(name="crop_share", default=0.875, minimum=0, above=True, maximum=1, step=0.05, decimals=3,
          shown_when=ShownWhen("crop", ("share",)), label=Text("Share", "Proporción"),
          help=Text("Share of the height and width that is kept.", "Proporción del alto y del ancho que se conserva.")),
    Padding4(name="crop_box", default=(0, 0, 0, 0), maximum=100_000, shown_when=ShownWhen("crop", ("box",)),
             label=Text("Top, left, height, width", "Arriba, izquierda, alto, ancho"),
             help=Text("Pixels of the picture after it was rotated upright; with a height or width of 0, the crop reaches "
                       "the edge. Parts outside the picture are ignored.",
                       "Píxeles de la imagen ya enderezada según su orientación; con un alto o un ancho de 0, el recorte "
                       "llega hasta el borde. Lo que queda fuera de la imagen se ignora.")),
    Choice(name="fit", default="stretch", label=Text("Fit", "Ajuste"),
           help=Text("How a picture with other proportions is fitted to this size.",
                     "Cómo se ajusta a este tamaño una imagen de otras proporciones."),
           options=(
               Option("stretch", Text("Stretch", "Estirar"),
                      Text("Uses the whole picture; changes its proportions.",
                           "Usa toda la imagen; cambia sus proporciones.")),
               Option("crop", Text("Crop", "Recortar"),
                      Text("Keeps the proportions; crops what does not fit.",
                           "Conserva las proporciones; recorta lo que no cabe.")),
               Option("pad", Text("Pad", "Rellenar"),
                      Text("Keeps the proportions and the whole picture; pads with the background.",
                           "Conserva las proporciones y toda la imagen; rellena con el fondo.")))),
    Choice(name="interpolation", default="auto", advanced=True, label=Text("Interpolation", "Interpolación"),
           help=Text("How new pixels are computed. auto: area when reducing, bilinear when enlarging. In OpenCV, nearest is "
                     "INTER_NEAREST_EXACT and nearest_opencv is INTER_NEAREST (from the corner).",
                     "Cómo se calculan los píxeles nuevos. auto: area al reducir, bilinear al ampliar. En OpenCV, nearest es "
                     "INTER_NEAREST_EXACT y nearest_opencv es INTER_NEAREST (desde la esquina)."),
           options=tuple(Option(item, same(item))
                         for item in ("auto", "nearest", "nearest_opencv", "bilinear", "linear_exact", "bicubic",
                                      "area", "lanczos4"))),
    Color(name="background", default=(255, 255, 255), advanced=True, label=Text("Background", "Fondo"),
          help=Text("Colour behind transparent pictures and around padded ones.",
                    "Color detrás de las imágenes transparentes y alrededor de las rellenadas.")),
    Choice(name="normalization", default="zero_one", label=Text("Normalisation", "Normalización"),
           help=Text("Scaling of the pixel values, inside the model.",
                     "Escalado de los valores de los píxeles, dentro del modelo."),
           options=(Option("zero_one", Text("[0, 1]", "[0, 1]")),
                    Option("minus_one_one", Text("[-1, 1]", "[-1, 1]")),
                    Option("standardize", Text("Mean 0, deviation 1", "Media 0, desviación 1"),
                           Text("Each channel minus the mean of the training pictures, divided by their standard "
                                "deviation.",
                                "Cada canal menos la media de las imágenes de entrenamiento, dividido por su "
                                "desviación estándar.")),
                    Option("base", Text("As the base expects", "Como espera la base")),
                    Option("none", Text("None (0 to 255)", "Ninguna (0 a 255)")))),
)
