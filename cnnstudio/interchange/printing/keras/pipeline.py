"""The input pipeline of the pictures, as a chain of tf.data operations."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.steps import AUGMENTATIONS, Augmentation
from cnnstudio.core.item import Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.recipe import recipe_code


class Tensor(msgspec.Struct, frozen=True):
    """A tensor between two operations; None in the shape is the size of a batch."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the chain: its name in tf.data, its line of code, its purpose, and its output."""

    id: str
    code: str
    text: Text
    out: tuple[Tensor, ...]


def operations(project: Project, class_count: int, pictures: int) -> tuple[Operation, ...]:
    """The chain of the training pictures (`pictures` of them)."""
    recipe, training = project.recipe, project.training
    path, split = Tensor("path", (), "string"), Tensor("split", (), "string")
    number = Tensor("class", (), "int32")
    picture, label = Tensor("picture", recipe.shape, "uint8"), _label(project, class_count)
    batch = (_with_batch(picture), _with_batch(label))
    changing, mixing = _layers(project)
    chain = [
        Operation(id="from_tensor_slices", code="tf.data.Dataset.from_tensor_slices(paths)", out=(path,),
                  text=Text("The files of the list, one after the other.", "Los archivos de la lista, uno tras otro.")),
        *((Operation(id="concatenate", code="# .concatenate(the files of the next source)", out=(path,), text=Text(
            "{n} sources one behind the other; the list has them all already.",
            "{n} fuentes una tras otra; la lista ya las tiene todas.").fill(n=1 + len(project.dataset.joined))),)
          if project.dataset.joined else ()),
        Operation(id="zip", code="tf.data.Dataset.zip(files, classes, splits)", out=(path, number, split), text=Text(
            "To every file its class and its split.", "A cada archivo, su clase y su división.")),
        Operation(id="filter", code='.filter(lambda path, number, split: split == "train")', out=(path, number, split),
                  text=Text("Only the training split: {n} pictures.",
                            "Solo la división de entrenamiento: {n} imágenes.").fill(n=pictures)),
        Operation(id="map", code=".map(load, num_parallel_calls=tf.data.AUTOTUNE)", out=(picture, label), text=Text(
            "The recipe: from a file to pixels; and the form of the labels.",
            "La receta: de un archivo a píxeles; y la forma de las etiquetas.")),
        Operation(id="cache", code=".cache()", out=(picture, label), text=Text(
            "Prepared once and kept: {size:.1f} MB.", "Preparadas una vez y guardadas: {size:.1f} MB.").fill(
                size=pictures * recipe.height * recipe.width * recipe.channels / 1e6)),
        Operation(id="shuffle", code=f".shuffle({max(1, pictures)}, seed={training.seed})", out=(picture, label),
                  text=Text("Another order in every epoch. The buffer holds all pictures: a smaller one shuffles "
                            "neighbours only.",
                            "Otro orden en cada época. El búfer contiene todas las imágenes: uno menor solo baraja "
                            "las vecinas.")),
        Operation(id="batch", code=f".batch({training.batch_size})", out=batch, text=Text(
            "{n} steps an epoch, the last with {last} pictures.",
            "{n} pasos por época, el último con {last} imágenes.").fill(
                n=-(-pictures // training.batch_size), last=(pictures - 1) % training.batch_size + 1 if pictures else 0)),
    ]
    if changing or mixing:
        batch = (msgspec.structs.replace(batch[0], dtype="float32"), batch[1])
        chain.append(Operation(
            id="map", code=".map(change, num_parallel_calls=tf.data.AUTOTUNE)", out=batch,
            text=Text("The augmentation, drawn anew for every picture in every epoch.",
                      "El aumento, sorteado de nuevo para cada imagen en cada época.")))
    chain += [
        Operation(id="repeat", code=f"# .repeat({training.epochs})", out=batch, text=Text(
            "fit goes through the data once an epoch, {n} times at most; it needs no repeat.",
            "fit recorre los datos una vez por época, {n} veces como mucho; no necesita repeat.").fill(
                n=training.epochs)),
        Operation(id="prefetch", code=".prefetch(tf.data.AUTOTUNE)", out=batch, text=Text(
            "The next batches are made while the network learns from this one.",
            "Los lotes siguientes se hacen mientras la red aprende de este.")),
    ]
    return tuple(chain)


def _label(project: Project, class_count: int) -> Tensor:
    mode = project.dataset.label_mode
    if mode == "int":
        return Tensor("label", (), "int32")
    return Tensor("label", (1,) if mode == "binary" else (max(1, class_count),), "float32")


def _with_batch(tensor: Tensor) -> Tensor:
    return Tensor(tensor.name, (None, *tensor.shape), tensor.dtype)


# The code ----------------------------------------------------------------------------------------

_HEAD: Final = '''\
"""Pictures from their files to the network with tf.data."""

import json
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

# The list that every run keeps: a line with the folder and the classes, then a line for each picture.
LIST = Path("manifest.jsonl")
header, *rows = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
CLASSES = header["class_names"]
paths = [str(Path(header["root"]) / row["path"]) for row in rows]
numbers = [row["label"] for row in rows]
words = [row["split"] for row in rows]
'''


def pipeline_code(project: Project, class_count: int, pictures: int) -> str:
    """A script that makes `train` and `validation`, two tf.data datasets of (pictures, labels)."""
    recipe = project.recipe
    changing, mixing = _layers(project)
    chain = operations(project, class_count, pictures)
    parts = [_HEAD, f"keras.utils.set_random_seed({project.training.seed})", "", "", recipe_code(recipe), "", "",
             *_load_lines(project)]
    if changing or mixing:
        parts += ["", "", *_change_lines(project, changing, mixing)]
    calls = [item.code for item in chain if item.code.startswith(".")]
    parts += ["", "", "files = tf.data.Dataset.from_tensor_slices(paths)",
              "classes = tf.data.Dataset.from_tensor_slices(np.asarray(numbers, np.int32))",
              "splits = tf.data.Dataset.from_tensor_slices(words)",
              "pictures = tf.data.Dataset.zip((files, classes, splits))", "", "train = (", "    pictures",
              *(f"    {call}" for call in calls), ")"]
    validation = [call.replace('"train"', '"validation"') for call in calls
                  if not call.startswith((".shuffle", ".map(change"))]
    parts += ["# Measured as they are: neither shuffled nor changed.", "validation = (", "    pictures",
              *(f"    {call}" for call in validation), ")"]
    return "\n".join(parts) + "\n"


def _load_lines(project: Project) -> list[str]:
    recipe = project.recipe
    label = {"int": "number", "binary": "tf.cast([number], tf.float32)"}.get(
        project.dataset.label_mode, "tf.one_hot(number, len(CLASSES))")
    return ["def load(path, number, split):",
            "    picture = tf.numpy_function(prepare, [path], tf.uint8)",
            f"    return tf.ensure_shape(picture, {literal(recipe.shape)}), {label}"]


def _layers(project: Project) -> tuple[list[Step], list[Step]]:
    """The steps that change pictures, and those that mix them."""
    steps = [step for step in project.augmentation.active if AUGMENTATIONS.find(step.type) is not None]
    return ([step for step in steps if not AUGMENTATIONS[step.type].mixes],
            [step for step in steps if AUGMENTATIONS[step.type].mixes])


def _change_lines(project: Project, changing: list[Step], mixing: list[Step]) -> list[str]:
    """The layers, and the function that applies them to a batch."""
    lines = []
    if any(_probability(step) < 1.0 for step in changing if not _has_own_probability(step)):
        lines += ["def sometimes(layer, probability):",
                  '    """The layer for this share of the pictures."""',
                  "    def change(pictures, training):",
                  "        chosen = tf.random.uniform((tf.shape(pictures)[0], 1, 1, 1)) < probability",
                  "        return tf.where(chosen, layer(pictures, training=training), pictures)", "",
                  "    return change", "", ""]
    lines.append("changes = [")
    for step in changing:
        lines += [f"    {line}" for line in _layer(step, project)]
    lines.append("]")
    if mixing:
        lines += ["mixes = [", *(f"    {_call(step, AUGMENTATIONS[step.type], project)}," for step in mixing), "]"]
    lines += ["", "", "def change(pictures, labels):", "    pictures = tf.cast(pictures, tf.float32)",
              "    for layer in changes:", "        pictures = layer(pictures, training=True)",
              "    pictures = tf.clip_by_value(pictures, 0.0, 255.0)"]
    if mixing:
        lines += ["    for layer in mixes:",
                  '        mixed = layer({"images": pictures, "labels": labels}, training=True)',
                  '        pictures, labels = mixed["images"], mixed["labels"]']
    return [*lines, "    return pictures, labels"]


def _probability(step: Step) -> float:
    return float(_values(step)["probability"])


def _values(step: Step) -> dict[str, Any]:
    return with_defaults(AUGMENTATIONS[step.type].params, step.params)


def _has_own_probability(step: Step) -> bool:
    """Whether the Keras layer has the probability as its own argument."""
    call = AUGMENTATIONS[step.type].call
    return call is not None and any(getattr(kwarg, "name", "") in ("always", "probability")
                                    for kwarg in call.kwargs.values())


def _call(step: Step, entry: Augmentation, project: Project) -> str:
    values = _values(step)
    values |= {"always": (values["probability"], values["probability"])}
    assert entry.call is not None
    return entry.call.code(entry.keras_values(values, project.recipe.channels))


def _layer(step: Step, project: Project) -> list[str]:
    """The lines of the list of layers for one step, each with its comma."""
    entry, recipe = AUGMENTATIONS[step.type], project.recipe
    if entry.needs_color and recipe.channels == 1:
        return [f"# {entry.keras} needs colours: left out."]
    if recipe.channels == 4 and entry.group == "color":
        return [f"# {entry.keras} would change the transparency: left out."]
    if entry.keras_lines is not None:
        return entry.keras_lines(_values(step), recipe)
    code = _call(step, entry, project)
    if _probability(step) < 1.0 and not _has_own_probability(step):
        return [f"sometimes({code}, {_probability(step)}),"]
    return [f"{code},"]
