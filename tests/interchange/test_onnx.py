"""ONNX models become graphs of the catalog; what is no network of pictures is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cnnstudio.catalog.context import Context
from cnnstudio.core.project import Project
from cnnstudio.interchange.foreign import notes_problem, unknown_problem, with_foreign_network
from cnnstudio.interchange.onnx.names import layer_name
from cnnstudio.interchange.open import read_network
from cnnstudio.network.shapes import report
from tests.interchange.onnx_builder import CHANNELS, Build
from tests.interchange.onnx_reading import kinds, notes, opened, refused, shapes

# Layers ------------------------------------------------------------------------------------------


def test_names_tell_what_the_exporter_called_a_layer():
    assert layer_name("/layer1/layer1.0/conv1/Conv", "Conv", "") == "layer1_0_conv1"
    assert layer_name("/features/features.3/Relu_1", "Relu", "") == "features_3_1"
    assert layer_name("/layer1/layer1.0/relu/Relu_1", "Relu", "") == "layer1_0_relu_1"
    assert layer_name("functional_1/conv1/convolution", "Conv", "") == "conv1"
    assert layer_name("StatefulPartitionedCall/model/bn_Conv1/batchnorm/mul_1", "Conv", "") == "bn_Conv1"
    assert layer_name("Conv_12", "Conv", "layer1.0.conv1.weight") == "layer1_0_conv1"
    assert layer_name("node_conv2d_3", "Conv", "features.0.weight") == "features_0"
    assert layer_name("", "GlobalAveragePool", "") == "global_average_pool"
    assert layer_name("conv1", "Conv", "1") == "conv1"
    assert layer_name("conv2d_5", "Conv", "w") == "conv2d_5"
    assert layer_name("", "Gemm", "onnx::Gemm_12") == "gemm"
    assert layer_name("n4", "Clip", "") == layer_name("17", "Clip", "") == "clip"
    assert layer_name("node_max_pool2d_1", "MaxPool", "") == "max_pool2d_1"
    assert len(layer_name("/" + "very_long_name_" * 20, "Conv", "")) <= 48
    assert layer_name("/¿señal?/Conv", "Conv", "") == "se_al"


def test_two_layouts_give_one_graph(tmp_path):
    first = Build((1, 3, 20, 20))
    maps = first.add("Relu", first.add("Conv", "x", first.weight(4, 3, 3, 3), first.weight(4), pads=[1, 1, 1, 1]))
    first.add("Gemm", first.add("Flatten", first.add("GlobalAveragePool", maps)), first.weight(4, 5), first.weight(5))
    last = Build(("N", 20, 20, 3))
    turned = last.add("Transpose", "x", perm=[0, 3, 1, 2])
    maps = last.add("Relu", last.add("Conv", turned, last.weight(4, 3, 3, 3), last.weight(4), pads=[1, 1, 1, 1]))
    pooled = last.add("ReduceMean", last.add("Transpose", maps, perm=[0, 2, 3, 1]), axes=[1, 2], keepdims=0)
    last.add("Add", last.add("MatMul", pooled, last.weight(4, 5)), last.weight(5))
    one, other = opened(first, tmp_path), opened(last, tmp_path)
    assert kinds(one) == kinds(other) == ["Input", "Conv2D", "ReLU", "GlobalAveragePooling2D", "Dense"]
    assert [node.params for node in one.network.nodes] == [node.params for node in other.network.nodes]
    assert one.shape == other.shape == (20, 20, 3)


def test_pixel_scaling_becomes_the_recipe(tmp_path):
    for scale, offset, name in ((1 / 255, 0.0, "zero_one"), (1 / 127.5, -1.0, "minus_one_one")):
        graph = Build((1, 3, 8, 8))
        scaled = graph.add("Add", graph.add("Mul", "x", graph.number(scale)), graph.number(offset))
        graph.add("Conv", scaled, graph.weight(2, 3, 3, 3))
        foreign = opened(graph, tmp_path)
        assert (foreign.normalization, kinds(foreign)) == (name, ["Input", "Conv2D"])
        assert kinds(read_network(tmp_path / "model.onnx", with_scaling=True)) == ["Input", "Rescaling", "Conv2D"]
    graph = Build((1, 3, 8, 8))
    graph.add("Conv", graph.add("Div", graph.add("Sub", "x", graph.number(np.full((3, 1, 1), 120.0))), graph.number(50.0)),
              graph.weight(2, 3, 3, 3))
    foreign = opened(graph, tmp_path)
    assert foreign.network.nodes[1].params == {"scale": 0.02, "offset": -2.4}
    assert foreign.normalization == "none"


def test_what_is_scaled_outside_keeps_the_projects_scaling(tmp_path):
    graph = Build((1, 3, 8, 8))
    graph.add("Conv", "x", graph.weight(2, 3, 3, 3))
    foreign = opened(graph, tmp_path)
    assert foreign.normalization is None
    project = with_foreign_network(Project(), foreign, Context(height=8, width=8, channels=3, class_count=2))
    assert project.recipe.normalization == Project().recipe.normalization == "zero_one"


def test_the_answer_becomes_the_output(tmp_path):
    graph = Build((1, 3, 8, 8))
    flat = graph.add("Flatten", graph.add("GlobalAveragePool", "x"))
    graph.add("Softmax", graph.add("Gemm", flat, graph.weight(3, 4), graph.weight(4)), axis=1)
    foreign = opened(graph, tmp_path)
    assert foreign.network.nodes[-1].params == {"units": 4, "activation": "softmax"}
    context = Context(height=8, width=8, channels=3, class_count=4)
    assert with_foreign_network(Project(), foreign, context).network.nodes[-1].type == "Output"


def test_an_open_size_is_the_one_that_the_dense_layer_asks_for(tmp_path):
    graph = Build(("N", 3, "H", "W"))
    maps = graph.add("MaxPool", graph.add("Conv", "x", graph.weight(4, 3, 3, 3), pads=[1, 1, 1, 1]), kernel_shape=[2, 2],
                     strides=[2, 2])
    graph.add("Gemm", graph.add("Flatten", maps), graph.weight(4 * 14 * 14, 10))
    foreign = opened(graph, tmp_path)
    assert foreign.shape == (28, 28, 3)
    assert "28 × 28" in notes(foreign)
    assert shapes(foreign)["gemm"] == (10,)


def test_a_shape_written_for_one_picture_serves_all(tmp_path):
    graph = Build(("N", CHANNELS, 4, 4))
    graph.add("Gemm", graph.add("Reshape", "x", graph.ints(1, CHANNELS * 16)), graph.weight(CHANNELS * 16, 2))
    assert kinds(opened(graph, tmp_path)) == ["Input", "Flatten", "Dense"]


def test_a_learned_scale_and_shift_are_a_batch_normalization(tmp_path):
    graph = Build()
    maps = graph.add("Conv", "x", graph.weight(4, CHANNELS, 3, 3), graph.weight(4))
    graph.add("Add", graph.add("Mul", maps, graph.weight(4, 1, 1)), graph.weight(1, 4, 1, 1))
    foreign = opened(graph, tmp_path)
    assert kinds(foreign) == ["Input", "Conv2D", "BatchNormalization"]
    assert "BatchNormalization" in notes(foreign)


def test_remarks_tell_what_a_file_leaves_out(tmp_path):
    graph = Build()
    maps = "x"
    shared = graph.weight(CHANNELS, CHANNELS, 3, 3, name="twice")
    for _ in range(8):
        maps = graph.add("Conv", maps, shared, graph.weight(CHANNELS), pads=[1, 1, 1, 1])
    maps = graph.add("MaxPool", maps, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    graph.add("Gemm", graph.add("Flatten", maps), graph.weight(CHANNELS * 30, 3), graph.weight(3))
    foreign = opened(graph, tmp_path)
    problem = notes_problem(foreign)
    for phrase in ("weights are not", "no normalisation", "twice", "−∞", "another order", "no activation"):
        assert phrase in problem.text.en, phrase
    assert problem.severity == "warning"
    assert len(problem.text.es) > 200


# What is not known -------------------------------------------------------------------------------


def test_operators_without_an_entry_are_kept_and_marked(tmp_path):
    graph = Build()
    maps = graph.add("Conv", "x", graph.weight(4, CHANNELS, 3, 3), pads=[1, 1, 1, 1])
    normal = graph.add("LRN", maps, size=5, alpha=0.1, name="/norm/LRN")
    both = graph.add("Add", graph.add("Attention", normal, domain="my.company", heads=3, words="¡ñ!", rate=float("inf")), maps)
    deep = graph.add("DepthToSpace", both, blocksize=2)
    graph.add("Conv", deep, graph.weight(4, 1, 3, 3))
    foreign = opened(graph, tmp_path)
    nodes = {node.id: node for node in foreign.network.nodes}
    assert foreign.unknown == ("norm", "attention", "depth_to_space")
    assert nodes["norm"].type == "LRN"
    assert nodes["norm"].params["size"] == 5
    assert nodes["attention"].type == "my.company.Attention"
    assert nodes["attention"].params == {"heads": 3, "words": "¡ñ!", "rate": "inf"}
    assert "LRN" in unknown_problem(foreign, Path("x.onnx")).text.es
    assert foreign.network.inputs_of("attention") == ("norm",)
    assert kinds(foreign)[-1] == "Conv2D"
    context = Context(height=12, width=10, channels=CHANNELS, class_count=2)
    problems = report(foreign.network, context, headless=True).problems
    assert sorted(problem.where.node for problem in problems if problem.code == "unknown_layer") == sorted(foreign.unknown)


def test_behind_an_unknown_operator_the_layers_are_still_those_of_the_file(tmp_path):
    graph = Build()
    halves = graph.add("Split", "x", outputs=2, axis=1)
    maps = graph.add("Concat", graph.add("Relu", halves[0]), halves[1], axis=1)
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", maps))
    graph.add("Gemm", pooled, graph.weight(CHANNELS, 4), graph.weight(4))
    foreign = opened(graph, tmp_path)
    assert foreign.unknown == ("split", "split_2")
    assert foreign.network.node("split_2").params == {"axis": 1, "output": 1}
    assert kinds(foreign) == ["Input", "Split", "Split", "ReLU", "Concatenate", "GlobalAveragePooling2D", "Dense"]
    assert "keepdims" not in foreign.network.nodes[-2].params


def test_an_operator_whose_name_a_layer_has_is_still_unknown(tmp_path):
    graph = Build()
    graph.add("Add", "x", graph.weight(1, 1, 12, 10))
    foreign = opened(graph, tmp_path)
    assert (foreign.unknown, kinds(foreign)) == (("add",), ["Input", "Add (ONNX)"])


@pytest.mark.parametrize(("kind", "inputs", "attributes"), [
    ("Conv", [(4, CHANNELS, 3)], {}), ("Conv", [(4, CHANNELS, 3, 3, 3)], {}), ("Conv", [()], {}),
    ("Conv", [(4, CHANNELS, 3, 3)], {"strides": [1]}), ("Conv", [(4, CHANNELS, 3, 3)], {"pads": [-1, 0, 0, 0]}),
    ("Conv", [(4, CHANNELS, 3, 3)], {"strides": [0, 0]}), ("ConvTranspose", [(CHANNELS, 2, 3, 3)], {"group": 2}),
    ("MaxPool", [], {}), ("MaxPool", [], {"kernel_shape": [3, 3], "dilations": [2, 2]}),
    ("AveragePool", [], {"kernel_shape": [3, 3], "strides": [0, 1]}), ("HardSigmoid", [], {}), ("Celu", [], {"alpha": 2.0}),
    ("Gemm", [(4, 3)], {}), ("MatMul", [(4, 3, 2)], {}), ("Transpose", [], {"perm": [0, 1]}), ("Flatten", [], {"axis": 2}),
    ("ReduceMean", [], {"axes": [1]}), ("Softmax", [], {"axis": 9}), ("Concat", [], {"axis": 0}), ("Split", [], {"axis": 1}),
    ("Div", [(CHANNELS, 1, 1)], {}), ("Pow", [(1,)], {}), ("Selu", [], {"alpha": 1.0}), ("Swish", [], {"alpha": 2.0}),
])
def test_operators_that_no_entry_computes_are_marked(kind, inputs, attributes, tmp_path):
    graph = Build()
    maps = graph.add("Sigmoid", "x")
    weights = [graph.weight(*dims) for dims in inputs]
    if kind == "Div":
        weights, maps = [maps], weights[0]
    graph.add(kind, maps, *weights, **attributes)
    foreign = opened(graph, tmp_path)
    if kind != "Concat":
        assert len(foreign.unknown) == 1
    assert "Activation" in kinds(foreign)


def test_quantised_models_say_so(tmp_path):
    graph = Build()
    scale, zero = graph.number(0.1), graph.number(0, kind=np.int8)
    eight = graph.add("DequantizeLinear", graph.add("QuantizeLinear", "x", scale, zero), scale, zero)
    weight = graph.add("DequantizeLinear", graph.number(np.ones((4, CHANNELS, 3, 3)), kind=np.int8), scale, zero)
    graph.add("Conv", eight, weight)
    foreign = opened(graph, tmp_path)
    assert (kinds(foreign), foreign.unknown) == (["Input", "Conv2D"], ())
    assert "8-bit values" in notes(foreign)
    graph = Build()
    quantized = graph.add("QuantizeLinear", "x", scale := graph.number(0.1), zero := graph.number(0, kind=np.uint8))
    graph.add("QLinearConv", quantized, scale, zero, graph.number(np.ones((4, CHANNELS, 3, 3)), kind=np.uint8), scale, zero,
              scale, zero)
    foreign = opened(graph, tmp_path)
    assert kinds(foreign) == ["Input", "QLinearConv"]
    assert "quantised to 8 bits (QLinearConv)" in notes(foreign)


def test_control_flow_is_marked(tmp_path):
    graph = Build()
    inner = [helper.make_graph([helper.make_node(kind, ["x"], [name])], name, [], [
        helper.make_empty_tensor_value_info(name)]) for kind, name in (("Relu", "a"), ("Tanh", "b"))]
    largest = graph.add("ReduceMax", "x", keepdims=0)
    graph.add("If", graph.add("Greater", largest, graph.number(0.0)), then_branch=inner[0], else_branch=inner[1])
    foreign = opened(graph, tmp_path)
    assert "If" in [node.type for node in foreign.network.nodes]
    assert "If chooses or repeats" in notes(foreign)


def test_of_several_outputs_the_first_counts(tmp_path):
    graph = Build()
    trunk = graph.add("Relu", "x")
    first, other = graph.add("Sigmoid", trunk), graph.add("Conv", trunk, graph.weight(2, CHANNELS, 3, 3))
    foreign = opened(graph, tmp_path, first, other)
    assert kinds(foreign) == ["Input", "ReLU", "Activation"]
    assert f"2 outputs; the layers that lead only to {other}" in notes(foreign)


# What is no network of pictures ------------------------------------------------------------------


def with_input(shape, kind=TensorProto.FLOAT, more=()):
    graph = Build()
    graph.add("Relu", "x")
    model = graph.model()
    del model.graph.input[:]
    model.graph.input.extend([helper.make_tensor_value_info("x", kind, shape), *more])
    return model


def test_what_takes_no_pictures_is_refused(tmp_path):
    other = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 8, 8])
    two = with_input([1, 3, 8, 8], more=[other])
    two.graph.node.append(helper.make_node("Add", ["t0_0", "y"], ["z"]))
    two.graph.output[0].name = "z"
    none = Build()
    none.add("Relu", none.weight(3))
    lost = with_input([1, 3, 8, 8])
    lost.graph.node[0].input[0] = "nowhere"
    cycle = with_input([1, 3, 8, 8])
    cycle.graph.node.append(helper.make_node("Add", ["t0_0", "back"], ["forth"]))
    cycle.graph.node.append(helper.make_node("Relu", ["forth"], ["back"]))
    cases = {
        "row": (with_input([1, 10]), "network_no_pictures"), "words": (with_input([1, 3, 8, 8], TensorProto.INT64),
                                                                       "network_no_pictures"),
        "volume": (with_input([1, 3, 8, 8, 8]), "network_no_pictures"), "strings": (
            with_input([1, 3, 8, 8], TensorProto.STRING), "network_no_pictures"),
        "huge": (with_input([1, 3, 10**9, 8]), "network_no_pictures"), "two": (two, "network_inputs"),
        "none": (none.model(), "network_no_input"), "lost": (lost, "network_tensor_missing"),
        "cycle": (cycle, "network_cycle"), "empty": (onnx.ModelProto(), "network_damaged"),
    }
    for name, (model, code) in cases.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        assert refused(path) == code, name


def test_what_is_no_model_is_refused(tmp_path):
    good = Build()
    good.add("Conv", "x", good.weight(4, CHANNELS, 3, 3))
    data = good.model().SerializeToString()
    cases = {"empty": (b"", "network_damaged"), "cut": (data[:len(data) // 2], "network_damaged"),
             "random": (bytes(range(256)) * 10, "network_damaged"), "html": (b"<!DOCTYPE html><html>", "network_damaged"),
             "zip": (b"PK\x03\x04" + b"\0" * 40, "network_damaged"),
             "text": (b'ir_version: 8\ngraph {\n  name: "x"\n}\n', "network_text"),
             "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "network_pointer")}
    for name, (content, code) in cases.items():
        (tmp_path / f"{name}.onnx").write_bytes(content)
        assert refused(tmp_path / f"{name}.onnx") == code, name
    assert refused(tmp_path / "nowhere.onnx") == "network_unreadable"
    (tmp_path / "folder.onnx").mkdir()
    assert refused(tmp_path / "folder.onnx") == "network_unreadable"


def test_functions_that_call_themselves_are_refused(tmp_path):
    graph = Build()
    inner = [helper.make_node("Deep", ["a"], ["b"], domain="mine"), helper.make_node("Deep", ["b"], ["c"], domain="mine")]
    graph.functions.append(helper.make_function("mine", "Deep", ["a"], ["c"], inner, [helper.make_opsetid("mine", 1)]))
    graph.add("Deep", "x", domain="mine")
    assert refused(graph.save(tmp_path)) in ("network_damaged", "network_too_large")
