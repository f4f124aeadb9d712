"""A network from a file of another program, and its conversion into a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, values_of
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.network import BASE, INPUT, OUTPUT, NetworkSpec, Node
from cnnstudio.core.params import Choice, Param
from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import CHANNELS, RECIPE_PARAMS, RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.core.training import with_settings
from cnnstudio.network.normalization import scales_pixels

_SCALES: Final = {(1 / 255, 0.0): "zero_one", (1 / 127.5, -1.0): "minus_one_one"}
MOST_LAYERS: Final = 5_000
"""The largest networks of Keras have about a thousand."""
MORE_LAYERS: Final = Text("{path} describes more than {n:,} layers, far more than any real network, so it was not read "
                          "further.",
                          "{path} describe más de {n:,} capas, muchas más que cualquier red real, así que no se siguió "
                          "leyendo.")
AUGMENTING: Final = ("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
                     "RandomCrop", "RandomHeight", "RandomWidth", "RandomHue", "RandomSaturation", "RandomShear",
                     "RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomPosterization",
                     "RandomSharpness", "RandomErasing", "RandomPerspective", "RandomGaussianBlur", "RandomInvert",
                     "RandomElasticTransform", "AutoContrast", "Equalization", "Solarization", "AugMix", "RandAugment",
                     "CutMix", "MixUp", "Pipeline")
"""Layers that change training pictures: they belong to the augmentation, not to the network."""
CHANGING_ANSWERS: Final = frozenset((
    "RandomCrop", "RandomHeight", "RandomWidth", "AutoContrast", "Equalization", "Solarization", "Pipeline"))
"""Those that change pictures, or may do so, when the network predicts as well: without them its weights mean less."""
replace = msgspec.structs.replace


class LayerOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a layer: the file's description of it, its names from the outermost model inwards, and the
    group of its weights in the archive that Keras 3 writes; `flat`: there they have no dimensions of size 1. Of an ONNX
    model, `names` are the tensors with its weights."""

    layer: Mapping[str, Any]
    names: tuple[str, ...] = ()
    group: str = ""
    flat: bool = False


class ForeignNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """The network of a file. `shape` is (height, width, channels) of the input, None if the file leaves it open;
    `normalization` the recipe's name of a scaling right behind the input, None where pictures come scaled from outside of
    the file; `notes` what a reader should know; `training` settings that come with it, for
    `core.training.with_settings`."""

    network: NetworkSpec
    shape: tuple[int, int, int] | None = None
    normalization: str | None = "none"
    unknown: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    origins: Mapping[str, LayerOrigin] = {}
    training: dict[str, Any] = {}


def without_scaling(network: NetworkSpec) -> tuple[NetworkSpec, str]:
    """Turn a Rescaling right behind the only Input into the recipe's normalisation."""
    inputs = [node.id for node in network.nodes if node.type == INPUT]
    leaving = [edge for edge in network.edges if edge.source in inputs]
    node = network.node(leaving[0].target) if len(inputs) == 1 and len(leaving) == 1 else None
    if node is None or node.type != RESCALING.id:
        return network, "none"
    values = values_of(node, RESCALING)
    scale, offset = values["scale"], values["offset"]
    name = next((name for pair, name in _SCALES.items() if isinstance(scale, int | float) and isinstance(offset, int | float)
                 and abs(scale - pair[0]) < 1e-9 and abs(offset - pair[1]) < 1e-9), None)
    return (network, "none") if name is None else (without_node(network, node.id), name)


def outer_scaling(network: NetworkSpec, normalization: str) -> str | None:
    """The recipe's normalisation for a network that `without_scaling` gave: None if its pictures must be scaled outside of
    it, "none" if a layer of its own does so or a batch normalisation learns their range, "base" behind a base."""
    if normalization != "none":
        return normalization
    if any(node.type == BASE for node in network.nodes):
        return "base"
    return "none" if scales_pixels(network) else None


def recipe_notice(before: RecipeSpec, after: RecipeSpec, foreign: ForeignNetwork) -> Problem | None:
    """What a network changes in the recipe, and what is assumed where its file scales no pixels; None if nothing is to be
    said."""
    changes = [(param, getattr(before, param.name), getattr(after, param.name)) for param in RECIPE_PARAMS]
    lines = [Text("{label}: {before} → {after}", "{label}: {before} → {after}").fill(
        label=param.label, before=_spelled(param, old), after=_spelled(param, new))
        for param, old, new in changes if old != new]
    lines = [Text("The recipe was adapted to the network:", "La receta se adaptó a la red:"), *lines] if lines else []
    if foreign.normalization is None:
        scaling = _spelled(_NORMALIZATION, after.normalization)
        lines.append(Text(
            "The network does not scale its pixels. {scaling} is assumed (recipe.normalization); change it if the network "
            "was trained with another scaling.",
            "La red no escala sus píxeles. Se supone {scaling} (recipe.normalization); cámbielo si la red se entrenó con "
            "otro escalado."
        ).fill(scaling=scaling))
    if not lines:
        return None
    text = Text("\n".join(line.en for line in lines), "\n".join(line.es for line in lines))
    return replace(warning("recipe_follows", text, "recipe", field="normalization"), severity="info")


_NORMALIZATION: Final = next(param for param in RECIPE_PARAMS if param.name == "normalization")


def _spelled(param: Param, value: Any) -> Text:
    options = param.options if isinstance(param, Choice) else ()
    return next((option.label for option in options if option.value == value), Text(str(value), str(value)))


def augmenting_note(names: str) -> Text:
    """What is said of layers of augmentation that are left out."""
    return Text("Augmentation layers were left out of the network: {names}. Choose augmentations on the Prepare page.",
                "Las capas de aumento se omitieron de la red: {names}. Los aumentos se eligen en la página "
                "Preparar.").fill(names=names)


def without_node(network: NetworkSpec, node: str) -> NetworkSpec:
    """The network without a layer of one input; its source feeds its successors."""
    sources = network.inputs_of(node)
    edges = tuple(replace(edge, source=sources[0]) if edge.source == node else edge
                  for edge in network.edges if edge.target != node)
    return replace(network, nodes=tuple(item for item in network.nodes if item.id != node), edges=edges)


def with_foreign_network(project: Project, foreign: ForeignNetwork, context: Context) -> Project:
    """The project with that network, its pictures' size and channels, and its scaling.

    A last Dense layer that fits the classes becomes the Output layer that follows them.
    """
    sources = {edge.source for edge in foreign.network.edges}
    nodes = [node if node.id in sources else to_output_layer(node, context) for node in foreign.network.nodes]
    normalization = foreign.normalization
    if normalization is None:
        # The file expects scaled pictures: the recipe scales them, unless it leaves that to a base.
        normalization = "zero_one" if project.recipe.normalization == "base" else project.recipe.normalization
    recipe = replace(project.recipe, normalization=normalization)
    if foreign.shape is not None:
        height, width, channels = foreign.shape
        mode = next((mode for mode, count in CHANNELS.items() if count == channels), recipe.color_mode)
        recipe = replace(recipe, height=height, width=width, color_mode=mode)
    return replace(project, recipe=recipe, network=replace(foreign.network, nodes=tuple(nodes)),
                   training=with_settings(project.training, **foreign.training))


def to_output_layer(node: Node, context: Context) -> Node:
    """A Dense layer that fits the classes as the Output layer that follows them; other layers unchanged."""
    if node.type != PLAIN_OUTPUT:
        return node
    values, param_names = values_of(node, LAYERS[PLAIN_OUTPUT]), {param.name for param in LAYERS[OUTPUT].params}
    if (values["units"], values["activation"]) != (context.output_units, context.output_activation) or not (
            param_names.issuperset(set(node.params) - {"units", "activation"})):
        return node
    return replace(node, type=OUTPUT, params={name: value for name, value in node.params.items() if name in param_names})


def unknown_problem(foreign: ForeignNetwork, path: Path) -> Problem | None:
    """The problem of layers without an entry; None if all have one."""
    if not foreign.unknown:
        return None
    text = Text("{path} has unknown layers ({n}: {names}). They are shown and kept unchanged, but cannot be trained.",
                "{path} tiene capas desconocidas ({n}: {names}). Se muestran y se conservan sin cambios, pero no se pueden "
                "entrenar.")
    kinds = sorted({node.type for node in foreign.network.nodes if node.id in foreign.unknown})
    return error("unknown_layers", text.fill(n=len(foreign.unknown), path=path.name, names=", ".join(kinds[:6])), "network")


def notes_problem(foreign: ForeignNetwork, most: int = 100) -> Problem | None:
    """The notes of a file as one warning with at most `most` lines; None if there are none."""
    if not foreign.notes:
        return None
    more = len(foreign.notes) - most
    lines = [*foreign.notes[:most], *([Text("Further remarks: {n}.",
                                            "Otras observaciones: {n}.").fill(n=more)] if more > 0 else [])]
    return warning("network_notes", Text("\n".join(line.en for line in lines), "\n".join(line.es for line in lines)), "network")
