"""Every layer to every consumer that needs Keras or PyTorch; `tests/catalog/test_conformance.py` has the others.

Optimizers are in `test_optimizers.py`; losses, callbacks and augmentations in `test_script.py` and `test_pipeline.py`.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
from math import prod

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.network import NetworkSpec
from cnnstudio.engine import models
from cnnstudio.engine.building import build
from cnnstudio.interchange.foreign import without_node
from cnnstudio.interchange.keras_file.model import read_description
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.shapes import report
from tests.catalog.layer_cases import CASES, CONTEXT, OTHERS, around
from tests.engine.torch_networks import compare, printed_network, with_other_weights

SIGNED = msgspec.structs.replace(CONTEXT, normalization="standardize", mean=(128.0,) * 3, deviation=(40.0, 50.0, 60.0))
"""Numbers around 0, so that layers meet negative ones."""


FIRST = {kind: number for number, (kind, _values, _before) in reversed(list(enumerate(CASES)))}
"""The case of each type that is saved and opened again."""
WEIGHTS = ("_initializer", "_constraint")


def case(number: int, kind: str, values: dict, before: list | None) -> object:
    """What only draws weights in another way, or holds them to a constraint, is the same code for every layer: nightly."""
    only_weights = number != FIRST.get(kind) and values and all(
        name == "filters" or any(word in name for word in WEIGHTS) for name in values)
    marks = [pytest.mark.nightly] if only_weights else []
    return pytest.param(number, kind, values, before, marks=marks, id=f"{kind}-{number}")


@pytest.mark.parametrize(("number", "kind", "values", "before"),
                         [case(number, *each) for number, each in enumerate([*CASES, *OTHERS])])
def test_a_layer_is_what_its_entry_says_to_every_consumer(number, kind, values, before, tmp_path):
    """Built once: shape, parameters and multiply-adds, printed Keras and PyTorch code, description of a file, and for one
    case of each type the saved file."""
    keras.utils.set_random_seed(1)
    spec = around(kind, values, before)
    found = report(spec, SIGNED, headless=True)
    assert found.problems == ()
    model = build(spec, SIGNED, headless=True).model
    layer = model.get_layer("layer")
    node = found.nodes["layer"]
    assert tuple(layer.output.shape[1:]) == node.shape
    assert sum(int(np.prod(each.shape)) for each in layer.trainable_weights) == node.cost.trainable
    assert layer.count_params() == node.cost.parameters
    if "groups" not in values and "dilation_rate" not in values:  # TensorFlow rearranges these before it multiplies
        assert multiply_adds(model) == found.multiply_adds
    with_other_weights(model)
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    answers = np.asarray(model(pictures))
    assert answers.shape[1:] == node.shape

    names: dict[str, object] = {}
    exec(keras_code(spec, SIGNED), names)  # our own text, printed a moment ago
    printed = names["model"]
    printed.set_weights(model.get_weights())
    np.testing.assert_allclose(np.asarray(printed(pictures)), answers, atol=1e-5)

    if importlib.util.find_spec("torch") is not None and not isinstance(LAYERS[kind].torch, NotInTorch):
        compare(spec, SIGNED, model, pictures, tmp_path / "weights.npz")
        network = printed_network(spec, SIGNED, model, tmp_path / "weights.npz")
        assert sum(each.numel() for each in network.parameters() if each.requires_grad) == found.trainable
    if LAYERS[kind].is_keras:
        description = read_description(json.loads(model.to_json()))
        assert description.unknown == ()
        same(spec, without(description.network, "normalization"))

    if number == FIRST.get(kind):
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
        np.testing.assert_allclose(np.asarray(loaded(pictures)), answers, atol=1e-5)


def same(one: NetworkSpec, other: NetworkSpec) -> None:
    """The same layers with the same values, connected in the same way."""
    first, second = ({node.id: (node.type, values_of(node, LAYERS[node.type])) for node in network.nodes}
                     for network in (one, other))
    assert second == first
    for node in one.nodes:
        assert other.inputs_of(node.id) == one.inputs_of(node.id), node.id


def without(network: NetworkSpec, name: str) -> NetworkSpec:
    """The network without the layer that scales pixels for the recipe."""
    return without_node(network, name) if network.node(name) is not None else network


def multiply_adds(model: keras.Model) -> int:
    """The products that TensorFlow computes for one picture, counted from the operations of its graph."""
    import tensorflow as tf

    traced = tf.function(lambda pictures: model(pictures, training=False))
    graph = traced.get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:]))).graph
    work = 0
    for operation in graph.get_operations():
        shapes = [each.shape.as_list() for each in operation.inputs if each.shape.rank is not None]
        if operation.type in ("Conv2D", "DepthwiseConv2dNative"):
            out = operation.outputs[0].shape.as_list()
            work += out[1] * out[2] * prod(shapes[1])
        elif operation.type == "Conv2DBackpropInput":
            work += shapes[2][1] * shapes[2][2] * prod(shapes[1])
        elif operation.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
            flipped = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
            work += prod(operation.outputs[0].shape.as_list()) * shapes[0][-2 if flipped else -1]
        elif operation.type == "Einsum":
            letters = operation.get_attr("equation").decode().split("->")[0].split(",")
            sizes = {letter: size for word, shape in zip(letters, shapes, strict=True)
                     for letter, size in zip(word, shape, strict=True)}
            work += prod(sizes.values())
    return work


def test_every_layer_of_the_catalog_may_be_in_a_model_file():
    targets = {layer.call.target.rsplit(".", 1)[1] for layer in LAYERS if layer.call.target.startswith("keras.layers.")}
    assert targets <= models.KNOWN_LAYERS


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.is_keras], ids=lambda layer: layer.id)
def test_traits_are_those_of_keras(layer):
    kind = getattr(keras.layers, layer.id)
    assert all(getattr(keras.layers, alias, kind) is kind for alias in layer.aliases)
    takes_training = "training" in inspect.signature(kind.call).parameters
    assert not layer.training_flag or takes_training
    assert layer.positions == tuple(inspect.signature(kind.__init__).parameters)[1:len(layer.positions) + 1]


def test_conv2d_multiply_adds_follow_the_number_of_weights():
    """Each weight of a convolution is used once for every output position, with groups and dilation too."""
    spec = around("Conv2D", {"filters": 6, "kernel_size": (5, 3), "groups": 3, "dilation_rate": (2, 3)})
    node = report(spec, CONTEXT, headless=True).nodes["layer"]
    height, width, filters = node.shape
    assert node.cost.multiply_adds == (node.cost.parameters - filters) * height * width
