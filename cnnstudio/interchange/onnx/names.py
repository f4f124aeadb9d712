"""Readable ids of layers from the names that exporters give to operators and weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cnnstudio.network.naming import layer_id

LONGEST: Final = 48
"""Letters of an id; of a longer name the end tells the layers apart."""

_WRAPPERS: Final = re.compile(r"^(StatefulPartitionedCall|PartitionedCall|functional(_\d+)*|sequential(_\d+)*|model(_\d+)*|"
                              r"Network|main_graph|graph|root)$")
"""What exporters put before every name."""
_INNER: Final = re.compile(
    r"^(convolution|conv_transpose|conv2d|biasadd|bias|add|addv2|sub|mul|truediv|matmul|gemm|relu|relu6|batchnorm|"
    r"fusedbatchnormv3|depthwise|separable_conv2d|mean|moments|squareddifference|rsqrt|sigmoid|strided_slice|"
    r"clip_by_value|gelu|silu|maxpool2d|avgpool|transpose|reshape|concat|shape)_*\d*$", re.IGNORECASE)
"""Last parts of a path that name what a layer of Keras does inside, not the layer."""


def readable(name: str, kind: str, weight: str) -> str:
    """The id wanted for an operator `name` of type `kind` whose main weight is called `weight`.

    `/layer1/layer1.0/conv1/Conv` gives layer1_0_conv1; where the operator's name tells nothing, the weight's does:
    `layer1.0.conv1.weight`. Otherwise the kind of operator, in small letters.
    """
    path = _path(name)
    if len(path) > 1 or (path and not name.startswith("node_") and not _is_generic(path[0], kind)):
        return _cut(_joined(path, kind))
    module = _module(weight)
    if module:
        return _cut(module)
    plain = name.removeprefix("node_")
    return _snake(kind) if plain == name else _cut(_word(plain))


def _path(name: str) -> list[str]:
    """Parts of a name, without wrappers, and without those that the next one repeats."""
    parts = [part for part in re.split(r"/+", name.partition(":")[0]) if part]
    while len(parts) > 1 and _WRAPPERS.match(parts[0]):
        parts = parts[1:]
    return [part for place, part in enumerate(parts)
            if not (place + 1 < len(parts) and re.match(re.escape(part) + r"[._]", parts[place + 1]))]


def _joined(path: list[str], kind: str) -> str:
    last = path[-1]
    number = re.fullmatch(rf"{re.escape(kind)}(_\d+)?", last)
    if len(path) > 1 and number:
        # The operator's own name behind that of the module: its number keeps two of them apart.
        return _word("_".join(path[:-1])) + (number.group(1) or "")
    while len(path) > 1 and _INNER.match(path[-1]):
        path = path[:-1]
    return _word("_".join(path))


def _is_generic(name: str, kind: str) -> bool:
    """Whether a name says no more than what kind of operator it is: Conv_12, n7, 153."""
    return re.fullmatch(rf"{re.escape(kind)}(_\d+)?|n?_?\d+(_\d+)?|onnx::.*", name) is not None


def _module(weight: str) -> str:
    """The module that a weight belongs to: layer1.0.conv1.weight, functional/conv2d/kernel:0."""
    found = re.match(r"^(?:module\.|model\.|network\.)?(.+)\.(weight|kernel|gamma|weight_v)$", weight)
    if found and not found.group(1).startswith("onnx::"):
        return _word(found.group(1))
    return ""


def _word(name: str) -> str:
    return re.sub(r"_{2,}", "_", layer_id(name)).strip("_") or "layer"


def _cut(word: str) -> str:
    return word if len(word) <= LONGEST else word[-LONGEST:].lstrip("_-") or "layer"


def _snake(kind: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", kind).lower()
    return _word(words)


def without_common_start(names: Iterable[str]) -> int:
    """How many letters all names have in common up to a `/`, where that leaves something of each."""
    found = [name for name in names if name]
    if len(found) < 2:
        return 0
    first, last = min(found), max(found)
    length = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
                  min(len(first), len(last)))
    return first.rfind("/", 0, length) + 1 if any("/" in name[:length] for name in found) else 0
