"""A pretrained base as a class of PyTorch: frozen before its freeze line, and always as when it predicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from cnnstudio.catalog.bases import Base, last_layers
from cnnstudio.catalog.bases.resolver import base_of, identifier_of
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.torch_form import TorchCode
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import BASE, NetworkSpec, Node
from cnnstudio.interchange.printing.torch.base_blocks import block_classes
from cnnstudio.interchange.printing.torch.layer_lines import (
    RESERVED,
    Module,
    add_layer,
    class_head,
    forward_lines,
    layer_code,
    merge_module,
    sources_of,
)
from cnnstudio.network.naming import variable_names
from cnnstudio.network.shapes import NetworkReport, report


def base_description(base: Base) -> str:
    """The name of the base and its source."""
    return f"{base.label.en}, {base.source or base.own_file}"


def class_name(name: str) -> str:
    """The name of the class of the base at the attribute `name`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Layers"


def base_class(node: Node, name: str, pictures: Context, collected: Module, taken: set[str]) -> str:
    """The class of the base at the attribute `name`, and before it the classes of its blocks; `taken` are other classes."""
    values = values_of(node, LAYERS[BASE])
    base = base_of(values, pictures.bases)
    if base is None:
        return f"# unknown base {identifier_of(values)}\n"
    end = values["ends_at"] if values["ends_at"] in base.ends else "all"
    graph = base.graph_for(pictures.height, pictures.width, end)
    context = Context(height=pictures.height, width=pictures.width, channels=base.channels, class_count=1,
                      normalization="none")
    network_report = report(graph, context, headless=True)
    pools = values["pooling"] != "none" and len(network_report.nodes[graph.nodes[-1].id].shape or ()) == 3
    kind = {"avg": "Avg", "max": "Max"}.get(values["pooling"], "") if pools else ""
    about = f"{base_description(base)}; takes 0-255 pixels."
    written = {layer.id: layer_code(layer, network_report, context) for layer in graph.nodes[1:]}
    forms = {identifier: code for identifier, code in written.items() if isinstance(code, TorchCode)}
    # The blocks of a user's own model have no names that say what repeats.
    blocks = block_classes(base, graph, forms, taken) if base.own is None and len(forms) == len(written) else None
    if blocks is None:
        lines = _flat_class(base, graph, network_report, context, (node.id, name), (values["trainable_from"], end, kind), about,
                            collected)
        return "\n".join(lines) + "\n"
    for layer in graph.nodes[1:]:
        form = forms[layer.id]
        collected.helpers += [*form.helpers, *(helper for part in form.parts for helper in part.helpers)]
        carried = blocks.transferred(layer.id, form, (node.id, layer.id), f"{name}.")
        collected.carried += [carried] if carried is not None else []
    modules, answer = blocks.modules, "x"
    if kind:
        modules = [*modules, f"self.pooling = nn.Adaptive{kind}Pool2d(1)", "self.flat = nn.Flatten()"]
        answer = "self.flat(self.pooling(x))"
    lines = [line for code in blocks.classes for line in (*code, "", "")]
    lines += [*_head(class_name(name), about), *(f"        {line}" for line in modules),
              *_freeze_lines(base, (values["trainable_from"], end), blocks.paths), "", "    def forward(self, pictures):",
              *(f"        {line}" for line in blocks.forward), f"        return {answer}", *_ALWAYS_PREDICTS]
    return "\n".join(lines) + "\n"


_ALWAYS_PREDICTS: Final = (
    "", "    def train(self, mode=True):",
    '        """Its normalisation stays as it was learned: always as when it predicts."""',
    "        return super().train(False)")


def _head(name: str, about: str) -> list[str]:
    return class_head(name, about, Module())


def _flat_class(base: Base, graph: NetworkSpec, network_report: NetworkReport, context: Context, names: tuple[str, str],
                settings: tuple[str, str, str], about: str, collected: Module) -> list[str]:
    """The class with all layers one by one; `names` are the node and its attribute, `settings` the freeze line, the
    end and the kind of pooling."""
    (node, name), (start, end, kind) = names, settings
    inner = list(graph.nodes)
    attributes = variable_names([layer.id for layer in inner], RESERVED)
    module, applied, expressions = Module(), dict[str, list[str]](), dict[str, str]()
    for layer in inner[1:]:
        code = layer_code(layer, network_report, context)
        applied[layer.id] = add_layer(module, layer, attributes[layer.id], code, (node, layer.id), f"{name}.")
        expressions[layer.id] = code.expression if isinstance(code, TorchCode) else ""
    last = inner[-1].id
    if kind:
        taken = [attribute for attribute, _code in module.modules]
        pooling, flat = unique_id("pooling", taken), unique_id("flat", taken)
        module.modules += [(pooling, f"nn.Adaptive{kind}Pool2d(1)"), (flat, "nn.Flatten()")]
        applied[last] = [*applied[last], pooling, flat]
    merge_module(collected, module)
    return [*class_head(class_name(name), about, module), *_freeze_lines(base, (start, end), applied), "",
            "    def forward(self, pictures):",
            *forward_lines(inner, sources_of(graph), attributes, applied, expressions, last), *_ALWAYS_PREDICTS]


def _freeze_lines(base: Base, line: tuple[str, str], paths: Mapping[str, Sequence[str]]) -> list[str]:
    """Only the layers behind the freeze line learn, batch normalisation nowhere; `line` is it and the end, `paths` are the
    layers' modules."""
    learning = base.trainable_layers(*line) & paths.keys()
    if not learning:
        return ["        self.requires_grad_(False)"]
    frozen = {base.block_of(layer) for layer in paths if layer not in learning} - {""}
    learns = [block for block in base.lines if any(base.block_of(layer) == block for layer in learning)]
    if line[0] == "all" or (last_layers(line[0]) is None and not frozen - set(learns)):
        return [f"        {item}" for item in all_learn_lines("self")]
    modules = {layer: path[0] for layer, path in paths.items() if path}
    return [f"        {item}" for item in learning_lines("self", base, learning, modules)]


def all_learn_lines(module: str) -> list[str]:
    """The lines after which all layers of a base learn but batch normalisation."""
    return [f"for layer in {module}.modules():", "    if not list(layer.children()):",
            "        layer.requires_grad_(not isinstance(layer, nn.BatchNorm2d))"]


def learning_lines(module: str, base: Base, learning: Collection[str], paths: Mapping[str, str]) -> list[str]:
    """The lines after which just these layers of a base learn; `paths` are the layers' modules."""
    # Batch normalisation is left out by its class.
    still = {node.id for node in (base.graph() if base.own is None else base.own.network).nodes
             if LAYERS[node.type].batch_free}
    ordered = [layer for layer in paths if layer not in still]
    wanted = [layer for layer in ordered if layer in learning]
    if wanted == ordered[len(ordered) - len(wanted):]:
        return _learn_from_lines(module, paths[wanted[0]])
    names = tuple(paths[layer] for layer in wanted)
    return [f"for name, layer in {module}.named_modules():", "    if not list(layer.children()):",
            "        layer.requires_grad_(name in (", *(f'            "{name}",' for name in names), "        ))"]


def _learn_from_lines(module: str, first: str) -> list[str]:
    """The lines after which the layers of a base learn from that module on, batch normalisation nowhere."""
    return ["learns = False", f"for name, layer in {module}.named_modules():", f'    learns = learns or name == "{first}"',
            "    if not list(layer.children()):",
            "        layer.requires_grad_(learns and not isinstance(layer, nn.BatchNorm2d))"]
