"""The network as an nn.Module: its classes, and the transfer of Keras's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import base_of, identifier_of
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.layers.normalization import rescaling_module
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
from cnnstudio.catalog.torch_helpers import ACTIVITY_PENALTY, HELPERS, MISSING, RESCALING
from cnnstudio.core.graph import successors, unique_id
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.torch.initializers import start_lines
from cnnstudio.network.naming import variable_names
from cnnstudio.network.normalization import is_measured, rescaling
from cnnstudio.network.shapes import NetworkReport, report

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


class _Module(msgspec.Struct, kw_only=True):
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


_LAST_ACTIVATIONS: Final = {"nn.Sigmoid()": "sigmoid", "nn.Softmax(dim=1)": "softmax", "nn.Softmax(dim=-1)": "softmax"}


def torch_model(network: NetworkSpec, context: Context, logits: bool = False) -> TorchModel:
    """The classes of the network for pictures (batch, channels, height, width) of 0-255, and the transfer of its weights.

    With `logits` it leaves out a sigmoid or softmax at the end, as PyTorch's losses take it.
    """
    network_report = report(network, context)
    nodes_by_id = {node.id: node for node in network_report.network.nodes}
    order = [nodes_by_id[identifier] for identifier in network_report.order]
    names = variable_names([node.id for node in order], RESERVED)
    collected = _Module()
    classes: list[str] = []
    for node in order:
        if node.type == BASE:
            classes.append(_base_class(node, names[node.id], context, collected))
    lines = _network_class(order, names, network_report, context, collected, logits)
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


# Layers ------------------------------------------------------------------------------------------


def _layer_code(node: Node, report: NetworkReport, context: Context) -> TorchCode | Problem:
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


def _add(module: _Module, node: Node, name: str, written: TorchCode | Problem, path: tuple[str, ...], prefix: str
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
    l1, l2 = _factors(values, "activity_regularizer")
    return [Part(f"ActivityPenalty({l1!r}, {l2!r})", suffix="penalty", helpers=(ACTIVITY_PENALTY,))]


def _factors(values: dict[str, Any], name: str) -> tuple[float, float]:
    """(l1, l2) of a regulariser, 0 for what it does not have."""
    kind = values[name]
    return (values[f"{name}_l1"] if kind in ("L1", "L1L2") else 0.0,
            values[f"{name}_l2"] if kind in ("L2", "L1L2") else 0.0)


def _regularize(module: _Module, node: Node, path: str, role: str) -> None:
    """Add a regulariser's penalty, and a remark for a constraint."""
    values = values_of(node, LAYERS[node.type])
    if values.get(f"{role}_constraint") is not None:
        module.after.append(f"# Keras holds {path} to {values[f'{role}_constraint']} after every step; this class does not.")
    name = f"{role}_regularizer"
    if values.get(name) is None:
        return
    l1, l2 = _factors(values, name)
    module.penalties += [f"{factor!r} * model.{path}.{power}().sum()"
                         for factor, power in ((l1, "abs"), (l2, "square")) if factor]


def _penalties(module: _Module) -> list[str]:
    lines = ["def penalties(model):", '    """What the regularizers add to the loss."""']
    if ACTIVITY_PENALTY in module.helpers:
        activities = "sum(module.penalty for module in model.modules() if isinstance(module, ActivityPenalty))"
        return [*lines, f"    total = {activities}", *(f"    total = total + {term}" for term in module.penalties),
                "    return total"]
    return [*lines, f"    total = {module.penalties[0]}", *(f"    total = total + {term}" for term in module.penalties[1:]),
            "    return total"]


# Classes -----------------------------------------------------------------------------------------


def _network_class(order: Sequence[Node], names: dict[str, str], report: NetworkReport, context: Context,
                   collected: _Module, logits: bool) -> list[str]:
    module = _Module()
    sources = _sources(report.network)
    applied: dict[str, list[str]] = {}
    expressions: dict[str, str] = {}
    scaling = rescaling(context)
    for node in order:
        if node.type == INPUT:
            continue
        if node.type == BASE and report.nodes[node.id].shape is not None:
            module.modules.append((names[node.id], f"{_class_name(names[node.id])}()"))
            applied[node.id] = [names[node.id]]
            continue
        written = _layer_code(node, report, context)
        if logits and node.id == report.output and isinstance(written, TorchCode) and written.parts:
            module.left_out = _LAST_ACTIVATIONS.get(written.parts[-1].code, "")
            written = msgspec.structs.replace(written, parts=written.parts[:-1]) if module.left_out else written
        applied[node.id] = _add(module, node, names[node.id], written, (node.id,), "")
        expressions[node.id] = written.expression if isinstance(written, TorchCode) else ""
    first = next((node.id for node in order if node.type == INPUT), None)
    if scaling is not None and first is not None:
        start = unique_id("normalization", [name for name, _ in module.modules])
        values = scaling.arguments({})
        module.modules.insert(0, (start, rescaling_module(values["scale"], values.get("offset", 0.0), 3)))
        module.helpers.append(RESCALING)
        applied[first] = [start]
    _merge_module(collected, module)
    collected.left_out, collected.starts = module.left_out, module.starts
    about = f"Takes pixels (batch, {context.channels}, {context.height}, {context.width}) of 0-255, as float32."
    if module.left_out:
        about = f"{about[:-1]}; answers with logits: {module.left_out} gives the probabilities."
    if _is_chain(order, sources, expressions):
        return _sequential_class("Network", about, module)
    if not order:
        return ["class Network(nn.Module):", f'    """{about}"""', "", "    def forward(self, pictures):",
                "        return pictures  # the network has no layers yet"]
    return [*_class_head("Network", about, module), "", "    def forward(self, pictures):",
            *_forward(order, sources, names, applied, expressions, report.output)]


def _merge_module(collected: _Module, module: _Module) -> None:
    collected.helpers += module.helpers
    collected.carried += module.carried
    collected.missing += module.missing
    collected.penalties += module.penalties


def _sources(network: NetworkSpec) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    for edge in sorted(network.edges, key=lambda edge: edge.port):
        if edge.target in sources:
            sources[edge.target].append(edge.source)
    return sources


def _is_chain(order: Sequence[Node], sources: dict[str, list[str]], expressions: dict[str, str]) -> bool:
    return bool(order) and order[0].type == INPUT and all(
        sources[node.id] == [before.id] for before, node in zip(order, order[1:], strict=False)) and not any(
        expressions.get(node.id) not in (None, "", "{0}") for node in order)


def _sequential_class(name: str, about: str, module: _Module) -> list[str]:
    lines = [f"class {name}(nn.Sequential):", f'    """{about}"""', "", "    def __init__(self):",
             "        super().__init__(OrderedDict(["]
    for attribute, code in module.modules:
        if attribute in module.remarks:
            lines.append(f"            # {module.remarks[attribute]}")
        lines.append(f'            ("{attribute}", {code}),')
    return [*lines, "        ]))", *(f"        {line}" for line in module.after)]


def _class_head(name: str, about: str, module: _Module) -> list[str]:
    lines = [f"class {name}(nn.Module):", f'    """{about}"""', "", "    def __init__(self):", "        super().__init__()"]
    for attribute, code in module.modules:
        if attribute in module.remarks:
            lines.append(f"        # {module.remarks[attribute]}")
        lines.append(f"        self.{attribute} = {code}")
    return [*lines, *(f"        {line}" for line in module.after)]


def _forward(order: Sequence[Node], sources: dict[str, list[str]], names: dict[str, str], applied: dict[str, list[str]],
             expressions: dict[str, str], output: str | None) -> list[str]:
    """The lines of forward: the input of the next layer alone is called x, tensors needed later have their own names."""
    following = successors([(source, node.id) for node in order for source in sources[node.id]])
    values: dict[str, str] = {}
    lines: list[str] = []
    for node, after in zip(order, [*order[1:], None], strict=True):
        modules = applied.get(node.id, [])
        if node.type == INPUT:
            text = _nest_calls(modules, "pictures")
            if not modules:
                values[node.id] = "pictures"
                continue
        else:
            inputs = [values.get(source, "pictures") for source in sources[node.id]]
            expression = expressions.get(node.id, "")
            inside = expression.format(*inputs) if expression and inputs else ", ".join(inputs)
            text = _nest_calls(modules, inside)
        taken = following.get(node.id, [])
        values[node.id] = "x" if after is None or taken == [after.id] else names[node.id]
        lines.append(f"        {values[node.id]} = {text}")
    return [*lines, f"        return {values.get(output or '', 'x')}"]


def _nest_calls(modules: Sequence[str], text: str) -> str:
    for module in modules:
        text = f"self.{module}({text})"
    return text


# Bases -------------------------------------------------------------------------------------------


def base_description(base: Base) -> str:
    """The name of the base and its source."""
    return f"{base.label.en}, {base.source or base.own_file}"


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Layers"


def _base_class(node: Node, name: str, pictures: Context, collected: _Module) -> str:
    """The layers of a pretrained base as a class, frozen before its freeze line and always in inference mode."""
    values = values_of(node, LAYERS[BASE])
    base = base_of(values, pictures.bases)
    if base is None:
        return f"# unknown base {identifier_of(values)}\n"
    end = values["ends_at"] if values["ends_at"] in base.ends else "all"
    graph = base.graph_for(pictures.height, pictures.width, end)
    context = Context(height=pictures.height, width=pictures.width, channels=base.channels, class_count=1,
                      normalization="none")
    network_report = report(graph, context, headless=True)
    inner = list(graph.nodes)
    names = variable_names([layer.id for layer in inner], RESERVED)
    module, applied, expressions = _Module(), {}, {}
    for layer in inner[1:]:
        written = _layer_code(layer, network_report, context)
        applied[layer.id] = _add(module, layer, names[layer.id], written, (node.id, layer.id), f"{name}.")
        expressions[layer.id] = written.expression if isinstance(written, TorchCode) else ""
    last = inner[-1].id
    if values["pooling"] != "none" and len(network_report.nodes[last].shape or ()) == 3:
        kind = {"avg": "Avg", "max": "Max"}[values["pooling"]]
        taken = [attribute for attribute, _code in module.modules]
        pooling, flat = unique_id("pooling", taken), unique_id("flat", taken)
        module.modules += [(pooling, f"nn.Adaptive{kind}Pool2d(1)"), (flat, "nn.Flatten()")]
        applied[last] = [*applied[last], pooling, flat]
    _merge_module(collected, module)
    lines = [*_class_head(_class_name(name), f"{base_description(base)}; takes 0-255 pixels.", module),
             *_freeze_lines(base, values["trainable_from"], applied), "", "    def forward(self, pictures):",
             *_forward(inner, _sources(graph), names, applied, expressions, last), "",
             "    def train(self, mode=True):",
             '        """Its normalisation stays as it was learned: always as when it predicts."""',
             "        return super().train(False)"]
    return "\n".join(lines) + "\n"


def _freeze_lines(base: Base, line: str, names: dict[str, list[str]]) -> list[str]:
    """Only the layers from the freeze line on learn, batch normalisation nowhere; `names` are the layers' modules."""
    learning = base.trainable_layers(line if line in ("none", "all", *base.lines) else "none") & names.keys()
    if not learning:
        return ["        self.requires_grad_(False)"]
    frozen = {base.block_of(layer) for layer in names if layer not in learning} - {""}
    learns = [block for block in base.lines if any(base.block_of(layer) == block for layer in learning)]
    if line == "all" or not frozen - set(learns):
        condition = "not isinstance(layer, nn.BatchNorm2d)"
        return ["        for layer in self.children():", f"            layer.requires_grad_({condition})"]
    first = next(names[layer][0] for layer in names if layer in learning)
    return ["        learns = False", "        for name, layer in self.named_children():",
            f'            learns = learns or name == "{first}"',
            "            layer.requires_grad_(learns and not isinstance(layer, nn.BatchNorm2d))"]
