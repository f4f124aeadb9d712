"""The specs of a run whose model gets one more class: its outputs, the form of its labels, its loss, and what learns."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases.advice import late_block
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, applied_activation, values_of
from cnnstudio.catalog.plans import PLANS
from cnnstudio.catalog.training.losses import AUTO, LOSSES
from cnnstudio.core import stage_edits
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.graph import unique_id
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.item import Item
from cnnstudio.core.network import BASE, INPUT, OUTPUT, Edge, NetworkSpec, Node
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base import trunk
from cnnstudio.interchange.own_base.truncation import up_to

replace = msgspec.structs.replace
_SPECTRAL: Final = "spectral_normalization"


def classifier_of(network: NetworkSpec, classes: int, binary: bool) -> Node:
    """The Dense layer with an output for each of the classes (one for `binary` labels), behind which nothing learns. Raises
    ProblemError (no_classifier)."""
    expanded, _copies = expand_repeats(network)
    following = {edge.source for edge in expanded.edges}
    ends = [node.id for node in expanded.nodes if node.id not in following]
    name = trunk.classifier(up_to(expanded, ends[0])) if len(ends) == 1 else None
    node = network.node(name) if name is not None else None
    wanted = 1 if binary else classes
    if node is None or node.type not in (PLAIN_OUTPUT, OUTPUT):
        raise ProblemError(_no_classifier(Text(
            "it does not end with a Dense layer behind which nothing learns", "no termina con una capa Dense tras la que nada "
                                                                              "aprende")))
    if node.type == PLAIN_OUTPUT and values_of(node, LAYERS[node.type])["units"] != wanted:
        raise ProblemError(_no_classifier(Text(
            "its last Dense layer, {name}, has no output for each class", "su última capa Dense, {name}, no tiene una salida "
                                                                          "por clase").fill(name=node.id)))
    if node.params.get(_SPECTRAL):
        raise ProblemError(_no_classifier(Text(
            "its classifier, {name}, has spectral normalisation", "su clasificador, {name}, tiene normalización espectral"
                                                                  "").fill(
                name=node.id)))
    return node


def _no_classifier(reason: Text) -> Problem:
    text = Text("No class can be added to this network: {reason}. Add the pictures on the Data page and train the network "
                "anew.",
                "No se puede añadir una clase a esta red: {reason}. Añada las imágenes en la página Datos y entrene la red de "
                "nuevo.")
    return error("no_classifier", text.fill(reason=reason), "network")


def with_outputs(project: Project, classes: int) -> Project:
    """The project whose network answers for `classes` classes and one more. Two classes of `binary` labels, which a single
    sigmoid tells apart, become categorical with a softmax; the loss follows. Raises ProblemError (no_classifier)."""
    binary = project.dataset.label_mode == "binary"
    classifier = classifier_of(project.network, classes, binary)
    nodes = []
    for node in project.network.nodes:
        params: dict[str, Any] = {}
        if node.id == classifier.id and node.type == PLAIN_OUTPUT:
            params["units"] = classes + 1
        if binary and node.type != OUTPUT and applied_activation(node) == "sigmoid" and _is_behind(
                project.network, classifier.id, node.id):
            params["activation"] = "softmax"
        nodes.append(replace(node, params=node.params | params) if params else node)
    project = replace(project, network=replace(project.network, nodes=tuple(nodes)))
    if not binary:
        return project
    loss = LOSSES.find(project.training.loss.type)
    if project.training.loss.type != AUTO and (loss is None or loss.label_mode == "binary"):
        project = replace(project, training=replace(project.training, loss=Item(type=AUTO)))
    return replace(project, dataset=replace(project.dataset, label_mode="categorical"))


def _is_behind(network: NetworkSpec, first: str, node: str) -> bool:
    """Whether a node is the first one or behind it."""
    names, reached = {first}, True
    while reached:
        more = {edge.target for edge in network.edges if edge.source in names} - names
        names, reached = names | more, bool(more)
    return node in names


def only_base(network: NetworkSpec) -> Node | None:
    """The base of a network that has just one; None for another network."""
    bases = [node for node in network.nodes if node.type == BASE]
    return bases[0] if len(bases) == 1 else None


def with_trunk(project: Project, classifier: str, base: Base) -> Project:
    """The project whose network up to its `classifier` is the frozen `base`, made of the run's own model. Raises ProblemError
    where the base does not reach to the classifier."""
    network = project.network
    (source,) = network.inputs_of(classifier)
    while source not in base.ends:
        # A layer that acts in training only is no end of a base.
        node = network.node(source)
        entering = network.inputs_of(source)
        if node is None or len(entering) != 1 or not LAYERS[node.type].training_only:
            raise ProblemError(_no_classifier(Text(
                "the layers before its classifier cannot be kept as they are", "las capas anteriores a su clasificador no se "
                                                                              "pueden conservar tal cual")))
        (source,) = entering
    kept = [node for node in network.nodes if _is_behind(network, classifier, node.id)]
    start = Node(id=unique_id("input", [node.id for node in kept]), type=INPUT)
    trunk_node = Node(id=unique_id("trunk", [node.id for node in kept]), type=BASE, params=base.params | {
        "ends_at": source, "trainable_from": "none", "pooling": "none"})
    names = {node.id for node in kept}
    edges = (Edge(source=start.id, target=trunk_node.id), Edge(source=trunk_node.id, target=classifier),
             *(edge for edge in network.edges if edge.source in names))
    recipe = replace(project.recipe, normalization="base", mean=(), deviation=(), measured="")
    return replace(project, recipe=recipe, network=NetworkSpec(
        nodes=(start, trunk_node, *(replace(node, position=None) for node in kept)), edges=edges, origin=network.origin))


def with_learning(project: Project, bases: BaseResolver, last_layers: bool) -> Project:
    """The project whose base is frozen and whose other layers learn on its features, without augmentation, which would have
    them computed anew for every picture; with `last_layers` a stage follows in which the last part of the base learns too."""
    stages = project.training.stages
    first = replace(stages[0], callbacks=project.training.last_stage.callbacks)
    node = only_base(project.network)
    base = None if node is None else base_of_node(node, bases)
    plan = PLANS["fine_tuning" if last_layers and base is not None else "head"]
    line = "" if node is None or base is None else late_block(base.until(str(values_of(node, LAYERS[BASE])["ends_at"])))
    if not plan.learns:
        project = replace(project, augmentation=AugmentationSpec())
    return stage_edits.with_stages(project, plan.stages(first, line, stage_edits.fresh_id((first,))))
