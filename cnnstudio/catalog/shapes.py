"""What a network is, without building it: shapes, parameters, multiply-adds, receptive fields, problems."""

from __future__ import annotations

from typing import Any

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Cost, LayerType, Shape, ShapeTrouble, values_of
from cnnstudio.core.graph import reachable, topological_order
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.text import Text

replace = msgspec.structs.replace


class Field(msgspec.Struct, frozen=True):
    """Receptive field: (height, width) of what one output value sees, and the step between two of them."""

    size: tuple[int, int]
    jump: tuple[int, int]
    whole: bool = False


class NodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one layer; `shape` is None where it cannot be known because of a problem."""

    shape: Shape | None = None
    inputs: tuple[Shape, ...] = ()
    cost: Cost = Cost()
    field: Field | None = None

    @property
    def activation_bytes(self) -> int:
        """Memory of the layer's output for one picture in float32."""
        size = 4
        for each in self.shape or (0,):
            size *= each
        return size


class NetworkReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole network: a report for each node, an order in which layers can be built, all problems."""

    nodes: dict[str, NodeReport]
    order: tuple[str, ...]
    output: str | None
    problems: tuple[Problem, ...]

    @property
    def trainable(self) -> int:
        return sum(node.cost.trainable for node in self.nodes.values())

    @property
    def parameters(self) -> int:
        return sum(node.cost.parameters for node in self.nodes.values())

    @property
    def multiply_adds(self) -> int:
        return sum(node.cost.multiply_adds for node in self.nodes.values())

    @property
    def activation_bytes(self) -> int:
        return sum(node.activation_bytes for node in self.nodes.values())

    @property
    def field(self) -> Field | None:
        """The largest receptive field before the picture part ends."""
        fields = [node.field for node in self.nodes.values() if node.field is not None]
        growing = [field for field in fields if not field.whole and field.size > (1, 1)]
        return max(growing or [field for field in fields if field.whole], key=lambda field: field.size, default=None)

    def of(self, node: str) -> tuple[Problem, ...]:
        """The problems of one node."""
        return tuple(problem for problem in self.problems if problem.where.node == node)


def report(network: NetworkSpec, context: Context, headless: bool = False) -> NetworkReport:
    """Never raises. With `headless`, the end need not be an answer for classes (a base's own graph)."""
    known = {node.id: node for node in network.nodes}
    problems = _structure(network, known)
    pairs = [(edge.source, edge.target) for edge in network.edges]
    order, circular = topological_order(list(known), pairs)
    for identifier in circular:
        problems.append(error("cycle", Text("This layer lies on a loop or behind one.",
                                            "Esta capa está en un bucle o detrás de uno."), "network", node=identifier))
    found: dict[str, NodeReport] = {}
    for identifier in order:
        found[identifier], trouble = _node(known[identifier], network, found, context)
        problems += trouble
    for identifier in circular:
        found[identifier] = NodeReport()
    output = _output(network, order)
    if not headless:
        problems += _ending(network, found, output, context)
    return NetworkReport(nodes=found, order=tuple(order), output=output, problems=tuple(problems))


def _structure(network: NetworkSpec, known: dict[str, Node]) -> list[Problem]:
    problems: list[Problem] = []
    if not network.nodes:
        return [error("empty_network", Text("The network has no layers yet. Start from a template or a pretrained base.",
                                            "La red aún no tiene capas. Parta de una plantilla o de una base "
                                            "preentrenada."),
                      "network", fixes=(Fix(action="open_gallery", label=Text("Open the gallery", "Abrir la galería")),))]
    inputs = [node for node in network.nodes if node.type == "Input"]
    if not inputs:
        problems.append(error("no_input", Text("There is no Input layer.", "No hay capa Input."), "network",
                              fixes=(Fix(action="add_input", label=Text("Add an Input", "Añadir Input")),)))
    for extra in inputs[1:]:
        problems.append(error("many_inputs", Text("A network has one Input; this is another one.",
                                                  "Una red tiene un solo Input; este es otro."),
                              "network", node=extra.id, fixes=(_remove(extra.id),)))
    fed = reachable([node.id for node in inputs], [(edge.source, edge.target) for edge in network.edges])
    for node in network.nodes:
        if node.type not in LAYERS:
            text = Text("This version does not know the layer {type}. It is kept as it is, but cannot be trained.",
                        "Esta versión no conoce la capa {type}. Se conserva tal cual, pero no se puede entrenar.")
            problems.append(error("unknown_layer", text.fill(type=node.type), "network", node=node.id,
                                  fixes=(_remove(node.id),)))
        elif node.id not in fed and inputs:
            problems.append(error("not_connected", Text("Nothing from the input arrives here. Connect it or remove it.",
                                                        "Aquí no llega nada desde la entrada. Conéctela o elimínela."),
                                  "network", node=node.id, fixes=(_remove(node.id),)))
    for edge in network.edges:
        if edge.source not in known or edge.target not in known:
            missing = edge.source if edge.source not in known else edge.target
            text = Text("A connection names the layer {name}, which does not exist.",
                        "Una conexión nombra la capa {name}, que no existe.")
            problems.append(error("broken_edge", text.fill(name=missing), "network",
                                  node=edge.target if edge.target in known else None))
    return problems


def _remove(node: str) -> Fix:
    return Fix(action="remove_nodes", label=Text("Remove it", "Eliminarla"), arguments={"nodes": [node]})


def _node(node: Node, network: NetworkSpec, found: dict[str, NodeReport], context: Context
          ) -> tuple[NodeReport, list[Problem]]:
    layer = LAYERS.find(node.type)
    if layer is None:
        return NodeReport(), []
    problems = list(check(layer.params, node.params, "network", node=node.id))
    sources = [source for source in network.inputs_of(node.id) if source in found]
    if len(sources) < layer.minimum_inputs:
        text = (Text("This layer joins several inputs: connect at least {n}.",
                     "Esta capa une varias entradas: conecte al menos {n}.").fill(n=layer.minimum_inputs)
                if layer.minimum_inputs > 1 else Text("This layer has no input.", "Esta capa no tiene entrada."))
        problems.append(error("too_few_inputs", text, "network", node=node.id))
    if layer.maximum_inputs is not None and len(sources) > layer.maximum_inputs:
        text = (Text("The input layer takes no connection.", "La capa de entrada no admite conexiones.")
                if layer.maximum_inputs == 0 else
                Text("This layer takes one input. Join several with Add or Concatenate first.",
                     "Esta capa admite una entrada. Una varias antes con Add o Concatenate."))
        problems.append(error("too_many_inputs", text, "network", node=node.id))
    inputs = tuple(shape for shape in (found[source].shape for source in sources) if shape is not None)
    if problems or len(inputs) < len(sources) or len(inputs) < layer.minimum_inputs:
        return NodeReport(inputs=inputs), problems
    values = values_of(node, layer)
    try:
        shape = layer.shape(values, inputs, context)
        cost = layer.cost(values, inputs, shape, context)
    except ShapeTrouble as trouble:
        fixes = tuple(_located(fix, node.id) for fix in trouble.fixes)
        return NodeReport(inputs=inputs), [error(trouble.code, trouble.text, "network", node=node.id, fixes=fixes)]
    fields = [field for field in (found[source].field for source in sources) if field is not None]
    return NodeReport(shape=shape, inputs=inputs, cost=cost, field=_field(layer, values, fields)), []


def _located(fix: Fix, node: str) -> Fix:
    if fix.action in ("set_node_param", "insert_before"):
        return replace(fix, arguments={"node": node} | fix.arguments)
    return fix


def _field(layer: LayerType, values: dict[str, Any], fields: list[Field]) -> Field:
    """Receptive field after a layer: r + (k - 1) * jump, the jump times the stride (Araujo et al., 2019)."""
    if not fields:
        return Field((1, 1), (1, 1))
    before = Field(
        (max(field.size[0] for field in fields), max(field.size[1] for field in fields)),
        (max(field.jump[0] for field in fields), max(field.jump[1] for field in fields)),
        any(field.whole for field in fields))
    window = layer.window(values)
    if before.whole or window.whole:
        return replace(before, whole=True)
    return Field(
        (before.size[0] + (window.kernel[0] - 1) * before.jump[0],
         before.size[1] + (window.kernel[1] - 1) * before.jump[1]),
        (max(1, before.jump[0] * window.strides[0] // window.up[0]),
         max(1, before.jump[1] * window.strides[1] // window.up[1])))


def _output(network: NetworkSpec, order: list[str]) -> str | None:
    """The node whose answer is the network's: the last Output layer, else the last node with no successor."""
    sources = {edge.source for edge in network.edges}
    ends = [identifier for identifier in order if identifier not in sources]
    types = {node.id: node.type for node in network.nodes}
    chosen = [identifier for identifier in ends if types[identifier] == "Output"] or [
        identifier for identifier in ends if types[identifier] != "Input"]
    return chosen[-1] if chosen else None


def _ending(network: NetworkSpec, found: dict[str, NodeReport], output: str | None, context: Context) -> list[Problem]:
    problems: list[Problem] = []
    if output is None:
        if network.nodes:
            problems.append(error("no_output", Text("The network gives no answer: add an Output layer at its end.",
                                                    "La red no da respuesta: añada una capa Output al final."),
                                  "network",
                                  fixes=(Fix(action="add_output", label=Text("Add the output", "Añadir la salida")),)))
        return problems
    backwards = reachable([output], [(edge.target, edge.source) for edge in network.edges])
    forwards = reachable([node.id for node in network.nodes if node.type == "Input"],
                         [(edge.source, edge.target) for edge in network.edges])
    for node in network.nodes:
        if node.id not in backwards and node.id in forwards and node.type in LAYERS:
            problems.append(error("dead_end", Text("What this layer computes does not reach the output.",
                                                   "Lo que calcula esta capa no llega a la salida."),
                                  "network", node=node.id, fixes=(_remove(node.id),)))
    last = network.node(output)
    assert last is not None
    shape = found[output].shape
    if last.type != "Output" and shape is not None:
        problems += _own_output(last, shape, context)
    return problems


def _own_output(last: Node, shape: Shape, context: Context) -> list[Problem]:
    """Whether a last layer that the user set fits the classes and the loss."""
    follow = Fix(action="follow_classes", arguments={"node": last.id},
                 label=Text("Let the output follow the classes", "Que la salida siga a las clases"))
    if len(shape) != 1:
        return [error("not_flat", Text("The last layer gives maps of {shape}, not one number for each class.",
                                       "La última capa da mapas de {shape}, no un número por clase.").fill(
                                           shape=" × ".join(map(str, shape))),
                      "network", node=last.id, fixes=(follow,))]
    if shape[0] != context.output_units:
        text = Text("The last layer has {have} units, but {count} classes with {mode} labels need {need}.",
                    "La última capa tiene {have} unidades, pero {count} clases con etiquetas {mode} necesitan {need}.")
        return [error("wrong_units", text.fill(have=shape[0], count=context.class_count, mode=context.label_mode,
                                               need=context.output_units), "network", node=last.id, fixes=(follow,))]
    activation = last.params.get("activation")
    if activation != context.output_activation:
        text = Text("The last layer's activation is {have}; for the loss {loss} it must be {need}.",
                    "La activación de la última capa es {have}; para la pérdida {loss} debe ser {need}.")
        fixes: tuple[Fix, ...] = (Fix(action="set_node_param", label=Text("Use {name}", "Usar {name}").fill(
            name=context.output_activation),
            arguments={"node": last.id, "name": "activation", "value": context.output_activation}), follow)
        if last.type not in ("Dense", "Activation"):
            fixes = (follow,)
        return [error("wrong_activation", text.fill(have=activation or "none", loss=context.loss,
                                                    need=context.output_activation),
                      "network", node=last.id, field="activation", fixes=fixes)]
    return []


def advice(network: NetworkSpec, context: Context, found: NetworkReport) -> tuple[Problem, ...]:
    """Warnings that do not stop a training: doubled normalisation, a giant Dense layer."""
    problems: list[Problem] = []
    bases = [node for node in network.nodes if node.type == "PretrainedBase"]
    rescalings = [node for node in network.nodes if node.type == "Rescaling"]
    if bases and context.normalization != "base":
        fix = Fix(action="set_field", label=Text("Use the base's own", "Usar la propia de la base"),
                  arguments={"spec": "recipe", "field": "normalization", "value": "base"})
        problems.append(error("double_normalization", Text(
            "The base scales the pixels by itself; the recipe's normalisation would scale them twice.",
            "La base escala los píxeles por sí misma; la normalización de la receta los escalaría dos veces."),
            "recipe", field="normalization", fixes=(fix,)))
    elif not bases and context.normalization == "base":
        fix = Fix(action="set_field", label=Text("Use [0, 1]", "Usar [0, 1]"),
                  arguments={"spec": "recipe", "field": "normalization", "value": "zero_one"})
        problems.append(error("no_base_to_normalize", Text(
            "The normalisation is the base's own, but the network has no pretrained base.",
            "La normalización es la propia de la base, pero la red no tiene base preentrenada."),
            "recipe", field="normalization", fixes=(fix,)))
    elif rescalings and context.normalization not in ("none", "base"):
        problems.append(warning("double_normalization", Text(
            "The recipe already normalises the pixels; this layer does it again.",
            "La receta ya normaliza los píxeles; esta capa lo hace otra vez."),
            "network", node=rescalings[0].id, fixes=(_remove(rescalings[0].id),)))
    for node in network.nodes:
        cost = found.nodes[node.id].cost
        if node.type == "Dense" and cost.trainable > 5_000_000 and cost.trainable > found.parameters / 2:
            share = round(100 * cost.trainable / found.parameters)
            text = Text("This layer holds {share} % of all parameters. Pooling before it (GlobalAveragePooling2D) makes "
                        "the network smaller and less prone to memorise.",
                        "Esta capa tiene el {share} % de todos los parámetros. Agrupar antes (GlobalAveragePooling2D) "
                        "hace la red menor y menos propensa a memorizar.")
            problems.append(warning("giant_dense", text.fill(share=share), "network", node=node.id))
    return tuple(problems)
