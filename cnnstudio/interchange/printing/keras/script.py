"""The whole training as one Keras script: pictures, recipe, augmentation, model, compile, callbacks, fit, save."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.base_weights import base_weights
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.pipeline import pipeline_imports, pipeline_lines
from cnnstudio.interchange.printing.keras.training import training_lines
from cnnstudio.interchange.printing.script_files import script_files, script_title, weighted_bases
from cnnstudio.network.shapes import report

_LOADING: Final = '''\
def load_weights(model, path):
    """Sets the weights from an .npz file that CNN Studio wrote for this network (arrays by layer, nothing pickled)."""
    with np.load(path, allow_pickle=False) as archive:
        for layer in model.layers:
            if layer.weights:
                layer.set_weights([archive[f"{layer.name}/{number}"] for number in range(len(layer.weights))])
'''


def keras_source(network: NetworkSpec, context: Context) -> str:
    """A file with the untrained `model` and `load_weights(model, path)`."""
    code = keras_code(network, context, standalone=True).removeprefix("import keras\n").strip("\n")
    return "\n\n".join(["import keras\nimport numpy as np\n", code + "\n", _LOADING])


class ScriptParts(msgspec.Struct, frozen=True):
    """A training script in its parts: the imports, the pictures with recipe and augmentation, the model, the training."""

    imports: str
    pictures: str
    model: str
    training: str


def keras_script(project: Project, context: Context, pictures: int, stem: str = "") -> str:
    """A script that trains the project's network as it stands; `pictures` is the number of its training pictures.

    It reads the files of `script_files(project, context, stem)`, which lie beside it.
    """
    parts = keras_script_parts(project, context, pictures, stem)
    title = f'"""{script_title(project)}: trains its network on its pictures with Keras."""\n'
    return title + "\n" + "\n\n".join([parts.imports + "\n" + parts.pictures, parts.model, parts.training])


def keras_script_parts(project: Project, context: Context, pictures: int, stem: str = "") -> ScriptParts:
    """The parts of `keras_script`."""
    files = script_files(project, context, stem)
    code = keras_code(project.network, context).strip("\n")
    for _node, base, _values in weighted_bases(project.network, context):
        if base.own is not None:  # elsewhere than in the project's folder as well
            code = code.replace(literal(base.own_file), literal(base.own.path))
    training = "\n".join([*base_weights(project, context, files), *training_lines(project, context, pictures)]) + "\n"
    imports, _keras, model = code.partition("import keras\n")
    return ScriptParts(pipeline_imports(project, imports.split("\n")[:-1], training),
                       pipeline_lines(project, context.class_count, pictures, files.pictures),
                       _in_precision(project, context, model.strip("\n")) + "\n", training)


def _in_precision(project: Project, context: Context, model: str) -> str:
    """The code of the model in mixed precision, its last layer in float32 as the probabilities need it."""
    precision = project.training.precision
    if precision == "float32":
        return model
    last = f"name={literal(report(project.network, context).output or '')})"
    before, separator, after = model.rpartition(last)
    if separator:
        model = f'{before}{last[:-1]}, dtype="float32"){after}'
    return f"keras.config.set_dtype_policy({literal(precision)})\n\n{model}"
