"""Layers in PyTorch as the lines of a class: its modules, their weights in Keras, and the lines of `forward`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.torch_form import (
    NOT_IN_TORCH,
    Fixed,
    Helper,
    NotInTorch,
    Part,
    Site,
    TorchCode,
    Weight,
    not_in_torch,
)
from cnnstudio.catalog.torch_helpers import ACTIVITY_PENALTY, MISSING
from cnnstudio.core.graph import successors, unique_id
from cnnstudio.core.network import INPUT, NetworkSpec, Node
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.torch.initializers import start_lines
from cnnstudio.network.shapes import NetworkReport

RESERVED: Final = frozenset((
    "T_destination", "add_module", "append", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile",
    "cpu", "cuda", "double", "dump_patches", "eval", "extend", "extra_repr", "float", "forward", "get_buffer",
    "get_extra_state", "get_parameter", "get_submodule", "half", "insert", "ipu", "load_state_dict", "modules", "mtia",
    "named_buffers", "named_children", "named_modules", "named_parameters", "parameters", "pop",
    "register_backward_hook", "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter", "register_state_dict_post_hook",
    "register_state_dict_pre_hook", "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict",
    "to", "to_empty", "train", "training", "type", "xpu", "zero_grad", "self", "torch", "nn", "F", "np", "x", "pictures",
    "dot",
))
"""Names that nn.Module or the printed code needs for itself."""


class TransferredWeights(msgspec.Struct, frozen=True):
    """A Keras layer whose weights are transferred: its path (a base's id before its layer's), and the state entries."""

    layer: tuple[str, ...]
    entries: tuple[tuple[str, Weight], ...]
    fixed: tuple[tuple[str, Fixed], ...] = ()


class Module(msgspec.Struct, kw_only=True):
    """One class while it is written."""

    modules: list[tuple[str, str]] = []
    """Attribute and code of the modules."""
    remarks: dict[str, str] = {}
    after: list[str] = []
    carried: list[TransferredWeights] = []
    helpers: list[Helper] = []
    missing: list[Problem] = []
    penalties: list[str] = []
    left_out: str = ""
    starts: list[str] = []


def layer_code(node: Node, report: NetworkReport, context: Context) -> TorchCode | Problem:
    """The PyTorch code of a layer, or the problem if it has none."""
    layer, node_report = LAYERS.find(node.type), report.nodes[node.id]
    if layer is None:
        text = Text("This version does not know the layer {type}. Replace or remove it.",
                    "Esta versión no conoce la capa {type}. Reemplácela o quítela.")
        return error("unknown_layer", text.fill(type=node.type), "network", node=node.id)
    if isinstance(layer.torch, NotInTorch):
        return not_in_torch(layer.id, layer.torch, "network", node.id)
    if node_report.shape is None or layer.torch is None:
        text = Text("{type} cannot be written as PyTorch code. Replace or remove it.",
                    "{type} no se puede escribir como código de PyTorch. Reemplácela o quítela.")
        return error("not_written", text.fill(type=node.type), "network", node=node.id)
    return layer.torch(Site(values=values_of(node, layer), inputs=node_report.inputs, output=node_report.shape,
                            context=context))


def add_layer(module: Module, node: Node, name: str, written: TorchCode | Problem, path: tuple[str, ...], prefix: str
         ) -> list[str]:
    """Add a layer's modules; returns their attributes in the order of application."""
    if isinstance(written, Problem):
        module.missing.append(written)
        module.helpers.append(MISSING)
        module.modules.append((name, f'{MISSING.name}("{node.type}")'))
        if written.code == NOT_IN_TORCH:
            module.remarks[name] = str(written.text)
        return [name]
    if written.remark:
        module.remarks[name] = written.remark
    module.helpers += written.helpers
    parts = [*written.parts, *_activity_penalty(node)]
    attributes, entries, fixed = [], [], []
    for part in parts:
        attribute = unique_id(f"{name}_{part.suffix}" if part.suffix else name, [taken for taken, _ in module.modules])
        module.modules.append((attribute, part.code))
        module.helpers += part.helpers
        attributes.append(attribute)
        entries += [(f"{prefix}{attribute}.{weight.key}", weight) for weight in part.weights]
        fixed += [(f"{prefix}{attribute}.{entry.key}", entry) for entry in part.fixed]
        module.after += [f"self.{attribute}.{entry.key}.requires_grad_(False)" for entry in part.fixed if not entry.learns]
        for weight in part.weights:
            _regularize(module, node, f"{prefix}{attribute}.{weight.key}", weight.keras_role)
            if not prefix:
                module.starts += start_lines(values_of(node, LAYERS[node.type]), f"network.{attribute}.{weight.key}", weight)
    if entries or fixed:
        module.carried.append(TransferredWeights(path, tuple(entries), tuple(fixed)))
    return attributes


def _activity_penalty(node: Node) -> list[Part]:
    layer = LAYERS[node.type]
    values = values_of(node, layer)
    if values.get("activity_regularizer") is None:
        return []
    l1, l2 = factors(values, "activity_regularizer")
    return [Part(f"ActivityPenalty({l1!r}, {l2!r})", suffix="penalty", helpers=(ACTIVITY_PENALTY,))]


def factors(values: dict[str, Any], name: str) -> tuple[float, float]:
    """(l1, l2) of a regulariser, 0 for what it does not have."""
    kind = values[name]
    return (values[f"{name}_l1"] if kind in ("L1", "L1L2") else 0.0,
            values[f"{name}_l2"] if kind in ("L2", "L1L2") else 0.0)


def _regularize(module: Module, node: Node, path: str, role: str) -> None:
    """Add a regulariser's penalty, and a remark for a constraint."""
    values = values_of(node, LAYERS[node.type])
    if values.get(f"{role}_constraint") is not None:
        module.after.append(f"# Keras holds {path} to {values[f'{role}_constraint']} after every step; this class does not.")
    name = f"{role}_regularizer"
    if values.get(name) is None:
        return
    l1, l2 = factors(values, name)
    module.penalties += [f"{factor!r} * model.{path}.{power}().sum()"
                         for factor, power in ((l1, "abs"), (l2, "square")) if factor]


def merge_module(collected: Module, module: Module) -> None:
    collected.helpers += module.helpers
    collected.carried += module.carried
    collected.missing += module.missing
    collected.penalties += module.penalties


def sources_of(network: NetworkSpec) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    for edge in sorted(network.edges, key=lambda edge: edge.port):
        if edge.target in sources:
            sources[edge.target].append(edge.source)
    return sources


def class_head(name: str, about: str, module: Module) -> list[str]:
    lines = [f"class {name}(nn.Module):", f'    """{about}"""', "", "    def __init__(self):", "        super().__init__()"]
    for attribute, code in module.modules:
        if attribute in module.remarks:
            lines.append(f"        # {module.remarks[attribute]}")
        lines.append(f"        self.{attribute} = {code}")
    return [*lines, *(f"        {line}" for line in module.after)]


def forward_lines(order: Sequence[Node], sources: dict[str, list[str]], names: dict[str, str], applied: dict[str, list[str]],
             expressions: dict[str, str], output: str | None) -> list[str]:
    """The lines of forward: the input of the next layer alone is called x, tensors needed later have their own names."""
    following = successors([(source, node.id) for node in order for source in sources[node.id]])
    values: dict[str, str] = {}
    lines: list[str] = []
    for node, after in zip(order, [*order[1:], None], strict=True):
        modules = applied.get(node.id, [])
        if node.type == INPUT:
            text = nest_calls(modules, "pictures")
            if not modules:
                values[node.id] = "pictures"
                continue
        else:
            inputs = [values.get(source, "pictures") for source in sources[node.id]]
            expression = expressions.get(node.id, "")
            inside = expression.format(*inputs) if expression and inputs else ", ".join(inputs)
            text = nest_calls(modules, inside)
        taken = following.get(node.id, [])
        values[node.id] = "x" if after is None or taken == [after.id] else names[node.id]
        lines.append(f"        {values[node.id]} = {text}")
    return [*lines, f"        return {values.get(output or '', 'x')}"]


def nest_calls(modules: Sequence[str], text: str) -> str:
    for module in modules:
        text = f"self.{module}({text})"
    return text
