"""Code as people write it: the graph that is read from it has the shapes and parameters of the model that it makes."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import Node
from cnnstudio.interchange.keras_file.model import read_description
from cnnstudio.interchange.source_code import read_code
from cnnstudio.network.shapes import report
from tests.interchange.code_samples import SAMPLES


@pytest.mark.parametrize("sample", list(SAMPLES))
def test_what_is_read_is_what_the_code_makes(sample):
    names: dict = {"__name__": "sample"}
    exec(SAMPLES[sample], names)  # a text of these tests
    model = names["model"]
    if "class" in sample:
        model(np.zeros((1, 32, 32, 3)))  # such a model has weights once it was called
    written = read_code(SAMPLES[sample])
    assert written.unknown == ()
    if "class" not in sample:
        assert written.shape == model.input_shape[1:]
    context = Context(height=written.shape[0], width=written.shape[1], channels=written.shape[2], class_count=4,
                      normalization="none")
    found = report(written.network, context, headless=True)
    assert [problem for problem in found.problems if problem.blocks] == []
    assert found.parameters == model.count_params()
    shapes = [tuple(layer.output.shape[1:]) for layer in model.layers] if "class" not in sample else []
    if shapes:
        assert found.nodes[found.output].shape == shapes[-1]


def told(network, end):
    """A graph as one value, seen from its answer: types, values, and what feeds what; names do not count."""
    known = {}

    def of(identifier):
        if identifier not in known:
            node = network.node(identifier)
            known[identifier] = hash((node.type, str(_written(values_of(node, LAYERS[node.type]))),
                                      tuple(of(source) for source in network.inputs_of(identifier))))
        return known[identifier]

    return of(end)


def end_of(network):
    feeding = {edge.source for edge in network.edges}
    (end,) = [node.id for node in network.nodes if node.id not in feeding]
    return end


@pytest.mark.parametrize("sample", ["sequential list", "sequential add", "functional with helpers", "layers bound to names",
                                    "inception", "attention", "constraints and numbers"])
def test_code_and_file_of_a_model_give_the_same_graph(sample):
    """Two ways of reading that know nothing of each other: the source by its syntax, the model by Keras's description."""
    import json

    names: dict = {"__name__": "sample"}
    exec(SAMPLES[sample], names)  # a text of these tests
    by_code, by_file = read_code(SAMPLES[sample]), read_description(json.loads(names["model"].to_json()))
    assert (by_code.shape, by_code.normalization) == (by_file.shape, by_file.normalization)
    one, other = by_code.network, by_file.network
    assert len(one.nodes) == len(other.nodes)
    assert told(one, end_of(one)) == told(other, end_of(other))


def _written(values):
    """Values as Keras writes them out: what is left open is what it follows."""
    found = dict(values)
    if found.get("strides", 0) is None:
        found["strides"] = found["pool_size"]
    if found.get("activation", 0) is None:
        found["activation"] = "linear"
    return sorted(found.items())


def test_positional_arguments_and_defaults_are_keras_own():
    for entry in LAYERS:
        if entry.id in ("Input", "Output", "PretrainedBase"):
            continue
        kind = getattr(keras.layers, entry.call.target.rpartition(".")[2])
        declared = {name: each.default for name, each in inspect.signature(kind.__init__).parameters.items()
                    if name not in ("self", "args", "kwargs")}
        mine = entry.positions
        assert tuple(declared)[:len(mine)] == mine, entry.id
        standard = values_of(Node(id="x", type=entry.id), entry)
        for name in set(entry.call.kwargs) & set(declared):
            if name in entry.call.defaults or declared[name] is inspect.Parameter.empty:
                continue
            usual = entry.keras_defaults.get(name, entry.call.arguments(standard)[name])
            if (entry.id, name) in (("Normalization", "mean"), ("Normalization", "variance")):
                continue  # Keras measures them with adapt
            expected = declared[name]
            if entry.id == "ZeroPadding2D":
                expected = (expected, expected)
            assert usual == expected, (entry.id, name)
