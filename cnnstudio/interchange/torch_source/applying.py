"""Modules and functions of torch.nn applied to tensors: the layers that they make become nodes."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT
from cnnstudio.catalog.layers.spectral import wrapped_params
from cnnstudio.catalog.torch_modules import REQUIRED, Called, Made, NoCounterpart, TorchModule
from cnnstudio.core.network import INPUT
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.graph import Nodes
from cnnstudio.interchange.python_source.values import Layer, Remark, SourceError, TracedNode, Unknown
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.values import CHANNELS_FIRST, SizeMismatch, TorchLayer, View, usual_axes

_IGNORED: Final = ("inplace", "device", "dtype", "in_channels", "in_features", "num_features", "num_channels", "_stacklevel")
"""Arguments that may stay unknown: the shape of the input tells the same."""
_NO_COUNTERPART: Final = Text("{name} cannot be read as a layer: {why}", "{name} no se puede leer como capa: {why}")
_POSITIVE: Final = frozenset(("relu", "relu6", "sigmoid", "softmax", "softplus", "exponential", "hard_sigmoid", "squareplus"))
_NEVER_BELOW: Final = frozenset(("ReLU", "Softmax"))


def bind(entry: TorchModule, arguments: list[Any], keywords: dict[str, Any], as_function: bool = False
         ) -> dict[str, Any] | None:
    """The arguments of a call by name, with the defaults; None if one is missing or unknown to the module."""
    names = entry.arguments if not as_function or entry.function_arguments is None else entry.function_arguments
    if "*" in names:
        inner = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple | list) else arguments
        return {"*": tuple(inner)}
    renamed = {"min": "min_val", "max": "max_val", "lambd_": "lambd"}
    passed = dict(zip(names, arguments, strict=False)) | {renamed.get(name, name): value for name, value in keywords.items()}
    if len(arguments) > len(names):
        return None
    values = dict(names) | passed
    return None if any(isinstance(value, str) and value == REQUIRED for value in values.values()) else values


class Applying:
    """Applies modules and functions to tensors."""

    def __init__(self, graph: Nodes, remarks: list[Remark], shaping: Shaping) -> None:
        self._graph, self._remarks, self._shaping = graph, remarks, shaping

    def apply(self, module: TorchLayer, tensors: list[View], line: int) -> View | Unknown:
        """The output of a module or function. Raises SourceError where no layer computes it."""
        entry = module.entry
        if not 1 <= len(tensors) <= entry.inputs:
            return Unknown(Text("{name} does not take so many tensors", "{name} no admite tantos tensores").fill(
                name=module.name), line)
        views = [self._prepared(view, entry, line) for view in tensors]
        first = views[0]
        values = dict(module.values)
        opened: dict[str, Unknown] = {}
        for name, value in values.items():
            if isinstance(value, Unknown) and name not in _IGNORED:
                if name not in entry.opens:
                    raise SourceError("code_unknown", Text(
                        "{name}: {argument} cannot be read from the code ({why})",
                        "{name}: {argument} no se puede leer del código ({why})").fill(
                            name=module.name, argument=name, why=value.reason), value.line)
                opened[name] = value
        for name in opened:
            values[name] = 1
        self._check_size(module, values, first)
        values |= {"fixed": tuple(module.fixed), "columns": module.columns}
        called = Called(values=values, shape=first.shape, axes=first.axes, border=first.border,
                        fill=first.fill, positive=is_positive(first.node))
        try:
            reading = entry.read(called)
        except NoCounterpart as reason:
            raise SourceError("no_counterpart", _NO_COUNTERPART.fill(name=module.name, why=reason.text),
                              module.line) from None
        if reading.note is not None:
            self._remarks.append(Remark("differs", Text("{name}: {note}", "{name}: {note}").fill(
                name=module.name, note=reading.note), module.line))
        return self._emit(module, reading.layers, views, {entry.opens[name]: value for name, value in opened.items()}, line)

    def _prepared(self, view: View, entry: TorchModule, line: int) -> View:
        """The tensor with the axes that the module works along, behind a Permute where it has others."""
        if any(view.border) and not entry.takes_border:
            raise SourceError("no_counterpart", Text(
                "a border of {value} can stand only before a MaxPool2d",
                "un borde de {value} solo puede ir antes de un MaxPool2d").fill(value=view.fill), line)
        rank = len(view.shape)
        if entry.axes == "picture":
            if rank != 3:
                raise SourceError("not_feature_maps", Text(
                    "feature maps (channels, height, width) are needed here, but the shape is {shape}",
                    "aquí se necesitan mapas de características (canales, alto, ancho), pero la forma es {shape}").fill(
                        shape=" × ".join(map(str, view.dims[1:]))), line)
            return self._shaping.in_order(view, CHANNELS_FIRST, line)
        if entry.axes == "channels" and view.axes[1:2] != (rank,):
            return self._shaping.in_order(view, (0, rank, *range(1, rank)), line)
        if entry.axes == "last" and view.axes[-1] != rank:
            return self._shaping.in_order(view, tuple(range(rank + 1)), line)
        return view

    def _check_size(self, module: TorchLayer, values: dict[str, Any], view: View) -> None:
        expected = values.get(module.entry.expects) if module.entry.expects else None
        channels = view.shape[-1]
        if isinstance(expected, int) and expected != channels:
            raise SizeMismatch("size_differs", Text(
                "{name} expects {n:,} {what} but gets {m:,}", "{name} espera {n:,} {what}, pero recibe {m:,}").fill(
                    name=module.name, n=expected, m=channels,
                    what=Text("channels", "canales") if len(view.shape) == 3 else Text("values", "valores")), module.line,
                expected if len(view.shape) == 3 else 0)

    def _emit(self, module: TorchLayer, made: tuple[Made, ...], views: list[View], opened: dict[str, Unknown], line: int
              ) -> View:
        view = views[0]
        for position, item in enumerate(made):
            if item.border is not None:
                view = View(view.node, view.axes, item.border, item.fill)
                continue
            layer = self._layer(module, position, item, opened)
            sources = [other.node for other in (view, *views[1:])] if position == 0 else [view.node]
            node = self._graph.node(item.type, layer.params, sources, module.line if module.line else line, name=layer.name,
                                    layer=layer).node
            layer.called.append(node)
            if node.shape is None and not layer.open:
                raise SourceError("no_counterpart", Text(
                    "{name} does not fit its input {shape}", "{name} no se ajusta a su entrada {shape}").fill(
                        name=module.name, shape=" × ".join(map(str, view.shape))), module.line or line)
            if node.shape is None:
                node.shape = (*view.shape[:-1], 1)
            # A layer that keeps the number of axes keeps their order.
            view = View(node, view.axes if len(node.shape) == len(view.shape) else usual_axes(len(node.shape)))
        return view

    def _layer(self, module: TorchLayer, position: int, made: Made, opened: dict[str, Unknown]) -> Layer:
        """The layer of a module; called again it is the same one."""
        known = module.layers.get(position)
        if known is not None and known.kind == made.type:
            return known
        entry = LAYERS[made.type]
        params = {name: value for name, value in made.params.items() if name not in opened}
        if module.spectral and made.carries:
            params = wrapped_params(params, module.spectral)
        suffix = "" if made.carries else "_crop" if made.type == "Cropping2D" else "_padding"
        # The printed wrappers of modules along other axes call what they hold `module`.
        label = module.path.removesuffix(".module")
        name = label.replace(".", "_") + suffix if label else ""
        layer = Layer(kind=made.type, params=params, line=module.line, name=name,
                      trainable=module.trainable or not entry.has_weights)
        layer.open = set(opened)
        layer.settings = {"path": module.path} if made.carries and entry.has_weights else {}
        layer.remarks += [Remark("open_setting", Text(
            "{layer}: {name} cannot be read from the code ({why}); the default is used.",
            "{layer}: {name} no se puede leer del código ({why}); se usa el valor predeterminado.").fill(
                layer=made.type, name=name, why=value.reason), module.line)
            for name, value in opened.items() if made.type != PLAIN_OUTPUT]
        module.layers[position] = layer
        return layer


def is_positive(node: TracedNode) -> bool:
    """Whether no value of a node's output can be below 0."""
    waiting, seen = [node], set()
    while waiting:
        item = waiting.pop()
        if item.number in seen:
            continue
        seen.add(item.number)
        entry = LAYERS.find(item.kind)
        activation = item.params.get("activation")
        if item.kind in _NEVER_BELOW and not item.params.get("negative_slope"):
            continue
        if isinstance(activation, str) and activation in _POSITIVE:
            continue
        passes = entry is not None and (entry.pooling or "Pooling" in item.kind or entry.training_only or entry.keeps_pixels
                                        or item.kind in ("Concatenate", "Add", "Multiply", "Maximum", "Flatten"))
        if item.kind == INPUT or not passes or item.kind == "Rescaling":
            return False
        waiting += item.sources
    return True
