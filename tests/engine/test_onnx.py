"""Networks opened from ONNX compute what the file computes: the weights carried over, both asked with the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import onnx
import onnx.inliner
import pytest
from onnx.reference import ReferenceEvaluator

from cnnstudio.catalog.context import Context
from cnnstudio.engine.building import build
from cnnstudio.interchange.foreign import ForeignNetwork
from cnnstudio.interchange.open import read_network
from cnnstudio.network.shapes import report
from tests.interchange.onnx_builder import Build
from tests.interchange.onnx_models import CASES


def evaluated(model: onnx.ModelProto, x: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """Tensors by name as ONNX's reference evaluator computes them; only what they need is computed."""
    wanted = onnx.ModelProto()
    wanted.CopyFrom(onnx.inliner.inline_local_functions(model) if model.functions else model)
    found = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    missing = [name for name in names if name not in found]
    needed, kept = set(missing), []
    for node in reversed(wanted.graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
            needed.update(name for each in node.attribute for inner in each.g.node for name in inner.input)
    operators = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
    del wanted.graph.node[:]
    del wanted.graph.output[:]
    wanted.graph.node.extend(operators)
    wanted.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in missing)
    answers = ReferenceEvaluator(wanted).run(None, {wanted.graph.input[0].name: x}) if missing else []
    return found | dict(zip(missing, answers, strict=True))


def carry_over(model: keras.Model, foreign: ForeignNetwork, found: dict[str, np.ndarray], context: Context) -> None:
    """Give each layer its weights of the file, in Keras's order of axes."""
    told = report(foreign.network, context, headless=True)
    for node in foreign.network.nodes:
        origin = foreign.origins[node.id]
        arrays = [found[name] for name in origin.names]
        layer = model.get_layer(node.id) if arrays else None
        if layer is None or not layer.weights:
            continue
        if node.type in ("Conv2D", "Conv2DTranspose"):
            arrays[0] = arrays[0].transpose(2, 3, 1, 0)
        elif node.type == "DepthwiseConv2D":
            size = layer.weights[0].shape
            arrays[0] = arrays[0].reshape(size[2], size[3], *size[:2]).transpose(2, 3, 0, 1)
        elif node.type == "Dense":
            arrays[0] = arrays[0] if arrays[0].shape == tuple(layer.weights[0].shape) else arrays[0].T
            arrays[0] = in_our_order(arrays[0], node.id, foreign, told)
        elif node.type == "PReLU":
            arrays = [arrays[0].transpose(1, 2, 0)]
        elif node.type == "GroupNormalization":
            arrays = [array for array in arrays if array.size == layer.weights[0].shape[0]][-2:]
        layer.set_weights([array.reshape(weight.shape) for array, weight in zip(arrays, layer.weights, strict=True)])


def in_our_order(kernel: np.ndarray, node: str, foreign: ForeignNetwork, told) -> np.ndarray:
    """Rows of a dense kernel behind a Flatten: from channels, rows, columns to rows, columns, channels."""
    source = node
    while (sources := foreign.network.inputs_of(source)) and len(sources) == 1:
        source = sources[0]
        if foreign.network.node(source).type == "Flatten" and any("another order" in note.en for note in foreign.notes):
            height, width, channels = told.nodes[source].inputs[0]
            rows = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
            return rows.reshape(kernel.shape)
    return kernel


def compared(model: onnx.ModelProto, foreign: ForeignNetwork, oracle: Callable[[np.ndarray], np.ndarray] | None = None) -> None:
    """Shape, number of weights and numbers are those of the file, or of the `oracle` that it was written from."""
    height, width, channels = foreign.shape
    context = Context(height=height, width=width, channels=channels, class_count=2, normalization="none")
    assert foreign.unknown == ()
    told = report(foreign.network, context, headless=True)
    assert [problem for problem in told.problems if problem.blocks] == []
    dims = [each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim]
    first = dims[1:] == [channels, height, width] or dims[1] in (0, channels)
    is_scaled = any(node.type == "Rescaling" for node in foreign.network.nodes[:2])
    pictures = np.random.default_rng(1).uniform(*((0, 255) if is_scaled else (-3, 3)), (1, height, width, channels))
    pictures = pictures.astype(np.float32)
    x = pictures.transpose(0, 3, 1, 2) if first else pictures
    names = [name for origin in foreign.origins.values() for name in origin.names]
    end = model.graph.output[0].name
    found = evaluated(model, x, [*names, end] if oracle is None else names)
    wanted = found[end] if oracle is None else oracle(x)
    if oracle is not None:
        assert np.abs(oracle(x[..., ::-1]) - wanted).max() > 1e-3, "the answer does not depend on the picture"
    built = build(foreign.network, context, headless=True, weights=False).model
    assert built.count_params() == told.parameters
    carry_over(built, foreign, found, context)
    given = np.asarray(built(pictures))
    turned = given.transpose(0, 3, 1, 2) if given.ndim == 4 else given
    given = turned if first and turned.shape == wanted.shape else given
    assert given.shape == wanted.shape
    np.testing.assert_allclose(given, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_an_operator_computes_the_same(name, tmp_path):
    draw, arguments = CASES[name]
    graph = Build(**arguments)
    draw(graph)
    path = graph.save(tmp_path)
    compared(onnx.load(path), read_network(path, with_scaling=True))
