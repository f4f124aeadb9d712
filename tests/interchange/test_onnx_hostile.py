"""ONNX files that are large, endless or damaged give a network or problems, and fill no memory."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.onnx import wire
from cnnstudio.interchange.open import read_network
from tests.interchange.onnx_builder import CHANNELS, Build
from tests.interchange.onnx_reading import kinds, opened, refused, shapes


def test_large_weights_are_never_read(tmp_path, monkeypatch):
    graph = Build((1, 3, 8, 8))
    maps = graph.add("Conv", "x", graph.weight(512, 3, 7, 7), pads=[3, 3, 3, 3])
    graph.add("Gemm", graph.add("Flatten", graph.add("GlobalAveragePool", maps)), graph.weight(512, 300), graph.weight(300))
    path = graph.save(tmp_path)
    monkeypatch.setattr(wire, "LARGEST", 20_000)
    assert path.stat().st_size > 900_000
    assert len(wire.strip_weights(path)) < 5000
    assert kinds(read_network(path)) == ["Input", "Conv2D", "GlobalAveragePooling2D", "Dense"]
    monkeypatch.setattr(wire, "LARGEST", 1000)
    assert refused(path) == "network_too_large"
    monkeypatch.setattr(wire, "FIELDS", 5)
    assert refused(path) == "network_too_large"


def test_weights_in_a_file_beside_are_not_looked_for(tmp_path):
    graph = Build()
    graph.add("Conv", "x", graph.weight(4, CHANNELS, 3, 3))
    model = graph.model()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert read_network(path).network.nodes[1].params == {"filters": 4, "use_bias": False}


def test_numbers_that_would_fill_the_memory_are_not_computed(tmp_path):
    graph = Build()
    many = graph.number(np.zeros((60_000,)))
    axes = graph.number(np.zeros((60_000,), np.int64))
    huge = [graph.add("Gather", graph.add("Expand", graph.number(0.0), graph.ints(1, 60_000)), axes, axis=0),
            graph.add("Concat", *[many] * 50_000, axis=0), graph.add("ConstantOfShape", graph.ints(10**9, 10**9)),
            graph.add("Expand", many, graph.ints(10**9, 60_000)), graph.add("Mul", many, graph.add("Unsqueeze", many, axes)),
            graph.add("Range", *(graph.number(value, kind=np.int64) for value in (0, 10**12, 1)))]
    graph.add("Where", graph.add("Greater", "x", graph.number(0.0)), "x", graph.add("Sum", *huge))
    foreign = opened(graph, tmp_path)
    assert "Where" in kinds(foreign)


def test_reading_can_be_ended(tmp_path):
    graph = Build()
    graph.add("Relu", "x")
    path = graph.save(tmp_path)

    class Ended(Exception):
        pass

    def end():
        raise Ended

    with pytest.raises(Ended):
        read_network(path, check=end)


def sample() -> bytes:
    graph = Build((1, 3, 8, 8))
    maps = graph.add("Relu", graph.add("Conv", "x", graph.weight(4, 3, 3, 3), pads=[1, 1, 1, 1]))
    flat = graph.add("Reshape", graph.add("GlobalAveragePool", maps), graph.ints(0, -1))
    graph.add("Gemm", flat, graph.weight(4, 2))
    return graph.model().SerializeToString()


WHOLE = sample()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=12), st.integers(0, 40))
def test_changed_bytes_give_problems_alone(changes, cut):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    only_problems(bytes(data[:len(data) - cut]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_give_problems_alone(data):
    only_problems(data)
    only_problems(b"\x08\x08" + data)


NAMES = st.sampled_from(["x", "a", "b", "c", "w", "v", "n", ""])


ATTRIBUTES = st.dictionaries(
    st.sampled_from(["pads", "strides", "kernel_shape", "dilations", "group", "axis", "axes", "perm", "epsilon", "alpha",
                     "keepdims", "shape", "starts", "ends", "scales", "mode", "auto_pad", "ratio", "to", "num_groups"]),
    st.one_of(st.integers(-3, 2**40), st.lists(st.integers(-3, 70_000), min_size=1, max_size=5), st.floats(-2, 2),
              st.sampled_from(["constant", "SAME_LOWER", "linear", "NOTSET"])), max_size=4)


OPERATORS = st.lists(st.tuples(st.sampled_from(sorted(
    ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization", "Gemm", "MatMul", "Add",
     "Mul", "Sub", "Div", "Concat", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Pad", "Slice", "Resize",
     "Softmax", "Clip", "PRelu", "ReduceMean", "Shape", "Gather", "Dropout", "LayerNormalization", "GroupNormalization",
     "InstanceNormalization", "Relu", "Sigmoid", "Erf", "Split", "Range", "Expand", "ConstantOfShape", "Cast", "If"])),
    st.lists(NAMES, max_size=4), ATTRIBUTES, st.sampled_from(["a", "b", "c", "d"])), min_size=1, max_size=7)


@settings(max_examples=300, deadline=None)
@given(OPERATORS, st.sampled_from([[1, 3, 8, 8], ["N", 3, None, None], [None, 8, 8, 3]]))
@example([("Transpose", ["x"], {"perm": 0}, "a")], [1, 3, 8, 8])
def test_any_graph_gives_a_network_or_problems(operators, shape):
    graph = Build(shape)
    graph.weight(4, 3, 3, 3, name="w")
    graph.weight(3, name="v")
    graph.number(np.asarray([0, -1, 2], np.int64), "n")
    produced: set[str] = set()
    for kind, inputs, attributes, output in operators:
        if output in produced:
            continue
        produced.add(output)
        graph.nodes.append(helper.make_node(kind, inputs, [output], **copy.deepcopy(attributes)))
    graph.nodes.append(helper.make_node("Relu", [graph.nodes[-1].output[0]], ["end"]))
    only_problems(graph.model("end").SerializeToString())


_PLACE: list[Path] = []


@pytest.fixture(autouse=True)
def _place(tmp_path_factory):
    _PLACE[:] = [tmp_path_factory.mktemp("onnx") / "model.onnx"]


def only_problems(data: bytes) -> None:
    _PLACE[0].write_bytes(data)
    try:
        foreign = read_network(_PLACE[0])
    except ProblemError:
        return
    assert {edge.source for edge in foreign.network.edges} <= {node.id for node in foreign.network.nodes}
    shapes(foreign)
