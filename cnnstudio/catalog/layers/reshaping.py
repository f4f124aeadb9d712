"""Layers that change a shape without weights: borders, enlarging, reordering."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, insert_before_fix, require_picture, set_param_fix, shape_text
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeError, Values, Window
from cnnstudio.catalog.torch_form import Helper, Part, Site, TorchCode, single_module
from cnnstudio.core.params import Bool, Choice, Float, Int, Ints, Padding4, Pair, ShownWhen, options
from cnnstudio.core.text import Text, same


class _BorderCall(Call, frozen=True):
    """Keras wants ((top, bottom), (left, right))."""

    def arguments(self, values: Values) -> dict[str, Any]:
        name = next(iter(self.kwargs))
        top, bottom, left, right = values[name]
        return {name: ((top, bottom), (left, right))}

    def parameters(self, config: Mapping[str, Any]) -> dict[str, Any]:
        values = super().parameters(config)
        for name, sides in values.items():
            if isinstance(sides, tuple) and len(sides) == 2:
                pairs = [side if isinstance(side, tuple) else (side, side) for side in sides]
                values[name] = (*pairs[0], *pairs[1])
        return values


def _zero_padding_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = require_picture(inputs, "ZeroPadding2D")
    top, bottom, left, right = values["padding"]
    return height + top + bottom, width + left + right, channels


def _padding_torch(site: Site) -> TorchCode:
    top, bottom, left, right = site.values["padding"]
    return single_module(f"nn.ZeroPad2d({(left, right, top, bottom)})")


ZERO_PADDING2D = LayerType(
    id="ZeroPadding2D", family="reshaping", formula="(h, w, c) → (top + h + bottom, left + w + right, c)",
    help=Text("Adds a border of zeros.", "Añade un borde de ceros."),
    params=(Padding4(name="padding", default=(1, 1, 1, 1), label=same("padding"),
                     help=Text("Rows above and below, columns left and right.",
                               "Filas arriba y abajo, columnas a izquierda y derecha.")),),
    shape=_zero_padding_shape, window=lambda values: Window(begin=(-values["padding"][0], -values["padding"][2])),
    id_stem="zero_padding", keeps_pixels=True, torch=_padding_torch,
    call=_BorderCall("keras.layers.ZeroPadding2D", {"padding": P("padding")}),
)


def _cropping_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = require_picture(inputs, "Cropping2D")
    top, bottom, left, right = values["cropping"]
    if top + bottom >= height or left + right >= width:
        text = Text("Nothing is left of the {shape} input. Crop less.",
                    "No queda nada de la entrada de {shape}. Recorte menos.")
        raise ShapeError("shrinks_below_one", text.fill(shape=shape_text(inputs[0])),
                           set_param_fix("cropping", (0, 0, 0, 0), Text("Do not crop", "No recortar")))
    return height - top - bottom, width - left - right, channels


CROPPING2D = LayerType(
    id="Cropping2D", family="reshaping", formula="(h, w, c) → (h − top − bottom, w − left − right, c)",
    help=Text("Crops a border.", "Recorta un borde."),
    params=(Padding4(name="cropping", default=(1, 1, 1, 1), label=same("cropping"),
                     help=Text("Rows above and below, columns left and right.",
                               "Filas arriba y abajo, columnas a izquierda y derecha.")),),
    shape=_cropping_shape, window=lambda values: Window(begin=(values["cropping"][0], values["cropping"][2])),
    id_stem="cropping", keeps_pixels=True, keras_defaults={"cropping": ((0, 0), (0, 0))},
    torch=lambda site: single_module(f"Crop({', '.join(map(str, site.values['cropping']))})", helpers=(torch_helpers.CROP,)),
    call=_BorderCall("keras.layers.Cropping2D", {"cropping": P("cropping")}),
)


def _upsampling_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = require_picture(inputs, "UpSampling2D")
    return height * values["size"][0], width * values["size"][1], channels


def _upsampling_torch(site: Site) -> TorchCode:
    size, interpolation = tuple(site.values["size"]), site.values["interpolation"]
    if interpolation in ("nearest", "bilinear"):
        corners = ", align_corners=False" if interpolation == "bilinear" else ""
        return single_module(f'nn.Upsample(scale_factor={size}, mode="{interpolation}"{corners})')
    return single_module(f'Enlarge({size}, "{interpolation}")', helpers=(torch_helpers.ENLARGE,),
               remark=f"PyTorch's own {interpolation} uses other weights; these are TensorFlow's.")


UP_SAMPLING2D = LayerType(
    id="UpSampling2D", family="reshaping", formula="y[i, j, c] = x[i / s, j / s, c]",
    help=Text("Enlarges the picture by repetition or interpolation; has no weights.",
              "Amplía la imagen por repetición o interpolación; no tiene pesos."),
    params=(
        Pair(name="size", default=(2, 2), maximum=64, label=same("size"),
             help=Text("Enlargement factor, vertically and horizontally.",
                       "Factor de ampliación, en vertical y en horizontal.")),
        Choice(name="interpolation", default="nearest", label=same("interpolation"),
               help=Text("How the new values are computed.", "Cómo se calculan los valores nuevos."),
               options=options("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")),
    ),
    shape=_upsampling_shape, window=lambda values: Window(up=values["size"]), id_stem="up_sampling", keeps_pixels=True,
    positional=("size", "data_format", "interpolation"), torch=_upsampling_torch,
    call=Call("keras.layers.UpSampling2D", arguments("size", "interpolation"), {"interpolation": "nearest"}),
)


def _reshape_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    target, size = values["target_shape"], prod(inputs[0])
    flat = set_param_fix("target_shape", (-1,), Text("One row of numbers", "Una fila de números"))
    if 0 in target or target.count(-1) > 1:
        raise ShapeError("reshape", Text("target_shape takes whole numbers from 1, and -1 at most once.",
                                           "target_shape admite números enteros desde 1, y -1 una vez como máximo."), flat)
    known_size = prod(size for size in target if size != -1)
    if size % known_size or (-1 not in target and size != known_size):
        text = Text("The input {shape} has {size} values, which do not fill {target}.",
                    "La entrada {shape} tiene {size} valores, que no llenan {target}.")
        raise ShapeError("reshape", text.fill(shape=shape_text(inputs[0]), size=size, target=shape_text(target)), flat)
    return tuple(size // known_size if length == -1 else length for length in target)


RESHAPE = LayerType(
    id="Reshape", family="reshaping", formula="(h, w, c) → target_shape",
    help=Text("Arranges the same values in another shape.", "Dispone los mismos valores con otra forma."),
    params=(Ints(name="target_shape", default=(-1,), minimum=-1, maximum=100_000_000, longest=3,
                 label=same("target_shape"),
                 help=Text("The shape without the batch; -1 stands for the remaining values.",
                           "La forma sin el lote; -1 representa los valores restantes.")),),
    shape=_reshape_shape, keeps_pixels=True, transparent=True, functions=("reshape",),
    torch=lambda site: single_module(f"Reshape({', '.join(map(str, site.output))})", helpers=(torch_helpers.RESHAPE,)),
    call=Call("keras.layers.Reshape", arguments("target_shape")),
)


def _permute_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    dims, rank = values["dims"], len(inputs[0])
    if sorted(dims) != list(range(1, rank + 1)):
        text = Text("dims must name each of the {n} axes of the input {shape} once, from 1.",
                    "dims debe nombrar una vez cada uno de los {n} ejes de la entrada {shape}, desde 1.")
        raise ShapeError("permute", text.fill(n=rank, shape=shape_text(inputs[0])),
                           set_param_fix("dims", tuple(range(1, rank + 1)), Text("Keep the order", "Conservar el orden")))
    return tuple(inputs[0][axis - 1] for axis in dims)


PERMUTE = LayerType(
    id="Permute", family="reshaping", formula="dims = (2, 1, 3):  y[j, i, c] = x[i, j, c]",
    help=Text("Puts the axes in another order.", "Pone los ejes en otro orden."),
    params=(Ints(name="dims", default=(2, 1, 3), minimum=1, maximum=3, longest=3, label=same("dims"),
                 help=Text("The axes in their new order, counted from 1.", "Los ejes en su nuevo orden, contados desde 1.")),
            ),
    shape=_permute_shape, keeps_pixels=True,
    torch=lambda site: single_module(f"Permute({', '.join(map(str, site.values['dims']))})", helpers=(torch_helpers.PERMUTE,)),
    call=Call("keras.layers.Permute", arguments("dims")),
)


def _repeat_vector_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    if len(inputs[0]) != 1:
        text = Text("RepeatVector needs one row of numbers but gets {shape}.",
                    "RepeatVector necesita una fila de números pero recibe {shape}.")
        raise ShapeError("not_flat", text.fill(shape=shape_text(inputs[0])), insert_before_fix("Flatten"))
    return values["n"], inputs[0][0]


REPEAT_VECTOR = LayerType(
    id="RepeatVector", family="reshaping", formula="(units,) → (n, units)",
    help=Text("Repeats one row of numbers.", "Repite una fila de números."),
    params=(Int(name="n", default=2, minimum=1, maximum=65_536, label=same("n"),
                help=Text("Number of repetitions.", "Número de repeticiones.")),),
    shape=_repeat_vector_shape, id_stem="repeat_vector",
    torch=lambda site: single_module(f"Repeat({site.values['n']})", helpers=(torch_helpers.REPEAT,)),
    call=Call("keras.layers.RepeatVector", arguments("n")),
)


def _aspect_fit(inputs: Shape, values: Values, grow: bool) -> tuple[int, int]:
    """(rows, columns) of the input with the proportions of the output: the largest part of it, or with `grow` what holds it."""
    (rows, columns), (height, width) = inputs[:2], (values["height"], values["width"])
    high, wide = columns * height // width, rows * width // height
    return (max(rows, high), max(columns, wide)) if grow else (max(min(rows, high), 1), max(min(columns, wide), 1))


def _resizing_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    channels = require_picture(inputs, "Resizing")[2]
    if values["crop_to_aspect_ratio"] and values["pad_to_aspect_ratio"]:
        text = Text("Resizing can either crop or pad to keep the proportions, not both.",
                    "Resizing puede recortar o rellenar para conservar las proporciones, no ambas cosas.")
        raise ShapeError("crop_and_pad", text, set_param_fix("crop_to_aspect_ratio", False, Text("Only pad", "Solo rellenar")),
                           set_param_fix("pad_to_aspect_ratio", False, Text("Only crop", "Solo recortar")))
    return values["height"], values["width"], channels


RESIZE: Final = Helper("Resize", '''\
class Resize(nn.Module):
    """Brings pictures to a size with the weights that TensorFlow uses: each row and column as a sum of old ones."""

    def __init__(self, height, width, kernel, antialias=False):
        super().__init__()
        self.size, self.kernel, self.antialias = (height, width), kernel, antialias

    def forward(self, x):
        down, across = (self.weights(old, new).to(x) for old, new in zip(x.shape[2:], self.size))
        return down @ x @ across.T

    def weights(self, old, new):
        """(new, old): the share of each old place in each new one."""
        step, places = old / new, (torch.arange(new) + 0.5) * old / new - 0.5
        if self.kernel == "nearest":
            return F.one_hot((places + 0.5).floor().long().clamp(max=old - 1), old).float()
        if self.kernel == "area":
            start, cell = torch.arange(new)[:, None] * step, torch.arange(old)
            return (torch.minimum(cell + 1, start + step) - torch.maximum(cell, start)).clamp_min(0) / step
        if self.kernel == "bicubic" and not self.antialias:
            # TensorFlow looks the kernel up in a table of 1024 steps.
            places = places.floor() + ((places - places.floor()) * 1024).round() / 1024
        d = (torch.arange(old) - places[:, None]).abs() / (max(step, 1.0) if self.antialias else 1.0)
        if self.kernel == "bilinear":
            weights = (1 - d).clamp_min(0)
        elif self.kernel == "bicubic":
            weights = torch.where(d <= 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2) * (d < 2)
        else:
            radius = {"lanczos3": 3.0, "lanczos5": 5.0}[self.kernel]
            weights = torch.sinc(d) * torch.sinc(d / radius) * (d < radius)
        return weights / weights.sum(1, keepdim=True)
''')


def _resizing_torch(site: Site) -> TorchCode:
    values, (rows, columns) = site.values, site.inputs[0][:2]
    before: tuple[Part, ...] = ()
    if values["crop_to_aspect_ratio"]:
        high, wide = _aspect_fit(site.inputs[0], values, grow=False)
        top, left = (rows - high) // 2, (columns - wide) // 2
        if (high, wide) != (rows, columns):
            code = f"Crop({top}, {rows - high - top}, {left}, {columns - wide - left})"
            before = (Part(code, suffix="crop", helpers=(torch_helpers.CROP,)),)
    elif values["pad_to_aspect_ratio"]:
        high, wide = _aspect_fit(site.inputs[0], values, grow=True)
        top, left = (high - rows) // 2, (wide - columns) // 2
        if top or left:
            before = (Part(f"nn.ConstantPad2d({(left, left, top, top)}, {float(values['fill_value'])})", suffix="padding"),)
    antialias = ", antialias=True" if values["antialias"] else ""
    code = f'Resize({values["height"]}, {values["width"]}, "{values["interpolation"]}"{antialias})'
    return TorchCode(parts=(*before, Part(code, helpers=(RESIZE,))))


RESIZING = LayerType(
    id="Resizing", family="reshaping", formula="(h, w, c) → (height, width, c)",
    help=Text("Resizes maps to a fixed height and width; has no weights. The recipe already resizes the pictures.",
              "Redimensiona los mapas a un alto y un ancho fijos; no tiene pesos. La receta ya redimensiona las imágenes."),
    params=(
        Int(name="height", default=96, minimum=1, maximum=4096, label=same("height"),
            help=Text("Height of the output, in pixels.", "Alto de la salida, en píxeles.")),
        Int(name="width", default=96, minimum=1, maximum=4096, label=same("width"),
            help=Text("Width of the output, in pixels.", "Ancho de la salida, en píxeles.")),
        Choice(name="interpolation", default="bilinear", label=same("interpolation"),
               help=Text("How the new values are computed.", "Cómo se calculan los valores nuevos."),
               options=options("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")),
        Bool(name="crop_to_aspect_ratio", default=False, advanced=True, label=same("crop_to_aspect_ratio"),
             help=Text("Keep the proportions and crop what does not fit.",
                       "Conservar las proporciones y recortar lo que no cabe.")),
        Bool(name="pad_to_aspect_ratio", default=False, advanced=True, label=same("pad_to_aspect_ratio"),
             help=Text("Keep the proportions and pad what is missing.",
                       "Conservar las proporciones y rellenar lo que falta.")),
        Float(name="fill_value", default=0.0, minimum=-1e6, maximum=1e6, step=1, advanced=True, label=same("fill_value"),
              help=Text("Value of the padding.", "Valor del relleno."),
              shown_when=ShownWhen("pad_to_aspect_ratio", (True,))),
        Bool(name="antialias", default=False, advanced=True, label=same("antialias"),
             help=Text("Average over neighbouring pixels when a picture is reduced.",
                       "Promediar píxeles vecinos al reducir una imagen.")),
    ),
    shape=_resizing_shape, window=lambda _values: Window(is_global=True), keeps_pixels=True, recipe_part="size",
    torch=_resizing_torch,
    positional=("height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value",
                "antialias", "data_format"),
    call=Call("keras.layers.Resizing",
              arguments("height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_value",
                        "antialias"),
              {"interpolation": "bilinear", "crop_to_aspect_ratio": False, "pad_to_aspect_ratio": False, "fill_value": 0.0,
               "antialias": False}),
)

LAYERS = (ZERO_PADDING2D, CROPPING2D, UP_SAMPLING2D, RESHAPE, PERMUTE, REPEAT_VECTOR, RESIZING)
