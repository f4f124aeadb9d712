"""The network as an nn.Module: its classes, and the transfer of Keras's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.normalization import rescaling_module
from cnnstudio.catalog.torch_form import Helper, TorchCode
from cnnstudio.catalog.torch_helpers import ACTIVITY_PENALTY, HELPERS, RESCALING
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.core.problems import Problem
from cnnstudio.interchange.printing.blocks import drawn_order
from cnnstudio.interchange.printing.torch.base_blocks import BlockClasses, block_classes
from cnnstudio.interchange.printing.torch.bases import base_class, class_name
from cnnstudio.interchange.printing.torch.layer_lines import (
    RESERVED,
    Module,
    TransferredWeights,
    add_layer,
    class_head,
    forward_lines,
    layer_code,
    merge_module,
    sources_of,
)
from cnnstudio.network.naming import variable_names
from cnnstudio.network.normalization import is_measured, rescaling
from cnnstudio.network.shapes import NetworkReport, report


class TorchModel(msgspec.Struct, frozen=True, kw_only=True):
    """`code` has the class `Network` and its helpers, without imports; `missing` has the problems of omitted layers.

    `left_out` is the last activation ("sigmoid" or "softmax") where the network answers with logits. `starts` are the
    lines that draw weights of `network` otherwise than `initialize` does.
    """

    code: str
    carried: tuple[TransferredWeights, ...]
    missing: tuple[Problem, ...] = ()
    has_penalties: bool = False
    left_out: str = ""
    starts: tuple[str, ...] = ()


def base_classes(network: NetworkSpec, context: Context) -> dict[str, Node]:
    """The nodes of pretrained bases by their printed classes, as in `torch_model`."""
    nodes = [node for node in report(network, context).network.nodes if node.type == BASE]
    return {base_class(node, "base", context, Module(), {"Network", "BaseLayers"}): node for node in nodes}


_LAST_ACTIVATIONS: Final = {"nn.Sigmoid()": "sigmoid", "nn.Softmax(dim=1)": "softmax", "nn.Softmax(dim=-1)": "softmax"}


def torch_model(network: NetworkSpec, context: Context, logits: bool = False) -> TorchModel:
    """The classes of the network for pictures (batch, channels, height, width) of 0-255, and the transfer of its weights.

    With `logits` it leaves out a sigmoid or softmax at the end, as PyTorch's losses take it.
    """
    network_report = report(network, context)
    nodes_by_id = {node.id: node for node in network_report.network.nodes}
    order = [nodes_by_id[identifier] for identifier in network_report.order]
    names = variable_names([node.id for node in order], RESERVED)
    collected = Module()
    classes: list[str] = []
    taken = {"Network", *(helper.name for helper in HELPERS), *(class_name(name) for name in names.values())}
    for node in order:
        if node.type == BASE:
            classes.append(base_class(node, names[node.id], context, collected, taken))
    lines = _network_class(order, names, network_report, context, collected, logits, taken)
    helpers = _helpers_code(collected.helpers)
    if collected.penalties or ACTIVITY_PENALTY in collected.helpers:
        lines += ["", "", *_penalties(collected)]
    text = "\n\n".join([*helpers, *classes, "\n".join(lines) + "\n"])
    remarks = [f"# {problem.where.node}: {problem.text}" for problem in network_report.problems
               if problem.where.node is not None]
    if context.normalization == "standardize" and not is_measured(context):
        remarks.append("# The mean and deviation of the training pictures were not measured yet: nothing is scaled.")
    return TorchModel(code=text + "".join(f"{line}\n" for line in remarks), carried=tuple(collected.carried),
                      missing=tuple(collected.missing),
                      has_penalties=bool(collected.penalties or ACTIVITY_PENALTY in collected.helpers),
                      left_out=collected.left_out, starts=tuple(collected.starts))


def _helpers_code(helpers: Sequence[Helper]) -> list[str]:
    """The source of the helpers: those of the library in its order, then those of entries."""
    needed = dict.fromkeys(helpers)
    return [helper.code for helper in (*(helper for helper in HELPERS if helper in needed),
                                       *(helper for helper in needed if helper not in HELPERS))]


# Classes -----------------------------------------------------------------------------------------


def _network_class(order: Sequence[Node], names: dict[str, str], report: NetworkReport, context: Context,
                   collected: Module, logits: bool, taken: set[str]) -> list[str]:
    module, forms = Module(), dict[str, TorchCode]()
    sources = sources_of(report.network)
    applied: dict[str, list[str]] = {}
    expressions: dict[str, str] = {}
    scaling = rescaling(context)
    for node in order:
        if node.type == INPUT:
            continue
        if node.type == BASE and report.nodes[node.id].shape is not None:
            module.modules.append((names[node.id], f"{class_name(names[node.id])}()"))
            applied[node.id] = [names[node.id]]
            continue
        written = layer_code(node, report, context)
        if logits and node.id == report.output and isinstance(written, TorchCode) and written.parts:
            module.left_out = _LAST_ACTIVATIONS.get(written.parts[-1].code, "")
            written = msgspec.structs.replace(written, parts=written.parts[:-1]) if module.left_out else written
        applied[node.id] = add_layer(module, node, names[node.id], written, (node.id,), "")
        if isinstance(written, TorchCode):
            forms[node.id] = written
        expressions[node.id] = written.expression if isinstance(written, TorchCode) else ""
    first = next((node.id for node in order if node.type == INPUT), None)
    if scaling is not None and first is not None:
        start = unique_id("normalization", [name for name, _ in module.modules])
        values = scaling.arguments({})
        module.modules.insert(0, (start, rescaling_module(values["scale"], values.get("offset", 0.0), 3)))
        module.helpers.append(RESCALING)
        applied[first] = [start]
    graph = drawn_order(report.network, order, report.output) if len(forms) == len(order) - 1 else None
    blocks = _blocks(graph, forms, module, len(applied) == len(order), taken) if graph is not None else None
    merge_module(collected, module)
    collected.left_out, collected.starts = module.left_out, module.starts
    about = f"Takes pixels (batch, {context.channels}, {context.height}, {context.width}) of 0-255, as float32."
    if module.left_out:
        about = f"{about[:-1]}; answers with logits: {module.left_out} gives the probabilities."
    if blocks is not None:
        lines = [line for code in blocks.classes for line in (*code, "", "")]
        return [*lines, *class_head("Network", about, Module()), *(f"        {line}" for line in blocks.modules), "",
                "    def forward(self, pictures):", *(f"        {line}" for line in blocks.forward), "        return x"]
    if _is_chain(order, sources, expressions):
        return _sequential_class("Network", about, module)
    if not order:
        return ["class Network(nn.Module):", f'    """{about}"""', "", "    def forward(self, pictures):",
                "        return pictures  # the network has no layers yet"]
    return [*class_head("Network", about, module), "", "    def forward(self, pictures):",
            *forward_lines(order, sources, names, applied, expressions, report.output)]


def _blocks(graph: NetworkSpec, forms: Mapping[str, TorchCode], module: Module, is_scaled: bool, taken: set[str]
            ) -> BlockClasses | None:
    """A large network as modules of its blocks, with what is transferred to them; None where lines outside of the classes
    name single layers (starts, penalties, constraints), or no block repeats."""
    if module.starts or module.penalties or module.missing or any(line.startswith("#") for line in module.after):
        return None
    blocks = block_classes(None, graph, forms, taken, "x" if is_scaled else "pictures")
    if blocks is None:
        return None
    if is_scaled:
        attribute, code = module.modules[0]
        blocks.modules.insert(0, f"self.{attribute} = {code}")
        blocks.forward.insert(0, f"x = self.{attribute}(pictures)")
    module.carried = [carried for node in graph.nodes[1:]
                      if (carried := blocks.transferred(node.id, forms[node.id], (node.id,), "")) is not None]
    return blocks


def _is_chain(order: Sequence[Node], sources: dict[str, list[str]], expressions: dict[str, str]) -> bool:
    return bool(order) and order[0].type == INPUT and all(
        sources[node.id] == [before.id] for before, node in zip(order, order[1:], strict=False)) and not any(
        expressions.get(node.id) not in (None, "", "{0}") for node in order)


def _sequential_class(name: str, about: str, module: Module) -> list[str]:
    lines = [f"class {name}(nn.Sequential):", f'    """{about}"""', "", "    def __init__(self):",
             "        super().__init__(OrderedDict(["]
    for attribute, code in module.modules:
        if attribute in module.remarks:
            lines.append(f"            # {module.remarks[attribute]}")
        lines.append(f'            ("{attribute}", {code}),')
    return [*lines, "        ]))", *(f"        {line}" for line in module.after)]


def _penalties(module: Module) -> list[str]:
    lines = ["def penalties(model):", '    """What the regularizers add to the loss."""']
    if ACTIVITY_PENALTY in module.helpers:
        activities = "sum(module.penalty for module in model.modules() if isinstance(module, ActivityPenalty))"
        return [*lines, f"    total = {activities}", *(f"    total = total + {term}" for term in module.penalties),
                "    return total"]
    return [*lines, f"    total = {module.penalties[0]}", *(f"    total = total + {term}" for term in module.penalties[1:]),
            "    return total"]
