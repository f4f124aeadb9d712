"""The lines of a printed Keras script that set the weights of its pretrained bases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.network import layer_variables
from cnnstudio.interchange.printing.script_files import ScriptFiles, weighted_bases

_WEIGHTED: Final = '''\
def weighted(model):
    """The layers with weights, those of models within the model in their place."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from weighted(layer)
        elif layer.weights and not isinstance(layer, keras.layers.Normalization):
            yield layer
'''


def base_weights(project: Project, context: Context, files: ScriptFiles) -> list[str]:
    """For every base that does not start from random weights; nothing is pickled."""
    # A user's own base brings its weights along where it is built.
    bases = [entry for entry in weighted_bases(project.network, context) if entry[1].own is None]
    lines: list[str] = []
    if any(not reads_file(base, values) for _, base, values in bases):
        lines += ["", *_WEIGHTED.rstrip("\n").split("\n"), "", ""]
    for node, base, values in bases:
        if reads_file(base, values):
            lines += _from_archive(base, files.weights[node])
        else:
            lines += _from_keras(layer_variables(expand_repeats(project.network)[0])[node], base, project)
    return lines


def reads_file(base: Base, values: Mapping[str, Any]) -> bool:
    """Whether the script reads the weights of a base from a file beside it; the others come from Keras or their model."""
    published = bool(base.application) and values["weights"] == "imagenet" and values["ends_at"] == "all"
    return base.own is None and not published


def _from_archive(base: Base, file: str) -> list[str]:
    return [f"# The trained weights of {base.label.en}.",
            f"with np.load(Path(__file__).with_name({literal(file)}), allow_pickle=False) as archive:",
            "    for layer in model.layers:", '        if f"{layer.name}/0" in archive:',
            '            arrays = [archive[f"{layer.name}/{n}"] for n in range(len(layer.weights))]',
            "            layer.set_weights([np.reshape(array, weight.shape) for array, weight in zip(arrays, layer.weights)])",
            ""]


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
