"""The input pipeline of the pictures, as a chain of tf.data operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from cnnstudio.catalog.call import literal
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.augmentation import (
    augmentation_code,
    changes_pictures,
    mixes_batches,
    mixing_code,
)
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


_SEEDS: Final = Text("A random number for each element, so that random changes are the same in every run of the script.",
                     "Un número aleatorio para cada elemento, para que los cambios aleatorios sean iguales en cada ejecución "
                     "del script.")


def operations(project: Project, class_count: int, pictures: int) -> tuple[Operation, ...]:
    """The chain of the training pictures (`pictures` of them)."""
    recipe, training = project.recipe, project.training
    path, number, seed = Tensor("path", (), "string"), Tensor("class", (), "int32"), Tensor("seed", (), "int64")
    picture, label = Tensor("picture", recipe.shape, "uint8"), _label(project, class_count)
    batch = (_with_batch(picture), _with_batch(label))
    chain = [
        Operation(id="from_tensor_slices", code=_slices(project), out=(path, number),
                  text=Text("The files of the training split with their class numbers (pictures: {n}).",
                            "Los archivos de la división de entrenamiento con sus números de clase (imágenes: "
                            "{n}).").fill(n=pictures)),
        *((Operation(id="concatenate", code="# .concatenate(the files of the next source)", out=(path, number), text=Text(
            "{n} sources, one after the other; the list already contains all of them.",
            "{n} orígenes, uno tras otro; la lista ya los contiene todos.").fill(n=1 + len(project.dataset.joined))),)
          if project.dataset.joined else ()),
        Operation(id="map", code=".map(load, num_parallel_calls=tf.data.AUTOTUNE)", out=(picture, label), text=Text(
            "The recipe, from a file to pixels, and the encoding of the labels.",
            "La receta, de un archivo a píxeles, y la codificación de las etiquetas.")),
        Operation(id="cache", code=".cache()", out=(picture, label), text=Text(
            "Prepared once and cached: {size:.1f} MB.", "Preparadas una vez y guardadas en caché: {size:.1f} MB.").fill(
                size=pictures * recipe.height * recipe.width * recipe.channels / 1e6)),
        Operation(id="shuffle", code=f".shuffle({max(1, pictures)}, seed=SEED)", out=(picture, label),
                  text=Text("A new order in every epoch. The buffer holds all pictures: a smaller one would only shuffle "
                            "neighbouring pictures.",
                            "Un orden nuevo en cada época. El búfer contiene todas las imágenes: uno más pequeño solo "
                            "barajaría imágenes vecinas.")),
    ]
    if changes_pictures(project):
        chain += [
            Operation(id="apply", code=".apply(with_seeds)", out=(picture, label, seed), text=_SEEDS),
            Operation(id="map", code=".map(augmented, num_parallel_calls=tf.data.AUTOTUNE)", out=(picture, label), text=Text(
                "The augmentation, drawn at random for every picture in every epoch.",
                "El aumento, sorteado para cada imagen en cada época."))]
    steps, last = -(-pictures // training.batch_size), (pictures - 1) % training.batch_size + 1 if pictures else 0
    chain.append(Operation(id="batch", code=f".batch({training.batch_size})", out=batch, text=(
        Text("One step per epoch; pictures: {last}.", "Un paso por época; imágenes: {last}.") if steps == 1 else
        Text("{n} steps per epoch; pictures in the last step: {last}.",
             "{n} pasos por época; imágenes en el último: {last}.")).fill(n=steps, last=last)))
    if mixes_batches(project):
        chain += [
            Operation(id="apply", code=".apply(with_seeds)", out=(*batch, seed), text=_SEEDS),
            Operation(id="map", code=".map(mixed, num_parallel_calls=tf.data.AUTOTUNE)", out=batch, text=Text(
                "The pictures of a batch mixed with each other, and their labels.",
                "Las imágenes de un lote mezcladas entre sí, y sus etiquetas."))]
    chain += [
        Operation(id="repeat", code=f"# .repeat({training.epochs})", out=batch, text=Text(
            "fit goes through the data once per epoch; it needs no repeat (maximum number of epochs: {n}).",
            "fit recorre los datos una vez por época; no necesita repeat (número máximo de épocas: {n}).").fill(
                n=training.epochs)),
        Operation(id="prefetch", code=".prefetch(tf.data.AUTOTUNE)", out=batch, text=Text(
            "The next batches are prepared while the network learns from this one.",
            "Los lotes siguientes se preparan mientras la red aprende de este.")),
    ]
    return tuple(chain)


def _slices(project: Project) -> str:
    source = "learned" if project.training.oversampling else 'listed("train")'
    return f"tf.data.Dataset.from_tensor_slices({source})"


def _label(project: Project, class_count: int) -> Tensor:
    mode = project.dataset.label_mode
    if mode == "int":
        return Tensor("label", (), "int32")
    return Tensor("label", (1,) if mode == "binary" else (max(1, class_count),), "float32")


def _with_batch(tensor: Tensor) -> Tensor:
    return Tensor(tensor.name, (None, *tensor.shape), tensor.dtype)


# The code ----------------------------------------------------------------------------------------

_IMPORTS: Final = """\
import json
{more}{later}from pathlib import Path

import cv2
{libraries}import keras
import numpy as np
import tensorflow as tf
"""
_HEAD: Final = """\
SEED = {seed}
# The list of the pictures: a line with the folder and the classes, then a line for every picture.
LIST = Path(__file__).with_name({list_name})
header, *rows = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
CLASSES = header["class_names"]
"""
_LISTED: Final = """\
def listed(split):
    \"\"\"The files of a split, and the numbers of their classes.\"\"\"
    chosen = [row for row in rows if row["split"] == split]
    files = [str(Path(header["root"], row["path"])) for row in chosen]
    return np.array(files, str), np.array([row["label"] for row in chosen], np.int32)
"""
_OVERSAMPLED: Final = """\
def oversampled(pictures):
    \"\"\"Pictures of rare classes several times. CNN Studio draws anew in every epoch which ones are there once more.\"\"\"
    files, numbers = pictures
    counts, rng, places = np.bincount(numbers), np.random.default_rng(SEED), []
    for number in np.flatnonzero(counts):
        members = np.flatnonzero(numbers == number)
        wanted = round(len(members) * (counts.max() / len(members)) ** {strength!r})
        more = rng.permutation(members)[:wanted % len(members)]
        places += [np.tile(members, wanted // len(members)), more]
    places = np.concatenate(places)
    return files[places], numbers[places]
"""
_WITH_SEEDS: Final = """\
def with_seeds(elements):
    \"\"\"A seed for every element, another one in every epoch: threads may take them in any order.\"\"\"
    return tf.data.Dataset.zip(elements, tf.data.Dataset.random(SEED, rerandomize_each_iteration=True))
"""


def pipeline_code(project: Project, class_count: int, pictures: int) -> str:
    """A script that makes the tf.data datasets of (pictures, labels) of all splits from the list of a run."""
    return "\n".join(['"""Pictures from their files to the network with tf.data."""', "", pipeline_imports(project), "",
                      pipeline_lines(project, class_count, pictures, "manifest.jsonl")])


def pipeline_imports(project: Project, libraries: Sequence[str] = (), training: str = "") -> str:
    """The import lines; `libraries` are those that the network needs besides, `training` is the code behind it."""
    more = "import math\n" if "math." in mixing_code(project) + training else ""
    later = "import time\n" if "time." in training else ""
    return _IMPORTS.format(more=more, later=later, libraries="".join(f"{line}\n" for line in libraries))


def pipeline_lines(project: Project, class_count: int, pictures: int, list_name: str) -> str:
    """The code from the seed to the datasets `train`, `validation` and `test`; `list_name` is the file beside the script
    with the list of the pictures."""
    changing, mixing = augmentation_code(project), mixing_code(project)
    calls = [item.code for item in operations(project, class_count, pictures) if item.code.startswith(".")]
    functions = [_LISTED, recipe_code(project.recipe) + "\n", _load(project)]
    functions += [changing, _augmented(project)] if changing else []
    functions += [mixing, _mixed(project, class_count)] if mixing else []
    if project.training.oversampling:
        functions.append(_OVERSAMPLED.format(strength=project.training.oversampling))
    functions += [_WITH_SEEDS] if changing or mixing else []
    functions.append("\n".join([
        "def in_order(split):", '    """The pictures of a split as they are: neither shuffled nor changed."""', "    return (",
        "        tf.data.Dataset.from_tensor_slices(listed(split))",
        "        .map(load, num_parallel_calls=tf.data.AUTOTUNE)", "        .cache()",
        f"        .batch({project.training.batch_size})", "        .prefetch(tf.data.AUTOTUNE)", "    )\n"]))
    datasets = [*(["learned = oversampled(listed(\"train\"))"] if project.training.oversampling else []),
                "train = (", f"    {_slices(project)}", *(f"    {call}" for call in calls), ")",
                'validation = in_order("validation")', 'test = in_order("test")']
    head = _HEAD.format(seed=project.training.seed, list_name=literal(list_name))
    return "\n\n".join([head + "\n" + "\n".join(_seeding(project)) + "\n", *functions, "\n".join(datasets) + "\n"])


def _seeding(project: Project) -> list[str]:
    """The same numbers in every run of the script, where the program has them as well."""
    lines, enable = ["keras.utils.set_random_seed(SEED)"], "tf.config.experimental.enable_op_determinism()"
    if project.training.determinism == "on":
        return [*lines, enable]
    if project.training.determinism == "off":
        return lines
    return [*lines, 'if not tf.config.list_physical_devices("GPU"):  # there it would be slow', f"    {enable}"]


def _load(project: Project) -> str:
    label = {"int": "number", "binary": "tf.cast([number], tf.float32)"}.get(
        project.dataset.label_mode, "tf.one_hot(number, len(CLASSES))")
    return "\n".join([
        "def load(path, number):",
        "    picture = tf.numpy_function(lambda name: prepare(name.decode()), [path], tf.uint8, stateful=False)",
        f"    return tf.ensure_shape(picture, {literal(project.recipe.shape)}), {label}\n"])


def _augmented(project: Project) -> str:
    return "\n".join([
        "def augmented(element, seed):", "    picture, label = element", "    changed = tf.numpy_function(",
        "        lambda pixels, number: augment(pixels, np.random.default_rng(number)), [picture, seed], tf.uint8, "
        "stateful=False)",
        f"    return tf.ensure_shape(changed, {literal(project.recipe.shape)}), label\n"])


def _mixed(project: Project, class_count: int) -> str:
    shapes = [literal((None, *shape)) for shape in (project.recipe.shape, _label(project, class_count).shape)]
    return "\n".join([
        "def mixed(element, seed):", "    pictures, labels = tf.numpy_function(",
        "        lambda pixels, shares, number: mix(pixels, shares, np.random.default_rng([number, 1])),",
        "        [*element, seed], [tf.uint8, tf.float32], stateful=False)",
        f"    return tf.ensure_shape(pictures, {shapes[0]}), tf.ensure_shape(labels, {shapes[1]})\n"])
