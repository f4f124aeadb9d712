"""Reads PyTorch source as a network; every problem has its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.core.network import Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import LayerOrigin, outer_scaling, without_scaling
from cnnstudio.interchange.keras_source.data_scaling import find_scaling
from cnnstudio.interchange.keras_source.reader import scaling_of_data
from cnnstudio.interchange.python_source.description import build_network, limit_remarks
from cnnstudio.interchange.python_source.graph import ancestors
from cnnstudio.interchange.python_source.source import Source, SourceNetwork, to_problem
from cnnstudio.interchange.python_source.state import STEPS
from cnnstudio.interchange.python_source.values import Remark, SourceError, TracedNode, Unknown
from cnnstudio.interchange.torch_source.classifier import close_classifier
from cnnstudio.interchange.torch_source.imported import base_params
from cnnstudio.interchange.torch_source.interpreter import Interpreter, name_paths
from cnnstudio.interchange.torch_source.parts import join_parts
from cnnstudio.interchange.torch_source.penalties import add_penalties
from cnnstudio.interchange.torch_source.printed_bases import PrintedBases
from cnnstudio.interchange.torch_source.roots import find_root
from cnnstudio.interchange.torch_source.sizes import hinted_shapes
from cnnstudio.interchange.torch_source.training import training_fields
from cnnstudio.interchange.torch_source.values import Module, SizeMismatch, TorchLayer, View

_COMMON: Final = (224, 32, 28, 64, 96, 128, 227, 299, 256, 150, 160, 180, 200, 100, 48, 84, 300, 384, 512)
"""Sides of pictures that are tried in this order where nothing tells the size."""
_SEARCHED: Final = range(8, 520)
_CHANNELS: Final = (3, 1, 4)


def read(source: Source, tree: ast.Module, bases: Mapping[str, Node] | None = None, with_data: bool = False,
         size: tuple[int, int] | None = None, resolver: BaseResolver = BUILT_IN) -> SourceNetwork:
    """The network of a source with this syntax tree, `with_data` also the scaling of its data code. `size` is the (height,
    width) that is tried first where the code tells none. `bases` maps printed classes to the nodes of the bases that they are.
    Raises SourceError."""
    interpreter = follow(tree, bases, resolver)
    return to_network(source, interpreter, tree if with_data else None, size)


def follow(tree: ast.Module, bases: Mapping[str, Node] | None = None, resolver: BaseResolver = BUILT_IN, steps: int = STEPS
           ) -> Interpreter:
    """The interpreter after all statements were followed, at most so many steps."""
    interpreter = Interpreter(PrintedBases(tree, bases or {}))
    interpreter.state.steps = steps
    interpreter.state.graph.resolver = resolver
    interpreter.follow(tree)
    return interpreter


def to_network(source: Source, interpreter: Interpreter, data_code: ast.Module | None, size: tuple[int, int] | None
               ) -> SourceNetwork:
    """The network that the interpreter met, with the scaling of the data code. Raises SourceError."""
    state = interpreter.state
    root = find_root(interpreter)
    name_paths(root)
    _start, end, shape = _trace(interpreter, root, size)
    remarks = list(state.remarks)
    nodes, end = join_parts(ancestors([end]), end)
    about = root.kind.about if isinstance(root, Module) else ""
    end = close_classifier(interpreter, nodes, end, about, remarks)
    nodes = ancestors([end])
    add_penalties(state.scope.names.get("penalties"), nodes)
    network, unknown, ids = build_network(nodes, end, remarks, base_params)
    if state.stopped:
        remarks.append(Remark("code_stopped", Text(
            "The code takes too many steps: it was read up to this line.",
            "El código da demasiados pasos: se leyó hasta esta línea."), state.stopped))
    training = training_fields(state, remarks)
    network, inner = without_scaling(unscaled := network)
    normalization = outer_scaling(network, inner)
    if normalization is None and data_code is not None:
        normalization, remark = scaling_of_data(find_scaling(data_code))
        remarks += [remark] if remark is not None else []
    problems = tuple(to_problem(source, item) for item in limit_remarks(remarks))
    return SourceNetwork(network=network, unscaled=unscaled, shape=shape, normalization=normalization, unknown=unknown,
                         notes=tuple(item.text for item in problems), problems=problems, training=training,
                         framework="torch", origins=_origins(nodes, ids, interpreter))


def _origins(nodes: list[TracedNode], ids: dict[int, str], interpreter: Interpreter) -> dict[str, LayerOrigin]:
    """The module of each layer with weights, and whether the code flattens in another order."""
    origins: dict[str, LayerOrigin] = {}
    for node in nodes:
        path = node.layer.settings.get("path") if node.layer is not None else None
        reordered = node.number in interpreter.shaping.reordered
        if path is not None or reordered:
            origins[ids[node.number]] = LayerOrigin(layer={"channels_first": reordered}, names=(path,) if path else ())
    return origins


def _trace(interpreter: Interpreter, root: Module | TorchLayer, size: tuple[int, int] | None
           ) -> tuple[TracedNode, TracedNode, tuple[int, int, int]]:
    """(the input, the output, the shape of the pictures) of the first size that fits the code."""
    hints = hinted_shapes(interpreter, root)
    counts = list(dict.fromkeys([*(hint[2] for hint in hints), *_CHANNELS]))
    first: SourceError | None = None
    for flat in (False, True):
        for height, width in dict.fromkeys(_sizes(hints, size)):
            for shape in _with_channels(height, width, counts, hints):
                try:
                    answer = interpreter.trace(root, shape, flat)
                except SourceError as error:
                    if not isinstance(error, SizeMismatch) and error.code not in ("no_counterpart", "not_feature_maps"):
                        raise
                    if error.code == "not_feature_maps" or ("window" not in error.text.en and not isinstance(
                            error, SizeMismatch)):
                        raise (first or error) from None
                    first = first or error
                    if isinstance(error, SizeMismatch) and error.channels and error.channels not in counts:
                        # The first layer tells the channels of the pictures.
                        counts.insert(0, error.channels)
                    continue
                _tell_size(interpreter, shape, hints, size, flat)
                return (*_ends(interpreter.state.graph.nodes[0], answer, root), shape)
        if not _wants_rows(first):
            break
    assert first is not None
    raise SourceError("size_differs", Text("No size of pictures fits this code: {why}.",
                                           "Ningún tamaño de imagen se ajusta a este código: {why}.").fill(
        why=first.text), first.line)


def _with_channels(height: int, width: int, counts: list[int], hints: list[tuple[int, int, int]]
                   ) -> Iterator[tuple[int, int, int]]:
    """The shapes of a size, those that the code tells first; a count of channels may be added meanwhile."""
    told = [hint for hint in hints if hint[:2] == (height, width)]
    yield from told
    seen = {hint[2] for hint in told}
    position = 0
    while position < len(counts):
        count = counts[position]
        position += 1
        if count not in seen:
            seen.add(count)
            position = 0
            yield height, width, count


def _wants_rows(error: SourceError | None) -> bool:
    """Whether a linear layer met a whole picture: the code flattens pictures before it calls the network."""
    return error is not None and "Linear" in error.text.en


def _sizes(hints: list[tuple[int, int, int]], size: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
    yield from ((hint[0], hint[1]) for hint in hints)
    if size is not None:
        yield size
    yield from ((side, side) for side in _COMMON)
    yield from ((side, side) for side in _SEARCHED)


def _tell_size(interpreter: Interpreter, shape: tuple[int, int, int], hints: list[tuple[int, int, int]],
               size: tuple[int, int] | None, flat: bool) -> None:
    if flat:
        interpreter.state.remarks.append(Remark("flattened_outside", Text(
            "The network takes pictures in a row: a Flatten stands before it here.",
            "La red toma las imágenes en una fila: aquí la precede un Flatten."), 1))
    if shape[:2] in [hint[:2] for hint in hints]:
        return
    if shape[:2] == size:
        text = Text("The code does not fix the size of the pictures: the size in the project is kept.",
                    "El código no fija el tamaño de las imágenes: se conserva el del proyecto.")
    else:
        text = Text("The code does not tell the size of the pictures: {height} × {width} fits its layers.",
                    "El código no dice el tamaño de las imágenes: {height} × {width} se ajusta a sus capas.")
    interpreter.state.remarks.append(Remark("open_shape", text.fill(height=shape[0], width=shape[1]), 1))


def _ends(start: TracedNode, answer: object, root: Module | TorchLayer) -> tuple[TracedNode, TracedNode]:
    if isinstance(answer, Unknown):
        raise SourceError("code_unknown", Text("The network cannot be read from the code: {why}.",
                                               "No se puede leer la red a partir del código: {why}.").fill(why=answer.reason),
                          answer.line or root.line)
    if isinstance(answer, tuple | list | dict):
        raise SourceError("several_outputs", Text("The model has {n} outputs: a classifier has one.",
                                                  "El modelo tiene {n} salidas: un clasificador tiene una sola.").fill(
            n=len(answer)), root.line)
    if not isinstance(answer, View):
        raise SourceError("code_unknown", Text("forward does not return a tensor.", "forward no devuelve un tensor."),
                          root.line)
    return start, answer.node


