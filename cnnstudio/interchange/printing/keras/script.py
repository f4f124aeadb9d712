"""The whole training as one Keras script: pictures, recipe, augmentation, model, compile, callbacks, fit, save."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import complete
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.base_weights import base_weights
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.pipeline import pipeline_code

METRICS: Final = {"binary": "BinaryAccuracy", "categorical": "CategoricalAccuracy", "int": "SparseCategoricalAccuracy"}


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
    code = keras_code(network, context, alone=True).removeprefix("import keras\n").strip("\n")
    return "\n\n".join(["import keras\nimport numpy as np\n", code + "\n", _LOADING])


def keras_script(project: Project, context: Context, pictures: int) -> str:
    """A script that trains the project's network as it stands, beside the list of pictures of a run (manifest.jsonl)."""
    training = project.training
    # Without its own docstring: the script has one.
    data = pipeline_code(project, context.class_count, pictures).split('"""\n', 1)[1].lstrip("\n")
    imports, keras, model = keras_code(project.network, context).partition("import keras\n")
    data, model = data.replace(keras, imports + keras, 1), model.strip("\n")
    optimizer = OPTIMIZERS.find(training.optimizer.type)
    loss = LOSSES[context.loss if training.loss == "auto" else training.loss]
    written = (optimizer.call.code(complete(optimizer.params, training.optimizer.params)) if optimizer is not None
               else f"...,  # unknown optimizer {training.optimizer.type}")
    lines = [f'"""{_name(project)}: trains its network on its pictures with Keras."""', "", data.rstrip("\n"), "", "", model,
             "", *base_weights(project, context.bases), "model.compile(", f"    optimizer={written},",
             f"    loss={loss.call.code({})},", f'    metrics=[keras.metrics.{METRICS[context.label_mode]}(name="accuracy")],',
             ")", "model.summary()", "", *_callbacks(project), *_class_weight(project),
             "history = model.fit(", "    train,", "    validation_data=validation,", f"    epochs={training.epochs},",
             "    callbacks=callbacks,", *(["    class_weight=class_weight,"] if training.class_weight == "balanced" else []),
             ")", 'model.save("model.keras")']
    return "\n".join(lines) + "\n"


def _name(project: Project) -> str:
    return " ".join((project.name or "CNN Studio").replace("\\", " ").replace('"', " ").split())


def _callbacks(project: Project) -> list[str]:
    lines = ["callbacks = ["]
    for step in project.training.callbacks:
        entry = CALLBACKS.find(step.type)
        if entry is None:
            lines.append(f"    # unknown callback {step.type}")
        elif step.enabled:
            lines.append(f"    {entry.call.code(complete(entry.params, step.params))},")
    return [*lines, "]"]


def _class_weight(project: Project) -> list[str]:
    if project.training.class_weight != "balanced":
        return []
    return ["# Rare classes count more: n / (classes * pictures of the class).",
            'seen = [number for number, word in zip(numbers, words) if word == "train"]',
            "class_weight = {number: len(seen) / (len(CLASSES) * max(1, seen.count(number)))",
            "                for number in range(len(CLASSES))}"]
