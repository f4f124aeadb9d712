"""A custom base in Keras source: its file loaded and truncated, or its layers one by one with the file's weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Shape
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import with_defaults
from cnnstudio.interchange.keras_file.h5 import open_h5, weight_paths
from cnnstudio.interchange.own_base.files import is_h5
from cnnstudio.interchange.own_base.model import own_model
from cnnstudio.network.shapes import NetworkReport, report


def can_truncate(base: Base, graph: NetworkSpec, size: tuple[int, int]) -> bool:
    """Whether the file's model can be loaded and truncated: for pictures of its own size, without nested models,
    and every layer used once. Of a `.h5` file only the weights are used: Keras 3 cannot load all Keras 2 models."""
    inner = [node.id for node in graph.nodes[1:] if node.id in own_model(base).origins]
    origins = [own_model(base).origins[item] for item in inner]
    names = [origin.names for origin in origins]
    return (size == base.size and not is_h5(Path(own_model(base).path)) and all(len(item) == 1 for item in names)
            and len(set(names)) == len(names) and bool(origins[-1].group))


def imports(bases: Iterable[Base]) -> list[str]:
    """Imports of the printed code besides Keras."""
    return ["import h5py"] if any(base.own is not None and is_h5(Path(base.own.path)) for base in bases) else []


def truncated_lines(name: str, base: Base, graph: NetworkSpec, learning: frozenset[str]) -> list[str]:
    """Lines that load the file's model up to the last layer of `graph`; its output is called x."""
    origins = own_model(base).origins
    last = literal(origins[graph.nodes[-1].id].names[0])
    lines = [_load_line(base), f"base = keras.Model(source.inputs, source.get_layer({last}).output, name={literal(name)})"]
    learns = [origins[node.id].names[0] for node in graph.nodes if node.id in learning and node.id in origins]
    if learns:
        lines += ["for layer in base.layers:", f"    layer.trainable = layer.name in {literal(tuple(learns))}"]
    else:
        lines.append("base.trainable = False")
    added = [node for node in graph.nodes[1:] if node.id not in origins]
    lines += [f"x = {_layer_call(node.type, dict(node.params), node.id)}(pictures)" for node in added]
    return [*lines, f"x = base({'x' if added else 'pictures'}, training=False)"]


def output_shape(base: Base, graph: NetworkSpec, size: tuple[int, int]) -> Shape:
    """The output shape of `graph` for pictures of (height, width); () if it is unknown."""
    return _report(base, graph, size).nodes[graph.nodes[-1].id].shape or ()


def _report(base: Base, graph: NetworkSpec, size: tuple[int, int]) -> NetworkReport:
    context = Context(height=size[0], width=size[1], channels=base.channels, class_count=1, normalization="none")
    return report(graph, context, headless=True)


def weight_lines(base: Base, graph: NetworkSpec) -> list[str]:
    """Lines that set the file's weights into the layers of the printed model."""
    network_report = _report(base, graph, base.size)
    weighted = [node.id for node in graph.nodes if network_report.nodes[node.id].cost.parameters]
    paths = {item: own_model(base).origins[item].names for item in weighted}
    if is_h5(Path(own_model(base).path)):
        return _h5_lines(base, paths)
    lines = [_load_line(base)]
    flat = any(own_model(base).origins[item].flat for item in weighted)
    outer = {names[:-1] for names in paths.values()}
    if len(outer) == 1 and all(name == names[-1] for name, names in paths.items()):
        inner = "".join(f".get_layer({literal(item)})" for item in next(iter(outer)))
        return [*lines, "for layer in base.layers:", "    if layer.weights:",
                *_set_weights_lines(f"source{inner}.get_layer(layer.name).get_weights()", flat, "        ")]
    lines.append("for name, place in {")
    lines += [f"    {literal(name)}: {literal(names)}," for name, names in paths.items()]
    return [*lines, "}.items():", "    found, layer = source, base.get_layer(name)", "    for each in place:",
            "        found = found.get_layer(each)", *_set_weights_lines("found.get_weights()", flat, "    ")]


def _set_weights_lines(arrays: str, flat: bool, indent: str) -> list[str]:
    """Lines that set the weights of `layer`; with `flat`, some have another shape in the file."""
    if not flat:
        return [f"{indent}layer.set_weights({arrays})"]
    return [f"{indent}arrays = zip({arrays}, layer.weights)",
            f"{indent}layer.set_weights([array.reshape(weight.shape) for array, weight in arrays])"]


def _h5_lines(base: Base, layer_paths: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Lines that set the weights of a `.h5` file by their names."""
    flat = any(own_model(base).origins[layer_name].flat for layer_name in layer_paths)
    lines = [f"with h5py.File({literal(base.own_file)}) as source:"]
    if all(names == (name,) for name, names in layer_paths.items()):
        return [*lines, "    for layer in base.layers:", "        if layer.weights:",
                '            group = source["model_weights"][layer.name]',
                '            arrays = [group[name][()] for name in group.attrs["weight_names"]]',
                *_set_weights_lines("arrays", flat, "            ")]
    lines.append("    for name, arrays in {")
    with open_h5(Path(own_model(base).path)) as file:
        for name, names in layer_paths.items():
            group, paths = weight_paths(file, names)
            lines.append(f"        {literal(name)}: {literal(['/'.join([*group, *path]) for path in paths])},")
    return [*lines, "    }.items():", "        layer = base.get_layer(name)",
            *_set_weights_lines("[source[each][()] for each in arrays]", flat, "        ")]


def _load_line(base: Base) -> str:
    return f"source = keras.saving.load_model({literal(base.own_file)}, compile=False, safe_mode=True)"


def _layer_call(kind: str, params: dict[str, object], name: str) -> str:
    entry = LAYERS[kind]
    return entry.call.code(with_defaults(entry.params, params), name=name)
