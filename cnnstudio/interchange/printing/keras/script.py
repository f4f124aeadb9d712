"""The whole training as one Keras script: pictures, recipe, augmentation, model, compile, callbacks, fit, save."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.base_weights import base_weights
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.pipeline import pipeline_code
from cnnstudio.interchange.printing.keras.training import training_lines
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


def keras_script(project: Project, context: Context, pictures: int) -> str:
    """A script that trains the project's network as it stands, beside the list of pictures of a run (manifest.jsonl)."""
    # Without its own docstring: the script has one.
    data = pipeline_code(project, context.class_count, pictures).split('"""\n', 1)[1].lstrip("\n")
    imports, keras, model = keras_code(project.network, context).partition("import keras\n")
    data, model = data.replace(keras, imports + keras, 1), _in_precision(project, context, model.strip("\n"))
    lines = [f'"""{_name(project)}: trains its network on its pictures with Keras."""', "", data.rstrip("\n"), "", "", model,
             "", *base_weights(project, context.bases), *training_lines(project, context, pictures),
             'model.save("model.keras")']
    return "\n".join(lines) + "\n"


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


def _name(project: Project) -> str:
    return " ".join((project.name or "CNN Studio").replace("\\", " ").replace('"', " ").split())
