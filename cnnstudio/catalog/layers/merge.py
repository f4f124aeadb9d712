"""Layers with several inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Literal

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, insert_before_fix, set_param_fix, shape_text
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeError, ShapeFunction, Values
from cnnstudio.catalog.torch_form import Site, TorchCode, torch_axis
from cnnstudio.core.params import Bool, Choice, Ints, Option
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


def _shapes(inputs: tuple[Shape, ...]) -> str:
    return " / ".join(shape_text(shape) for shape in inputs)


def broadcast_shape(inputs: tuple[Shape, ...]) -> Shape | None:
    """The broadcast shape of elementwise inputs, as in Keras; None if they do not fit."""
    if len({len(shape) for shape in inputs}) != 1:
        return None
    sizes_together = []
    for sizes in zip(*inputs, strict=True):
        several = {size for size in sizes if size != 1}
        if len(several) > 1:
            return None
        sizes_together.append(several.pop() if several else 1)
    return tuple(sizes_together)


def conversion_fix(shape: Shape, target: Shape, port: int) -> Fix | None:
    """The fix that inserts a layer to convert the input `port` to another shape; None if one layer cannot."""
    if len(target) == 3 and len(shape) == 1:
        if shape[0] == target[2]:
            return insert_before_fix("Reshape", port, target_shape=(1, 1, shape[0]))
        return insert_before_fix("Dense", port, units=target[2])
    if len(target) == 3 and len(shape) == 3:
        if shape[:2] == (1, 1) or shape[:2] == target[:2]:
            strides: tuple[int, int] | None = (1, 1)
        else:
            strides = _strides(shape, target)
        if strides is not None:
            label = Text("Insert a 1 × 1 convolution: {filters} filters, stride {down} × {across}",
                         "Insertar una convolución de 1 × 1: {filters} filtros, paso {down} × {across}").fill(
                filters=target[2], down=strides[0], across=strides[1])
            return insert_before_fix("Conv2D", port, label, filters=target[2], kernel_size=(1, 1), strides=strides,
                                 padding="same")
    if len(target) == 1:
        if len(shape) == 1:
            return insert_before_fix("Dense", port, Text("Insert Dense with {n} units", "Insertar Dense con {n} unidades").fill(
                n=target[0]), units=target[0])
        if len(shape) == 3:
            return insert_before_fix("GlobalAveragePooling2D", port)
    return None


def _strides(shape: Shape, target: Shape) -> tuple[int, int] | None:
    """The strides with which padding same converts one height and width to the other, if there are any."""
    strides = []
    for have, want in zip(shape[:2], target[:2], strict=True):
        stride = next((step for step in range(1, have + 1) if -(-have // step) <= want), have)
        if want > have or -(-have // stride) != want:
            return None
        strides.append(stride)
    return strides[0], strides[1]


def _target(inputs: tuple[Shape, ...]) -> Shape:
    """The shape to convert the others to: the smallest picture among those of the highest rank."""
    rank = max(len(shape) for shape in inputs)
    pictures = [shape for shape in inputs if len(shape) == rank]
    return min(pictures, key=lambda shape: (prod(shape[:-1]) if prod(shape[:-1]) > 1 else 2**62, -shape[-1]))


def _elementwise_shape(layer: str) -> ShapeFunction:
    def shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        common = broadcast_shape(inputs)
        if common is None:
            target = _target(inputs)
            fixes = [conversion_fix(shape, target, port) for port, shape in enumerate(inputs)
                     if broadcast_shape((shape, target)) is None]
            text = Text("{layer} needs inputs of the same shape but gets {shapes}. Put a 1 × 1 convolution with matching "
                        "filters and strides on one path.",
                        "{layer} necesita entradas de la misma forma, pero recibe {shapes}. Ponga en uno de los caminos una "
                        "convolución de 1 × 1 con los filters y strides adecuados.")
            raise ShapeError("shapes_differ", text.fill(layer=layer, shapes=_shapes(inputs)),
                               *(fix for fix in fixes if fix is not None))
        return common

    return shape


def _operator_torch(sign: str) -> Callable[[Site], TorchCode]:
    return lambda site: TorchCode(expression=f" {sign} ".join(f"{{{port}}}" for port in range(len(site.inputs))))


def _average_torch(site: Site) -> TorchCode:
    total = " + ".join(f"{{{port}}}" for port in range(len(site.inputs)))
    return TorchCode(expression=f"({total}) / {len(site.inputs)}")


def _extremum_torch(function: str) -> Callable[[Site], TorchCode]:
    def write(site: Site) -> TorchCode:
        expression = "{0}"
        for port in range(1, len(site.inputs)):
            expression = f"torch.{function}({expression}, {{{port}}})"
        return TorchCode(expression=expression)

    return write


def _merging(identifier: str, formula: str, help: Text, torch: Callable[[Site], TorchCode], maximum: int | None = None,
             operation: Literal["", "+", "-", "*", "max", "min"] = "") -> LayerType:
    return LayerType(id=identifier, family="merge", minimum_inputs=2, maximum_inputs=maximum, formula=formula, help=help,
                     torch=torch, operation=operation, functions=(identifier.lower(),), frozen_in_code=identifier != "Add",
                     shape=_elementwise_shape(identifier), call=Call(f"keras.layers.{identifier}"))


def _concatenate_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    ranks = {len(shape) for shape in inputs}
    if len(ranks) > 1:
        target = _target(inputs)
        fixes = [insert_before_fix("Flatten", port) for port, shape in enumerate(inputs) if len(shape) == 3]
        fixes += [insert_before_fix("GlobalAveragePooling2D", port) for port, shape in enumerate(inputs) if len(shape) == 3]
        text = Text("Concatenate needs inputs with the same number of axes but gets {shapes}.",
                    "Concatenate necesita entradas con el mismo número de ejes, pero recibe {shapes}.")
        raise ShapeError("shapes_differ", text.fill(shapes=_shapes(inputs)),
                           *(fixes if len(target) == 3 and len(ranks) == 2 and min(ranks) == 1 else ()))
    rank, axis = ranks.pop(), values["axis"]
    if axis > rank:
        text = Text("The inputs have no axis {axis}: {shapes}.", "Las entradas no tienen ningún eje {axis}: {shapes}.")
        raise ShapeError("no_such_axis", text.fill(axis=axis, shapes=_shapes(inputs)),
                           set_param_fix("axis", -1, Text("Join the channels", "Unir los canales")))
    position = rank - 1 if axis == -1 else axis - 1
    first = inputs[0]
    if any((*shape[:position], *shape[position + 1:]) != (*first[:position], *first[position + 1:]) for shape in inputs):
        text = Text("Concatenate joins its inputs along one axis and needs the other axes to match, but gets {shapes}. Use "
                    "padding same and equal strides on every path.",
                    "Concatenate une sus entradas por un eje y necesita que los demás coincidan, pero recibe {shapes}. Use "
                    "padding same y los mismos strides en todos los caminos.")
        raise ShapeError("shapes_differ", text.fill(shapes=_shapes(inputs)), *_pooling_fixes(inputs, position))
    return (*first[:position], sum(shape[position] for shape in inputs), *first[position + 1:])


def _pooling_fixes(inputs: tuple[Shape, ...], position: int) -> list[Fix]:
    """Fixes that pool the larger pictures to the size of the smallest, where an integer stride does."""
    target = _target(inputs)
    if position != 2 or len(target) != 3:
        return []
    fixes = []
    for port, shape in enumerate(inputs):
        strides = _strides(shape, target)
        if shape[:2] != target[:2] and strides is not None:
            label = Text("Insert MaxPooling2D with stride {down} × {across}",
                         "Insertar MaxPooling2D con paso {down} × {across}").fill(down=strides[0], across=strides[1])
            fixes.append(insert_before_fix("MaxPooling2D", port, label, pool_size=strides, strides=strides, padding="same"))
    return fixes


def _concatenate_torch(site: Site) -> TorchCode:
    inside = ", ".join(f"{{{number}}}" for number in range(len(site.inputs)))
    return TorchCode(expression=f"torch.cat([{inside}], dim={torch_axis(site.values['axis'], site.rank)})")


CONCATENATE = LayerType(
    id="Concatenate", family="merge", minimum_inputs=2, maximum_inputs=None, shape=_concatenate_shape,
    functions=("concatenate", "concat"), torch=_concatenate_torch,
    help=Text("Concatenates the channels of its inputs, as for the branches of an Inception module.",
              "Concatena los canales de sus entradas, como con las ramas de un módulo Inception."),
    formula="y = [x₁, x₂, …]",
    params=(Choice(name="axis", default=-1, advanced=True, label=same("axis"),
                   help=Text("The axis along which the inputs are joined.", "El eje por el que se unen las entradas."),
                   options=(Option(-1, Text("Channels", "Canales")), Option(1, Text("1: height", "1: alto")),
                            Option(2, Text("2: width", "2: ancho")), Option(3, Text("3: channels", "3: canales")))),),
    call=Call("keras.layers.Concatenate", arguments("axis"), {"axis": -1}),
)


def _dot_axes(values: Values) -> tuple[int, int]:
    axes = values["axes"]
    return axes[0], axes[-1]


def _dot_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    left, right = inputs
    if len(left) > 2 or len(right) > 2:
        text = Text("Dot takes rows (units) or lists of rows (positions, channels) but gets {shapes}.",
                    "Dot admite filas (unidades) o listas de filas (posiciones, canales), pero recibe {shapes}.")
        raise ShapeError("not_places", text.fill(shapes=_shapes(inputs)),
                           *(insert_before_fix("Reshape", port, target_shape=(-1, shape[-1]))
                             for port, shape in enumerate(inputs) if len(shape) > 2))
    first, second = _dot_axes(values)
    if first > len(left) or second > len(right):
        raise ShapeError("no_such_axis", Text("axes names an axis that an input does not have: {shapes}.",
                                                "axes nombra un eje que una entrada no tiene: {shapes}.").fill(
            shapes=_shapes(inputs)), set_param_fix("axes", (len(left), len(right))))
    if left[first - 1] != right[second - 1]:
        text = Text("The axes that are multiplied must have the same length, not {a} and {b}.",
                    "Los ejes que se multiplican deben tener la misma longitud, no {a} y {b}.")
        fitting = [(a, b) for a in range(1, len(left) + 1) for b in range(1, len(right) + 1) if left[a - 1] == right[b - 1]]
        fixes = [set_param_fix("axes", fitting[-1])] if fitting else [insert_before_fix("Dense", 1, units=left[first - 1])] if (
            second == len(right)) else []
        raise ShapeError("shapes_differ", text.fill(a=left[first - 1], b=right[second - 1]), *fixes)
    rest = (*left[:first - 1], *left[first:], *right[:second - 1], *right[second:])
    return rest or (1,)


def _dot_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    return Cost(multiply_adds=prod(output) * inputs[0][_dot_axes(values)[0] - 1])


class _DotCall(Call, frozen=True):
    """Keras takes one axis as a number, two as a pair."""

    def arguments(self, values: Values) -> dict[str, Any]:
        passed = super().arguments(values)
        axes = tuple(passed["axes"])
        return passed | {"axes": axes[0] if len(axes) == 1 else axes}

    def parameters(self, config: Mapping[str, Any]) -> dict[str, Any]:
        passed = super().parameters(config)
        return {name: (value,) if name == "axes" and isinstance(value, int) else value for name, value in passed.items()}


def _dot_torch(site: Site) -> TorchCode:
    axes = site.values["axes"]
    normalize = ", normalize=True" if site.values["normalize"] else ""
    return TorchCode(expression=f"dot({{0}}, {{1}}, axes={(axes[0], axes[-1])}{normalize})", helpers=(torch_helpers.DOT,))


DOT = LayerType(
    id="Dot", family="merge", minimum_inputs=2, maximum_inputs=2, shape=_dot_shape, cost=_dot_cost,
    functions=("dot",), torch=_dot_torch,
    help=Text("Multiplies two rows value by value and adds up the products, which measures how similar the rows are.",
              "Multiplica dos filas valor a valor y suma los productos, lo que mide cuánto se parecen las filas."),
    formula="y = Σ x₁[k] · x₂[k]",
    params=(
        Ints(name="axes", default=(1,), minimum=1, maximum=2, longest=2, label=same("axes"),
             help=Text("The axis that is summed over: one for both inputs, or one for each.",
                       "El eje que se suma: uno para ambas entradas o uno para cada una.")),
        Bool(name="normalize", default=False, label=same("normalize"),
             help=Text("Scale both rows to length 1 first: the result is the cosine of the angle between them.",
                       "Escalar antes ambas filas a longitud 1: el resultado es el coseno del ángulo entre ellas.")),
    ),
    call=_DotCall("keras.layers.Dot", arguments("axes", "normalize"), {"normalize": False}),
)

ADD = _merging(
    "Add", "y = x₁ + x₂ + …",
    Text("Adds its inputs value by value, as in the skip connections of residual networks.",
         "Suma sus entradas valor a valor, como en las conexiones de salto de las redes "
         "residuales."), _operator_torch("+"), operation="+")

LAYERS = (
    ADD,
    CONCATENATE,
    _merging("Multiply", "y = x₁ · x₂ · …",
             Text("Multiplies its inputs value by value, as in squeeze and excitation.",
                  "Multiplica sus entradas valor a valor, como en squeeze and excitation."),
             _operator_torch("*"), operation="*"),
    _merging("Subtract", "y = x₁ − x₂",
             Text("The first input minus the second, value by value.",
                  "La primera entrada menos la segunda, valor a valor."), _operator_torch("-"), maximum=2, operation="-"),
    _merging("Average", "y = (x₁ + x₂ + … + xₙ) / n",
             Text("The mean of its inputs, value by value.", "La media de sus entradas, valor a valor."), _average_torch),
    _merging("Maximum", "y = max(x₁, x₂, …)",
             Text("The largest of its inputs, value by value.", "La mayor de sus entradas, valor a valor."),
             _extremum_torch("maximum"), operation="max"),
    _merging("Minimum", "y = min(x₁, x₂, …)",
             Text("The smallest of its inputs, value by value.", "La menor de sus entradas, valor a valor."),
             _extremum_torch("minimum"), operation="min"),
    DOT,
)
