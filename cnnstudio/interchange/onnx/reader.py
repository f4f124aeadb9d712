"""From an ONNX file to a network: its input, its layout, the layers that lead to its first output, and remarks."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import (
    MORE_LAYERS,
    MOST_LAYERS,
    ForeignNetwork,
    LayerOrigin,
    outer_scaling,
    without_scaling,
)
from cnnstudio.interchange.onnx import arithmetic, convolutions, functions, reshaping
from cnnstudio.interchange.onnx.conversion import PASSING, Conversion, Rule
from cnnstudio.interchange.onnx.model import Graph, Model, Operator, Port, parse_model
from cnnstudio.interchange.onnx.names import common_prefix_length
from cnnstudio.interchange.onnx.patterns import Constants, fuse_patterns, split_constants
from cnnstudio.interchange.onnx.values import CHANNELS_FIRST, FeatureMaps, Weight
from cnnstudio.interchange.onnx.wire import Damaged, TooLarge, strip_weights

replace = msgspec.structs.replace

RULES: Final[dict[str, Rule]] = convolutions.RULES | functions.RULES | arithmetic.RULES | reshaping.RULES
SIZES: Final = (224, 32, 28, 64, 96, 128, 160, 192, 240, 256, 260, 299, 300, 331, 380, 384, 448, 456, 512, 528, 600)
"""Sizes of pictures to try if the file leaves the size open: the first that fits its dense layers is taken."""
OPEN_BATCH: Final = 7919
"""Batch size in shape arithmetic if the file leaves it open: a prime that is no size of any network."""
MAX_RETRIED: Final = 5000
"""A file with more operators is not tried with other sizes: that would take minutes."""
LARGEST_SIDE: Final = 16_384
_QUANTIZED: Final = ("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "QLinearAdd",
                     "QLinearGlobalAveragePool", "QGemm", "QLinearConcat", "QLinearSigmoid", "QLinearMul")
_CHANNELS_FIRST: Final = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
                          "BatchNormalization", "InstanceNormalization", "GroupNormalization", "DepthToSpace",
                          "SpaceToDepth", "LRN", "QLinearConv", "ConvInteger")
"""Operators that take only (batch, channels, height, width)."""
MOST_OPERATORS: Final = 10_000
"""Twice as many as layers: exporters write a layer as several operators."""
_FLOATS: Final = (1, 10, 11, 16)
_PIXELS: Final = (2, 3)
"""float32, float16, float64, bfloat16; uint8 and int8."""


def read_onnx(path: Path, with_scaling: bool = False, check: Callable[[], None] = lambda: None) -> ForeignNetwork:
    """The network in an ONNX file; a scaling behind its input stays a layer `with_scaling`. Raises ProblemError.

    `check` is called now and then; what it raises ends the reading.
    """
    try:
        model = parse_model(strip_weights(path, check))
    except OSError as os_error:
        text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
        raise _problem("network_unreadable", path, text, reason=reason_of(os_error)) from None
    except TooLarge:
        raise _problem("network_too_large", path, Text(
            "The description of the network in {path} is far larger than that of any real network, so the file was not read.",
            "La descripción de la red en {path} es mucho más grande que la de cualquier red real, así que no se leyó el "
            "archivo.")) from None
    except Damaged:
        raise _not_a_model(path) from None
    check()
    if len(model.graph.operators) > MOST_OPERATORS:
        raise _problem("network_too_large", path, MORE_LAYERS, n=MOST_OPERATORS)
    return _Reader(model, path, check).read(with_scaling)


def _problem(code: str, path: Path, text: Text, **values: Any) -> ProblemError:
    return ProblemError(error(code, text.fill(path=path.name, **values), "network", path=path))


def _not_a_model(path: Path) -> ProblemError:
    """The problem of a file that is no model, judged by its first bytes."""
    try:
        with open_regular(path) as file:
            start = file.read(200)
    except OSError:
        start = b""
    if start.startswith(b"version https://git-lfs"):
        return _problem("network_pointer", path, Text(
            "{path} is only a Git LFS pointer to a file that has not been fetched. Run git lfs pull, or download the file.",
            "{path} es solo un puntero de Git LFS a un archivo que no se ha descargado. Ejecute git lfs pull o descargue el "
            "archivo."))
    if start.lstrip()[:11] in (b"ir_version:", b"ir_version ") or start.lstrip()[:12] == b"<ir_version:":
        return _problem("network_text", path, Text(
            "{path} is an ONNX model in text form. Save it in binary form: onnx.save(model, \"model.onnx\").",
            "{path} es un modelo ONNX escrito como texto. Guárdelo en forma binaria: onnx.save(model, \"model.onnx\")."))
    return _problem("network_damaged", path, Text("{path} is damaged or not an ONNX model.",
                                                  "{path} está dañado o no es un modelo ONNX."))


class _Reader:
    def __init__(self, model: Model, path: Path, check: Callable[[], None]) -> None:
        self._path, self._check = path, check
        self._opset = model.opset or 1
        graph = replace(model.graph, operators=tuple(self._sort_operators(model.graph)))
        self._graph = replace(graph, operators=_strip_common_path(graph.operators))
        if not graph.outputs:
            raise _not_a_model(path)

    # Checks --------------------------------------------------------------------------------------

    def _sort_operators(self, graph: Graph) -> list[Operator]:
        """The operators in topological order; raises ProblemError if there is none."""
        available = {""} | set(graph.tensors) | {port.name for port in graph.inputs}
        producers: dict[str, int] = {}
        for index, operator in enumerate(graph.operators):
            producers |= dict.fromkeys(operator.outputs, index)
        waiting, users = [0] * len(graph.operators), defaultdict(list)
        for index, operator in enumerate(graph.operators):
            for name in set(_input_names(operator)):
                if name in available:
                    continue
                if name not in producers:
                    raise _problem("network_tensor_missing", self._path, Text(
                        "In {path}, {kind} {name} takes the tensor {tensor}, which no layer produces: the file is "
                        "incomplete.",
                        "En {path}, {kind} {name} toma el tensor {tensor}, que ninguna capa produce: el archivo está "
                        "incompleto."),
                        kind=operator.type[:60], name=operator.name[:60], tensor=name[:60])
                waiting[index] += 1
                users[producers[name]].append(index)
        ready, order = deque(index for index, count in enumerate(waiting) if not count), []
        while ready:
            index = ready.popleft()
            order.append(index)
            for user in users[index]:
                waiting[user] -= 1
                if not waiting[user]:
                    ready.append(user)
        if len(order) < len(graph.operators):
            stuck = graph.operators[next(index for index, count in enumerate(waiting) if count)]
            raise _problem("network_cycle", self._path, Text(
                "In {path}, {kind} {name} is part of a loop: its output comes back to its input.",
                "En {path}, {kind} {name} forma parte de un bucle: su salida vuelve a su entrada."),
                kind=stuck.type[:60], name=stuck.name[:60])
        return [graph.operators[index] for index in order]

    def _picture_port(self, operators: Sequence[Operator]) -> Port:
        """The one input that takes pictures; raises ProblemError."""
        used = {name for operator in operators for name in _input_names(operator)}
        used_inputs = [port for port in self._graph.inputs if port.name in used]
        ports = [port for port in used_inputs if not _is_parameter(port)] or used_inputs
        if not ports:
            raise self._no_input_problem()
        if len(ports) > 1:
            raise _problem("network_inputs", self._path, Text(
                "{path} has {n} inputs ({names}). Here a network has a single input: the pictures.",
                "{path} tiene {n} entradas ({names}). Aquí una red tiene una sola entrada: las imágenes."),
                n=len(ports), names=_join_names([port.name for port in ports]))
        (port,) = ports
        if port.kind not in (*_FLOATS, *_PIXELS, 0) or (port.dims is not None and len(port.dims) != 4):
            raise _problem("network_no_pictures", self._path, Text(
                "The input {name} of {path} takes {shape}, not pictures (batch, channels, height, width).",
                "La entrada {name} de {path} toma {shape}, no imágenes (lote, canales, alto, ancho)."),
                name=port.name[:60], shape=_format_shape(port))
        if port.dims is not None and any(dim is not None and dim > LARGEST_SIDE for dim in port.dims[1:]):
            raise _problem("network_no_pictures", self._path, Text(
                "The input {name} of {path} takes {shape}, but pictures can have at most {n} pixels per side.",
                "La entrada {name} de {path} toma {shape}, pero las imágenes pueden tener como máximo {n} píxeles por lado."),
                name=port.name[:60], shape=_format_shape(port), n=LARGEST_SIDE)
        return port

    def _no_input_problem(self) -> ProblemError:
        return _problem("network_no_input", self._path, Text(
            "{path} has no input: its output does not depend on a picture.",
            "{path} no tiene entrada: su salida no depende de una imagen."))

    # Reading -------------------------------------------------------------------------------------

    def read(self, with_scaling: bool) -> ForeignNetwork:
        outputs = [port.name for port in self._graph.outputs]
        constants, operators = split_constants(self._graph, self._graph.operators)
        operators = fuse_patterns(operators, constants, outputs)
        operators, left_out = _operators_before(operators, outputs[0]), outputs[1:]
        port = self._picture_port(operators)
        channels_first = _is_channels_first(port, operators)
        best = None
        for picture, batch, is_open in _candidate_inputs(port, channels_first):
            if best is not None and picture != best[2] and (not best[0][0] or len(operators) > MAX_RETRIED):
                break
            conversion = self._convert(port, operators, constants, channels_first, picture, batch)
            score = (conversion.mismatches, len(conversion.unknown))
            if best is None or score < best[0]:
                best = score, conversion, picture, is_open
            if not any(score):
                break
        assert best is not None
        if len(best[1].nodes) > MOST_LAYERS:
            raise _problem("network_too_large", self._path, MORE_LAYERS, n=MOST_LAYERS)
        _, conversion, picture, is_open = best
        end = conversion.values.get(outputs[0])
        if not isinstance(end, FeatureMaps):
            raise self._no_input_problem()
        network, normalization = _with_final_activation(conversion.network(conversion.apply_padding(end))), "none"
        if not any(node.type == "Input" for node in network.nodes):
            raise self._no_input_problem()
        if not with_scaling:
            network, normalization = without_scaling(network)
        kinds = {operator.type for operator in operators}
        layer_ids = {node.id for node in network.nodes}
        notes = [*_general_notes(network, picture, is_open, kinds, left_out), *conversion.notes.values()]
        origins = {name: LayerOrigin(layer={"class_name": layer_operators[0].type, "name": layer_operators[0].name},
                                     names=conversion.weight_names(name))
                   for name, layer_operators in conversion.layer_operators.items() if name in layer_ids}
        return ForeignNetwork(network=network, shape=picture, normalization=outer_scaling(network, normalization),
                              origins=origins, notes=tuple(notes),
                              unknown=tuple(item for item in conversion.unknown if item in layer_ids))

    def _convert(self, port: Port, operators: Sequence[Operator], constants: Constants, channels_first: bool,
                 picture: tuple[int, int, int], batch: int) -> Conversion:
        conversion = Conversion(self._graph, self._opset, picture, batch, RULES, self._check)
        conversion.values |= {item.name: Weight(tuple(size or 0 for size in item.dims or ()), item.name)
                              for item in self._graph.inputs if _is_parameter(item)}
        conversion.add_input(port.name, CHANNELS_FIRST if channels_first else (0, 1, 2, 3))
        conversion.convert(operators, constants, [self._graph.outputs[0].name])
        return conversion


def _is_parameter(port: Port) -> bool:
    """Whether an input is one number, or one for each channel: some exporters pass parameters of a layer as inputs."""
    return port.dims is not None and all(port.dims) and sum(size != 1 for size in port.dims) <= 1


def _input_names(operator: Operator) -> Iterator[str]:
    """The inputs of an operator and of its subgraphs."""
    yield from operator.inputs
    for value in operator.attributes.values():
        if isinstance(value, Graph):
            available = {""} | set(value.tensors) | {port.name for port in value.inputs}
            for inner in value.operators:
                available.update(inner.outputs)
            yield from (name for inner in value.operators for name in _input_names(inner) if name not in available)


def _operators_before(operators: Sequence[Operator], end: str) -> list[Operator]:
    """The operators that an output depends on."""
    needed = {end}
    selected = []
    for operator in reversed(operators):
        if needed.intersection(operator.outputs):
            selected.append(operator)
            needed.update(_input_names(operator))
    return selected[::-1]


def _strip_common_path(operators: Sequence[Operator]) -> tuple[Operator, ...]:
    """The operators without the path that all names start with."""
    common = common_prefix_length([operator.name for operator in operators if operator.type != "Constant"])
    if not common:
        return tuple(operators)
    start = next(operator.name for operator in operators if operator.name and operator.type != "Constant")[:common]
    return tuple(replace(operator, name=operator.name.removeprefix(start)) for operator in operators)


def _is_channels_first(port: Port, operators: Sequence[Operator]) -> bool:
    """Whether the input is (batch, channels, height, width): judged by its users, else by its dimensions."""
    users: dict[str, list[Operator]] = defaultdict(list)
    for operator in operators:
        for name in operator.inputs:
            users[name].append(operator)
    waiting, seen = deque([port.name]), {port.name}
    while waiting:
        for user in users[waiting.popleft()]:
            if user.type in _CHANNELS_FIRST:
                return True
            if user.type == "Transpose":
                perm = user.attributes.get("perm", ())
                # A damaged file may have one number here.
                order = tuple(axis % 4 for axis in perm) if isinstance(perm, tuple) else ()
                if order in ((0, 3, 1, 2), (0, 2, 3, 1)):
                    return bool(order == (0, 2, 3, 1))
            if user.type in PASSING or user.type in ("Add", "Sub", "Mul", "Div", "Pad", "Slice", "QuantizeLinear",
                                                     "DequantizeLinear", "Resize"):
                waiting += [name for name in user.outputs if name not in seen]
                seen.update(user.outputs)
    dims = port.dims
    return dims is None or dims[1] in (1, 3, 4) or dims[3] not in (1, 3, 4)


def _candidate_inputs(port: Port, channels_first: bool) -> Iterator[tuple[tuple[int, int, int], int, bool]]:
    """Pictures (height, width, channels), the number that stands for the batch, and whether the file left them open."""
    dims = port.dims or (None, None, None, None)
    channels, height, width = (dims[1], dims[2], dims[3]) if channels_first else (dims[3], dims[1], dims[2])
    batches = (dims[0],) if dims[0] is not None else (OPEN_BATCH, 1)
    for size in SIZES if height is None or width is None else (0,):
        for batch in batches:
            yield (height or size, width or size, channels or 3), batch, bool(size)


def _with_final_activation(network: NetworkSpec) -> NetworkSpec:
    """A softmax or sigmoid behind the last dense layer as its activation, as Keras writes it."""
    sources = [edge.source for edge in network.edges]
    last = next((node for node in network.nodes if node.id not in sources), None)
    name = None if last is None else "softmax" if last.type == "Softmax" and not last.params else (
        "sigmoid" if last.params == {"activation": "sigmoid"} else None)
    if last is None or name is None:
        return network
    before = network.node(network.inputs_of(last.id)[0])
    if before is None or before.type != "Dense" or sources.count(before.id) != 1 or "activation" in before.params:
        return network
    changed = replace(before, params={**before.params, "activation": name})
    return replace(network, nodes=tuple(changed if node.id == before.id else node for node in network.nodes
                                        if node.id != last.id),
                   edges=tuple(edge for edge in network.edges if edge.target != last.id))


# Remarks -----------------------------------------------------------------------------------------


def _general_notes(network: NetworkSpec, picture: tuple[int, int, int], is_open: bool, kinds: set[str],
                   left_out: Sequence[str]) -> Iterator[Text]:
    yield Text("The layers are imported, the weights are not.", "Se importan las capas, no los pesos.")
    if is_open:
        yield Text("The file does not fix the size of the pictures: {height} × {width} is used.",
                   "El archivo no fija el tamaño de las imágenes: se usa {height} × {width}.").fill(
                       height=picture[0], width=picture[1])
    if left_out:
        yield Text("The file has {n} outputs; the layers that lead only to {names} are left out.",
                   "El archivo tiene {n} salidas; se omiten las capas que solo llevan a {names}.").fill(
                       n=len(left_out) + 1, names=_join_names(left_out))
    quantized = sorted(kinds & set(_QUANTIZED))
    if quantized:
        yield Text("The file is quantised to 8 bits ({names}). Open the original model instead.",
                   "El archivo está cuantizado a 8 bits ({names}). Abra en su lugar el modelo original.").fill(
                       names=_join_names(quantized))
    loops = sorted(kinds & {"If", "Loop", "Scan"})
    if loops:
        yield Text("{names} chooses or repeats layers at run time: such layers cannot be shown.",
                   "{names} elige o repite capas al ejecutarse: esas capas no se pueden mostrar.").fill(
                       names=_join_names(loops))
    types = [node.type for node in network.nodes]
    if sum("Conv2D" in item for item in types) >= 8 and not any(item.endswith("Normalization") for item in types):
        yield Text("The file contains no normalisation: exporters fold it into the convolutions. If the network had one, add "
                   "it again before you train.",
                   "El archivo no contiene ninguna normalización: los exportadores la integran en las convoluciones. Si la "
                   "red la tenía, añádala de nuevo antes de entrenar.")
    sources = {edge.source for edge in network.edges}
    last = next((node for node in network.nodes if node.id not in sources), None)
    if last is not None and last.type == "Dense" and "activation" not in last.params:
        yield Text("The last layer has no activation: PyTorch applies softmax in its loss.",
                   "La última capa no tiene activación: PyTorch aplica softmax en su pérdida.")


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in names[:6]) + (", …" if len(names) > 6 else "")


def _format_shape(port: Port) -> str:
    return " × ".join("?" if dim is None else str(dim) for dim in port.dims[:8]) if port.dims else "–"
