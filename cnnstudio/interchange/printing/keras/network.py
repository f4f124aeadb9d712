"""The network as Keras source: the same expressions that training evaluates."""

from __future__ import annotations

import builtins
from typing import Any, Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import base_of, base_of_node, identifier_of
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, global_pooling, values_of
from cnnstudio.core.graph import successors, unique_id
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.interchange.own_base import code as own_code
from cnnstudio.interchange.printing.blocks import drawn_order
from cnnstudio.interchange.printing.keras.base_blocks import block_lines, drawing_lines
from cnnstudio.network.naming import variable_name, variable_names
from cnnstudio.network.normalization import is_measured, rescaling
from cnnstudio.network.shapes import NetworkReport, report

RESERVED: Final = (
    *dir(builtins), "keras", "model", "normalized", "np", "tf", "cv2", "json", "math", "h5py", "Path", "SEED", "LIST",
    "CLASSES", "header", "rows", "listed", "train", "validation", "test", "load", "prepare", "resized", "augment",
    "augmented", "mix", "mixed", "mix_up", "cut_mix", "about_middle", "with_seeds", "in_order", "on_lightness",
    "callbacks", "history", "counts", "class_weight", "published", "sources", "layers", "first", "kernel", "others",
    "weighted", "load_weights", "base_layers", "learning", "layer", "part", "archive", "arrays", "shapes")
"""Names of the printed scripts that no layer may take."""


def keras_code(network: NetworkSpec, context: Context, standalone: bool = False) -> str:
    """A script that builds the model: Sequential where it is a chain, else with the functional API.

    A custom base is loaded from its file in the project, or with `standalone` written out with random weights.

    Layers with problems become comments with the problems.
    """
    network_report = report(network, context)
    network = network_report.network
    nodes_by_id = {node.id: node for node in network.nodes}
    order = [nodes_by_id[identifier] for identifier in network_report.order]
    names = layer_variables(network)
    bases = [base for base in (base_of_node(node, context.bases) for node in order) if base is not None and not standalone]
    lines = [*own_code.imports(bases), "import keras", ""]
    for node in order:
        if node.type == BASE:
            lines += [*_base_function(node, names[node.id], context, standalone), ""]
    if (blocks := _blocks(order, network_report, context, names)) is not None:
        lines += blocks
    elif _is_chain(network, order) and not any(node.type == BASE for node in order):
        lines += _sequential(order, context)
    else:
        lines += _functional(order, network, context, network_report.output, names)
    if context.normalization == "standardize" and not is_measured(context):
        lines.append("# The mean and deviation of the training pictures were not measured yet: nothing is scaled.")
    for problem in network_report.problems:
        if problem.where.node is not None:
            lines.append(f"# {problem.where.node}: {problem.text}")
    return "\n".join(lines) + "\n"


def layer_variables(network: NetworkSpec) -> dict[str, str]:
    """The variable of every layer in the printed code; repetitions in the network are expanded."""
    return variable_names((node.id for node in network.nodes), RESERVED)


def base_functions(network: NetworkSpec, context: Context) -> dict[str, Node]:
    """The nodes of pretrained bases by their printed functions, as in `keras_code`."""
    network = report(network, context).network
    names = layer_variables(network)
    return {"\n".join(_base_function(node, names[node.id], context, False)): node
            for node in network.nodes if node.type == BASE}


def _is_chain(network: NetworkSpec, order: list[Node]) -> bool:
    if not order or order[0].type != INPUT:
        return False
    return all(network.inputs_of(node.id) == (before.id,) for before, node in zip(order, order[1:], strict=False)) \
        and len(order) == len(network.nodes) and not network.inputs_of(order[0].id) \
        and all(layer.passing == "list" for node in order if (layer := LAYERS.find(node.type)) is not None)


def _call_arguments(kind: str, names: list[str]) -> str:
    """The arguments of a layer's call, in the form that its type takes its inputs."""
    layer = LAYERS.find(kind)
    passed = layer.passed(names) if layer is not None and names else (names,)
    return ", ".join(f"[{', '.join(item)}]" if isinstance(item, list) else item for item in passed)


def _layer_expression(node: Node, context: Context) -> str:
    layer = LAYERS.find(node.type)
    if layer is None:
        # An unknown layer is printed with its settings; the comments at the end report it.
        settings = "".join(f"{name}={literal(value)}, " for name, value in node.params.items() if name.isidentifier())
        return f"keras.layers.{variable_name(node.type.split(' ')[0])}({settings}name={literal(node.id)})"
    values: dict[str, Any] = values_of(node, layer) | {"context": context}
    # The Input needs a name only if the user set one.
    extra: dict[str, Any] = {} if (node.type, node.id) == (INPUT, "input") else {"name": node.id}
    return layer.call.code(values, **extra)


def _scaling_expression(order: list[Node], context: Context) -> str | None:
    """The layer that scales pixels, with a unique name."""
    scaling = rescaling(context)
    return None if scaling is None else scaling.code({}, name=unique_id("normalization", [node.id for node in order]))


def _sequential(order: list[Node], context: Context) -> list[str]:
    lines = ["model = keras.Sequential([", f"    {_layer_expression(order[0], context)},"]
    scaling = _scaling_expression(order, context)
    if scaling is not None:
        lines.append(f"    {scaling},")
    lines += [f"    {_layer_expression(node, context)}," for node in order[1:]]
    return [*lines, "])"]


def _functional(order: list[Node], network: NetworkSpec, context: Context, output: str | None, names: dict[str, str]
                ) -> list[str]:
    lines: list[str] = []
    start = next((node.id for node in order if node.type == INPUT), "")
    first = names.get(start, start)
    feeding = dict(names)
    for node in order:
        if node.type == INPUT:
            lines.append(f"{names[node.id]} = {_layer_expression(node, context)}")
            scaling = _scaling_expression(order, context)
            if scaling is not None and node.id == start:
                lines.append(f"normalized = {scaling}({names[node.id]})")
                feeding[node.id] = "normalized"
            continue
        arguments = _call_arguments(node.type, [feeding.get(source, source) for source in network.inputs_of(node.id)])
        callee = f"build_{names[node.id]}" if node.type == BASE else _layer_expression(node, context)
        lines.append(f"{names[node.id]} = {callee}({arguments})")
    if output is not None:
        lines.append(f"model = keras.Model({first}, {feeding.get(output, output)})")
    return lines


def _blocks(order: list[Node], found: NetworkReport, context: Context, names: dict[str, str]) -> list[str] | None:
    """A large network as functions of its blocks and loops over their settings; None where that cannot be."""
    graph = drawn_order(found.network, order, found.output)
    if graph is None:
        return None
    start = names[graph.nodes[0].id]
    lines = [f"{start} = {_layer_expression(graph.nodes[0], context)}"]
    scaling = _scaling_expression(order, context)
    if scaling is not None:
        lines.append(f"normalized = {scaling}({start})")
    parts = drawing_lines(graph, context, start if scaling is None else "normalized", {*RESERVED, start})
    if parts is None:
        return None
    functions, body = parts
    return [*functions, *lines, *body, f"model = keras.Model({start}, x)"]


def _base_docstring(node: Node, function_name: str, text: str, values: dict[str, Any]) -> str:
    """The docstring of a base's function: the base, and the settings of the node that its layers do not show."""
    if function_name != node.id:
        text += f" Node: {node.id}."
    if values["weights"] == "random":
        text += " Weights: random."
    elif values["weights"] == "file":
        text += f" Weights: file {values['weights_file']}."
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _base_function(node: Node, function_name: str, pictures: Context, standalone: bool) -> list[str]:
    """A function that builds the base's layers, with the freeze line and the pooling of this node.

    Its docstring names the base, so that the reader of the code recognises it.
    """
    layer = LAYERS[BASE]
    values = values_of(node, layer)
    base = base_of(values, pictures.bases)
    if base is None:
        return [f"# unknown base {identifier_of(values)}"]
    end = values["ends_at"] if values["ends_at"] in base.ends else "all"
    graph = base.graph_for(pictures.height, pictures.width, end)
    origin = f"{base.label.en}, {base.source or base.own_file}; takes 0-255 pixels."
    docstring = _base_docstring(node, function_name, origin, values)
    lines = [f"def build_{function_name}(pictures):", f'    """{docstring}"""']
    learning = base.trainable_layers(values["trainable_from"], end)
    size = (pictures.height, pictures.width)
    if base.own is not None and not standalone and own_code.can_truncate(base, graph, size):
        last = own_code.truncated_lines(node.id, base, graph, learning)
    elif base.own is not None:
        # A nested model: its layers may have the same names as those of the head.
        shape = literal((*size, base.channels))
        last = [f"start = keras.Input({shape})", *_layer_lines(base, graph, learning, "start"),
                f"base = keras.Model(start, x, name={literal(node.id)})",
                *([] if standalone else own_code.weight_lines(base, graph)),
                "x = base(pictures, training=False)"]
    else:
        last = block_lines(base, graph, learning, "pictures") or _layer_lines(base, graph, learning, "pictures")
    lines += [*([""] if last[0].startswith("def ") else []), *(f"    {item}".rstrip() for item in last)]
    pooling = global_pooling(values["pooling"])
    if pooling is not None and (base.own is None or len(own_code.output_shape(base, graph, size)) == 3):
        return [*lines, f"    return {pooling.call.target}()(x)"]
    return [*lines, "    return x"]


def _layer_lines(base: Base, graph: NetworkSpec, learning: frozenset[str], start: str) -> list[str]:
    """The layers one by one from the tensor `start` on; the last is called x."""
    context = Context(height=base.size[0], width=base.size[1], channels=base.channels, class_count=1)
    lines: list[str] = []
    names = {graph.nodes[0].id: start}
    # The input of the next layer alone is called x; tensors needed later have their own names.
    following = successors([(edge.source, edge.target) for edge in graph.edges])
    for node, next_node in zip(graph.nodes[1:], [*graph.nodes[2:], None], strict=True):
        users = following.get(node.id, [])
        names[node.id] = "x" if next_node is None or users == [next_node.id] else variable_name(node.id)
        arguments = _call_arguments(node.type, [names[source] for source in graph.inputs_of(node.id)])
        entry = LAYERS[node.type]
        extra: dict[str, Any] = {"name": node.id}
        if node.id not in learning and entry.frozen_in_code:
            extra["trainable"] = False
        call = entry.call.code(values_of(node, entry) | {"context": context}, **extra)
        # The layers of a base always run in inference mode.
        training = ", training=False" if entry.training_flag else ""
        lines.append(f"{names[node.id]} = {call}({arguments}{training})")
    return lines
