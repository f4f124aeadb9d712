"""PyTorch code becomes a network, by its syntax alone."""

from __future__ import annotations

import time

import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.core.item import Item
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.source_code import framework_of, read_code, read_file
from cnnstudio.network.shapes import report
from tests.interchange.torch_samples import CHAIN, INCEPTION, LENET, RESNET, SAMPLES

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def net(body: str, inside: str = "") -> str:
    """A network whose forward is `body`, one line or several."""
    lines = "\n".join(f"        {line}" for line in body.strip().split("\n"))
    parts = "\n".join(f"        {line}" for line in inside.strip().split("\n"))
    return f"{HEAD}\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{parts}\n" \
           f"    def forward(self, x):\n{lines}\n        return x\n\nmodel = Net()\n"


def layers(network: NetworkSpec) -> list[tuple[str, dict]]:
    return [(node.type, node.params) for node in network.nodes if node.type != "Input"]


def refused(code: str) -> tuple[str, int | None]:
    with pytest.raises(ProblemError) as caught:
        read_code(code)
    (problem,) = caught.value.problems
    return problem.code, problem.where.line


def parameters(network: NetworkSpec, shape: tuple[int, int, int], classes: int) -> int:
    height, width, channels = shape
    context = Context(height=height, width=width, channels=channels, class_count=classes)
    result = report(network, context)
    assert not [problem for problem in result.problems if problem.blocks]
    return result.parameters


def test_the_course_s_network_opens_with_its_training():
    written = read_code(LENET)
    assert written.shape == (32, 32, 3)
    assert [kind for kind, _params in layers(written.network)] == [
        "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense", "Dropout", "Dense"]
    assert parameters(written.network, written.shape, 10) == 62_006
    assert written.network.node("fc3").params == {"units": 10, "activation": "softmax"}
    assert written.network.node("dropout").params == {"rate": 0.25}
    assert written.training == {"optimizer": Item(type="sgd", params={"learning_rate": 0.001, "momentum": 0.9}), "epochs": 12,
                                "batch_size": 4}
    codes = {problem.code for problem in written.problems}
    assert {"flatten_order", "from_logits", "training_taken"} == codes


def test_blocks_made_in_loops_and_their_paddings():
    written = read_code(RESNET)
    assert written.shape == (64, 64, 3)
    network = written.network
    # (3, 3) of a stride of 2 is no padding "same", 1 of a stride of 1 is.
    assert network.node("conv1_padding").params == {"padding": (3, 3, 3, 3)}
    assert network.node("layer1_0_conv1").params["padding"] == "same"
    assert "padding" not in network.node("layer2_0_conv1").params
    assert network.inputs_of("layer2_0_conv1") == ("layer2_0_conv1_padding",)
    assert network.inputs_of("add_3") == ("layer2_0_bn2", "layer2_0_downsample_1")
    assert sum(node.type == "Add" for node in network.nodes) == 4
    assert network.node("bn1").params == {"momentum": 0.9, "epsilon": 1e-05}
    parameters(network, written.shape, 5)


def test_branches_gates_and_the_size_that_the_layers_tell():
    written = read_code(INCEPTION)
    assert written.shape == (32, 32, 1)
    assert any(problem.code == "open_shape" for problem in written.problems)
    network = written.network
    assert network.inputs_of("concatenate") == ("inception_branches_0", "inception_branches_1", "inception_branches_2",
                                                "inception_project_1")
    assert network.node("reshape").params == {"target_shape": (1, 1, 30)}
    assert network.node("drop").type == "SpatialDropout2D"
    # A log-softmax before NLLLoss is a softmax before cross-entropy.
    assert network.node("head").params == {"units": 4, "activation": "softmax"}
    parameters(network, written.shape, 4)


def test_superclasses_setattr_and_the_defaults_of_a_command_line():
    written = read_code(CHAIN, size=(40, 48))
    assert written.shape == (40, 48, 3)
    assert layers(written.network) == [
        ("Conv2D", {"filters": 8, "padding": "same", "activation": "relu"}),
        ("Conv2D", {"filters": 12, "padding": "same", "activation": "relu"}),
        ("BatchNormalization", {"momentum": 0.9, "epsilon": 1e-05}), ("GlobalAveragePooling2D", {}),
        ("Dense", {"units": 1, "activation": "sigmoid"})]


@pytest.mark.parametrize(("body", "expected"), [
    ("x = F.max_pool2d(x, 3, 2, 1)", [("ZeroPadding2D", {}), ("MaxPooling2D", {"pool_size": (3, 3), "strides": (2, 2)})]),
    ("x = F.max_pool2d(x, 3, 1, 1)", [("MaxPooling2D", {"pool_size": (3, 3), "strides": (1, 1), "padding": "same"})]),
    ("x = F.max_pool2d(x, 3, 2, ceil_mode=True)", [
        ("MaxPooling2D", {"pool_size": (3, 3), "strides": (2, 2), "padding": "same"})]),
    ("x = F.avg_pool2d(x, 2, padding=1)", [("ZeroPadding2D", {}), ("AveragePooling2D", {})]),
    ("x = F.adaptive_avg_pool2d(x, (4, 4))", [("AdaptiveAveragePooling2D", {"output_size": (4, 4)})]),
    ("x = F.adaptive_avg_pool2d(x, 32)", []),
    ("x = F.adaptive_max_pool2d(x, 1).squeeze()", [("GlobalMaxPooling2D", {})]),
    ("x = x.mean(3).mean(2)", [("GlobalAveragePooling2D", {})]),
    ("x = x.amax(dim=(-1, -2), keepdim=True)", [("GlobalMaxPooling2D", {"keepdims": True})]),
    ("x = F.interpolate(x, scale_factor=2)", [("UpSampling2D", {})]),
    ("x = F.pad(x, (1, 2, 3, 4))", [("ZeroPadding2D", {"padding": (3, 4, 1, 2)})]),
    ("x = F.pad(x, (-1, -2, -3, -4))", [("Cropping2D", {"cropping": (3, 4, 1, 2)})]),
    ("x = x.permute(0, 2, 3, 1).flatten(1)", [("Flatten", {})]),
    ("x = x.flatten(2).transpose(1, 2)", [("Reshape", {"target_shape": (1024, 3)})]),
    ("x = (x - 0.5) / 0.25", [("Rescaling", {"scale": 1.0, "offset": -0.5}), ("Rescaling", {"scale": 4.0})]),
    ("x = x.clamp(min=0, max=6)", [("ReLU", {"max_value": 6.0})]),
    ("x = F.leaky_relu(x) + F.elu(x, 0.5) + x", [
        ("LeakyReLU", {"negative_slope": 0.01}), ("ELU", {"alpha": 0.5}), ("Add", {})]),
    ("x = torch.cat((x, torch.tanh(x)), 2)", [("Activation", {"activation": "tanh"}), ("Concatenate", {"axis": 1})]),
])
def test_functions_of_tensors(body, expected):
    assert layers(read_code(net(body), size=(32, 32)).network) == expected


@pytest.mark.parametrize(("module", "expected"), [
    ("nn.Conv2d(3, 6, 3, groups=3)", [("DepthwiseConv2D", {"depth_multiplier": 2})]),
    ("nn.Conv2d(3, 6, (3, 1), dilation=(2, 1), bias=False)", [
        ("Conv2D", {"filters": 6, "kernel_size": (3, 1), "dilation_rate": (2, 1), "use_bias": False})]),
    ("nn.ConvTranspose2d(3, 4, 2, stride=2)", [("Conv2DTranspose", {"filters": 4, "kernel_size": (2, 2), "padding": "same"})]),
    ("nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)", [
        ("Conv2DTranspose", {"filters": 4}), ("Cropping2D", {"cropping": (1, 0, 1, 0)})]),
    ("nn.GroupNorm(3, 3)", [("GroupNormalization", {"groups": 3, "epsilon": 1e-05})]),
    ("nn.InstanceNorm2d(3)", [("GroupNormalization", {"groups": 3, "epsilon": 1e-05, "center": False, "scale": False})]),
    ("nn.BatchNorm2d(3, affine=False)", [
        ("BatchNormalization", {"momentum": 0.9, "epsilon": 1e-05, "center": False, "scale": False})]),
    ("nn.PReLU(3)", [("PReLU", {"shared_axes": (1, 2), "alpha_initializer": "constant", "alpha_initializer_value": 0.25})]),
    ("nn.Hardtanh(0, 4)", [("ReLU", {"max_value": 4.0})]),
    ("nn.Softmax(dim=1)", [("Softmax", {})]),
    ("nn.Upsample(size=64, mode='bilinear')", [("UpSampling2D", {"interpolation": "bilinear"})]),
    ("nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))", [
        ("Conv2D", {"filters": 4, "spectral_normalization": True})]),
])
def test_modules(module, expected):
    found = layers(read_code(net("x = self.part(x)", f"self.part = {module}"), size=(32, 32)).network)
    if found and "padding" in found[0][1] and found[0][0] == "Conv2DTranspose" and len(expected) == 2:
        assert found[0][1]["padding"] == "same"  # the same layer, with the crop inside
        return
    assert found == expected


@pytest.mark.parametrize(("code", "expected"), [
    (net("x = self.part(x)", "self.part = nn.LSTM(3, 4)"), ("code_unknown", 8)),
    (net("x = x[:, :1]"), ("code_unknown", 10)),
    (net("x = torch.einsum('bchw->bhwc', [x])"), ("code_unknown", 10)),
    (net("x = torch.sort(x)"), ("no_counterpart", 10)),
    (net("x = self.part(x)", "self.part = nn.Conv2d(3, 4, 3, padding_mode='reflect')"), ("no_counterpart", 8)),
    (net("x = self.missing(x)"), ("code_unknown", 10)),
    (net("return x, x"), ("several_outputs", 13)),
    (HEAD + "class Net(nn.Module):\n    def __init__(self, depth):\n        super().__init__()\n", ("no_network", 4)),
    (HEAD + "x = torch.zeros(3)\n", ("no_network", 1)),
    (net("x = self.b(self.a(x))", "self.a = nn.Conv2d(3, 8, 3)\nself.b = nn.Conv2d(9, 4, 3)"), ("size_differs", 9)),
    ("import torch\nfrom torch import nn\nprint 'old'\n", ("code_syntax", 3)),
])
def test_what_cannot_be_read_is_a_problem_with_its_line(code, expected):
    assert refused(code) == expected


def test_a_number_of_classes_that_the_code_leaves_open_follows_the_project():
    code = net("x = self.fc(x.mean((2, 3)))", "self.fc = nn.Linear(3, len(dataset.classes))")
    assert layers(read_code(code).network) == [("GlobalAveragePooling2D", {}), ("Output", {})]


def test_a_class_or_a_function_that_nobody_calls_is_made_with_what_its_arguments_tell():
    code = net("x = self.fc(x.mean((2, 3)))", "self.fc = nn.Linear(in_channels, num_classes)")
    code = code.replace("def __init__(self)", "def __init__(self, in_channels, num_classes, width=4)")
    code = code.replace("model = Net()", "")
    written = read_code(code)
    assert layers(written.network)[-1] == ("Output", {})
    factory = RESNET.partition("model =")[0]
    assert read_code(factory, size=(64, 64)).network.node("fc").params["units"] == 1000


def test_rows_are_flattened_where_the_code_does_so_outside():
    code = HEAD + "from torchvision import datasets\ndata = datasets.MNIST('.')\n" \
                  "model = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))\n"
    written = read_code(code)
    assert written.shape == (28, 28, 1)
    assert [kind for kind, _params in layers(written.network)] == ["Flatten", "Dense", "ReLU", "Dense"]
    assert "flattened_outside" in {problem.code for problem in written.problems}


def test_networks_of_torchvision_are_layers_and_with_weights_a_base():
    tail = "for p in model.parameters():\n    p.requires_grad = False\nmodel.fc = nn.Linear(model.fc.in_features, 7)\n"
    plain = read_code(f"{HEAD}from torchvision import models\nmodel = models.resnet18(weights=None)\n{tail}", size=(64, 64))
    assert plain.network.node("fc").params == {"units": 7, "activation": "softmax"}
    assert parameters(plain.network, (64, 64, 3), 7) == 11_176_512 + 9_600 + 7 * 513
    trained = read_code(f"{HEAD}import torchvision\nmodel = torchvision.models.resnet50(pretrained=True)\n{tail}")
    base = next(node for node in trained.network.nodes if node.type == "PretrainedBase")
    assert base.params == {"base": "resnet50"}
    learning = tail + "for p in model.layer4.parameters():\n    p.requires_grad = True\n"
    again = read_code(f"{HEAD}import torchvision\nmodel = torchvision.models.resnet50(pretrained=True)\n{learning}")
    assert next(node for node in again.network.nodes if node.type == "PretrainedBase").params["trainable_from"] == "conv5"
    left = read_code(f"{HEAD}from torchvision import models\nmodel = models.resnet18(pretrained=True)\n")
    assert "weights_left" in {problem.code for problem in left.problems}


def test_several_networks_the_trained_one_is_taken():
    code = HEAD + "import torch.optim as optim\na = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))\n" \
                  "b = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))\noptimizer = optim.AdamW(a.parameters(), 1e-4)\n"
    written = read_code(code, size=(2, 2))
    assert written.network.nodes[-1].params["units"] == 2
    assert written.training["optimizer"].type == "adamw"
    assert written.training["optimizer"].params["weight_decay"] == 0.01


def test_a_weight_decay_that_means_something_else_is_told():
    code = HEAD + "a = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))\n" \
                  "optimizer = torch.optim.Adam(a.parameters(), lr=0.01, weight_decay=1e-4)\n"
    written = read_code(code, size=(2, 2))
    assert written.training["optimizer"] == Item(type="adam", params={"learning_rate": 0.01, "epsilon": 1e-08})
    assert [problem.where.line for problem in written.problems if problem.code == "weight_decay"] == [5]


@pytest.mark.parametrize("code", [
    net("x = self(x)"), net("x = self.part(x)", "self.part = self"),
    HEAD + "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\na = A()\n",
    net("while True:\n    x = F.relu(x)"), net("for i in range(10 ** 9):\n    x = F.relu(x)"),
    HEAD + "model = nn.Sequential(*[nn.ReLU() for i in range(9999)])\n",
    HEAD + "model = nn.Sequential(" + "nn.Sequential(" * 300 + ")" * 300 + ")\n",
    HEAD + "exec('import os')\nmodel = eval('nn.Linear(3, 4)')\n",
    HEAD + "class A(B):\n    pass\nclass B(A):\n    pass\nmodel = B()\n",
])
def test_hostile_code_ends_in_words_and_soon(code):
    started = time.perf_counter()
    with pytest.raises(ProblemError):
        read_code(code)
    assert time.perf_counter() - started < 30


def test_nothing_of_the_file_is_run(tmp_path):
    target = tmp_path / "ran"
    (tmp_path / "net.py").write_text(f"open({str(target)!r}, 'w').write('x')\n__import__('os').mkdir({str(target)!r})\n{LENET}")
    read_file(tmp_path / "net.py")
    assert not target.exists()


@pytest.mark.parametrize(("code", "expected"), [
    (LENET, "torch"), ("import keras\n", "keras"), ("import torch\nimport keras\nkeras.Sequential()\n", "keras"),
    ("# unlike keras\nfrom torch import nn\nnn.Sequential()\n", "torch"), ("x = 1\n", "keras")])
def test_the_library_is_known_by_the_content(code, expected):
    assert framework_of(code) == expected


def test_every_sample_has_texts_in_both_languages():
    for code in SAMPLES.values():
        for note in read_code(code).notes:
            assert note.en
            assert note.es
