"""The lines of a printed Keras script that set the weights of its pretrained bases."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.network import layer_variables

_WEIGHTED: Final = '''\
def weighted(model):
    """The layers with weights, those of models within the model in their place."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from weighted(layer)
        elif layer.weights and not isinstance(layer, keras.layers.Normalization):
            yield layer
'''


def base_weights(project: Project, bases: BaseResolver) -> list[str]:
    """For every base whose weights are published or bundled; nothing is pickled."""
    result: list[tuple[Node, Base, dict[str, Any]]] = []
    for node in project.network.nodes:
        values: dict[str, Any] = values_of(node, LAYERS[BASE]) if node.type == BASE else {}
        base = base_of(values, bases) if values else None
        # A user's own base brings its weights along where it is built.
        if base is not None and base.own is None and values["weights"] != "random":
            result.append((node, base, values))
    lines: list[str] = []
    if any(_published(base, values) for _, base, values in result):
        lines += ["", *_WEIGHTED.rstrip("\n").split("\n"), "", ""]
    for node, base, values in result:
        if base.weights.layout == "npz":
            lines += _from_archive(base)
        elif _published(base, values):
            lines += _from_keras(layer_variables(expand_repeats(project.network)[0])[node.id], base, project)
        else:
            lines += [f"# {base.label.en} starts from random weights here: the file or the block that its node names is set by "
                      "CNN Studio.", "# A Keras source export of a run carries the weights.", ""]
    return lines


def _published(base: Base, values: dict[str, Any]) -> bool:
    return bool(base.application) and values["weights"] == "imagenet" and values["ends_at"] == "all"


def _from_archive(base: Base) -> list[str]:
    return [f"# {base.label.en}: resources/weights/{base.weights.resource} of CNN Studio.",
            f'with np.load("{base.weights.resource}", allow_pickle=False) as archive:',
            "    for layer in model.layers:", '        if f"{layer.name}/0" in archive:',
            '            layer.set_weights([archive[f"{layer.name}/{n}"] for n in range(len(layer.weights))])', ""]


def _from_keras(name: str, base: Base, project: Project) -> list[str]:
    """Layer by layer in Keras's order: it numbers some layers anew in every model, so names would not do."""
    shape = literal((project.recipe.height, project.recipe.width, 3))
    lines = [f"# {base.label.en} starts from the weights that Keras publishes; it fetches them once.",
             f'published = keras.applications.{base.application}(weights="imagenet", include_top=False, '
             f"input_shape={shape})",
             "sources = list(weighted(published))",
             f"layers = list(weighted(keras.Model(model.input, {name})))[-len(sources):]",
             "for layer, source in zip(layers, sources, strict=True):",
             "    shapes = [tuple(weight.shape) for weight in layer.weights]",
             "    layer.set_weights([np.reshape(array, shape) for array, shape in zip(source.get_weights(), shapes)])"]
    if base.weights.flip_input_of:
        lines += ["# Its photos were blue first, ours are red first.",
                  f'first = model.get_layer("{base.weights.flip_input_of}")',
                  "kernel, *others = first.get_weights()",
                  "first.set_weights([kernel[:, :, ::-1], *others])"]
    return [*lines, ""]
