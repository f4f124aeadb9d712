"""Every pretrained base is the network of Keras Applications: same numbers, same answers from the same file."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine.building import build
from cnnstudio.engine.weight_transfer import torch_state
from cnnstudio.interchange.base_weights import keras_order
from cnnstudio.interchange.printing.keras.base_weights import base_weights
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.script_files import script_files
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.weights import base_state
from cnnstudio.network.shapes import report
from tests.engine.printed import same_as_printed
from tests.engine.torch_networks import with_other_weights

APPLICATIONS = {
    "mobilenet": "MobileNet", "mobilenet_v2": "MobileNetV2", "mobilenet_v3_small": "MobileNetV3Small",
    "mobilenet_v3_large": "MobileNetV3Large", **{f"efficientnetb{n}": f"EfficientNetB{n}" for n in range(8)},
    **{f"efficientnetv2{name.lower()}": f"EfficientNetV2{name}" for name in ("B0", "B1", "B2", "B3", "S", "M", "L")},
    **{f"convnext_{name.lower()}": f"ConvNeXt{name}" for name in ("Tiny", "Small", "Base", "Large", "XLarge")},
    **{f"densenet{n}": f"DenseNet{n}" for n in (121, 169, 201)},
    **{f"resnet{n}": f"ResNet{n}" for n in (50, 101, 152)}, **{f"resnet{n}v2": f"ResNet{n}V2" for n in (50, 101, 152)},
    "inception_v3": "InceptionV3", "xception": "Xception", "inception_resnet_v2": "InceptionResNetV2",
    "nasnet_mobile": "NASNetMobile", "nasnet_large": "NASNetLarge", "vgg16": "VGG16", "vgg19": "VGG19",
}
SCALED_OUTSIDE = {
    "VGG": "vgg16", "ResNet": "resnet", "ResNet V2": "resnet_v2", "DenseNet": "densenet", "Inception": "inception_v3",
    "Xception": "xception", "NASNet": "nasnet",
}
"""The module of keras.applications whose preprocess_input scales the pixels; the others scale them inside."""
FAMILIES = ("mobilenet", "mobilenet_v2", "mobilenet_v3_small", "efficientnetb0", "efficientnetv2b0", "densenet121",
            "resnet50", "resnet50v2", "inception_v3", "vgg16")
"""A small member of each family (Xception, ConvNeXt and NASNet have tests of their own below)."""
SCRIPTS = ("mobilenet_v3_small", "efficientnetb0", "resnet50v2", "vgg16", "convnext_tiny", "xception")
ALWAYS = ("mobilenet", "vgg16")
"""Quick ones with and without batch normalisation and turned colours; the others only change with their own drawing, so
that they are compared nightly."""


def nightly_but(names: tuple[str, ...], always: tuple[str, ...] = ALWAYS) -> list:
    """Cases of a test, all but some of them nightly."""
    return [pytest.param(name, marks=() if name in always else pytest.mark.nightly) for name in names]


SHIFTS = ("beta", "bias", "moving_mean")
"""Weights that are added: small, so that the pictures decide the answer."""


def theirs_of(name: str, size: int, later: bool) -> keras.Model:
    """The network of Keras Applications, with weights that leave nothing the same.

    Statistics and factors are drawn at random, in a range in which no value runs away. With `later`, layers
    without a name get other numbers than in a new session, as in files written long ago.
    """
    keras.backend.clear_session()
    if later:
        for kind in (keras.layers.Conv2D(1, 1), keras.layers.BatchNormalization(), keras.layers.LayerNormalization()):
            assert kind.name
    model = getattr(keras.applications, APPLICATIONS[name])(weights=None, include_top=False, input_shape=(size, size, 3))
    drawn = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            # What Keras's three layers amount to with the published file of EfficientNet.
            mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
            layer.set_weights([mean, deviation**2, np.array(0)])
            layer.finalize_state()
            continue
        for weight in layer.weights:
            if len(weight.shape) == 1:
                low, high = (-0.1, 0.1) if weight.name in SHIFTS else (0.7, 1.3)
                weight.assign(drawn.uniform(low, high, weight.shape))
    pass_on(model, scaled(name, model, pictures_of(size, 8))[0])
    return model


def pass_on(model: keras.Model, pictures: np.ndarray) -> None:
    """Give each normalisation the statistics of what comes to it: else chance weights let a picture fade to nothing
    over a hundred layers, and two networks would agree whatever they do."""
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in normalizations:
        layer.momentum = 0.0
    if normalizations:
        model(pictures, training=True)


def pictures_of(size: int, count: int) -> np.ndarray:
    """Coarse blots with fine noise: something for early and for late layers."""
    drawn = np.random.default_rng(2)
    coarse = keras.ops.image.resize(drawn.uniform(0, 255, (count, 4, 4, 3)), (size, size))
    fine = drawn.normal(0, 20, (count, size, size, 3))
    return np.clip(np.round(np.asarray(coarse) + fine), 0, 255).astype("float32")


def scaled(name: str, theirs: keras.Model, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What their network takes for raw pixels, and what its first convolution sees of them, in RGB."""
    module = "mobilenet" if name in ("mobilenet", "mobilenet_v2") else SCALED_OUTSIDE.get(BASES[name].family)
    if module is not None:
        outside = getattr(keras.applications, module).preprocess_input(pictures.copy())
        return outside, outside[..., ::-1] if module in ("vgg16", "resnet") else outside
    inside = [layer for layer in theirs.layers if isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization)]
    return pictures, keras.Model(theirs.input, inside[-1].output).predict_on_batch(pictures)


def check_base(name: str, folder: Path, size: int = 96, later: bool = False) -> None:
    """Write their weights as Keras publishes them, load the file into ours, compare the answers to raw pixels."""
    base = BASES[name]
    theirs = theirs_of(name, size, later)
    outside = sum(layer.count_params() for layer in theirs.layers if isinstance(layer, keras.layers.Normalization))
    assert theirs.count_params() - outside == base.parameters
    file = folder / f"{name}.h5"
    with h5py.File(file, "w") as archive:
        legacy_h5_format.save_weights_to_hdf5_group(archive, theirs)
    network = NetworkSpec(
        nodes=(Node(id="input", type="Input"),
               Node(id="base", type="PretrainedBase", params={
                   "base": name, "weights": "file", "weights_file": str(file), "pooling": "none"})),
        edges=(Edge(source="input", target="base"),))
    context = Context(height=size, width=size, channels=3, class_count=2, normalization="base")
    found = report(network, context, headless=True)
    assert found.problems == ()
    ours = build(network, context, headless=True).model
    assert ours.count_params() == base.parameters == found.parameters
    assert ours.output_shape[1:] == theirs.output_shape[1:] == found.nodes["base"].shape
    pictures = pictures_of(size, 2)
    taken, seen = scaled(name, theirs, pictures)
    inside = ours.get_layer("base")
    mine = keras.Model(inside.input, inside.get_layer("scaling").output).predict_on_batch(pictures)
    np.testing.assert_allclose(mine, seen, rtol=1e-5, atol=2e-5)
    wanted, got = theirs.predict_on_batch(taken), ours.predict_on_batch(pictures)
    deviation = float(wanted.std())
    assert np.abs(wanted[0] - wanted[1]).mean() > 0.1 * deviation, "the answer must depend on the picture"
    np.testing.assert_allclose(got / deviation, wanted / deviation, atol=1e-3)
    # A PyTorch script has the same weights, read from the file without Keras.
    carried = {key.removeprefix("base."): array for key, array in torch_state(ours, torch_model(network, context)).items()}
    alone = base_state(network, context, "base", base, values_of(network.nodes[1], LAYERS["PretrainedBase"]))
    assert alone.keys() == carried.keys()
    for key, array in alone.items():
        np.testing.assert_array_equal(array, carried[key], err_msg=key)


@pytest.mark.parametrize("name", nightly_but(SCRIPTS))
def test_the_printed_script_sets_the_published_weights(name):
    check_script(name)


def check_script(name: str, size: int = 96) -> None:
    """Our network with the lines of the script, beside the published one (its file stands in for by drawn weights)."""
    drawing = network_builder()
    drawing.add("Input", id="input")
    drawing.add("Conv2D", filters=3, kernel_size=(1, 1), activation="relu", id="before")
    drawing.add("PretrainedBase", base=name, pooling="none", id="base")
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Output", id="output")
    project = Project(name="script", network=drawing.network(), recipe=RecipeSpec(
        height=size, width=size, normalization="base"))
    context = context_of(project, 4, BUILT_IN)
    lines = "\n".join(base_weights(project, context, script_files(project, context)))
    call = f'keras.applications.{APPLICATIONS[name]}(weights="imagenet", include_top=False, input_shape=({size}, {size}, 3))'
    assert call in lines
    names: dict[str, object] = {"np": np, "theirs": theirs_of(name, size, later=False)}
    # Our own text, printed a moment ago; a published file cannot be fetched in a test.
    exec(keras_code(project.network, context) + lines.replace(call, "theirs"), names)
    before = names["model"].get_layer("before")
    before.set_weights([np.eye(3).reshape(1, 1, 3, 3), np.zeros(3)])
    pictures = pictures_of(size, 2)
    taken, _seen = scaled(name, names["theirs"], pictures)
    wanted = names["theirs"].predict_on_batch(taken)
    got = keras.Model(names["model"].input, names["base"]).predict_on_batch(pictures)
    np.testing.assert_allclose(got / wanted.std(), wanted / wanted.std(), atol=1e-3)


def test_every_base_of_keras_applications_is_there():
    assert {base.id: base.application for base in BASES if base.application} == APPLICATIONS
    assert set(APPLICATIONS) == set(BASES.ids()) - {"efficientnet_lite0"}


@pytest.mark.parametrize("name", nightly_but(FAMILIES))
def test_a_base_answers_as_keras_applications_do(name, tmp_path):
    check_base(name, tmp_path)


@pytest.mark.parametrize("name", nightly_but(
    ("xception", "mobilenet_v3_small", "densenet121", "inception_v3", "nasnet_mobile", "efficientnetb0", "convnext_tiny"),
    ("xception", "mobilenet_v3_small")))
def test_layers_are_listed_in_the_order_of_keras(name):
    """A file with other names is read in this order, without Keras too."""
    base = BASES[name]
    network = NetworkSpec(
        nodes=(Node(id="input", type="Input"),
               Node(id="base", type="PretrainedBase", params={"base": name, "weights": "random", "pooling": "avg"}),
               Node(id="output", type="Output")),
        edges=(Edge(source="input", target="base"), Edge(source="base", target="output")))
    size = max(96, base.minimum_size)
    context = Context(height=size, width=size, channels=3, class_count=2, normalization="base")
    built = build(network, context).layers["base"]
    theirs = [layer.name for layer in built.layers if layer.weights]
    graph = base.graph_for(size, size, "all")
    assert [name for name in keras_order(graph, graph.nodes[-1].id) if name in set(theirs)] == theirs


@pytest.mark.parametrize("name", nightly_but(("xception", "convnext_tiny"), ()))
def test_files_whose_layers_are_numbered_otherwise_are_read_in_order(name, tmp_path):
    check_base(name, tmp_path, later=True)


@pytest.mark.parametrize("name", nightly_but(
    (*FAMILIES, "mobilenet_v3_large", "efficientnet_lite0", "efficientnetv2s", "convnext_tiny", "xception",
     "inception_resnet_v2", "nasnet_mobile"), ("mobilenet",)))
def test_the_printed_script_builds_the_same_base(name):
    """Branches and all: skips with a layer of their own, gates, cells that take two tensors, layers that take maps as
    vectors; the same names and weights in the same order."""
    network = NetworkSpec(
        nodes=(Node(id="input", type="Input"),
               Node(id="base", type="PretrainedBase", params={"base": name, "weights": "random"}),
               Node(id="output", type="Output")),
        edges=(Edge(source="input", target="base"), Edge(source="base", target="output")))
    size = max(64, BASES[name].minimum_size)
    context = Context(height=size, width=size, channels=3, class_count=3, normalization="base")
    model = build(network, context).model
    with_other_weights(model)
    same_as_printed(network, context, model)


@pytest.mark.nightly
def test_a_base_that_ends_early_has_the_weights_of_the_whole():
    """The bundled base, cut: its maps are those inside the whole base, and the printed script ends there too."""
    def ending(block: str) -> NetworkSpec:
        return NetworkSpec(
            nodes=(Node(id="input", type="Input"),
                   Node(id="base", type="PretrainedBase", params={"ends_at": block, "pooling": "none"}),
                   Node(id="flat", type="GlobalAveragePooling2D"), Node(id="output", type="Output")),
            edges=(Edge(source="input", target="base"), Edge(source="base", target="flat"),
                   Edge(source="flat", target="output")))

    context = Context(height=64, width=64, channels=3, class_count=3, normalization="base")
    pictures = np.random.default_rng(4).integers(0, 256, (1, 64, 64, 3)).astype("float32")
    whole = build(ending("all"), context).layers["base"]
    built = build(ending("block5"), context)
    early = built.layers["base"]
    assert report(ending("block5"), context).nodes["base"].shape == early.output_shape[1:] == (8, 8, 40)
    inside = keras.Model(whole.input, whole.get_layer("block5_add").output)
    np.testing.assert_allclose(early.predict_on_batch(pictures), inside.predict_on_batch(pictures), atol=1e-5)
    same_as_printed(ending("block5"), context, built.model)


@pytest.mark.nightly
def test_nasnet_is_drawn_for_the_size_of_the_pictures(tmp_path):
    """Even and odd sizes have other zeros before a pooling."""
    check_base("nasnet_mobile", tmp_path, size=75)
