"""The training part of a printed Keras script: a `compile` and a `fit` for each stage."""

from __future__ import annotations

from typing import Any

from cnnstudio.catalog.bases import Base, last_layers
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.component import Place
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.keras_parts import parts_in, short_name
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.layers.normalization import BATCH_NORMALIZATION
from cnnstudio.catalog.optimizers.common import DECAY_EXEMPT, exempts
from cnnstudio.catalog.schedules import SCHEDULES, learning_rate_of
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS, chosen_loss
from cnnstudio.catalog.training.file_callbacks import place_values
from cnnstudio.catalog.training.metrics import active_metrics, is_own, metric_call
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE, INPUT, Node
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.interchange.printing.augmentation import mixes_batches
from cnnstudio.interchange.printing.keras.network import layer_variables
from cnnstudio.network.shapes import report


def training_lines(project: Project, context: Context, pictures: int) -> list[str]:
    """The lines from `model.compile` to the saved model; `pictures` is the number of the training split."""
    training = project.training
    batches = max(1, -(-pictures // training.batch_size))
    several = len(training.stages) > 1
    own = parts_in("\n".join(_metrics(project, context, mixes_batches(project))))
    watching = parts_in("\n".join(line for stage in training.stages for line in (
        _optimizer(project, stage, batches), *_slow_lines(project, stage, context.bases),
        *_callbacks(stage, batches, first=True))))
    lines: list[str] = [line for part in (*own, *watching) for line in (*part.code.split("\n"), "")]
    for number, stage in enumerate(training.stages):
        if several:
            lines += [*([""] if number else []), f"# Stage {number + 1} of {len(training.stages)}."]
        lines += _trainable(project, stage, several, context.bases)
        lines += [*_compile(project, context, stage, batches), *([] if number else ["model.summary()", ""])]
        lines += [*_callbacks(stage, batches, first=not number),
                  *(_class_weight(project) if not number else []), *_fit(project, stage)]
    if own:
        lines += ["# From here on labels are whole, and the file needs no class of this script.",
                  "model.compile(optimizer=model.optimizer, loss=model.loss, metrics=["
                  + ", ".join(_metrics(project, context, shares=False, only_keras=True)) + "])"]
    return [*lines, "if len(test):", '    print("test:", model.evaluate(test, return_dict=True, verbose=0))',
            *(f"# To load it with its optimizer, {part.name} must be defined; or load it with compile=False."
              for part in watching if part.needed_to_load), 'model.save("model.keras")']


def _compile(project: Project, context: Context, stage: Stage, batches: int) -> list[str]:
    training = project.training
    loss, values = chosen_loss(training.loss, context.label_mode)
    optimizer = _optimizer(project, stage, batches)
    before = ([f"optimizer.exclude_from_weight_decay(var_names={list(DECAY_EXEMPT)!r})".replace("'", '"')]
              if exempts(_optimizer_values(stage)) else [])
    before += _slow_lines(project, stage, context.bases)
    if before:
        before, optimizer = [f"optimizer = {optimizer}", *before], "optimizer"
    return [*before, "model.compile(", f"    optimizer={optimizer},", f"    loss={loss.call.code(values)},",
            *_listed(_metrics(project, context, mixes_batches(project))),
            *({"on": ["    jit_compile=True,"], "off": ["    jit_compile=False,"]}.get(training.jit_compile, [])), ")"]


def _metrics(project: Project, context: Context, shares: bool, only_keras: bool = False) -> list[str]:
    calls = (metric_call(step, context.label_mode, shares) for step in active_metrics(project.training.metrics))
    return [call.code({}, short_name) for call in calls if call is not None and not (only_keras and is_own(call))]


def _listed(calls: list[str]) -> list[str]:
    """The argument `metrics` in lines of readable length."""
    if len(calls) <= 1:
        return [f"    metrics=[{', '.join(calls)}],"]
    return ["    metrics=[", *(f"        {call}," for call in calls), "    ],"]


def _optimizer_values(stage: Stage) -> dict[str, Any]:
    entry = OPTIMIZERS.find(stage.optimizer.type)
    return {} if entry is None else with_defaults(entry.params, stage.optimizer.params)


def _optimizer(project: Project, stage: Stage, batches: int) -> str:
    entry = OPTIMIZERS.find(stage.optimizer.type)
    if entry is None:
        return f"...,  # unknown optimizer {stage.optimizer.type}"
    values = _optimizer_values(stage)
    rate = learning_rate_of(stage, values["learning_rate"], batches)
    # Every argument of a schedule's call is written in it already.
    arguments = entry.call.arguments(values | {"learning_rate": rate})
    if project.training.accumulation > 1:
        arguments["gradient_accumulation_steps"] = project.training.accumulation
    unknown = stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is None
    remark = f",  # unknown schedule {stage.schedule.type}" if unknown and stage.schedule is not None else ""
    return Call(entry.call.target, arguments).code({}, short_name) + remark


def _fit(project: Project, stage: Stage) -> list[str]:
    return ["history = model.fit(", "    train,", "    # Without pictures for validation there is none.",
            "    validation_data=validation if len(validation) else None,", f"    epochs={stage.epochs},",
            "    callbacks=callbacks,",
            *(["    class_weight=class_weight,"] if project.training.class_weight != "none" else []), ")"]


def _callbacks(stage: Stage, batches: int, first: bool) -> list[str]:
    lines = ["callbacks = ["]
    for step in stage.callbacks:
        entry = CALLBACKS.find(step.type)
        if entry is None:
            lines.append(f"    # unknown callback {step.type}")
        elif step.enabled:
            values = place_values(entry, with_defaults(entry.params, step.params),
                                  Place(id=step.id, epoch_batches=batches, first=first, stage=stage.id))
            lines.append(f"    {entry.call.code(values, short_name)},")
    return [*lines, "]"]


def _class_weight(project: Project) -> list[str]:
    training = project.training
    if training.class_weight == "none":
        return []
    if training.class_weight == "custom":
        lines = [f"chosen = {training.class_weights!r}",
                 "class_weight = {number: chosen.get(name, 1.0) for number, name in enumerate(CLASSES)}"]
    else:
        power = "" if training.class_weight_strength == 1 else f" ** {training.class_weight_strength!r}"
        counted = "learned" if training.oversampling else 'listed("train")'
        lines = ["# Rare classes count more: n / (classes * pictures of the class).",
                 f"counts = np.bincount({counted}[1], minlength=len(CLASSES))",
                 f"weights = (counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))){power}",
                 *(["weights /= (weights * counts).sum() / counts.sum()  # 1 in the mean"] if power else []),
                 "class_weight = dict(enumerate(weights))"]
    return [*lines,
            *(["# With mixed labels Keras weighs a picture by its larger class, CNN Studio by the shares of both."]
              if mixes_batches(project) else [])]


def _slow_lines(project: Project, stage: Stage, bases: BaseResolver) -> list[str]:
    """The lines by which the bases that learn in this stage do so more slowly than the layers after them."""
    if stage.base_rate_factor == 1:
        return []
    lines: list[str] = []
    for node, base, layers, alone in _bases(project, bases):
        values = values_of(node, LAYERS[BASE])
        if not base.trainable_layers(stage.trainable_from or str(values["trainable_from"]), str(values["ends_at"])):
            continue
        if not alone:
            graph = base.graph() if base.own is None else base.own.network
            lines += _tuple("base_layers", [layer.id for layer in graph.nodes])
            slow = "[layer for layer in model.layers if layer.name in base_layers]"
        else:
            slow = f"{layers}.layers"
        lines.append(f"slow_down(optimizer, {slow}, {stage.base_rate_factor!r})")
    return lines


def _bases(project: Project, bases: BaseResolver) -> list[tuple[Node, Base, str, bool]]:
    """The bases of the network with their nodes, the code of a model with their layers, and whether it has no others."""
    network = expand_repeats(project.network)[0]
    names = layer_variables(network)
    result = []
    for node in network.nodes:
        base = base_of_node(node, bases)
        if base is not None:
            fed = [source.type for source in network.nodes if source.id in network.inputs_of(node.id)]
            layers = (f"model.get_layer({literal(node.id)})" if base.own is not None else
                      f"keras.Model(model.input, {names[node.id]})")
            result.append((node, base, layers, base.own is not None or fed == [INPUT]))
    return result


def _trainable(project: Project, stage: Stage, several: bool, bases: BaseResolver) -> list[str]:
    """The trainable layers of the bases, if this stage changes them or an earlier one may have."""
    if not stage.trainable_from and not (several and any(other.trainable_from for other in project.training.stages)):
        return []
    lines: list[str] = []
    for node, base, layers, alone in _bases(project, bases):
        values = values_of(node, LAYERS[BASE])
        start = stage.trainable_from or str(values["trainable_from"])
        lines += _base_lines(base, (start, str(values["ends_at"])), layers, alone)
    return lines


def _base_lines(base: Base, line: tuple[str, str], layers: str, alone: bool) -> list[str]:
    """The lines that set which layers of a base learn, by its freeze line and its end; `alone`: the model `layers` has no
    others."""
    start, count = line[0], last_layers(line[0])
    learning = base.trainable_layers(*line)
    state = {"none": "is frozen", "all": "learns, its batch normalisation does not"}.get(
        start, f"learns from {start} on, its batch normalisation nowhere")
    if count is not None:
        state = f"learns in its last {count} layers, its batch normalisation nowhere"
    graph = base.graph() if base.own is None else base.own.network
    lines = [f"# {base.label.en} {state}."]
    if not learning and alone:
        return [*lines, f"for layer in {layers}.layers:", "    layer.trainable = False"]
    height, width = base.size
    nodes = report(graph, Context(height=height, width=width, channels=base.channels, class_count=1, normalization="none"),
                   headless=True).nodes
    weighted = [node.id for node in graph.nodes
                if nodes[node.id].cost.parameters and node.type != BATCH_NORMALIZATION.id]
    wanted = [name for name in weighted if name in learning]
    if alone and wanted == weighted:
        return [*lines, f"for layer in {layers}.layers:",
                "    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)"]
    for starts in (base.lines[base.lines.index(start):] if start in base.lines else (), wanted):
        if alone and [name for name in weighted if name.startswith(tuple(starts))] == wanted:
            return [*lines, *_tuple("blocks", list(starts)), f"for layer in {layers}.layers:",
                    "    layer.trainable = (layer.name.startswith(blocks)",
                    "                       and not isinstance(layer, keras.layers.BatchNormalization))"]
    names = [node.id for node in graph.nodes]
    return [*lines, *_tuple("base_layers", names), *_tuple("learning", [name for name in names if name in learning]),
            "for layer in model.layers:", "    for part in layer.layers if isinstance(layer, keras.Model) else [layer]:",
            "        if part.name in base_layers:", "            part.trainable = part.name in learning"]


def _tuple(variable: str, names: list[str]) -> list[str]:
    """A variable with a tuple of names, in lines of readable length."""
    text = f"{variable} = {literal(names)}"
    if len(text) <= 116:
        return [text]
    lines, line = [f"{variable} = ("], "   "
    for name in names:
        if len(line) + len(name) > 110:
            lines.append(line)
            line = "   "
        line += f" {literal(name)},"
    return [*lines, line, ")"]
