"""Small ONNX models, an operator at a time, with drawn weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 6


class Build:
    """Collects operators and weights; answers of `add` are the names of tensors."""

    def __init__(self, shape: Sequence[int | str | None] = (1, CHANNELS, 12, 10), opset: int = 17) -> None:
        self.shape, self.opset = list(shape), opset
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.functions: list[onnx.FunctionProto] = []
        self.outputs: list[str] = []
        self._drawn = np.random.default_rng(4)

    def add(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", domain: str = "", **attributes: Any) -> Any:
        names = [f"t{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, *dims: int, name: str = "", low: float = -0.4, high: float = 0.6) -> str:
        return self.number(self._drawn.uniform(low, high, dims).astype(np.float32), name)

    def number(self, values: Any, name: str = "", kind: Any = None) -> str:
        data = np.asarray(values, kind)
        data = data.astype(np.float32) if kind is None and data.dtype == np.float64 else data
        name = name or f"w{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(data, name))
        return name

    def ints(self, *values: int) -> str:
        return self.number(np.asarray(values, np.int64))

    def model(self, *outputs: str) -> onnx.ModelProto:
        """With the input "x", and these outputs or the last operator's."""
        ends = outputs or (self.nodes[-1].output[0],)
        graph = helper.make_graph(
            self.nodes, "tests", [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_empty_tensor_value_info(name) for name in ends], self.tensors)
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(domain, 1) for domain in sorted({node.domain for node in self.nodes} - {""})]
        return helper.make_model(graph, opset_imports=opsets, functions=self.functions,
                                 ir_version=10 if self.opset >= 19 else 8)

    def save(self, folder: Path, *outputs: str) -> Path:
        path = folder / "model.onnx"
        path.write_bytes(self.model(*outputs).SerializeToString())
        return path


Draw = Callable[[Build], Any]
CASES: dict[str, tuple[Draw, dict[str, Any]]] = {}
"""What is drawn, and what Build is made with; each is one or several operators that are all known here."""


def case(name: str, **build: Any) -> Callable[[Draw], Draw]:
    def register(draw: Draw) -> Draw:
        CASES[name] = draw, build
        return draw

    return register
