"""Advice that does not block a training: repeated layers, and most parameters in one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, global_pooling, values_of
from cnnstudio.catalog.layers import applied_activation as _activation
from cnnstudio.core.network import BASE, INPUT, OUTPUT, NetworkSpec, Node
from cnnstudio.core.problems import Fix, Location, Problem, error, warning
from cnnstudio.core.text import Text
from cnnstudio.network.normalization import scales_pixels
from cnnstudio.network.structure import remove_fix

if TYPE_CHECKING:
    from cnnstudio.network.shapes import NetworkReport

GIANT: Final = 1_000_000
"""Parameters from which a Dense layer behind Flatten is reported, if it has more than half of all."""
_AVERAGE: Final = global_pooling("avg")
"""The layer suggested instead of Flatten."""


class _Graph:
    """A network with the neighbours of its nodes."""

    def __init__(self, network: NetworkSpec) -> None:
        self.nodes = {node.id: node for node in network.nodes}
        self.before: dict[str, list[str]] = {identifier: [] for identifier in self.nodes}
        self.after: dict[str, list[str]] = {identifier: [] for identifier in self.nodes}
        for edge in sorted(network.edges, key=lambda edge: edge.port):
            if edge.source in self.nodes and edge.target in self.nodes:
                self.before[edge.target].append(edge.source)
                self.after[edge.source].append(edge.target)

    def only_source(self, node: Node) -> Node | None:
        sources = self.before[node.id]
        return self.nodes[sources[0]] if len(sources) == 1 else None

    def values(self, node: Node) -> dict[str, Any]:
        layer = LAYERS.find(node.type)
        return values_of(node, layer) if layer is not None else dict(node.params)


_recent: tuple[NetworkSpec, NetworkReport, Context, tuple[Problem, ...]] | None = None
"""Cache: the canvas and the checks of the whole project ask one after the other, for the same report."""


def advice(network: NetworkSpec, context: Context, report: NetworkReport) -> tuple[Problem, ...]:
    """Repeated normalisations and activations, a giant Dense layer, useless biases."""
    global _recent
    last = _recent
    if last is None or last[0] is not network or last[1] is not report or last[2] != context:
        last = _recent = network, report, context, _advice(network, context, report)
    return last[3]


def _advice(network: NetworkSpec, context: Context, report: NetworkReport) -> tuple[Problem, ...]:
    graph = _Graph(network)
    problems = _check_normalization(network, context, graph)
    for node in network.nodes:
        problems += _check_giant_dense(node, graph, report)
        layer = LAYERS.find(node.type)
        if layer is not None and (layer.batch_free or layer.activation is not None or layer.id == OUTPUT):
            problems += _check_repeated(node, graph)
    return (*problems, *_check_biases(network, graph))


def _check_normalization(network: NetworkSpec, context: Context, graph: _Graph) -> list[Problem]:
    bases = [node for node in network.nodes if node.type == BASE]
    if bases and context.normalization != "base":
        fix = Fix(action="set_field", label=Text("Scale as the base expects", "Escalar como espera la base"),
                  arguments={"spec": "recipe", "field": "normalization", "value": "base"})
        return [error("double_normalization", Text(
            "The base scales the pixels by itself; the recipe's normalisation would scale them twice.",
            "La base escala los píxeles por sí misma; la normalización de la receta los escalaría dos veces."),
            "recipe", field="normalization", fixes=(fix,))]
    if not bases and context.normalization == "base":
        fix = Fix(action="set_field", label=Text("Use [0, 1]", "Usar [0, 1]"),
                  arguments={"spec": "recipe", "field": "normalization", "value": "zero_one"})
        return [error("no_base_to_normalize", Text(
            "The normalisation is set to what the base expects, but the network has no pretrained base.",
            "La normalización es la que espera la base, pero la red no tiene base preentrenada."),
            "recipe", field="normalization", fixes=(fix,))]
    if context.normalization == "none":
        return [] if bases or not network.nodes else _check_raw_pixels(network)
    off = Fix(action="set_field", label=Text("Switch off the recipe's normalisation",
                                             "Desactivar la normalización de la receta"),
              arguments={"spec": "recipe", "field": "normalization", "value": "none"})
    return [warning("double_normalization", Text(
        "The pixels are already normalised before this layer; it normalises them again.",
        "Los píxeles ya están normalizados antes de esta capa; ella los normaliza otra vez."),
        "network", node=node.id, fixes=(remove_fix(node.id),) if bases else (remove_fix(node.id), off))
        for node in network.nodes if _has(node, "recipe_part", "scaling") and _receives_pixels(node, graph)]


def _check_raw_pixels(network: NetworkSpec) -> list[Problem]:
    """A warning where neither the recipe nor the network scales, so that layers meet pixels of 0 to 255."""
    if not any(_has(node, "has_kernel") for node in network.nodes) or scales_pixels(network):
        return []
    fix = Fix(action="set_field", label=Text("Use [0, 1]", "Usar [0, 1]"),
              arguments={"spec": "recipe", "field": "normalization", "value": "zero_one"})
    return [warning("raw_pixels", Text(
        "Neither the recipe nor the network scales the pixels: the network sees values from 0 to 255, with which most "
        "networks learn badly or not at all.",
        "Ni la receta ni la red escalan los píxeles: la red ve valores de 0 a 255, con los que la mayoría de las redes "
        "aprende mal o no aprende."), "recipe", field="normalization", fixes=(fix,))]


def _receives_pixels(node: Node, graph: _Graph) -> bool:
    seen = {node.id}
    before = graph.only_source(node)
    while before is not None and _has(before, "keeps_pixels") and before.id not in seen:
        if before.type == INPUT:
            return True
        seen.add(before.id)
        before = graph.only_source(before)
    return False


def _check_giant_dense(node: Node, graph: _Graph, report: NetworkReport) -> list[Problem]:
    cost = report.nodes[node.id].cost
    if node.type not in (PLAIN_OUTPUT, OUTPUT) or cost.trainable < GIANT or cost.trainable <= report.parameters / 2:
        return []
    flatten, seen = graph.only_source(node), {node.id}
    while flatten is not None and _has(flatten, "elementwise") and flatten.id not in seen:
        seen.add(flatten.id)
        flatten = graph.only_source(flatten)
    if flatten is None or not _has(flatten, "flattens") or any(len(shape) != 3 for shape in report.nodes[flatten.id].inputs):
        return []
    assert _AVERAGE is not None
    average = _AVERAGE.id
    share = cost.trainable / report.parameters
    text = Text("This layer has {share:.0%} of all parameters, because {flatten} gives it {n:,} values. {average} in its place "
                "makes the network smaller and less prone to overfitting.",
                "Esta capa tiene el {share:.0%} de todos los parámetros, porque {flatten} le entrega {n:,} valores. Con "
                "{average} en su lugar, la red es más pequeña y menos propensa al sobreajuste.")
    fix = Fix(action="replace_layer", arguments={"node": flatten.id, "type": average},
              label=Text("Use {layer}", "Usar {layer}").fill(layer=average))
    shape = report.nodes[flatten.id].shape or (0,)
    return [warning("giant_dense", text.fill(share=share, flatten=flatten.id, n=shape[0], average=average), "network",
                    node=node.id, fixes=(fix,))]


def _check_repeated(node: Node, graph: _Graph) -> list[Problem]:
    """A second activation, normalisation or output right behind the first."""
    before = graph.only_source(node)
    if before is None:
        return []
    if _has(node, "batch_free") and _has(before, "batch_free"):
        return [warning("normalized_twice", Text(
            "This layer normalises values that have just been normalised.",
            "Esta capa normaliza valores que se acaban de normalizar."),
            "network", node=node.id, fixes=(remove_fix(node.id),))]
    first = _activation(before)
    if first is None:
        return []
    if node.type == OUTPUT:
        if first != "softmax" and first != "sigmoid":
            return []
        text = Text("{before} already applies {first}; the output applies it again, which hampers training.",
                    "{before} ya aplica {first}; la salida la aplica otra vez, lo que dificulta el entrenamiento.")
        fix = (remove_fix(before.id) if _is_activation(before) else
               Fix(action="set_node_param", label=Text("Use relu in {before}", "Usar relu en {before}").fill(
                   before=before.id), arguments={"node": before.id, "name": "activation", "value": "relu"}))
        return [warning("answered_twice", text.fill(before=before.id, first=first), "network", node=before.id,
                        fixes=(fix,))]
    second = _activation(node) if _is_activation(node) else None
    if second is None:
        return []
    text = Text("{before} already applies {first}, and {second} follows directly.",
                "{before} ya aplica {first}, y a continuación viene {second}.")
    fixes = [remove_fix(node.id, label=Text("Remove {second}", "Quitar {second}").fill(second=second))]
    if not _is_activation(before):
        fixes.append(Fix(action="set_node_param", arguments={"node": before.id, "name": "activation", "value": None},
                         label=Text("Remove the activation from {before}",
                                    "Quitar la activación de {before}").fill(before=before.id)))
    return [warning("activation_twice", text.fill(before=before.id, first=first, second=second), "network",
                    node=node.id, fixes=tuple(fixes))]


def _has(node: Node, trait: str, value: object = None) -> bool:
    """Whether the node's entry has a trait, or that value of it; an unknown type has none."""
    layer = LAYERS.find(node.type)
    trait_value = None if layer is None else getattr(layer, trait)
    return bool(trait_value) if value is None else trait_value == value


def _is_activation(node: Node) -> bool:
    layer = LAYERS.find(node.type)
    return layer is not None and layer.activation is not None


def _check_biases(network: NetworkSpec, graph: _Graph) -> list[Problem]:
    """One problem for all biases that a normalisation cancels."""
    result: list[str] = []
    for node in network.nodes:
        before = graph.only_source(node) if _has(node, "batch_free") else None
        if before is None or len(graph.after[before.id]) != 1 or not graph.values(node).get("center"):
            continue
        values = graph.values(before)
        if values.get("use_bias") is True and values.get("activation") in (None, "linear"):
            result.append(before.id)
    if not result:
        return []
    text = Text("BatchNormalization subtracts the mean and thereby cancels the bias before it: switching use_bias off saves "
                "parameters (layers: {n}).",
                "BatchNormalization resta la media y con ella anula el sesgo anterior: desactivar use_bias ahorra parámetros "
                "(capas: {n}).") if len(result) > 1 else Text(
        "BatchNormalization subtracts the mean and thereby cancels the bias of this layer: switching use_bias off saves "
        "parameters.",
        "BatchNormalization resta la media y con ella anula el sesgo de esta capa: desactivar use_bias ahorra parámetros.")
    fix = Fix(action="switch_bias_off", label=Text("Switch use_bias off", "Desactivar use_bias"),
              arguments={"nodes": result})
    return [Problem(code="useless_bias", severity="info", text=text.fill(n=len(result)),
                    where=Location(area="network", node=result[0], field="use_bias"), fixes=(fix,))]
