"""Networks of `keras.applications` as bases: recognised by class name or by their layers, and what of them learns."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.entry import keras_order
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.values import BaseLayer, BaseModel
from cnnstudio.interchange.python_source.names import normalized_name
from cnnstudio.interchange.python_source.values import Function, Remark, Tensor, TracedNode, Unknown

_POOLED: Final = {layer.id: layer.pooling for layer in LAYERS if layer.pooling}
_NAMES: Final = {normalized_name(base.id): base.id for base in BASES}


def find_base(name: str) -> Base | None:
    """The base of a class or function of keras.applications (ResNet50V2, MobileNetV3Large); None if there is none."""
    base_id = _NAMES.get(normalized_name(name))
    return BASES[base_id] if base_id is not None else None


def make_base(base: Base, arguments: list[Any], keywords: dict[str, Any], line: int, remarks: list[Remark]) -> BaseModel:
    """The model that a call of `keras.applications` makes."""
    # MobileNet's own arguments come before `include_top`, but nobody passes them by position.
    settings = dict(zip(("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"), arguments,
                     strict=False)) | keywords
    params: dict[str, Any] = {"base": base.id}
    weights = settings.get("weights", "imagenet")
    if weights is None:
        params["weights"] = "random"
    elif isinstance(weights, str) and weights != "imagenet":
        params |= {"weights": "file", "weights_file": weights}
    for name, usual in (("alpha", 1.0), ("minimalistic", False), ("depth_multiplier", 1)):
        if settings.get(name, usual) != usual:
            text = Text("{base}: {name}={value} has no exact equivalent here. Check that layer.",
                        "{base}: {name}={value} no tiene un equivalente exacto aquí. Revise esa capa.")
            remarks.append(Remark("without_counterpart", text.fill(base=base.label, name=name, value=settings[name]), line))
    top = settings.get("include_top", True) is not False
    classes = settings.get("classes", 1000)
    pooling = "avg" if top else settings.get("pooling")
    params["pooling"] = pooling if pooling in ("avg", "max") else "none"
    if top:
        text = Text("The classifier of {base} (its top) becomes average pooling and one Dense layer; its weights are not "
                    "imported.",
                    "El clasificador de {base} (include_top) se convierte en un promedio y una capa Dense; sus pesos no se "
                    "importan.")
        remarks.append(Remark("top_of_base", text.fill(base=base.label), line))
    start = settings.get("input_tensor")
    model = BaseModel(line=line, base=base, params=params, shape=settings.get("input_shape"),
                      classes=classes if top and isinstance(classes, int) else 0)
    model.start = start if isinstance(start, Tensor) else None
    return model


# Freezing -----------------------------------------------------------------------------------------

def layers(model: BaseModel) -> list[BaseLayer]:
    """The layers of a base as in `model.layers`, its own scaling included."""
    return [BaseLayer(model, node.id, node.type) for node in keras_order(model.base.graph())]


def freeze(model: BaseModel, trainable: bool) -> None:
    """`model.trainable = ...`."""
    model.frozen.clear()
    if not trainable:
        model.frozen.update(node.id for node in model.base.graph().nodes)


def node_params(model: BaseModel, remarks: list[Remark]) -> dict[str, Any]:
    """The parameters of the base's node, with the freeze line that fits its trainable layers."""
    if not model.frozen:
        return model.params | {"trainable_from": "all"}
    with_weights = {node.id for node in model.base.graph().nodes if not LAYERS[node.type].batch_free}
    learning = with_weights - model.frozen
    first = next((block for block in model.base.blocks
                  if any(model.base.block_of(item) == block for item in learning)), None)
    line = "none" if first is None else "all" if first == model.base.blocks[0] else first
    learning_nodes = {node.id for node in model.base.graph().nodes
              if node.id in learning and model.base.block_of(node.id)}
    if learning_nodes != model.base.trainable_layers(line):
        count = _last_count(model.base, learning_nodes)
        if count:
            return model.params | {"trainable_from": f"last:{count}"}
        text = Text("{base}: here only whole blocks or the last layers can learn. The base learns from the block {line} on.",
                    "{base}: aquí solo pueden aprender bloques enteros o las últimas capas. La base aprende desde el bloque "
                    "{line}.")
        remarks.append(Remark("freeze_line", text.fill(base=model.base.label, line=line), model.line))
    return model.params | ({"trainable_from": line} if line != "none" else {})


def _last_count(base: Base, learning: set[str]) -> int:
    """The number of last layers of which just these learn; 0 if they are no such layers."""
    ordered = [node.id for node in keras_order(base.graph())]
    first = next((place for place, name in enumerate(ordered) if name in learning), len(ordered))
    count = len(ordered) - first
    return count if count and base.trainable_layers(f"last:{count}") == learning else 0


def truncate(layer: BaseLayer) -> BaseModel | Unknown:
    """The base up to the layer whose output is used, if a block ends there."""
    model, base = layer.model, layer.model.base
    block = base.block_of(layer.id)
    last = [node.id for node in base.graph().nodes if base.block_of(node.id) == block][-1]
    if not block or last != layer.id:
        return Unknown(Text("{base} can end only at the end of a block, and no block ends at {layer}",
                            "{base} solo puede terminar al final de un bloque, y ningún bloque termina en {layer}").fill(
            base=base.label, layer=layer.id), model.line)
    params = {name: value for name, value in model.params.items() if name != "pooling"} | {"pooling": "none"}
    if block != base.blocks[-1]:
        params["ends_at"] = block
    short = BaseModel(line=model.line, base=base, params=params, shape=model.shape)
    short.frozen = model.frozen
    return short


# Recognising a function that builds the layers of a base -------------------------------------------

def recognise_base(function: Function, traced_nodes: list[TracedNode], source: Any, output: Any) -> dict[str, Any] | None:
    """The parameters of the base whose layers a function creates; None if it creates anything else.

    The function's docstring names the base, as in printed code; the layers must then be the base's own, with the
    same names, settings and connections.
    """
    docstring = _docstring(function)
    base = next((base for base in BASES if docstring.startswith(f"{base.label.en}, {base.source};")), None)
    if base is None or not isinstance(source, Tensor) or not isinstance(output, Tensor) or not traced_nodes:
        return None
    pooling = _POOLED.get(traced_nodes[-1].kind, "none") if not traced_nodes[-1].name else "none"
    base_nodes = traced_nodes if pooling == "none" else traced_nodes[:-1]
    if source.node.shape is None or output.node is not traced_nodes[-1] or not base_nodes:
        return None
    block = base.block_of(base_nodes[-1].name)
    height, width = source.node.shape[:2]
    ends = next((end for end in ("all", block) if end and _matches_graph(
        base.graph_for(height, width, end), base_nodes, source.node)), None)
    if ends is None:
        return None
    learning = {item.name for item in base_nodes if item.layer is not None and item.layer.trainable
                and LAYERS[item.kind].frozen_in_code}
    line = next((line for line in ("none", "all", *base.blocks) if learning == {
        item.name for item in base_nodes if item.name in base.trainable_layers(line)
        and LAYERS[item.kind].frozen_in_code}), None)
    if line is None:
        line = _last_line(base, ends, learning)
    if line is None:
        return None
    params: dict[str, Any] = {"base": base.id, "trainable_from": line, "ends_at": ends, "pooling": pooling}
    return params | _weights(docstring)


def _last_line(base: Base, ends: str, learning: set[str]) -> str | None:
    """The "last:n" by which just these layers that code can freeze learn; None if there is none."""
    kinds = {node.id: node.type for node in base.graph_for(*base.size, ends).nodes}
    for count in range(1, len(kinds) + 1):
        if learning == {name for name in base.trainable_layers(f"last:{count}", ends) if LAYERS[kinds[name]].frozen_in_code}:
            return f"last:{count}"
    return None


def node_name(function: Function) -> str:
    """The id of the base's node: from the function's name, or from its docstring if the id is no Python name."""
    _before, separator, rest = _docstring(function).partition(WEIGHTS)[0].partition(NODE)
    return rest.split(".")[0] if separator else function.name.removeprefix("build_")


def _docstring(function: Function) -> str:
    if isinstance(function.node, ast.Lambda):
        return ""
    return ast.get_docstring(function.node) or ""


NODE: Final = " Node: "
"""Precedes the node's id in the docstring of a printed function, if the id is no Python name."""
WEIGHTS: Final = " Weights: "
"""Precedes weights other than those of ImageNet in the docstring of a printed function."""


def _weights(docstring: str) -> dict[str, Any]:
    _before, separator, rest = docstring.partition(WEIGHTS)
    if not separator:
        return {}
    if rest.startswith("random."):
        return {"weights": "random"}
    return {"weights": "file", "weights_file": rest.removeprefix("file ").removesuffix(".")}


def _matches_graph(graph: NetworkSpec, traced_nodes: list[TracedNode], input_node: TracedNode) -> bool:
    """Whether the nodes are those of the graph, behind `input_node` as its Input."""
    ids = {input_node.number: graph.nodes[0].id}
    if len(traced_nodes) != len(graph.nodes) - 1:
        return False
    for node, traced in zip(graph.nodes[1:], traced_nodes, strict=True):
        if (node.id, node.type) != (traced.name, traced.kind) or LAYERS.find(node.type) is None:
            return False
        entry = LAYERS[node.type]
        if values_of(node, entry) != values_of(Node(id=node.id, type=node.type, params=traced.params), entry):
            return False
        if tuple(ids.get(source.number) for source in traced.sources) != graph.inputs_of(node.id):
            return False
        ids[traced.number] = node.id
    return True
