"""What a script does to its pictures, what a network changes in the recipe, and models that are refused with the reason."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.interchange.foreign import recipe_notice, with_foreign_network
from cnnstudio.interchange.keras_source.data_scaling import find_scaling
from cnnstudio.interchange.open import read_network
from cnnstudio.interchange.source_code import read_code, read_file
from cnnstudio.network.checks import check_project

NETWORK = """
from keras import Sequential, layers
model = Sequential([layers.Input((32, 32, 3)), {first}layers.Conv2D(8, 3, activation="relu"), layers.Flatten(),
                    layers.Dense(4, activation="softmax")])
"""
PLAIN = NETWORK.format(first="")


@pytest.mark.parametrize(("code", "wanted"), [
    ("ImageDataGenerator(rescale=1./255)", "zero_one"), ("ImageDataGenerator(rescale=1/255.0, zoom_range=0.2)", "zero_one"),
    ("x = x / 255", "zero_one"), ("x_train /= 255.0", "zero_one"), ("x = x.astype('float32') * (1 / 255)", "zero_one"),
    ("ds = ds.map(lambda x, y: (tf.cast(x, tf.float32) / 255., y))", "zero_one"), ("x = x / 127.5 - 1", "minus_one_one"),
    ("x = (x - 127.5) / 127.5", "minus_one_one"), ("x = x / 255 * 2 - 1", "minus_one_one"),
    ("SCALE = 255.0\nx = x / SCALE", "zero_one"), ("scale = layers.Rescaling(1./255)", "zero_one"),
    ("scale = layers.Rescaling(scale=1/127.5, offset=-1)", "minus_one_one"),
    ("x = tf.image.convert_image_dtype(x, tf.float32)", "zero_one"), ("x = preprocess_input(x)", ""),
    ("x /= 127.5\nx -= 1.", "minus_one_one"), ("x = x / 255.\nx = x - 0.5\nx = x * 2", "minus_one_one"),
    ("def f(x):\n    x = tf.cast(x, 'float32')\n    x /= 127.5\n    x -= 1\n    return x", "minus_one_one"),
    ("x = np.divide(x, 255)", "zero_one"), ("x = tf.subtract(tf.divide(x, 127.5), 1)", "minus_one_one"),
    ("from keras.applications.vgg16 import preprocess_input\ng = G(preprocessing_function=preprocess_input)", ""),
    ("from keras.applications.mobilenet_v2 import preprocess_input as p\nx = p(x)", "minus_one_one"),
    ("x = keras.applications.xception.preprocess_input(x)", "minus_one_one"),
    ("A.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))", ""),
    ("ds.map(lambda x, y: (tf.image.per_image_standardization(x), y))", ""),
    ("g = ImageDataGenerator(featurewise_center=True)", ""), ("g = ImageDataGenerator(featurewise_center=False)", None),
    ("x = keras.utils.normalize(x, axis=1)", ""), ("x -= 1\ny /= 255", "zero_one"),
    ("n = 510 / 255", None), ("x = x / 256", None), ("batches = count / 32", None), ("ImageDataGenerator()", None)])
def test_the_scaling_of_data_code(code: str, wanted: str | None) -> None:
    scaling = find_scaling(ast.parse(code))
    assert (scaling.normalization if scaling is not None else None) == wanted


def project(normalization: str = "zero_one") -> Project:
    return Project(recipe=RecipeSpec(normalization=normalization))


def opened(path: Path, before: Project) -> tuple[Project, str]:
    """The project with the network of a file, and what is said of its recipe."""
    foreign = read_network(path)
    after = with_foreign_network(before, foreign, context_of(before, 4, BUILT_IN))
    notice = recipe_notice(before.recipe, after.recipe, foreign)
    return after, "" if notice is None else notice.text.en


def test_a_script_that_scales_its_pictures_keeps_that(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("train = ImageDataGenerator(rescale=1./255)\n" + PLAIN)
    after, said = opened(path, project("none"))
    assert after.recipe.normalization == "zero_one"
    assert "None (0 to 255) → [0, 1]" in said
    assert any("rescale" in note.en for note in read_file(path).notes)


def test_a_script_that_scales_nothing_leaves_the_recipe_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(PLAIN)
    after, said = opened(path, project())
    assert after.recipe.normalization == "zero_one"
    assert "[0, 1] is assumed" in said
    assert (after.recipe.height, "Height: 64 → 32" in said) == (32, True)


@pytest.mark.parametrize("first", ["layers.Rescaling(2.0), ", "layers.BatchNormalization(), ", "layers.Normalization(), "])
def test_a_network_that_scales_by_itself_gets_plain_pixels(tmp_path: Path, first: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(NETWORK.format(first=first))
    after, said = opened(path, project())
    assert after.recipe.normalization == "none"
    assert "assumed" not in said


def test_code_that_is_edited_says_nothing_of_data() -> None:
    assert read_code(PLAIN).normalization is None
    assert not [problem for problem in read_code("x = x / 255\n" + PLAIN).problems if problem.code == "data_scaling"]


def test_raw_pixels_are_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(PLAIN)
    for normalization, expected in (("none", True), ("zero_one", False)):
        after, _said = opened(path, project(normalization))
        counts = {name: {"train": 50, "validation": 9} for name in "abcd"}
        problems = check_project(after, tuple("abcd"), counts, BUILT_IN)
        assert ("raw_pixels" in {problem.code for problem in problems}) is expected


def sequential(*layers: dict, class_name: str = "Sequential") -> dict:
    entered = {"class_name": "InputLayer", "config": {"batch_shape": [None, 32, 32, 3], "name": "input"}}
    return {"module": "keras", "class_name": class_name, "config": {"name": "m", "layers": [entered, *layers]}}


def layer(kind: str, **config: object) -> dict:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": kind.lower(), **config}}


DENSE = layer("Dense", units=4, activation="softmax")


def test_augmentation_in_a_model_file_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(sequential(layer("RandomFlip", mode="horizontal"), layer("RandomRotation", factor=0.1),
                                          layer("Flatten"), DENSE)))
    foreign = read_network(path)
    assert [node.type for node in foreign.network.nodes] == ["Input", "Flatten", "Dense"]
    assert foreign.unknown == ()
    assert any("RandomFlip, RandomRotation" in note.en for note in foreign.notes)


def test_a_class_of_its_own_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"module": "mine", "class_name": "MyModel", "config": {}}))
    with pytest.raises(ProblemError) as refused:
        read_network(path)
    assert refused.value.problems[0].code == "network_subclassed"
    assert "MyModel" in refused.value.problems[0].text.en


def test_several_outputs_are_refused_by_their_names(tmp_path: Path) -> None:
    nodes = [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["input", 0, 0]}}], "kwargs": {}}]
    first = {**layer("Flatten"), "name": "kind", "inbound_nodes": nodes}
    model = {"module": "keras", "class_name": "Functional", "config": {
        "name": "m", "layers": [{"class_name": "InputLayer", "name": "input", "inbound_nodes": [], "config": {
            "batch_shape": [None, 8, 8, 3], "name": "input"}}, first],
        "input_layers": [["input", 0, 0]], "output_layers": [["kind", 0, 0], ["input", 0, 0]]}}
    path = tmp_path / "net.json"
    path.write_text(json.dumps(model))
    with pytest.raises(ProblemError) as refused:
        read_network(path)
    assert refused.value.problems[0].code == "network_several_outputs"
    assert "kind, input" in refused.value.problems[0].text.en
