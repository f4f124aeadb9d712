"""PyTorch code with its weights computes in Keras what PyTorch computes."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest

from cnnstudio.core.conversion_jobs import ConvertTorch, WeightsCarried
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import torch_weights
from tests.interchange.torch_samples import CHAIN, INCEPTION, LENET, RESNET

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
ROWS = '''
import torch
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.BatchNorm1d(4 * 4 * 8), nn.Dropout(0.1), nn.Linear(128, 6), nn.ReLU(),
                    nn.Linear(6, 3))
net(torch.zeros(2, 3, 6, 10))
'''


class Listening:
    """Keeps the events of a job."""

    def __init__(self):
        self.events = []

    def emit(self, event):
        self.events.append(event)


def without_training(code: str) -> str:
    """The part of a sample that makes its network."""
    code = re.sub(r"(?m)^(from torchvision|import torchvision|train_|transform = |from torch.utils).*$", "", code)
    code = code.partition("\ndevice = ")[0] + ("\nnet = Net()\n" if "\ndevice = " in code else "")
    return re.sub(r"transforms\.\w+\(.*\),\n|^\]\)$", "", code, flags=re.MULTILINE)


def torch_network(code: str):
    names: dict = {"__name__": "sample"}
    exec(compile(without_training(code), "sample.py", "exec"), names)
    network = next(names[name] for name in ("model", "net") if name in names).eval()
    generator = torch.Generator().manual_seed(3)
    for name, values in network.state_dict().items():
        if values.is_floating_point():
            values.copy_(torch.rand(values.shape, generator=generator) * 0.3 + (0.5 if "var" in name else -0.12))
    return network


def converted(tmp_path, code: str, state, name: str = "net.pth"):
    (tmp_path / "net.py").write_text(code)
    if name.endswith(".safetensors"):
        pytest.importorskip("safetensors")
        from safetensors.torch import save_file

        save_file(state, tmp_path / name)
    else:
        torch.save(state, tmp_path / name)
    link = Listening()
    torch_weights.convert(ConvertTorch(source=str(tmp_path / "net.py"), weights=str(tmp_path / name),
                                       target=str(tmp_path / "model.keras")), link)
    event = next(event for event in link.events if isinstance(event, WeightsCarried))
    return keras.saving.load_model(tmp_path / "model.keras", safe_mode=True), event


@pytest.mark.parametrize(("code", "last", "scale"), [
    (LENET, "softmax", lambda pixels: (pixels / 255 - 0.5) / 0.5), (RESNET, "softmax", lambda pixels: pixels),
    (INCEPTION, "exp", lambda pixels: pixels), (ROWS, "softmax", lambda pixels: pixels)],
    ids=["lenet", "resnet", "inception", "rows"])
def test_the_model_answers_as_pytorch_does(tmp_path, code, last, scale):
    network = torch_network(code)
    model, event = converted(tmp_path, code, network.state_dict())
    assert (event.carried, event.missing, event.unused) == (event.layers, (), ())
    height, width, channels = model.input_shape[1:]
    pixels = np.random.default_rng(1).integers(0, 256, (3, height, width, channels)).astype(np.float32)
    if code is not LENET:
        pixels /= 255
    with torch.no_grad():
        answers = network(torch.from_numpy(scale(pixels)).permute(0, 3, 1, 2).contiguous())
    expected = (answers.softmax(1) if last == "softmax" else answers.exp()).numpy()
    np.testing.assert_allclose(model.predict(pixels, verbose=0), expected, atol=2e-5)


def test_a_checkpoint_of_several_things_under_a_wrapper(tmp_path):
    network = torch_network(RESNET)
    state = {f"module.{name}": values for name, values in network.state_dict().items()}
    _model, event = converted(tmp_path, RESNET, {"epoch": 3, "model_state_dict": state, "optimizer": {"lr": 0.1}})
    assert event.missing_count == event.unused_count == 0


def test_what_does_not_fit_is_counted_and_named(tmp_path):
    network = torch_network(RESNET)
    state = dict(network.state_dict())
    state["fc.weight"] = torch.zeros(7, 32)
    state["other.bias"] = torch.zeros(3)
    _model, event = converted(tmp_path, RESNET, state, "net.safetensors")
    assert event.missing == ("fc",)
    assert set(event.unused) == {"fc.weight", "fc.bias", "other.bias"}


class Planted:
    """Runs code when a pickle of it is read."""

    def __reduce__(self):
        return (open, ("planted", "w"))


@pytest.mark.parametrize("content", [{}, {"a": torch.zeros(2)}, Planted(), [1, 2]], ids=["empty", "other", "planted", "list"])
def test_what_is_no_state_is_refused_and_nothing_of_it_runs(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProblemError):
        converted(tmp_path, CHAIN, content)
    assert not (tmp_path / "planted").exists()
    (tmp_path / "net.pth").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ProblemError):
        torch_weights.read_state(tmp_path / "net.pth")
    assert not (tmp_path / "model.keras").exists()
