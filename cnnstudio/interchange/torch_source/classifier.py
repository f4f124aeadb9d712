"""The end of a PyTorch classifier: networks of PyTorch answer with logits, and its losses apply the last activation."""

from __future__ import annotations

from collections import Counter
from typing import Final

from cnnstudio.catalog.layers import PLAIN_OUTPUT
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import Remark, TracedNode
from cnnstudio.interchange.torch_source.interpreter import Interpreter
from cnnstudio.interchange.torch_source.training import loss_kind

_SOFTMAX: Final = ("softmax", "log_softmax")
_LOGITS: Final = Text("PyTorch's loss takes logits: here the last layer gets the activation {name}.",
                      "La pérdida de PyTorch toma logits: aquí la última capa recibe la activación {name}.")
_TWICE: Final = Text(
    "The code applies softmax before CrossEntropyLoss, which applies it again; here it is applied once.",
    "El código aplica softmax antes de CrossEntropyLoss, que la aplica otra vez; aquí se aplica una sola vez.")


def close_classifier(interpreter: Interpreter, nodes: list[TracedNode], end: TracedNode, about: str, remarks: list[Remark]
                     ) -> TracedNode:
    """The last node with the activation that gives probabilities: the code's own joined to its layer, or the loss's.
    `about` is the docstring of the network's class, by which a printed one tells whether it answers with logits."""
    kind = loss_kind(interpreter.state)
    if about.startswith("Takes pixels (batch,") and "answers with logits" not in about:
        return end
    applied = _activation(end)
    uses = Counter(source.number for node in nodes for source in node.sources)
    if applied is not None and len(end.sources) == 1:
        before = end.sources[0]
        if kind == "logits" and applied == "softmax":
            remarks.append(Remark("softmax_twice", _TWICE, end.line))
        name = "softmax" if applied in _SOFTMAX else applied
        if before.kind == PLAIN_OUTPUT and uses[before.number] == 1 and before.params.get("activation") in (None, "linear"):
            before.params = dict(before.params) | {"activation": name}
            return before
        if applied == "log_softmax":
            end.kind, end.params = "Activation", {"activation": "softmax"}
        return end
    if applied is not None or kind == "other" or end.params.get("activation") not in (None, "linear"):
        return end
    if end.kind == PLAIN_OUTPUT:
        opened = end.layer is not None and "units" in end.layer.open
        name = "sigmoid" if not opened and (end.params.get("units") == 1 or kind == "sigmoid") else "softmax"
        end.params = dict(end.params) | {"activation": name}
        remarks.append(Remark("from_logits", _LOGITS.fill(name=name), end.line))
        return end
    if end.shape is not None and len(end.shape) == 1 and kind == "logits":
        node = interpreter.state.graph.node("Activation", {"activation": "softmax"}, [end], end.line).node
        remarks.append(Remark("from_logits", _LOGITS.fill(name="softmax"), end.line))
        return node
    return end


def _activation(node: TracedNode) -> str | None:
    """The softmax, log-softmax or sigmoid that a node applies."""
    name = "softmax" if node.kind == "Softmax" and node.params.get("axis", -1) == -1 else node.params.get(
        "activation") if node.kind == "Activation" else None
    return name if name in (*_SOFTMAX, "sigmoid") else None


