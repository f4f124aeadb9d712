"""Networks of `keras.applications` as bases: by their class names, by their layers, and what of them learns."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.names import simple
from cnnstudio.interchange.keras_source.values import (
    BaseLayer,
    BaseModel,
    Function,
    Remark,
    Tensor,
    TracedNode,
    Unknown,
)

_POOLED: Final = {layer.id: layer.pooling for layer in LAYERS if layer.pooling}
_NAMES: Final = {simple(base.id): base.id for base in BASES}


def base_of(name: str) -> Base | None:
    """The base that a class or function of keras.applications makes: ResNet50V2, MobileNetV3Large."""
    found = _NAMES.get(simple(name))
    return BASES[found] if found is not None else None


def made(base: Base, arguments: list[Any], keywords: dict[str, Any], line: int, remarks: list[Remark]) -> BaseModel:
    """The model that such a call makes."""
    # MobileNet's own arguments stand before `include_top`, but nobody gives them by place.
    given = dict(zip(("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"), arguments,
                     strict=False)) | keywords
    params: dict[str, Any] = {"base": base.id}
    weights = given.get("weights", "imagenet")
    if weights is None:
        params["weights"] = "random"
    elif isinstance(weights, str) and weights != "imagenet":
        params |= {"weights": "file", "weights_file": weights}
    for name, usual in (("alpha", 1.0), ("minimalistic", False), ("depth_multiplier", 1)):
        if given.get(name, usual) != usual:
            text = Text("{base}: {name}={value} has no exact counterpart here; look at that layer.",
                        "{base}: {name}={value} no tiene un equivalente exacto aquí; revise esa capa.")
            remarks.append(Remark("without_counterpart", text.fill(base=base.label, name=name, value=given[name]), line))
    top = given.get("include_top", True) is not False
    classes = given.get("classes", 1000)
    pooling = "avg" if top else given.get("pooling")
    params["pooling"] = pooling if pooling in ("avg", "max") else "none"
    if top:
        text = Text("The top of {base} is written as average pooling and one Dense layer; its weights are not taken over.",
                    "La cima de {base} se escribe como promedio y una capa Dense; sus pesos no se toman.")
        remarks.append(Remark("top_of_base", text.fill(base=base.label), line))
    start = given.get("input_tensor")
    model = BaseModel(line=line, base=base, params=params, shape=given.get("input_shape"),
                      classes=classes if top and isinstance(classes, int) else 0)
    model.start = start if isinstance(start, Tensor) else None
    return model


# Freezing -----------------------------------------------------------------------------------------

def layers(model: BaseModel) -> list[BaseLayer]:
    """The layers of a base as `model.layers` gives them, its own scaling included."""
    return [BaseLayer(model, node.id, node.type) for node in model.base.graph().nodes]


def freeze(model: BaseModel, trainable: bool) -> None:
    """`model.trainable = ...`."""
    model.frozen.clear()
    if not trainable:
        model.frozen.update(node.id for node in model.base.graph().nodes)


def settled(model: BaseModel, remarks: list[Remark]) -> dict[str, Any]:
    """The parameters of the base's node, with the freeze line that fits what of it learns."""
    if not model.frozen:
        return model.params | {"trainable_from": "all"}
    weighty = {node.id for node in model.base.graph().nodes if not LAYERS[node.type].batch_free}
    learning = weighty - model.frozen
    first = next((block for block in model.base.blocks
                  if any(model.base.block_of(item) == block for item in learning)), None)
    line = "none" if first is None else "all" if first == model.base.blocks[0] else first
    wanted = {node.id for node in model.base.graph().nodes
              if node.id in learning and model.base.block_of(node.id)}
    if wanted != model.base.trainable_layers(line):
        text = Text("{base}: here whole blocks learn. It learns from the block {line} on.",
                    "{base}: aquí aprenden bloques enteros. Aprende desde el bloque {line}.")
        remarks.append(Remark("freeze_line", text.fill(base=model.base.label, line=line), model.line))
    return model.params | ({"trainable_from": line} if line != "none" else {})


def cut(layer: BaseLayer) -> BaseModel | Unknown:
    """The base up to a layer whose maps are taken: where a block ends."""
    model, base = layer.model, layer.model.base
    block = base.block_of(layer.id)
    last = [node.id for node in base.graph().nodes if base.block_of(node.id) == block][-1]
    if not block or last != layer.id:
        return Unknown(Text("{base} can end where a block ends, and {layer} ends none",
                            "{base} puede terminar donde termina un bloque, y {layer} no termina ninguno").fill(
            base=base.label, layer=layer.id), model.line)
    params = {name: value for name, value in model.params.items() if name != "pooling"} | {"pooling": "none"}
    if block != base.blocks[-1]:
        params["ends_at"] = block
    short = BaseModel(line=model.line, base=base, params=params, shape=model.shape)
    short.frozen = model.frozen
    return short


# Recognising a function that builds the layers of a base -------------------------------------------

def recognised(function: Function, drawn: list[TracedNode], entering: Any, answer: Any) -> dict[str, Any] | None:
    """The parameters of the base whose layers a function drew; None where it drew anything else.

    The function's first line names the base, as printed code does; the layers must then be the base's own, with the
    same names, settings and connections.
    """
    words = _words(function)
    base = next((base for base in BASES if words.startswith(f"{base.label.en}, {base.source};")), None)
    if base is None or not isinstance(entering, Tensor) or not isinstance(answer, Tensor) or not drawn:
        return None
    pooling = _POOLED.get(drawn[-1].kind, "none") if not drawn[-1].name else "none"
    own = drawn if pooling == "none" else drawn[:-1]
    if entering.node.shape is None or answer.node is not drawn[-1] or not own:
        return None
    block = base.block_of(own[-1].name)
    height, width = entering.node.shape[:2]
    ends = next((end for end in ("all", block) if end and _equal(base.graph_for(height, width, end), own, entering.node)),
                None)
    if ends is None:
        return None
    learning = {item.name for item in own if item.layer is not None and item.layer.trainable
                and LAYERS[item.kind].frozen_in_code}
    line = next((line for line in ("none", "all", *base.blocks) if learning == {
        item.name for item in own if item.name in base.trainable_layers(line)
        and LAYERS[item.kind].frozen_in_code}), None)
    if line is None:
        return None
    params: dict[str, Any] = {"base": base.id, "trainable_from": line, "ends_at": ends, "pooling": pooling}
    return params | _weights(words)


def node_name(function: Function) -> str:
    """The id of the base's node: in the function's name, or in its first line where it is no name of Python."""
    _before, found, rest = _words(function).partition(WEIGHTS)[0].partition(NODE)
    return rest.split(".")[0] if found else function.name.removeprefix("build_")


def _words(function: Function) -> str:
    if isinstance(function.node, ast.Lambda):
        return ""
    return ast.get_docstring(function.node) or ""


NODE: Final = " Node: "
"""What in the first line of a printed function comes before the node's id, where that is no name of Python."""
WEIGHTS: Final = " Weights: "
"""What in the first line of a printed function comes before weights other than those of ImageNet."""


def _weights(words: str) -> dict[str, Any]:
    _before, found, rest = words.partition(WEIGHTS)
    if not found:
        return {}
    if rest.startswith("random."):
        return {"weights": "random"}
    return {"weights": "file", "weights_file": rest.removeprefix("file ").removesuffix(".")}


def _equal(graph: NetworkSpec, drawn: list[TracedNode], entering: TracedNode) -> bool:
    """Whether the nodes are the graph's, behind what stands for its Input."""
    names = {entering.number: graph.nodes[0].id}
    if len(drawn) != len(graph.nodes) - 1:
        return False
    for node, mine in zip(graph.nodes[1:], drawn, strict=True):
        if (node.id, node.type) != (mine.name, mine.kind) or LAYERS.find(node.type) is None:
            return False
        entry = LAYERS[node.type]
        if values_of(node, entry) != values_of(Node(id=node.id, type=node.type, params=mine.params), entry):
            return False
        if tuple(names.get(source.number) for source in mine.sources) != graph.inputs_of(node.id):
            return False
        names[mine.number] = node.id
    return True
