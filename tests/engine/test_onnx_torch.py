"""PyTorch networks written as ONNX and opened again: the same parameters, shapes, layers and numbers."""

from __future__ import annotations

import collections
import math
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.open import read_network
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.network.shapes import report
from tests.engine.test_onnx import compared

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
nn = torch.nn


def export(network, shape, path: Path, *, kept: bool = False, opset: int = 17, **options) -> None:
    """As `torch.onnx.export` writes it; `kept` leaves BatchNormalization in the file."""
    mode = torch.onnx.TrainingMode.PRESERVE if kept else torch.onnx.TrainingMode.EVAL
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network.eval(), torch.zeros(shape), str(path), dynamo=False, training=mode,
                          do_constant_folding=not kept, opset_version=opset, **options)


def lively(network, shape, pixels: bool = False):
    """With weights and normalisations under which the answer depends on the picture: freshly made ones let it die away."""
    torch.manual_seed(2)
    for weight in network.parameters():
        if weight.dim() > 1:
            nn.init.kaiming_normal_(weight, nonlinearity="relu")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    drawn, others = (torch.rand((16, *shape[1:])) * 255 if pixels else torch.rand((16, *shape[1:])) * 6 - 3 for _ in range(2))
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    answers: list[torch.Tensor] = []
    with torch.no_grad():
        network.train()(drawn)
        hook = last.register_forward_hook(lambda _module, _entering, answer: answers.append(answer))
        network.eval()(others)
        hook.remove()
        # Neither all alike nor one certain: softmax would hide every difference.
        last.weight /= answers[0].std()
    return network


def same(network, path: Path) -> None:
    """The opened graph answers as the PyTorch network does."""
    def oracle(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(np.ascontiguousarray(x))).numpy()

    compared(onnx.load(path), read_network(path, with_scaling=True), oracle)


def functions(network: NetworkSpec) -> collections.Counter[str]:
    """What the layers compute, whether an activation is a layer of its own or a parameter, without what only trains."""
    found: collections.Counter[str] = collections.Counter()
    for node in network.nodes:
        if node.type in ("Input", "Dropout", "SpatialDropout2D", "ZeroPadding2D", "Identity"):
            continue
        values = values_of(node, LAYERS[node.type]) if node.type != "Output" else {"activation": "softmax"}
        if node.type == "SeparableConv2D":
            found.update(("DepthwiseConv2D", "Conv2D"))
        elif node.type in ("Output", "Dense"):
            found["Dense"] += 1
        elif node.type == "ReLU":
            found["relu6" if values["max_value"] == 6 else "relu"] += 1
        elif node.type == "Softmax":
            found["softmax"] += 1
        elif node.type != "Activation":
            found[node.type] += 1
        if values.get("activation") not in (None, "linear"):
            found[values["activation"]] += 1
    return found


ARCHITECTURES = ("small_cnn", "residual", "inception", "lenet5", "alexnet", "googlenet", "resnet18", "resnet50",
                 "mobilenet", "mobilenet_v2", "densenet121", "efficientnet_b0")


COMPUTED = ("lenet5", "googlenet", "resnet18", "mobilenet_v2", "densenet121", "efficientnet_b0")
"""Asked with numbers as well: networks of different parts."""


LARGE = ("small_cnn", "alexnet", "resnet18", "googlenet", "resnet50", "mobilenet", "mobilenet_v2", "densenet121",
         "efficientnet_b0")


@pytest.mark.parametrize("template", [pytest.param(name, marks=pytest.mark.nightly if name in LARGE else ())
                                      for name in ARCHITECTURES])
def test_an_architecture_comes_back(template, tmp_path):
    entry = TEMPLATES[template]
    size = max(entry.minimum_size, 32) if entry.adapts else entry.recipe.get("height", entry.minimum_size)
    channels = 1 if entry.recipe.get("color_mode") == "grayscale" else 3
    context = Context(height=size, width=size, channels=channels, class_count=5)
    drawn, names = entry.network(), {}
    exec(torch_code(drawn, context), names)  # our own text, printed a moment ago
    path = tmp_path / "network.onnx"
    export(names["Network"](), (1, channels, size, size), path, kept=True)
    foreign = read_network(path)
    ours, theirs = report(drawn, context), report(foreign.network, context)
    assert foreign.unknown == ()
    assert foreign.shape == (size, size, channels)
    assert foreign.normalization == "zero_one"
    assert theirs.parameters == ours.parameters
    assert theirs.nodes[theirs.output].shape == ours.nodes[ours.output].shape == (5,)
    assert functions(foreign.network) - collections.Counter(softmax=1) == functions(drawn) - collections.Counter(softmax=1)
    network = lively(names["Network"](), (1, channels, size, size), pixels=True)
    export(network, (1, channels, size, size), path)
    foreign = read_network(path)
    assert foreign.unknown == ()
    assert report(foreign.network, context).parameters == parameters_of(onnx.load(path), foreign)
    if template in COMPUTED:
        same(network, path)


def parameters_of(model: onnx.ModelProto, foreign) -> int:
    """Numbers in the weights of a file; the exporter writes equal tensors once and names them again."""
    dims = {each.name: math.prod(each.dims) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in dims:
            dims[node.output[0]] = dims[node.input[0]]
    return sum(dims[name] for origin in foreign.origins.values() for name in origin.names if dims.get(name, 0) > 1)


class Bottleneck(nn.Module):
    """A residual block with squeeze and excite."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 8, 3, padding=1, groups=2, bias=False), nn.BatchNorm2d(8)
        self.pool, self.reduce, self.expand = nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.act = act

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(y * torch.sigmoid(self.expand(self.act(self.reduce(self.pool(y))))) + x)


class Trunk(nn.Module):
    """Stem, block, end, as torchvision's networks have them."""

    def __init__(self, act: nn.Module, norm: nn.Module | None = None, flat: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), norm or nn.BatchNorm2d(8), act,
                                  nn.MaxPool2d(3, 2, 1 if isinstance(act, nn.ReLU) else 0, ceil_mode=True))
        self.block = Bottleneck(act)
        self.flat, self.head = flat, nn.Linear(8 * 25 if flat else 8, 5)

    def forward(self, x):
        x = self.block(self.stem(x))
        x = torch.flatten(x, 1) if self.flat else x.mean([2, 3])
        return torch.softmax(self.head(x), 1)


class ConvNext(nn.Module):
    """Layer normalisation and dense layers of every place, between permutations, and a factor for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depth = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.wide, self.narrow = nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)
        self.scale = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.pool, self.head = nn.AdaptiveAvgPool2d((5, 5)), nn.Linear(8 * 25, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        y = self.narrow(nn.functional.gelu(self.wide(y))).permute(0, 3, 1, 2)
        return self.head(torch.flatten(self.pool(x + self.scale * y), 1))


TRUNKS = {
    "convnext": ConvNext,
    "relu": lambda: Trunk(nn.ReLU()), "flat": lambda: Trunk(nn.ReLU6(), flat=True), "silu": lambda: Trunk(nn.SiLU()),
    "hardswish": lambda: Trunk(nn.Hardswish()), "gelu": lambda: Trunk(nn.GELU()), "mish": lambda: Trunk(nn.Mish()),
    "leaky": lambda: Trunk(nn.LeakyReLU(0.1)), "prelu": lambda: Trunk(nn.PReLU()), "elu": lambda: Trunk(nn.ELU()),
    "hardsigmoid": lambda: Trunk(nn.Hardsigmoid()), "softplus": lambda: Trunk(nn.Softplus()),
    "groups": lambda: Trunk(nn.SELU(), nn.GroupNorm(4, 8)),
    "instances": lambda: Trunk(nn.CELU(), nn.InstanceNorm2d(8, affine=True)),
}


EVERY_DAY = {("relu", True, 9), ("flat", False, 13), ("silu", True, 17), ("convnext", False, 20), ("convnext", True, 13)}
"""Each network, version and form at least once; all together nightly."""


@pytest.mark.parametrize(("name", "kept", "opset"), [
    pytest.param(*case, id="-".join(map(str, case)), marks=() if case in EVERY_DAY else pytest.mark.nightly)
    for case in product(("relu", "flat", "silu", "convnext"), (True, False), (9, 13, 17, 20))])
def test_every_version_computes_the_same(name, kept, opset, tmp_path):
    path = tmp_path / "network.onnx"
    network = lively(TRUNKS[name](), (1, 3, 22, 22))
    export(network, (1, 3, 22, 22), path, kept=kept, opset=opset)
    same(network, path)


@pytest.mark.parametrize("name", sorted(set(TRUNKS) - {"relu", "flat", "silu", "convnext"}))
def test_a_network_computes_the_same(name, tmp_path):
    path = tmp_path / "network.onnx"
    network = lively(TRUNKS[name](), (1, 3, 22, 22))
    export(network, (1, 3, 22, 22), path)
    same(network, path)


def test_an_open_batch_and_size(tmp_path):
    path = tmp_path / "network.onnx"
    export(TRUNKS["relu"](), (1, 3, 22, 22), path, input_names=["pixels"],
           dynamic_axes={"pixels": {0: "n", 2: "height", 3: "width"}})
    foreign = read_network(path)
    assert (foreign.unknown, foreign.shape) == ((), (224, 224, 3))
    assert foreign.network.nodes[0].id == "pixels"


def test_names_are_those_of_the_modules(tmp_path):
    path = tmp_path / "network.onnx"
    export(TRUNKS["relu"](), (1, 3, 22, 22), path, kept=True)
    names = [node.id for node in read_network(path).network.nodes]
    assert names[1:5] == ["stem_0_pad", "stem_0", "stem_1", "stem_2"]
    assert {"block_conv1", "block_bn1", "block_expand", "head"} <= set(names)
    assert np.unique(names).size == len(names)
