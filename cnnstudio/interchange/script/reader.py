"""Reads a training script or notebook: its network, its data code and its training."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import BASE, INPUT, Edge, NetworkSpec, Node
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source import reader as keras_reader
from cnnstudio.interchange.keras_source.data_scaling import find_scaling
from cnnstudio.interchange.keras_source.language import KerasState
from cnnstudio.interchange.printing.settings_comment import read_settings_comment
from cnnstudio.interchange.python_source.source import Source, SourceNetwork, parse, read_source, source_problem
from cnnstudio.interchange.python_source.state import STEPS
from cnnstudio.interchange.python_source.values import SourceError
from cnnstudio.interchange.script.keras_augmentation import layer_steps
from cnnstudio.interchange.script.keras_data import read_keras_data
from cnnstudio.interchange.script.keras_plan import Plan
from cnnstudio.interchange.script.model import Script
from cnnstudio.interchange.script.notes import Notes, spell
from cnnstudio.interchange.script.printed import with_printed_settings
from cnnstudio.interchange.script.torch_data import read_torch_data
from cnnstudio.interchange.script.torch_plan import read_torch_plan
from cnnstudio.interchange.source_code import framework_of
from cnnstudio.interchange.torch_source import reader as torch_reader

_SAID_OTHERWISE: Final = frozenset(("training_taken", "augmenting_layers", "data_scaling", "other_optimizer", "other_loss",
                                    "weight_decay", "open_setting"))
"""Codes of remarks of the network's reader that the script's items tell themselves."""
_OF_BASE: Final = Text("the base scales the pictures itself", "la base escala las imágenes por sí misma")
_POLICIES: Final = ("mixed_float16", "mixed_bfloat16", "float32")
_STEPS: Final = 6 * STEPS
"""Scripts also copy files and draw curves."""
replace = msgspec.structs.replace


def read_script(path: Path) -> Script:
    """The training script in a Python file or notebook. Raises ProblemError."""
    source = read_source(path)
    try:
        tree = parse(source)
        script = _read_torch(source, tree) if framework_of(source.text) == "torch" else _read_keras(source, tree)
        printed = read_settings_comment(source.text)
        return script if printed is None else with_printed_settings(script, *printed, path, source)
    except SourceError as source_error:
        (problem,) = source_problem(source, source_error.code, source_error.text, source_error.line).problems
    except (RecursionError, MemoryError):
        (problem,) = source_problem(source, "code_too_deep", Text(
            "The code is nested too deeply.", "El código está demasiado anidado."), 0).problems
    raise ProblemError(replace(problem, where=replace(problem.where, path=str(path))))


def _read_keras(source: Source, tree: ast.Module) -> Script:
    notes = Notes(source)
    state = keras_reader.follow(tree, steps=_STEPS)
    network = keras_reader.to_network(source, state, tree)
    _take_network(network, state.graph.models[-1].line if state.graph.models else 0, notes)
    plan = Plan(state, notes)
    data = read_keras_data(state, plan.validated, notes)
    plan.read()
    steps = [*layer_steps(state.changes, notes)] or data.steps
    _take_scaling(network, tree, notes)
    training = _settings(state, notes) | data.training | plan.training
    dataset = data.dataset | ({"label_mode": plan.label_mode} if plan.label_mode == "binary" else {})
    splits = data.splits
    if plan.validation_split is not None and not splits.get("validation"):
        splits = {"train": round(1 - plan.validation_split, 6), "validation": plan.validation_split, "test": 0.0}
    return Script(network=network, folders=data.folders, dataset=dataset, splits=splits, recipe=data.recipe,
                  augmentation=tuple(steps), training=training, stages=tuple(plan.stages), class_weights=plan.class_weights,
                  items=notes.items())


def _settings(state: KerasState, notes: Notes) -> dict[str, Any]:
    """What functions set for the whole training: the seed, the precision."""
    fields: dict[str, Any] = {}
    for call in state.library_calls:
        value = call.arguments[0] if call.arguments else next(iter(call.keywords.values()), None)
        name = call.path.rpartition(".")[2]
        if name in ("set_random_seed", "set_seed") and isinstance(value, int) and not isinstance(value, bool):
            fields["seed"] = abs(value)
            notes.take(call.line, "training", spell(call), "training.seed")
        elif name in ("set_global_policy", "set_policy", "set_dtype_policy") and value in _POLICIES:
            fields["precision"] = value
            notes.take(call.line, "training", spell(call), "training.precision")
    return fields


def _read_torch(source: Source, tree: ast.Module) -> Script:
    notes = Notes(source)
    interpreter = torch_reader.follow(tree, steps=_STEPS)
    network = torch_reader.to_network(source, interpreter, tree, None)
    _take_network(network, 0, notes)
    data, normalize = read_torch_data(interpreter.state, notes)
    stage, fields, mode = read_torch_plan(interpreter.state, notes)
    normalization = data.recipe.pop("normalization", network.normalization)
    if normalize is not None:
        network = _with_normalize(network, normalize, notes)
    elif network.normalization != "base":
        network = replace(network, normalization=normalization)
    if "color_mode" not in data.recipe and network.shape is not None:
        data.recipe["color_mode"] = {1: "grayscale", 4: "rgba"}.get(network.shape[2], "rgb")
    units = _last_units(network.network)
    label_mode = "binary" if mode == "binary" and units == 1 else "int"
    trained = stage.epochs is not None or stage.optimizer is not None
    return Script(network=network, folders=data.folders, dataset=data.dataset | {"label_mode": label_mode}, splits=data.splits,
                  recipe=data.recipe, augmentation=tuple(data.steps), training=data.training | fields,
                  stages=(stage,) if trained else (), items=notes.items())


def _last_units(network: NetworkSpec) -> int:
    sources = {edge.source for edge in network.edges}
    return next((node.params.get("units", 0) for node in reversed(network.nodes) if node.id not in sources), 0)


def _with_normalize(network: SourceNetwork, normalize: tuple[tuple[float, ...], tuple[float, ...]], notes: Notes
                    ) -> SourceNetwork:
    """The network with the scaling of ToTensor and Normalize as its first layer; a base scales the pictures itself."""
    spec = network.network
    start = next((node for node in spec.nodes if node.type == INPUT), None)
    if start is None or any(node.type == BASE for node in spec.nodes):
        notes.leave(0, "recipe", "Normalize", _OF_BASE)
        return network
    means, deviations = normalize
    scale = tuple(1 / (255 * deviation) for deviation in deviations)
    offset = tuple(-mean / deviation for mean, deviation in zip(means, deviations, strict=True))
    name = unique_id("normalize", [node.id for node in spec.nodes])
    several = len(scale) > 1
    layer = Node(id=name, type=RESCALING.id, params={"scale": scale if several else scale[0],
                                                     "offset": offset if several else offset[0]})
    edges = tuple(replace(edge, source=name) if edge.source == start.id else edge for edge in spec.edges)
    nodes = [item for node in spec.nodes for item in ((node, layer) if node is start else (node,))]
    spec = replace(spec, nodes=tuple(nodes), edges=(Edge(source=start.id, target=name), *edges))
    return replace(network, network=spec, normalization="none")


def _take_network(network: SourceNetwork, line: int, notes: Notes) -> None:
    layers = Text("Layers of the network: {n}", "Capas de la red: {n}").fill(n=len(network.network.nodes) - 1)
    notes.tell(line, "network", layers, True)
    for problem in _own_problems(network.problems):
        notes.add_problem(problem, "network", taken=problem.severity == "info")


def _own_problems(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.code not in _SAID_OTHERWISE]


def _take_scaling(network: SourceNetwork, tree: ast.Module, notes: Notes) -> None:
    scaling = find_scaling(tree) if network.normalization == "base" else None
    if scaling is not None and not scaling.is_of_base:
        notes.leave(scaling.line, "recipe", scaling.code, _OF_BASE)
    for problem in network.problems:
        if problem.code == "data_scaling":
            notes.add_problem(problem, "recipe", taken=network.normalization is not None)


