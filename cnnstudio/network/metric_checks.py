"""Checks of the metrics of a training and of what its callbacks monitor."""

from __future__ import annotations

import re

from cnnstudio.catalog.training import CALLBACKS, METRICS
from cnnstudio.catalog.training.metrics import monitored_names, values_of_metric
from cnnstudio.core.edits import METRICS as SPEC
from cnnstudio.core.item import Step
from cnnstudio.core.params import check, with_defaults
from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import Stage


def check_metrics(project: Project, class_count: int = 0) -> tuple[Problem, ...]:
    """All problems of the metrics; their node is "metrics." and the id of the metric. `class_count` 0: not known."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for step in project.training.metrics:
        node = f"metrics.{step.id}"
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", step.id) or step.id == "loss" or step.id.startswith("val_"):
            text = Text("A metric cannot be called {name}: its id is its name in Keras and may contain letters, digits and _. "
                        "loss and names that begin with val_ are taken.",
                        "Una métrica no puede llamarse {name}: su id es su nombre en Keras y puede contener letras, dígitos y "
                        "_. loss y los nombres que empiezan por val_ ya se usan.")
            problems.append(error("metric_id", text.fill(name=step.id or '""'), "training", node=node, fixes=(_remove(step),)))
        if step.id in seen:
            text = Text("Two metrics are called {name}: each needs an id of its own.",
                        "Dos métricas se llaman {name}: cada una necesita su propio id.")
            problems.append(error("metric_twice", text.fill(name=step.id), "training", node=node, fixes=(_remove(step),)))
        seen.add(step.id)
        if step.enabled:
            problems += _check_metric(project, step, class_count, node)
    return tuple(problems)


def _remove(step: Step) -> Fix:
    return Fix(action="remove_step", label=Text("Remove the metric", "Quitar la métrica"),
               arguments={"spec": SPEC, "step": step.id})


def _check_metric(project: Project, step: Step, class_count: int, node: str) -> list[Problem]:
    entry, mode = METRICS.find(step.type), project.dataset.label_mode
    off = Fix(action="enable_step", label=Text("Switch it off", "Desactivarla"),
              arguments={"spec": SPEC, "step": step.id, "enabled": False})
    if entry is None:
        text = Text("There is no metric called {name}. Available: {names}.",
                    "No hay ninguna métrica llamada {name}. Disponibles: {names}.")
        return [error("unknown_metric", text.fill(name=step.type, names=", ".join(METRICS.ids())), "training", node=node,
                      fixes=(_remove(step),))]
    if mode not in entry.targets:
        text = Text("{metric} has no meaning with {mode} labels: there are two classes and one answer.",
                    "{metric} no tiene sentido con etiquetas {mode}: hay dos clases y una sola respuesta.")
        return [error("metric_unfit", text.fill(metric=entry.label, mode=mode), "training", node=node, fixes=(off,))]
    problems = list(check(entry.params, step.params, "training", node=node))
    values = values_of_metric(step)
    number, k = values.get("class_id"), values.get("k")
    if class_count and mode != "binary" and isinstance(number, int) and number >= class_count:
        text = Text("There is no class number {n}: the classes are numbered from 0 to {last}.",
                    "No hay ninguna clase con el número {n}: las clases se numeran de 0 a {last}.")
        problems.append(error("value", text.fill(n=number, last=class_count - 1), "training", node=node, field="class_id"))
    if class_count and isinstance(k, int) and k >= class_count:
        text = Text("Classes: {n}. The right one is always among the {k} most probable; choose a smaller k.",
                    "Clases: {n}. La correcta está siempre entre las {k} más probables; elija un k menor.")
        fewer = max(1, min(3, class_count - 1))
        smaller = Fix(action="set_step_param", label=Text("Use k = {k}", "Usar k = {k}").fill(k=fewer),
                      arguments={"spec": SPEC, "step": step.id, "name": "k", "value": fewer})
        problems.append(warning("metric_always_one", text.fill(n=class_count, k=k), "training", node=node, field="k",
                                fixes=(smaller, off)))
    return problems


def check_monitor(project: Project, stage: Stage, callback: Step, node: str | None) -> tuple[Problem, ...]:
    """Whether what an enabled callback monitors is measured."""
    params = CALLBACKS[callback.type].params
    if not any(param.name == "monitor" for param in params):
        return ()
    monitor = with_defaults(params, callback.params)["monitor"]
    names = monitored_names(project.training.metrics)
    if monitor in names:
        return ()
    text = Text("{callback} monitors {monitor}, which is not measured. Measured: {names}. Choose one of these, or add the "
                "metric.",
                "{callback} vigila {monitor}, que no se mide. Se miden: {names}. Elija una de ellas o añada la métrica.")
    fixes = [Fix(action="set_step_param", label=Text("Monitor val_loss", "Vigilar val_loss"),
                 arguments={"spec": f"training.{stage.id}", "step": callback.id, "name": "monitor", "value": "val_loss"})]
    hidden = next((step for step in project.training.metrics if not step.enabled
                   and step.id == str(monitor).removeprefix("val_")), None)
    if hidden is not None:
        fixes.append(Fix(action="enable_step", label=Text("Measure it", "Medirla"),
                         arguments={"spec": SPEC, "step": hidden.id, "enabled": True}))
    return (error("unknown_monitor", text.fill(callback=CALLBACKS[callback.type].label, monitor=monitor,
                                               names=", ".join(names)),
                  "training", node=node, field="monitor", fixes=tuple(fixes)),)
