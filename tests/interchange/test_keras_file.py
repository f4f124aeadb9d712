"""Files that are no networks are refused with a reason; nothing in them is run."""

from __future__ import annotations

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.foreign import unknown_problem
from cnnstudio.interchange.keras_file.model import read_description
from cnnstudio.interchange.open import read_network


def refused(path):
    with pytest.raises(ProblemError) as caught:
        read_network(path)
    return caught.value.problems[0].code


def test_what_is_no_network_is_refused(tmp_path):
    cases = {
        "empty.keras": (b"", "network_damaged"), "text.json": (b"hello", "network_damaged"),
        "list.json": (b"[1, 2]", "network_damaged"), "other.json": (b'{"class_name": "Adam", "config": {}}', "network_damaged"),
        "hollow.json": (b'{"class_name": "Sequential", "config": {"layers": []}}', "network_damaged"),
        "model.onnx": (b"x", "network_damaged"), "model.h5": (b"x", "network_damaged"),
        "model.pt": (b"x", "unknown_network_file"),
        "deep.json": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "network_damaged"),
    }
    for name, (content, code) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert refused(tmp_path / name) == code, name
    assert refused(tmp_path / "nowhere.keras") == "network_unreadable"
    with zipfile.ZipFile(tmp_path / "no config.keras", "w") as archive:
        archive.writestr("x", b"x")
    assert refused(tmp_path / "no config.keras") == "network_damaged"
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (65 << 20))
    assert refused(tmp_path / "bomb.keras") == "network_too_large"


def test_models_in_models_without_end_are_refused(tmp_path):
    config: dict = {"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "config": {"name": "x"}}]}}
    for _ in range(40):
        config = {"class_name": "Sequential", "config": {"layers": [config]}}
    (tmp_path / "deep.json").write_text(json.dumps(config))
    assert refused(tmp_path / "deep.json") == "network_damaged"


def test_the_format_of_keras_2_is_read():
    foreign = read_description({"class_name": "Functional", "config": {
        "layers": [
            {"class_name": "InputLayer", "name": "in put", "config": {"batch_input_shape": [None, 8, 8, 3], "name": "in put"},
             "inbound_nodes": []},
            {"class_name": "ReLU", "name": "b", "config": {"name": "b"}, "inbound_nodes": [[["a", 0, 0, {}]]]},
            {"class_name": "Conv2D", "name": "a", "config": {"name": "a", "filters": 4, "kernel_size": [3, 3]},
             "inbound_nodes": [[["in put", 0, 0, {}]]]},
            {"class_name": "Mystery", "name": "c", "config": {"name": "c", "strength": 2, "code": ["x"]},
             "inbound_nodes": [[["b", 0, 0, {}]]]},
        ], "input_layers": [["in put", 0, 0]], "output_layers": [["c", 0, 0]]}})
    assert foreign.shape == (8, 8, 3)
    assert foreign.network.inputs_of("b") == ("a",)
    assert foreign.network.inputs_of("a") == ("in_put",)
    assert foreign.network.node("a").params == {"filters": 4}
    assert foreign.unknown == ("c",)
    assert foreign.network.node("c").params == {"strength": 2}
    from pathlib import Path

    assert "Mystery" in unknown_problem(foreign, Path("x.json")).text.es


json_values = st.recursive(st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(
    ["Sequential", "Functional", "InputLayer", "ReLU", "a", "__keras_tensor__"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["class_name", "config", "layers", "name", "inbound_nodes", "input_layers", "output_layers", "batch_shape"]), inner,
        max_size=6), max_leaves=30)


@given(json_values)
def test_whatever_a_file_says_only_problems_come_out(value):
    for config in (value, {"class_name": "Sequential", "config": value}, {"class_name": "Functional", "config": value}):
        try:
            read_description(config)
        except ProblemError:
            pass


def test_every_layer_knows_where_its_weights_lie_in_the_file():
    """Keras names the groups of a model's weights by class and number; an operation on tensors has none."""
    def layer(kind, name, *sources, module="keras.layers", **config):
        tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [source, 0, 0]}} for source in sources]
        return {"module": module, "class_name": kind, "name": name, "config": {"name": name, **config},
                "inbound_nodes": [{"args": tensors, "kwargs": {}}] if sources else []}

    inner = {"layers": [layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), layer("Conv2D", "c", filters=3),
                        layer("ReLU", "r")]}
    foreign = read_description({"class_name": "Functional", "config": {
        "layers": [layer("InputLayer", "in", batch_shape=[None, 8, 8, 3]), layer("Rescaling", "s", "in", scale=0.5),
                   layer("Conv2D", "a", "s", filters=3), layer("Sequential", "m", "a", module="keras", **inner),
                   layer("Add", "sum", "a", "m", module="keras.src.ops.numpy"), layer("Conv2D", "b", "sum", filters=3)],
        "input_layers": ["in", 0, 0], "output_layers": ["b", 0, 0]}}, with_scaling=True)
    assert foreign.network.node("s").params == {"scale": 0.5}
    groups = {name: (origin.names, origin.group) for name, origin in foreign.origins.items()}
    assert groups["a"] == (("a",), "layers/conv2d")
    assert groups["c"] == (("m", "c"), "layers/sequential/layers/conv2d")
    assert groups["r"] == (("m", "r"), "layers/sequential/layers/re_lu")
    assert groups["sum"] == (("sum",), "")
    assert groups["b"] == (("b",), "layers/conv2d_1")
