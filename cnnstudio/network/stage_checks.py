"""Checks of the stages of a training plan."""

from __future__ import annotations

import re
from itertools import pairwise

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.freezing import too_many_text, unknown_line_text
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.core.item import Item, Step
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.params import check, with_defaults
from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import STAGE_FIELDS, STAGE_PARAMS, Stage, TrainingSpec
from cnnstudio.network.freeze_checks import WHOLE_BASE, too_many_layers
from cnnstudio.network.metric_checks import check_monitor


def check_stages(project: Project, bases: BaseResolver) -> tuple[Problem, ...]:
    """All problems of all stages. Their node is the callback or "optimizer" or "schedule"; where there are several
    stages the id of the stage and a dot stand before it."""
    training = project.training
    if not training.stages:
        text = Text("The training has no stages. Add one.", "El entrenamiento no tiene etapas. Añada una.")
        return (error("no_stage", text, "training", fixes=(
            Fix(action="add_stage", label=Text("Add a stage", "Añadir una etapa")),)),)
    problems: list[Problem] = []
    seen: set[str] = set()
    for stage in training.stages:
        if not _is_key(stage.id, training):
            text = Text("A stage cannot be called {name}: its id may contain letters, digits, _ and -, and must not be a "
                        "number or the name of a setting.",
                        "Una etapa no puede llamarse {name}: su id puede contener letras, dígitos, _ y -, y no puede ser un "
                        "número ni el nombre de un ajuste.")
            problems.append(error("stage_id", text.fill(name=stage.id or "\"\""), "training", node=stage.id))
        if stage.id in seen:
            text = Text("Two stages are called {name}: each needs an id of its own.",
                        "Dos etapas se llaman {name}: cada una necesita su propio id.")
            problems.append(error("stage_twice", text.fill(name=stage.id), "training", node=stage.id))
        seen.add(stage.id)
        problems += _check_stage(project, stage, bases)
    return tuple(problems)


def _is_key(identifier: str, training: TrainingSpec) -> bool:
    """Whether `training.<id>` is an unambiguous key of that stage."""
    callbacks = {name for stage in training.stages for step in stage.callbacks for name in (step.id, step.type)}
    callbacks |= {name for metric in training.metrics for name in (metric.id, metric.type)}
    return (re.fullmatch(r"[\w-]+", identifier) is not None and not identifier.isdecimal()
            and identifier not in {*TrainingSpec.__struct_fields__, *STAGE_FIELDS, *callbacks})


def stage_location(project: Project, stage: Stage, node: str = "") -> str | None:
    """The node of a problem in this stage: see `check_stages`."""
    if len(project.training.stages) == 1:
        return node or None
    return f"{stage.id}.{node}" if node else stage.id


def _check_stage(project: Project, stage: Stage, bases: BaseResolver) -> list[Problem]:
    values = {param.name: getattr(stage, param.name) for param in STAGE_PARAMS}
    problems = list(check(STAGE_PARAMS, values, "training", node=stage_location(project, stage)))
    problems += [*_check_optimizer(project, stage), *_check_schedule(project, stage),
                 *_check_learning(project, stage, bases)]
    seen: set[str] = set()
    for callback in stage.callbacks:
        entry = CALLBACKS.find(callback.type)
        node = stage_location(project, stage, callback.id)
        if callback.id in seen:
            text = Text("Two callbacks are called {name}: each needs an id of its own.",
                        "Dos callbacks se llaman {name}: cada uno necesita su propio id.")
            problems.append(error("callback_twice", text.fill(name=callback.id), "training", node=node))
        seen.add(callback.id)
        if entry is None:
            if callback.enabled:
                text = Text("There is no callback called {name}. Remove it. Available: {names}.",
                            "No hay ningún callback llamado {name}. Quítelo. Disponibles: {names}.")
                problems.append(error("unknown_callback", text.fill(name=callback.type, names=", ".join(CALLBACKS.ids())),
                                      "training", node=node))
            continue
        problems += check(entry.params, callback.params, "training", node=node)
        if callback.enabled:
            problems += check_monitor(project, stage, callback, node)
            problems += _check_kept(stage, callback, node)
            problems += check_file_name(callback, node)
    return problems


def check_file_name(callback: Step, node: str | None = None) -> tuple[Problem, ...]:
    """A callback that writes files names them by its id, which must not lead out of the folder of the run."""
    entry = CALLBACKS.find(callback.type)
    if entry is None or not entry.role or re.fullmatch(r"[\w-]{1,80}", callback.id):
        return ()
    text = Text("A callback cannot be called {name}: its files are named by its id, which may contain letters, digits, _ "
                "and -.",
                "Un callback no puede llamarse {name}: sus archivos toman el nombre de su id, que puede contener letras, "
                "dígitos, _ y -.")
    return (error("callback_id", text.fill(name=callback.id or '""'), "training", node=node),)


def _check_kept(stage: Stage, callback: Step, node: str | None) -> list[Problem]:
    """The best epoch can only be kept where every one is looked at."""
    values, entry = callback.params, CALLBACKS.find(callback.type)
    if entry is None or entry.role != "models" or not values.get("save_best_only") or values.get("epochs", 1) == 1:
        return []
    text = Text("The best model is looked for after every epoch: it cannot be kept only every {n} epochs.",
                "El mejor modelo se busca tras cada época: no se puede guardar solo cada {n} épocas.")
    fixes = tuple(Fix(action="set_step_param", label=label, arguments={
        "spec": f"training.{stage.id}", "step": callback.id, "name": name, "value": value}) for label, name, value in (
        (Text("Look at every epoch", "Mirar cada época"), "epochs", 1),
        (Text("Keep every {n} epochs", "Guardar cada {n} épocas").fill(n=values["epochs"]), "save_best_only", False)))
    return [error("best_needs_every_epoch", text.fill(n=values["epochs"]), "training", node=node, field="epochs", fixes=fixes)]


def _check_optimizer(project: Project, stage: Stage) -> list[Problem]:
    optimizer = OPTIMIZERS.find(stage.optimizer.type)
    if optimizer is not None:
        return list(check(optimizer.params, stage.optimizer.params, "training",
                          node=stage_location(project, stage, "optimizer")))
    text = Text("There is no optimizer called {name}. Available: {names}.",
                "No hay ningún optimizador llamado {name}. Disponibles: {names}.")
    fix = Fix(action="set_stage_field", label=Text("Use Adam", "Usar Adam"),
              arguments={"stage": stage.id, "field": "optimizer", "value": {"type": "adam"}})
    return [error("unknown_optimizer", text.fill(name=stage.optimizer.type, names=", ".join(OPTIMIZERS.ids())),
                  "training", node=stage_location(project, stage), field="optimizer", fixes=(fix,))]


def _check_schedule(project: Project, stage: Stage) -> list[Problem]:
    item = stage.schedule
    if item is None:
        return []
    node = stage_location(project, stage, "schedule")
    constant = Fix(action="set_stage_field", label=Text("Use a constant rate", "Usar una tasa constante"),
                   arguments={"stage": stage.id, "field": "schedule", "value": None})
    entry = SCHEDULES.find(item.type)
    if entry is None:
        text = Text("There is no learning rate schedule called {name}. Available: {names}.",
                    "No hay ningún plan de tasa de aprendizaje llamado {name}. Disponibles: {names}.")
        return [error("unknown_schedule", text.fill(name=item.type, names=", ".join(SCHEDULES.ids())), "training",
                      node=stage_location(project, stage), field="schedule", fixes=(constant,))]
    problems = list(check(entry.params, item.params, "training", node=node))
    if not problems and item.type == "PiecewiseConstantDecay":
        problems += _check_pieces(item, node)
    changing = next((step for step in stage.callbacks if step.enabled and (found := CALLBACKS.find(step.type)) is not None
                     and found.changes_rate), None)
    if changing is not None:
        text = Text("A schedule sets the learning rate of every step, and {name} cannot change it as well (Keras does not "
                    "allow it). Choose one of the two.",
                    "Un plan fija la tasa de aprendizaje de cada paso; {name} no puede cambiarla además (Keras no lo "
                    "permite). Elija uno de los dos.")
        switch_off = Fix(action="enable_step",
                         label=Text("Switch {name} off", "Desactivar {name}").fill(name=changing.type),
                         arguments={"spec": f"training.{stage.id}", "step": changing.id, "enabled": False})
        problems.append(error("schedule_and_plateau", text.fill(name=changing.type), "training", node=node,
                              fixes=(switch_off, constant)))
    return problems


def _check_pieces(item: Item, node: str | None) -> list[Problem]:
    values = with_defaults(SCHEDULES[item.type].params, item.params)
    boundaries = values["boundaries"]
    rates = values["values"] if isinstance(values["values"], tuple) else (values["values"],)
    problems = []
    if len(rates) != len(boundaries) + 1:
        text = Text("Boundaries: {n}. The number of values must be {m}, not {k}.",
                    "Límites: {n}. El número de valores debe ser {m}, no {k}.")
        problems.append(error("value", text.fill(n=len(boundaries), m=len(boundaries) + 1, k=len(rates)), "training",
                              node=node, field="values"))
    if any(later <= earlier for earlier, later in pairwise(boundaries)):
        text = Text("The boundaries must be in ascending order.", "Los límites deben ir en orden ascendente.")
        problems.append(error("value", text, "training", node=node, field="boundaries"))
    if any(rate < 0 for rate in rates):
        text = Text("A learning rate must not be negative.", "Una tasa de aprendizaje no puede ser negativa.")
        problems.append(error("value", text, "training", node=node, field="values"))
    return problems


def _check_learning(project: Project, stage: Stage, resolver: BaseResolver) -> list[Problem]:
    """The freeze line of a stage has to be one of every base's own; without a base it changes nothing."""
    fix = Fix(action="set_stage_field", label=Text("As set in the network", "Como en la red"),
              arguments={"stage": stage.id, "field": "trainable_from", "value": ""})
    if stage.trainable_from not in ("", "all") and not any(node.type == BASE for node in project.network.nodes):
        text = Text("The network has no pretrained base: nothing is frozen in this stage. In a network of your own, you "
                    "choose layer by layer what learns.",
                    "La red no tiene una base preentrenada: en esta etapa no se congela nada. En una red propia se elige "
                    "capa por capa lo que aprende.")
        return [warning("nothing_to_freeze", text, "training", node=stage_location(project, stage),
                        field="trainable_from", fixes=(fix,))]
    bases = [(node, base) for node in project.network.nodes if node.type == BASE
             and (base := base_of_node(node, resolver)) is not None]
    if stage.base_rate_factor != 1 and not any(_learns(stage, node, base) for node, base in bases):
        text = Text("No pretrained base learns in this stage: its own learning rate (base_rate_factor) has no effect.",
                    "En esta etapa no aprende ninguna base preentrenada: su propia tasa de aprendizaje (base_rate_factor) no "
                    "tiene efecto.")
        one = Fix(action="set_stage_field", label=Text("Use one rate", "Usar una sola tasa"),
                  arguments={"stage": stage.id, "field": "base_rate_factor", "value": 1.0})
        return [warning("no_base_learns", text, "training", node=stage_location(project, stage), field="base_rate_factor",
                        fixes=(one,))]
    if stage.trainable_from in ("", "none", "all"):
        return []
    notes: list[Problem] = []
    for node, base in bases:
        ends_at = str(values_of(node, LAYERS[BASE])["ends_at"])
        unknown = unknown_line_text(base, stage.trainable_from, ends_at)
        if unknown is not None:
            return [error("unknown_block", unknown, "training", node=stage_location(project, stage), field="trainable_from",
                          fixes=(fix,))]
        too_many = too_many_text(base, stage.trainable_from, ends_at)
        if too_many is not None:
            whole = Fix(action="set_stage_field", label=WHOLE_BASE,
                        arguments={"stage": stage.id, "field": "trainable_from", "value": "all"})
            notes.append(too_many_layers(too_many, "training", stage_location(project, stage), whole))
    return notes


def _learns(stage: Stage, node: Node, base: Base) -> bool:
    """Whether a layer of the base learns in the stage, or would if its freeze line were one of the base's own."""
    values = values_of(node, LAYERS[BASE])
    line = stage.trainable_from or str(values["trainable_from"])
    return not base.has_line(line) or bool(base.trainable_layers(line, str(values["ends_at"])))
