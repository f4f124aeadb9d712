"""Entries of the layer registry by hand: formulas, passing of inputs, receptive fields, calls as Keras wants them."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import FAMILIES, LAYERS, id_stem, values_of
from cnnstudio.catalog.layers.merge import broadcast_shape
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.network import Node
from cnnstudio.core.params import Ints, check
from cnnstudio.core.text import same, set_language
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.shapes import report
from cnnstudio.network.summary import summary

CONTEXT = Context(height=32, width=32, channels=3, class_count=4)


def printed(kind: str, **params) -> str:
    layer = LAYERS[kind]
    return layer.call.code(values_of(Node(id="x", type=kind, params=params), layer), lambda name: name.rsplit(".", 1)[1])


@pytest.mark.parametrize(("kind", "params", "code"), [
    ("Conv2D", {"filters": 8}, "Conv2D(filters=8, kernel_size=(3, 3))"),
    ("Conv2D", {"filters": 8, "kernel_initializer": "he_normal", "kernel_constraint": "MaxNorm"},
     'Conv2D(filters=8, kernel_size=(3, 3), kernel_initializer="he_normal", '
     'kernel_constraint=MaxNorm(max_value=2.0, axis=(0, 1, 2)))'),
    ("Conv2D", {"filters": 8, "kernel_initializer": "variance_scaling", "kernel_initializer_scale": 2.0,
                "kernel_initializer_mode": "fan_out"},
     'Conv2D(filters=8, kernel_size=(3, 3), kernel_initializer=VarianceScaling(scale=2.0, mode="fan_out", '
     'distribution="truncated_normal"))'),
    ("Dense", {"units": 3, "bias_initializer": "constant", "bias_initializer_value": 0.5},
     "Dense(units=3, bias_initializer=Constant(value=0.5))"),
    ("BatchNormalization", {"epsilon": 1e-05, "scale": False}, "BatchNormalization(epsilon=1e-05, scale=False)"),
    ("Cropping2D", {"cropping": (1, 2, 3, 4)}, "Cropping2D(cropping=((1, 2), (3, 4)))"),
    ("Dot", {"axes": (1,)}, "Dot(axes=1)"), ("Dot", {"axes": (2, 1)}, "Dot(axes=(2, 1))"),
    ("Concatenate", {}, "Concatenate()"), ("GlobalAveragePooling2D", {"keepdims": True},
                                           "GlobalAveragePooling2D(keepdims=True)"),
    ("PReLU", {"shared_axes": (1, 2)}, "PReLU(shared_axes=(1, 2))"),
    ("Reshape", {"target_shape": (-1,)}, "Reshape(target_shape=(-1,))"),
])
def test_what_is_printed_is_what_keras_takes(kind, params, code):
    assert printed(kind, **params) == code


def test_every_layer_has_a_formula_a_family_and_a_name_for_new_nodes():
    for layer in LAYERS:
        assert layer.family in FAMILIES
        assert layer.formula or layer.id == "PretrainedBase", layer.id
        assert id_stem(layer.id).isidentifier()
    names = [id_stem(layer.id) for layer in LAYERS]
    assert len(names) - len(set(names)) == 1  # Attention and MultiHeadAttention


def test_inputs_are_passed_as_keras_wants_them():
    assert LAYERS["Conv2D"].passed(["x"]) == ("x",)
    assert LAYERS["Add"].passed(["x", "y"]) == (["x", "y"],)
    assert LAYERS["MultiHeadAttention"].passed(["x"]) == ("x", "x")
    assert LAYERS["MultiHeadAttention"].passed(["q", "v"]) == ("q", "v")
    assert LAYERS["Attention"].passed(["x"]) == (["x", "x"],)


def test_attention_to_itself_is_printed_with_the_functional_api():
    drawing = network_builder()
    for kind in ("Input", "MultiHeadAttention", "GlobalAveragePooling2D", "Output"):
        drawing.add(kind)
    code = keras_code(drawing.network(), CONTEXT)
    assert "(normalized, normalized)" in code
    assert "Sequential" not in code


def test_receptive_field_down_and_up_again():
    """Pooling doubles the step between two outputs, enlarging halves it; a transposed 4 x 4 at stride 2 sees 2 x 2."""
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("MaxPooling2D")
    drawing.add("MaxPooling2D")
    drawing.add("Conv2D", kernel_size=(3, 3), padding="same")
    drawing.add("UpSampling2D", id="up")
    drawing.add("Conv2DTranspose", id="transposed", kernel_size=(4, 4), strides=(2, 2), padding="same")
    reports = report(drawing.network(), CONTEXT, headless=True).nodes
    assert (reports["conv"].field.size, reports["conv"].field.jump) == ((12, 12), (4, 4))
    assert (reports["up"].field.size, reports["up"].field.jump) == ((12, 12), (2, 2))
    assert (reports["transposed"].field.size, reports["transposed"].field.jump) == ((14, 14), (1, 1))
    assert reports["transposed"].shape == (32, 32, 32)


@pytest.mark.parametrize(("kind", "params", "text"), [
    ("UpSampling2D", {}, "2×2"), ("AdaptiveAveragePooling2D", {"output_size": (3, 5)}, "3×5"),
    ("Conv2DTranspose", {"padding": "same"}, "3×3, stride 2, same"), ("MultiHeadAttention", {"num_heads": 2}, "heads: 2"),
    ("GaussianNoise", {}, "σ 0.1"), ("Add", {}, "")])
def test_what_stands_on_a_node(kind, params, text):
    assert summary(Node(id="x", type=kind, params=params), CONTEXT) == text


@pytest.mark.parametrize(("kind", "params", "text"), [
    ("Dropout", {"rate": 0.25}, "0,25"), ("GaussianNoise", {}, "σ 0,1"), ("ReLU", {"max_value": 6.5}, "≤ 6,5")])
def test_what_stands_on_a_node_has_the_signs_of_the_language(kind, params, text):
    set_language("es")
    assert summary(Node(id="x", type=kind, params=params), CONTEXT) == text


def test_shapes_that_are_combined_value_by_value():
    assert broadcast_shape(((4, 5, 6), (1, 1, 6))) == (4, 5, 6)
    assert broadcast_shape(((4, 1, 6), (1, 5, 1), (4, 5, 6))) == (4, 5, 6)
    assert broadcast_shape(((4, 5, 6), (6,))) is None
    assert broadcast_shape(((4, 5, 6), (4, 5, 3))) is None


def test_rows_of_whole_numbers():
    shape = Ints(name="shape", default=(-1,), minimum=-1, longest=3, label=same("shape"), help=same("x"))
    assert shape.parse("7 × 7 × 3") == (7, 7, 3)
    assert shape.parse("(4,)") == (4,)
    for wrong in ((), (1, 2, 3, 4), (1.5,), "7", None, (-2,), (True,)):
        assert check((shape,), {"shape": wrong}, "network")[0].where.field == "shape"
