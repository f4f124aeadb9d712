"""Readable ids of layers from the names that exporters give to operators and weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cnnstudio.network.naming import layer_id

LONGEST: Final = 48
"""Letters of an id; of a longer name the end is kept, because it distinguishes the layers."""

_WRAPPERS: Final = re.compile(r"^(StatefulPartitionedCall|PartitionedCall|functional(_\d+)*|sequential(_\d+)*|model(_\d+)*|"
                              r"Network|main_graph|graph|root)$")
"""Prefixes that exporters put before every name."""
_INNER: Final = re.compile(
    r"^(convolution|conv_transpose|conv2d|biasadd|bias|add|addv2|sub|mul|truediv|matmul|gemm|relu|relu6|batchnorm|"
    r"fusedbatchnormv3|depthwise|separable_conv2d|mean|moments|squareddifference|rsqrt|sigmoid|strided_slice|"
    r"clip_by_value|gelu|silu|maxpool2d|avgpool|transpose|reshape|concat|shape)_*\d*$", re.IGNORECASE)
"""Last parts of a path that name an inner operation of a Keras layer, not the layer."""


def layer_name(name: str, kind: str, weight: str) -> str:
    """The id for an operator `name` of type `kind` whose main weight is called `weight`.

    `/layer1/layer1.0/conv1/Conv` gives layer1_0_conv1; a generic name is replaced by the weight's,
    `layer1.0.conv1.weight`, or by the type in snake case.
    """
    path = _path(name)
    if len(path) > 1 or (path and not name.startswith("node_") and not _is_generic(path[0], kind)):
        return _shorten(_join_path(path, kind))
    module = _module_name(weight)
    if module:
        return _shorten(module)
    plain = name.removeprefix("node_")
    return _snake_case(kind) if plain == name else _shorten(_identifier(plain))


def _path(name: str) -> list[str]:
    """Parts of a name, without wrappers, and without those that the next one repeats."""
    parts = [part for part in re.split(r"/+", name.partition(":")[0]) if part]
    while len(parts) > 1 and _WRAPPERS.match(parts[0]):
        parts = parts[1:]
    return [part for index, part in enumerate(parts)
            if not (index + 1 < len(parts) and re.match(re.escape(part) + r"[._]", parts[index + 1]))]


def _join_path(path: list[str], kind: str) -> str:
    last = path[-1]
    number = re.fullmatch(rf"{re.escape(kind)}(_\d+)?", last)
    if len(path) > 1 and number:
        # The operator's own name follows the module's: its number keeps two of them apart.
        return _identifier("_".join(path[:-1])) + (number.group(1) or "")
    while len(path) > 1 and _INNER.match(path[-1]):
        path = path[:-1]
    return _identifier("_".join(path))


def _is_generic(name: str, kind: str) -> bool:
    """Whether a name is only the type of operator or a number: Conv_12, n7, 153."""
    return re.fullmatch(rf"{re.escape(kind)}(_\d+)?|n?_?\d+(_\d+)?|onnx::.*", name) is not None


def _module_name(weight: str) -> str:
    """The module that a weight belongs to: layer1.0.conv1.weight, functional/conv2d/kernel:0."""
    match = re.match(r"^(?:module\.|model\.|network\.)?(.+)\.(weight|kernel|gamma|weight_v)$", weight)
    if match and not match.group(1).startswith("onnx::"):
        return _identifier(match.group(1))
    return ""


def _identifier(name: str) -> str:
    return re.sub(r"_{2,}", "_", layer_id(name)).strip("_") or "layer"


def _shorten(name: str) -> str:
    return name if len(name) <= LONGEST else name[-LONGEST:].lstrip("_-") or "layer"


def _snake_case(kind: str) -> str:
    snake_case = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", kind).lower()
    return _identifier(snake_case)


def common_prefix_length(names: Iterable[str]) -> int:
    """Length of the prefix that all names share up to a `/`; 0 if there is none."""
    given_names = [name for name in names if name]
    if len(given_names) < 2:
        return 0
    first, last = min(given_names), max(given_names)
    length = next((index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
                  min(len(first), len(last)))
    return first.rfind("/", 0, length) + 1 if any("/" in name[:length] for name in given_names) else 0
