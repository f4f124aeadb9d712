"""The printed PyTorch network answers as the Keras model whose weights it was given."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.blocks import BLOCKS
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.engine.building import build
from cnnstudio.engine.weight_transfer import save_state, torch_state
from cnnstudio.interchange.printing import blocks
from cnnstudio.interchange.printing.torch.layer_lines import RESERVED
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.network.shapes import report
from tests.catalog.layer_cases import around
from tests.catalog.random_networks import networks, repeated
from tests.engine.torch_networks import printed_network, same_in_torch, with_other_weights

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
CONTEXT = Context(height=10, width=12, channels=3, class_count=4, normalization="standardize", mean=(128.0,) * 3,
                  deviation=(40.0, 50.0, 60.0))
"""Numbers around 0, so that layers meet negative ones."""


@pytest.mark.parametrize("apart", ["values", "maps", "picture"])
def test_what_falls_out_together_is_what_falls_out_in_keras(apart, tmp_path):
    drawing = network_builder()
    drawing.add("Input", id="input")
    drawing.add("Dropout", rate=0.25, noise_shape=apart, id="dropout")
    spec, context = drawing.network(), Context(height=4, width=4, channels=3, class_count=2, normalization="none")
    model = build(spec, context, headless=True).model
    ones = np.ones((400, 4, 4, 3), "float32")
    network = printed_network(spec, context, model, tmp_path / "weights.npz").train()
    torch.manual_seed(1)
    found = network(torch.ones(400, 3, 4, 4)).numpy().transpose(0, 2, 3, 1)
    for answer in (found, np.asarray(model(ones, training=True))):
        together = {"values": answer.reshape(-1, 1), "maps": answer.transpose(0, 3, 1, 2).reshape(1200, 16),
                    "picture": answer.reshape(400, 48)}[apart]
        assert (together == together[:, :1]).all()
        assert len(np.unique(together)) == 2
        assert together.max() == pytest.approx(1 / 0.75)
        assert abs((together[:, 0] == 0).mean() - 0.25) < 0.09
        if apart != "picture":
            assert (answer != answer[:, :1, :1, :1]).any(), "no more than that together"


@pytest.mark.parametrize(("kind", "more"), [
    ("Conv2D", {"groups": 3, "filters": 6}), ("DepthwiseConv2D", {"depth_multiplier": 2}), ("Conv2DTranspose", {"filters": 5}),
    ("Dense", {"units": 7}), ("Dense", {"units": 7, "use_bias": False})])
def test_spectral_normalisation_divides_the_kernel_as_in_keras(kind, more, tmp_path):
    """Step by step of a training: the same kernel, the same estimate, and the kernel's largest singular value becomes 1."""
    spec = around(kind, more | {"spectral_normalization": True, "power_iterations": 2})
    model = build(spec, CONTEXT, headless=True).model
    with_other_weights(model)
    network = printed_network(spec, CONTEXT, model, tmp_path / "weights.npz").train()
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    before = model.get_layer("layer").get_weights()[0]
    for _step in range(12):
        answers = np.asarray(model(pictures, training=True))
        with torch.no_grad():
            found = network(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())).numpy()
        np.testing.assert_allclose(found.transpose(0, 2, 3, 1), answers, atol=1e-3)
    kernel = model.get_layer("layer").get_weights()[0]
    assert np.abs(kernel - before).max() > 0.01
    assert np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2) == pytest.approx(1, abs=0.02)
    state = torch_state(model, torch_model(spec, CONTEXT))
    for name, value in network.state_dict().items():
        if name in state:
            np.testing.assert_allclose(value.numpy(), state[name], atol=1e-4, err_msg=name)
    assert any("vector_u" in name for name in state)


def test_every_layer_has_a_form_or_says_that_it_has_none():
    """The input is the argument of forward, and a base is printed as a class of its own."""
    assert {layer.id for layer in LAYERS if layer.torch is None} == {"Input", "PretrainedBase"}


def test_no_layer_takes_a_name_that_pytorch_needs():
    public = {name for name in dir(torch.nn.Sequential()) if not name.startswith("_")}
    assert public <= RESERVED


@pytest.mark.parametrize("block", BLOCKS.ids())
def test_a_block_answers_as_in_keras(block, tmp_path):
    drawing = network_builder()
    drawing.add("Input", id="input")
    drawing.add("Conv2D", filters=16, padding="same")
    BLOCKS[block].draw(drawing, (10, 12, 16))
    same_in_torch(drawing.network(), CONTEXT, tmp_path / "weights.npz", headless=True)


EVERY_DAY = ("residual", "inception", "lenet5", "mobilenet_v3_small")
"""Architectures and bases of different parts; the others are made of the same and take longer: they run nightly."""


def daily(names: Iterable[str]) -> list[object]:
    return [name if name in EVERY_DAY else pytest.param(name, marks=pytest.mark.nightly) for name in names]


@pytest.mark.parametrize("template", daily(each for each in TEMPLATES.ids() if each not in BASES))
def test_an_architecture_answers_as_in_keras(template, tmp_path):
    entry = TEMPLATES[template]
    size = max(entry.minimum_size, 32) if entry.adapts else entry.recipe.get("height", entry.minimum_size)
    context = Context(height=size, width=size, channels=3, class_count=5)
    same_in_torch(entry.network(), context, tmp_path / "weights.npz")


def with_base(base: str, **params: object) -> NetworkSpec:
    nodes = (Node(id="input", type="Input"), Node(id="base", type="PretrainedBase", params={"base": base, **params}),
             Node(id="output", type="Output"))
    return NetworkSpec(nodes=nodes, edges=(Edge(source="input", target="base"), Edge(source="base", target="output")))


@pytest.mark.parametrize("base", daily(BASES.ids()))
def test_a_base_answers_as_in_keras(base, tmp_path):
    size = max(64, BASES[base].minimum_size)
    context = Context(height=size, width=size, channels=3, class_count=5, normalization="base")
    same_in_torch(with_base(base), context, tmp_path / "weights.npz")


def test_the_freeze_line_and_the_end_of_a_base_are_those_of_keras(tmp_path):
    context = Context(height=64, width=64, channels=3, class_count=5, normalization="base")
    blocks = BASES["mobilenet_v2"].blocks
    for params in ({"trainable_from": "all", "pooling": "max", "ends_at": blocks[4]},
                   {"trainable_from": blocks[2], "ends_at": blocks[4]}):
        same_in_torch(with_base("mobilenet_v2", **params), context, tmp_path / "weights.npz")


def test_what_regularizers_add_to_the_loss_is_that_of_keras(tmp_path):
    drawing = network_builder()
    drawing.add("Input", id="input")
    drawing.add("Conv2D", filters=4, kernel_regularizer="L1L2", kernel_regularizer_l1=0.02, activity_regularizer="L2")
    drawing.add("SeparableConv2D", filters=4, depthwise_regularizer="L1", pointwise_regularizer="L2")
    drawing.add("BatchNormalization", gamma_regularizer="L2", beta_regularizer="L1")
    drawing.add("ActivityRegularization", l1=0.3, l2=0.1)
    drawing.add("Flatten")
    drawing.add("Output", id="output", kernel_regularizer="L2", kernel_regularizer_l2=0.5)
    spec = drawing.network()
    model = build(spec, CONTEXT).model
    with_other_weights(model)
    pictures = np.random.default_rng(1).integers(0, 256, (3, 10, 12, 3)).astype("float32")
    names: dict[str, object] = {}
    exec(torch_code(spec, CONTEXT), names)  # our own text, printed a moment ago
    network = names["Network"]()
    save_state(torch_state(model, torch_model(spec, CONTEXT)), tmp_path / "weights.npz")
    names["load_weights"](network, tmp_path / "weights.npz")
    network.eval()
    network(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()))
    model(pictures)
    assert names["penalties"](network).item() == pytest.approx(float(sum(model.losses)), rel=1e-4)


def test_names_that_python_or_pytorch_need_are_not_taken(tmp_path):
    nodes = (Node(id="input", type="Input"), Node(id="class", type="ReLU"), Node(id="train", type="Conv2D"),
             Node(id="forward", type="Add"), Node(id="1-x", type="ReLU"), Node(id="type", type="Flatten"),
             Node(id="1_x", type="Output"))
    pairs = (("input", "class"), ("class", "train"), ("train", "1-x"), ("train", "forward"), ("1-x", "forward"),
             ("forward", "type"), ("type", "1_x"))
    ports: dict[str, int] = {}
    edges = []
    for source, target in pairs:
        edges.append(Edge(source=source, target=target, port=ports.get(target, 0)))
        ports[target] = ports.get(target, 0) + 1
    same_in_torch(NetworkSpec(nodes=nodes, edges=tuple(edges)), CONTEXT, tmp_path / "weights.npz")


def test_a_layer_without_counterpart_says_so_when_it_is_used():
    spec = NetworkSpec(nodes=(Node(id="input", type="Input"), Node(id="odd", type="Wavelet")),
                       edges=(Edge(source="input", target="odd"),))
    assert [(problem.code, problem.where.node) for problem in torch_model(spec, CONTEXT).missing] == [("unknown_layer", "odd")]
    names: dict[str, object] = {}
    exec(torch_code(spec, CONTEXT), names)  # our own text, printed a moment ago
    with pytest.raises(NotImplementedError, match="Wavelet"):
        names["Network"]()(torch.zeros(1, 3, 10, 12))


def answers(spec, context, pictures, arrays):
    """What the printed network answers; a layer's weights are taken from `arrays`, or drawn and kept there."""
    model = torch_model(spec, context)
    names: dict[str, object] = {}
    exec(torch_code(spec, context), names)  # our own text, printed a moment ago
    network = names["Network"]().eval()
    state = network.state_dict()
    drawn = torch.Generator().manual_seed(1)
    for carried in model.carried:
        for place, (key, _weight) in enumerate(carried.entries):
            kept = arrays.setdefault((carried.layer, place), torch.rand(state[key].shape, generator=drawn))
            state[key].copy_(kept)
    assert {key for key in state if not key.endswith("num_batches_tracked")} <= {
        key for carried in model.carried for key, _entry in (*carried.entries, *carried.fixed)}
    with torch.no_grad():
        return network(pictures), sum(weight.numel() for weight in network.parameters() if weight.requires_grad)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks())
def test_a_network_answers_the_same_printed_by_layers_and_by_blocks(monkeypatch, sample):
    network, context = sample
    spec = repeated(network, 3)
    found = report(spec, context, headless=True)
    if any(problem.blocks for problem in found.problems) or any(
            math.prod(node.shape or ()) > 50_000 for node in found.nodes.values()) or torch_model(spec, context).missing:
        return
    pictures = torch.rand(2, context.channels, context.height, context.width, generator=torch.Generator().manual_seed(2)) * 255
    arrays: dict[object, object] = {}
    monkeypatch.setattr(blocks, "_LARGE", 10**6)
    expected, learning = answers(spec, context, pictures, arrays)
    monkeypatch.setattr(blocks, "_LARGE", 3)
    result, as_many = answers(spec, context, pictures, arrays)
    assert as_many == learning
    torch.testing.assert_close(result, expected, equal_nan=True)
