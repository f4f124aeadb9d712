"""Layers that change a shape and compute nothing: borders, enlarging, reordering."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, insert_before, need_picture, shape_text, use
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeTrouble, Values, Window
from cnnstudio.catalog.torch_form import Site, TorchCode, one
from cnnstudio.core.params import Choice, Int, Ints, Padding4, Pair, options
from cnnstudio.core.text import Text, same


class _BorderCall(Call, frozen=True):
    """Keras wants ((top, bottom), (left, right))."""

    def arguments(self, values: Values) -> dict[str, Any]:
        name = next(iter(self.kwargs))
        top, bottom, left, right = values[name]
        return {name: ((top, bottom), (left, right))}

    def parameters(self, config: Mapping[str, Any]) -> dict[str, Any]:
        found = super().parameters(config)
        for name, sides in found.items():
            if isinstance(sides, tuple) and len(sides) == 2:
                pairs = [each if isinstance(each, tuple) else (each, each) for each in sides]
                found[name] = (*pairs[0], *pairs[1])
        return found


def _padded(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = need_picture(inputs, "ZeroPadding2D")
    top, bottom, left, right = values["padding"]
    return height + top + bottom, width + left + right, channels


def _padding_torch(site: Site) -> TorchCode:
    top, bottom, left, right = site.values["padding"]
    return one(f"nn.ZeroPad2d({(left, right, top, bottom)})")


ZERO_PADDING2D = LayerType(
    id="ZeroPadding2D", family="reshaping", formula="(h, w, c) → (top + h + bottom, left + w + right, c)",
    help=Text("Adds a border of zeros.", "Añade un borde de ceros."),
    params=(Padding4(name="padding", default=(1, 1, 1, 1), label=same("padding"),
                     help=Text("Rows above and below, columns left and right.",
                               "Filas arriba y abajo, columnas a izquierda y derecha.")),),
    shape=_padded, id_stem="zero_padding", keeps_pixels=True, torch=_padding_torch,
    call=_BorderCall("keras.layers.ZeroPadding2D", {"padding": P("padding")}),
)


def _cropped(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = need_picture(inputs, "Cropping2D")
    top, bottom, left, right = values["cropping"]
    if top + bottom >= height or left + right >= width:
        text = Text("Nothing is left of the {shape} input when so much is cut off.",
                    "No queda nada de la entrada de {shape} si se corta tanto.")
        raise ShapeTrouble("shrinks_below_one", text.fill(shape=shape_text(inputs[0])),
                           use("cropping", (0, 0, 0, 0), Text("Cut nothing off", "No cortar nada")))
    return height - top - bottom, width - left - right, channels


CROPPING2D = LayerType(
    id="Cropping2D", family="reshaping", formula="(h, w, c) → (h − top − bottom, w − left − right, c)",
    help=Text("Cuts a border off.", "Corta un borde."),
    params=(Padding4(name="cropping", default=(1, 1, 1, 1), label=same("cropping"),
                     help=Text("Rows above and below, columns left and right.",
                               "Filas arriba y abajo, columnas a izquierda y derecha.")),),
    shape=_cropped, id_stem="cropping", keeps_pixels=True, keras_defaults={"cropping": ((0, 0), (0, 0))},
    torch=lambda site: one(f"Crop({', '.join(map(str, site.values['cropping']))})", helpers=(torch_helpers.CROP,)),
    call=_BorderCall("keras.layers.Cropping2D", {"cropping": P("cropping")}),
)


def _enlarged(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, channels = need_picture(inputs, "UpSampling2D")
    return height * values["size"][0], width * values["size"][1], channels


def _enlarged_torch(site: Site) -> TorchCode:
    size, interpolation = tuple(site.values["size"]), site.values["interpolation"]
    if interpolation in ("nearest", "bilinear"):
        corners = ", align_corners=False" if interpolation == "bilinear" else ""
        return one(f'nn.Upsample(scale_factor={size}, mode="{interpolation}"{corners})')
    return one(f'Enlarge({size}, "{interpolation}")', helpers=(torch_helpers.ENLARGE,),
               remark=f"PyTorch's own {interpolation} uses other weights; these are TensorFlow's.")


UP_SAMPLING2D = LayerType(
    id="UpSampling2D", family="reshaping", formula="y[i, j, c] = x[i / s, j / s, c]",
    help=Text("Makes the picture larger by repeating or interpolating; learns nothing.",
              "Agranda la imagen repitiendo o interpolando; no aprende nada."),
    params=(
        Pair(name="size", default=(2, 2), maximum=64, label=same("size"),
             help=Text("How many times it grows, down and across.", "Cuántas veces crece, hacia abajo y a lo ancho.")),
        Choice(name="interpolation", default="nearest", label=same("interpolation"),
               help=Text("How the new values are computed.", "Cómo se calculan los valores nuevos."),
               options=options("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")),
    ),
    shape=_enlarged, window=lambda values: Window(up=values["size"]), id_stem="up_sampling", keeps_pixels=True,
    positional=("size", "data_format", "interpolation"), torch=_enlarged_torch,
    call=Call("keras.layers.UpSampling2D", arguments("size", "interpolation"), {"interpolation": "nearest"}),
)


def _reshaped(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    target, size = values["target_shape"], prod(inputs[0])
    flat = use("target_shape", (-1,), Text("One row of numbers", "Una fila de números"))
    if 0 in target or target.count(-1) > 1:
        raise ShapeTrouble("reshape", Text("target_shape takes whole numbers from 1, and -1 at most once.",
                                           "target_shape lleva números enteros desde 1, y -1 una vez como mucho."), flat)
    known = prod(each for each in target if each != -1)
    if size % known or (-1 not in target and size != known):
        text = Text("The input {shape} has {size} values, which do not fill {target}.",
                    "La entrada {shape} tiene {size} valores, que no llenan {target}.")
        raise ShapeTrouble("reshape", text.fill(shape=shape_text(inputs[0]), size=size, target=shape_text(target)), flat)
    return tuple(size // known if each == -1 else each for each in target)


RESHAPE = LayerType(
    id="Reshape", family="reshaping", formula="(h, w, c) → target_shape",
    help=Text("Reads the same values in another shape.", "Lee los mismos valores con otra forma."),
    params=(Ints(name="target_shape", default=(-1,), minimum=-1, maximum=100_000_000, longest=3,
                 label=same("target_shape"),
                 help=Text("The shape without the batch; -1 stands for what is left.",
                           "La forma sin el lote; -1 es lo que quede.")),),
    shape=_reshaped, keeps_pixels=True, transparent=True, functions=("reshape",),
    torch=lambda site: one(f"Reshape({', '.join(map(str, site.output))})", helpers=(torch_helpers.RESHAPE,)),
    call=Call("keras.layers.Reshape", arguments("target_shape")),
)


def _permuted(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    dims, rank = values["dims"], len(inputs[0])
    if sorted(dims) != list(range(1, rank + 1)):
        text = Text("dims must name each of the {n} axes of the input {shape} once, from 1.",
                    "dims debe nombrar una vez cada uno de los {n} ejes de la entrada {shape}, desde 1.")
        raise ShapeTrouble("permute", text.fill(n=rank, shape=shape_text(inputs[0])),
                           use("dims", tuple(range(1, rank + 1)), Text("Keep the order", "Conservar el orden")))
    return tuple(inputs[0][each - 1] for each in dims)


PERMUTE = LayerType(
    id="Permute", family="reshaping", formula="dims = (2, 1, 3):  y[j, i, c] = x[i, j, c]",
    help=Text("Puts the axes in another order.", "Pone los ejes en otro orden."),
    params=(Ints(name="dims", default=(2, 1, 3), minimum=1, maximum=3, longest=3, label=same("dims"),
                 help=Text("The axes in their new order, counted from 1.", "Los ejes en su nuevo orden, contados desde 1.")),
            ),
    shape=_permuted, keeps_pixels=True,
    torch=lambda site: one(f"Permute({', '.join(map(str, site.values['dims']))})", helpers=(torch_helpers.PERMUTE,)),
    call=Call("keras.layers.Permute", arguments("dims")),
)


def _repeated(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    if len(inputs[0]) != 1:
        text = Text("RepeatVector needs one row of numbers but gets {shape}.",
                    "RepeatVector necesita una fila de números pero recibe {shape}.")
        raise ShapeTrouble("not_flat", text.fill(shape=shape_text(inputs[0])), insert_before("Flatten"))
    return values["n"], inputs[0][0]


REPEAT_VECTOR = LayerType(
    id="RepeatVector", family="reshaping", formula="(units,) → (n, units)",
    help=Text("Repeats one row of numbers.", "Repite una fila de números."),
    params=(Int(name="n", default=2, minimum=1, maximum=65_536, label=same("n"),
                help=Text("How often.", "Cuántas veces.")),),
    shape=_repeated, id_stem="repeat_vector",
    torch=lambda site: one(f"Repeat({site.values['n']})", helpers=(torch_helpers.REPEAT,)),
    call=Call("keras.layers.RepeatVector", arguments("n")),
)

LAYERS = (ZERO_PADDING2D, CROPPING2D, UP_SAMPLING2D, RESHAPE, PERMUTE, REPEAT_VECTOR)
