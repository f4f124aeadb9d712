"""Reads a user's `.keras` or `.h5` model as a custom base: as data, without its classifier.

The file lies in the project's folder under a name that ends with the digest of its content, so that it moves with
the project and is known by what it is. Nothing in it is run; its weights are read in the child alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases.entry import Base, Weights
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, entry_of
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.foreign_files import decode_json, open_regular
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import INPUT, Edge, NetworkSpec, Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text, same
from cnnstudio.interchange.foreign import ForeignNetwork
from cnnstudio.interchange.keras_file.model import read_keras
from cnnstudio.interchange.own_base import trunk
from cnnstudio.interchange.own_base.files import (
    DIGITS,
    check_file,
    damaged,
    digest_from_name,
    file_name,
    is_h5,
    problem,
    weights_bytes,
)
from cnnstudio.interchange.own_base.layers import refused_layers, with_measured_statistics
from cnnstudio.interchange.own_base.model import OwnModel
from cnnstudio.interchange.own_base.truncation import up_to
from cnnstudio.network.shapes import NetworkReport, report

CARD: Final = "cnnstudio.json"
SCALINGS: Final = {"none": (1.0, 0.0), "zero_one": (1 / 255, 0.0), "minus_one_one": (1 / 127.5, -1.0)}
"""Scalings of 0-255 pixels before a model that does not scale them."""
SCALING_LABELS: Final = {
    "none": Text("none: pixels from 0 to 255, unchanged", "ninguno: píxeles de 0 a 255, sin cambios"),
    "zero_one": Text("x / 255, before the model", "x / 255, antes del modelo"),
    "minus_one_one": Text("x / 127.5 - 1, before the model", "x / 127,5 - 1, antes del modelo"),
}
_HEADS: Final = frozenset(layer.id for layer in LAYERS if layer.flattens or layer.pooling)
"""Layers with which a classifier starts to read the last feature maps."""
_MOST_LAYERS: Final = 5000
"""NASNetLarge has 1,039."""
_OPEN_SIZE: Final = 224
"""Proposed pixels a side if the file leaves the size open."""
replace = msgspec.structs.replace


class _Card(msgspec.Struct, frozen=True):
    """The description of the pictures in a model exported by this program."""

    recipe: RecipeSpec
    class_names: tuple[str, ...] = ()


def preview_base(source: Path, name: str = "") -> Base:
    """The base of a file before it is copied into a project. Raises ProblemError."""
    return read_base(source, file_name(source, "0" * DIGITS, name))


def read_base(path: Path, file: str, scaling: str = "") -> Base:
    """The base in a `.keras` or `.h5` file; `file` is its path in the project. Raises ProblemError."""
    check_file(path)
    foreign = read_keras(path, with_scaling=True)
    if len(foreign.network.nodes) > _MOST_LAYERS:
        text = Text("{path} has {n} layers, more than any network that can be a base.",
                    "{path} tiene {n} capas, más que cualquier red que pueda ser una base.")
        raise ProblemError(problem("own_base_too_large", text.fill(path=path.name, n=len(foreign.network.nodes)), path))
    foreign = replace(foreign, network=with_measured_statistics(foreign.network, foreign, path))
    card = _read_card(path)
    size = _input_size(foreign, path)
    context = Context(height=size[0], width=size[1], channels=size[2], class_count=1, normalization="none")
    network, network_report = _trunk(foreign, context, path)
    narrow = trunk.narrow_points(network)
    head = trunk.classifier(network)
    order = [node.id for node in network.nodes]
    head_index = order.index(head) if head is not None else len(order)
    blocks = trunk.assign_blocks(network, narrow)
    first = next((index for index, node in enumerate(network.nodes) if node.type in trunk.LEARNING), head_index)
    ends = [item for item in narrow if first <= order.index(item) < head_index and blocks[item]]
    if not ends:
        text = Text("{path} cannot be a base: it has no layers with weights before its classifier.",
                    "{path} no puede ser una base: no tiene capas con pesos antes de su clasificador.")
        raise ProblemError(problem("own_base_empty", text.fill(path=path.name), path))
    end = trunk.last_maps(network, ends, {item: network_report.nodes[item].shape for item in ends})
    ends = _usable_ends(foreign, network, network_report, ends, end, path)
    end = end if end in ends else ends[-1]
    flattened = any(LAYERS[node.type].flattens for node in network.nodes if node.type in LAYERS
                    and network.inputs_of(node.id) == (end,)) and len(network_report.nodes[end].shape or ()) == 3
    trunk_network = up_to(network, ends[-1])
    if sum(network_report.nodes[node.id].cost.parameters for node in trunk_network.nodes) > weights_bytes(path):
        raise ProblemError(damaged(path, "fewer weights than its layers need"))
    scales = any(node.type in trunk.SCALING for node in trunk_network.nodes if not blocks[node.id])
    default_scaling = "none" if card is not None or _starts_with_normalization(trunk_network) else "zero_one"
    scaling = "none" if scales else scaling or default_scaling
    if scaling != "none":
        trunk_network, blocks = _with_scaling(trunk_network, blocks, scaling)
    notes = _notes(foreign, scales, scaling, card)
    model = OwnModel(
        file=file, path=str(path), digest=digest_from_name(file), bytes=path.stat().st_size, network=trunk_network, end=end,
        ends=tuple(ends), block_of={node.id: blocks[node.id] for node in trunk_network.nodes}, origins=foreign.origins,
        scaling=scaling, scales=scales, flattened=flattened, recipe=card.recipe if card is not None else None,
        classes=card.class_names if card is not None else (), notes=notes)
    return _base(model, size, network_report, up_to(network, end))


def _base(model: OwnModel, size: tuple[int, int, int], report: NetworkReport, part: NetworkSpec) -> Base:
    shape = report.nodes[model.end].shape or (0,)
    parameters = sum(report.nodes[node.id].cost.parameters for node in part.nodes)
    last = model.block_of[model.end]
    learned = (Text("Trained to distinguish {n} classes: {names}", "Entrenado para distinguir {n} clases: {names}").fill(
        n=len(model.classes), names=", ".join(model.classes[:8]) + (", …" if len(model.classes) > 8 else "."))
        if model.classes else Text("A model of your own, without its classifier.",
                                   "Un modelo propio, sin su clasificador."))
    own = Text("inside the model", "dentro del modelo")
    return Base(
        id=model.file if model.scaling == "none" or model.scales else f"{model.file}:{model.scaling}",
        label=same(model.name), family="own", help=learned, licence="–", source="", year=0, parameters=parameters, top1=0.0,
        input_size=size[0], input_width=0 if size[0] == size[1] else size[1], channels=size[2],
        minimum_size=_minimum_size(part, size), features=shape[-1],
        scaling=own if model.scales else SCALING_LABELS[model.scaling],
        weights=Weights(file_name=model.path, layout="keras", bytes=model.bytes), graph=model.until,
        blocks=model.blocks[:model.blocks.index(last) + 1], block_of=lambda layer: model.block_of.get(layer, ""), own=model)


def _trunk(foreign: ForeignNetwork, context: Context, path: Path) -> tuple[NetworkSpec, NetworkReport]:
    """The layers from the only input to the output, and their report."""
    following = {edge.source for edge in foreign.network.edges}
    ends = [node.id for node in foreign.network.nodes if node.id not in following]
    network = up_to(foreign.network, ends[-1])
    inputs = [node for node in network.nodes if node.type == INPUT]
    if len(inputs) != 1 or network.nodes[0].type != INPUT:
        text = Text("{path} takes {n} inputs; a base takes one picture.",
                    "{path} admite {n} entradas; una base admite una imagen.")
        raise ProblemError(problem("own_base_inputs", text.fill(path=path.name, n=len(inputs)), path))
    return network, report(network, context, headless=True)


def _usable_ends(foreign: ForeignNetwork, network: NetworkSpec, report: NetworkReport, ends: list[str], end: str, path: Path
            ) -> list[str]:
    """The ends before which all layers can be built.

    Raises ProblemError where `end` is none of them, or where what follows it is no head and cannot be taken over:
    half of a trunk would be no base.
    """
    refused = refused_layers(foreign, network, report)
    reading = [node.id for node in network.nodes if node.type in _HEADS and end in network.inputs_of(node.id)]
    # All layers before a narrow point lead to it.
    positions = {node.id: position for position, node in enumerate(network.nodes)}
    last = positions[end if reading else ends[-1]]
    wrong = {item: refused[item] for item in refused if positions[item] <= last}
    if wrong:
        text = Text("{path} cannot be a base: layers that cannot be imported exactly: {n} ({which}).",
                    "{path} no puede ser una base: capas que no se pueden importar con exactitud: {n} ({which}).")
        which = [Text("{layer} ({why})", "{layer} ({why})").fill(layer=name, why=reason) for name, reason in wrong.items()]
        more = Text(", …", ", …") if len(which) > 6 else Text("", "")
        listed = Text(", ".join(item.en for item in which[:6]) + more.en, ", ".join(item.es for item in which[:6]) + more.es)
        raise ProblemError(problem("own_base_layers", text.fill(path=path.name, n=len(wrong), which=listed), path))
    first = min((positions[item] for item in refused), default=len(positions))
    return [item for item in ends if positions[item] < first]


def _input_size(foreign: ForeignNetwork, path: Path) -> tuple[int, int, int]:
    """(height, width, channels) of the input; an open size becomes the usual one."""
    if foreign.shape is not None:
        sizes: list[Any] = list(foreign.shape)
    else:
        inputs = [node.id for node in foreign.network.nodes if node.type == INPUT]
        config: Mapping[str, Any] = foreign.origins[inputs[0]].layer["config"] if inputs else {}
        shape = config.get("batch_shape") or config.get("batch_input_shape") or ()
        sizes = [item if isinstance(item, int) and item > 0 else _OPEN_SIZE for item in shape[1:3]] + list(shape[3:])
    if len(sizes) != 3 or sizes[2] not in (1, 3, 4) or max(sizes[:2]) > 4096:
        text = Text("{path} does not take pictures of 1, 3 or 4 channels: its input is {shape}.",
                    "{path} no admite imágenes de 1, 3 o 4 canales: su entrada es {shape}.")
        shape_text = " × ".join(str(item) for item in sizes) or "?"
        raise ProblemError(problem("own_base_inputs", text.fill(path=path.name, shape=shape_text), path))
    return sizes[0], sizes[1], sizes[2]


def _minimum_size(network: NetworkSpec, size: tuple[int, int, int]) -> int:
    """The smallest shorter side, with these proportions, for which the layers fit."""
    def fits(side: int) -> bool:
        height, width = (max(1, round(side * item / min(size[:2]))) for item in size[:2])
        context = Context(height=height, width=width, channels=size[2], class_count=1, normalization="none")
        return not any(item.blocks for item in report(network, context, headless=True).problems)

    low, high = 1, min(size[:2])
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def _starts_with_normalization(network: NetworkSpec) -> bool:
    """Whether the first layer is a normalisation that learned the range of the pixels."""
    layer = entry_of(network.nodes[1]) if len(network.nodes) > 1 else None
    return layer is not None and bool(layer.batch_free)


def _with_scaling(network: NetworkSpec, blocks: Mapping[str, str], scaling: str) -> tuple[NetworkSpec, dict[str, str]]:
    """The network with the chosen scaling right behind its input."""
    start = network.nodes[0].id
    scale, offset = SCALINGS[scaling]
    params = {"scale": scale} | ({"offset": offset} if offset else {})
    node = Node(id=unique_id("scaling", [item.id for item in network.nodes]), type=RESCALING.id, params=params)
    edges = tuple(replace(edge, source=node.id) if edge.source == start else edge for edge in network.edges)
    return replace(network, nodes=(network.nodes[0], node, *network.nodes[1:]),
                   edges=(Edge(source=start, target=node.id), *edges)), dict(blocks) | {node.id: ""}


def _notes(foreign: ForeignNetwork, scales: bool, scaling: str, card: _Card | None) -> tuple[Text, ...]:
    notes = list(foreign.notes)
    if card is None and not scales:
        notes.append(Text(
            "The file does not scale its pixels. {scaling} is assumed: set Scaling to the scaling that the model was trained "
            "with.",
            "El archivo no escala sus píxeles. Se supone {scaling}: elija en Escalado el que se usó al entrenar el "
            "modelo.").fill(scaling=SCALING_LABELS[scaling]))
    return tuple(notes)


def _read_card(path: Path) -> _Card | None:
    if is_h5(path):
        return None
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if CARD not in archive.namelist() or archive.getinfo(CARD).file_size > 1 << 20:
                return None
            return decode_json(archive.read(CARD), _Card)
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        return None
