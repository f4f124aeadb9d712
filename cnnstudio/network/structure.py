"""Problems of a network's graph: missing or unused parts, loops, and an end that is no output for the classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, TO_ROW, Shape, applied_activation
from cnnstudio.catalog.layers.activation import ACTIVATION
from cnnstudio.core.graph import reachable, successors
from cnnstudio.core.groups import is_repeatable
from cnnstudio.core.network import INPUT, OUTPUT, Edge, NetworkSpec, Node
from cnnstudio.core.problems import Fix, Problem, error
from cnnstudio.core.text import Text


def remove_fix(*nodes: str, label: Text | None = None) -> Fix:
    text = label if label is not None else Text("Remove it", "Eliminarla")
    return Fix(action="remove_nodes", label=text, arguments={"nodes": list(nodes)})


def possible_sources(network: NetworkSpec, node: str, output: str | None) -> list[str]:
    """The layers that may be connected to a layer without (enough) inputs, the most probable first.

    These are the ones that no other layer uses, or else, in the middle of a network, all that the input reaches; those
    before the layer come first, the nearest one at the beginning.
    """
    pairs = [(edge.source, edge.target) for edge in network.edges]
    fed = reachable([item.id for item in network.nodes if item.type == INPUT], pairs)
    used, behind = {source for source, _target in pairs}, reachable([node], pairs)
    present = {source for source, target in pairs if target == node}
    sources = [item.id for item in network.nodes if item.id in fed - behind - present and item.type in LAYERS
               and item.type != OUTPUT and item.id != output]
    if open_ends := [source for source in sources if source not in used]:
        sources = open_ends
    elif node not in used or present:
        # A new layer, or a merging layer that is complete but for what is not known: nothing points to a source.
        return []
    positions = {item.id: position for position, item in enumerate(network.nodes)}
    before = [source for source in reversed(sources) if positions[source] < positions[node]]
    return before + [source for source in sources if source not in before]


def reconnect_fix(source: str, node: str, many: bool = False) -> Fix:
    """The fix that connects two layers."""
    label = Text("Reconnect {source} → {target}", "Reconectar {source} → {target}").fill(source=source, target=node)
    return Fix(action="connect", label=label, arguments={"source": source, "target": node, "many": many})


def check_structure(network: NetworkSpec, nodes: Mapping[str, Node]) -> list[Problem]:
    """Missing and repeated inputs, unknown layers, layers without input, connections to missing layers.

    One missing connection is one problem: the layers behind one without input need no problem of their own.
    """
    problems: list[Problem] = []
    if not network.nodes:
        return [error("empty_network", Text("The network has no layers yet. Start from a template or a pretrained base.",
                                            "La red aún no tiene capas. Parta de una plantilla o de una base "
                                            "preentrenada."),
                      "network", fixes=(Fix(action="open_gallery", label=Text("Open the gallery", "Abrir la galería")),))]
    inputs = [node for node in network.nodes if node.type == INPUT]
    if not inputs:
        problems.append(error("no_input", Text("The network has no Input layer.", "La red no tiene capa Input."), "network",
                              fixes=(Fix(action="add_input", label=Text("Add an Input", "Añadir Input")),)))
    for extra in inputs[1:]:
        problems.append(error("many_inputs", Text("A network has only one Input; this is a second one.",
                                                  "Una red tiene un solo Input; este es otro más."),
                              "network", node=extra.id, fixes=(remove_fix(extra.id),)))
    targets = {edge.target for edge in network.edges}
    for node in network.nodes:
        if node.type not in LAYERS:
            text = Text("This version does not know the layer {type}. It is kept unchanged, but cannot be trained.",
                        "Esta versión no conoce la capa {type}. Se conserva sin cambios, pero no se puede entrenar.")
            problems.append(error("unknown_layer", text.fill(type=node.type), "network", node=node.id,
                                  fixes=(remove_fix(node.id),)))
        elif inputs and node.type != INPUT and node.id not in targets:
            problems.append(error("not_connected", Text("This layer has no input. Connect it or remove it.",
                                                        "Esta capa no tiene entrada. Conéctela o elimínela."), "network",
                                  node=node.id, fixes=(remove_fix(node.id),)))
    for edge in network.edges:
        if edge.source not in nodes or edge.target not in nodes:
            missing = edge.source if edge.source not in nodes else edge.target
            text = Text("A connection refers to the layer {name}, which does not exist.",
                        "Una conexión hace referencia a la capa {name}, que no existe.")
            problems.append(error("broken_edge", text.fill(name=missing), "network",
                                  node=edge.target if edge.target in nodes else None, fixes=(_disconnect_fix(edge),)))
    return problems


def _disconnect_fix(edge: Edge) -> Fix:
    return Fix(action="disconnect", label=Text("Remove the connection", "Eliminar la conexión"),
               arguments={"source": edge.source, "target": edge.target, "port": edge.port})


def check_loops(network: NetworkSpec, circular: Sequence[str]) -> list[Problem]:
    """A problem for every loop; the fix removes the connection that closes it."""
    if not circular:
        return []
    pairs = [(edge.source, edge.target) for edge in network.edges]
    following, inside = successors(pairs), set(circular)
    behind = {node: reachable(following.get(node, ()), pairs) for node in circular}
    closing = [edge for edge in network.edges if edge.source in inside and edge.target in inside
               and edge.source in behind[edge.target] | {edge.target}]
    positions = {node.id: position for position, node in enumerate(network.nodes)}
    problems, explained = [], set[str]()
    # The connection against the order of creation closed the loop.
    for edge in sorted(closing, key=lambda edge: positions[edge.target] - positions[edge.source]):
        if edge.target in explained:
            continue
        explained |= {node for node in behind[edge.target] if edge.target in behind.get(node, ())} | {edge.target}
        fix = Fix(action="disconnect", arguments={"source": edge.source, "target": edge.target, "port": edge.port},
                  label=Text("Cut {source} → {target}", "Cortar {source} → {target}").fill(
                      source=edge.source, target=edge.target))
        problems.append(error("cycle", Text("This layer is part of a loop.", "Esta capa forma parte de un bucle."), "network",
                              node=edge.target, fixes=(fix,)))
    return problems


def find_output(network: NetworkSpec, order: Sequence[str], nodes: Mapping[str, Node]) -> str | None:
    """The output node of the network: the last Output layer, else the last node without a successor."""
    sources = {edge.source for edge in network.edges}
    ends = [identifier for identifier in order if identifier not in sources]
    chosen = [identifier for identifier in ends if nodes[identifier].type == OUTPUT] or [
        identifier for identifier in ends if nodes[identifier].type != INPUT]
    return chosen[-1] if chosen else None


def check_output(network: NetworkSpec, shapes: Mapping[str, Shape | None], output: str | None, context: Context,
                 waiting: Collection[str] = ()) -> list[Problem]:
    """Unused branches, and an end that is no output for these classes.

    `waiting` are layers that a fix of another problem connects: their branch is unused only until then.
    """
    if output is None:
        fix = Fix(action="add_output", label=Text("Add the output", "Añadir la salida"))
        return [error("no_output", Text("The network has no output: add an Output layer at its end.",
                                        "La red no tiene salida: añada una capa Output al final."),
                      "network", fixes=(fix,))] if network.nodes else []
    backwards = reachable([output], [(edge.target, edge.source) for edge in network.edges])
    forwards = reachable([node.id for node in network.nodes if node.type == INPUT],
                         [(edge.source, edge.target) for edge in network.edges])
    problems = []
    # While nothing reaches the output, every layer is unused: the missing connection is the problem.
    dead = [node.id for node in network.nodes if output in forwards and node.id not in backwards and node.id in forwards
            and node.type in LAYERS]
    inside = [(edge.source, edge.target) for edge in network.edges if edge.source in dead and edge.target in dead]
    for identifier in (node for node in dead if node not in {target for _source, target in inside}):
        reached = reachable([identifier], inside)
        branch = [node for node in dead if node in reached]
        if not reached.isdisjoint(waiting):
            continue
        fixes = (remove_fix(identifier),) if len(branch) == 1 else (remove_fix(
            *branch, label=Text("Remove the {n} unused layers", "Eliminar las {n} capas sin uso").fill(n=len(branch))),)
        text = (Text("What this layer computes does not reach the output.", "Lo que calcula esta capa no llega a la salida.")
                if len(branch) == 1 else
                Text("What this branch of {n} layers computes does not reach the output.",
                     "Lo que calcula esta rama de {n} capas no llega a la salida.").fill(n=len(branch)))
        problems.append(error("dead_end", text, "network", node=identifier, fixes=fixes))
    last = network.node(output)
    shape = shapes.get(output)
    if last is not None and last.type != OUTPUT and shape is not None:
        problems += _check_last_layer(network, last, shape, context)
    return problems


def _check_last_layer(network: NetworkSpec, last: Node, shape: Shape, context: Context) -> list[Problem]:
    """Problems of a last layer that does not fit the classes or the loss."""
    follow = Fix(action="follow_classes", arguments={"node": last.id},
                 label=Text("Match the output to the classes", "Ajustar la salida a las clases"))
    if len(shape) != 1:
        text = Text("The last layer outputs {shape}, not one number per class.",
                    "La última capa da {shape}, no un número por clase.")
        flat = TO_ROW if len(shape) == 3 else tuple(layer.id for layer in LAYERS if layer.flattens)
        action = "insert_before" if last.type == PLAIN_OUTPUT else "append"
        return [error("not_flat", text.fill(shape=" × ".join(map(str, shape))), "network", node=last.id, fixes=tuple(
            Fix(action=action, arguments={"node": last.id, "type": kind},
                label=Text("Insert {layer}", "Insertar {layer}").fill(layer=kind)) for kind in flat))]
    answering, activation = _final_activation(network, last, context)
    if context.label_mode == "binary" and activation == "softmax":
        text = Text("softmax does not work with binary labels: the loss {loss} expects one sigmoid unit.",
                    "softmax no sirve con etiquetas binary: la pérdida {loss} espera una unidad sigmoid.")
        fixes: tuple[Fix, ...] = (follow,)
        if shape[0] == max(context.class_count, 1):
            fixes += (Fix(action="set_field", label=Text("Use categorical labels", "Usar etiquetas categorical"),
                          arguments={"spec": "dataset", "field": "label_mode", "value": "categorical"}),)
        return [error("softmax_with_binary", text.fill(loss=context.loss), "network", node=answering.id,
                      field="activation", fixes=fixes)]
    if shape[0] != context.output_units:
        text = Text("The number of units in the last layer is {have}; with {mode} labels, the number of classes ({count}) "
                    "requires {need}.",
                    "El número de unidades de la última capa es {have}; con etiquetas {mode}, el número de clases ({count}) "
                    "requiere {need}.")
        fixes = (follow,)
        if last.type == PLAIN_OUTPUT:
            fixes = (_set_param_fix(last.id, "units", context.output_units), follow)
        return [error("wrong_units", text.fill(have=shape[0], count=context.class_count, mode=context.label_mode,
                                               need=context.output_units), "network", node=last.id, fixes=fixes)]
    if activation != context.output_activation:
        text = Text("The last layer's activation is {have}; for the loss {loss} it must be {need}.",
                    "La activación de la última capa es {have}; para la pérdida {loss} debe ser {need}.")
        fixes = (Fix(action="append", label=Text("Append {name}", "Añadir {name} al final").fill(
            name=context.output_activation), arguments={
                "node": last.id, "type": ACTIVATION.id, "params": {"activation": context.output_activation}}), follow)
        if answering.type in (PLAIN_OUTPUT, ACTIVATION.id):
            fixes = (_set_param_fix(answering.id, "activation", context.output_activation), follow)
        return [error("wrong_activation", text.fill(have=activation or "none", loss=context.loss,
                                                    need=context.output_activation),
                      "network", node=answering.id, field="activation", fixes=fixes)]
    return []


def _set_param_fix(node: str, name: str, value: object) -> Fix:
    return Fix(action="set_node_param", label=Text("Use {value}", "Usar {value}").fill(value=value),
               arguments={"node": node, "name": name, "value": value})


def _final_activation(network: NetworkSpec, last: Node, context: Context) -> tuple[Node, str | None]:
    """The layer that sets the final activation, and that activation."""
    node, seen = last, {last.id}
    while (layer := LAYERS.find(node.type)) is not None and layer.transparent:
        sources = network.inputs_of(node.id)
        before = network.node(sources[0]) if sources else None
        if before is None or before.id in seen:
            break
        node = before
        seen.add(node.id)
    if node.type == OUTPUT:
        return node, context.output_activation
    return node, applied_activation(node)


def check_repetitions(network: NetworkSpec) -> list[Problem]:
    """Problems of repeated groups that cannot be chained."""
    problems = []
    for group in network.groups:
        if group.repeat > 1 and not is_repeatable(network, group):
            text = Text("The block {name} cannot be repeated: it must be fed by exactly one layer outside, and exactly one "
                        "of its layers must be its output.",
                        "El bloque {name} no se puede repetir: debe alimentarlo exactamente una capa de fuera, y exactamente "
                        "una de sus capas debe ser su salida.")
            once = Fix(action="set_group", label=Text("Use it once", "Usarlo una sola vez"),
                       arguments={"group": group.id, "repeat": 1})
            problems.append(error("cannot_repeat", text.fill(name=group.name), "network", node=group.nodes[0],
                                  fixes=(once,)))
    return problems
