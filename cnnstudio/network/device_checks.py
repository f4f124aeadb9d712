"""Checks of a training that several devices of one computer share: what the backends cannot do, or would do wrongly."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.problems import Fix, Problem, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import Devices, TrainingSpec
from cnnstudio.network.stage_checks import stage_location

ONE_DEVICE: Final = Fix(action="set_field", label=Text("Use one device", "Usar un solo dispositivo"),
                        arguments={"spec": "training", "field": "devices", "value": 1})
_JAX: Final = Fix(action="set_field", label=Text("Use JAX", "Usar JAX"),
                  arguments={"spec": "training", "field": "backend", "value": "jax"})
_CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")


def check_devices(project: Project) -> tuple[Problem, ...]:
    """Why the training cannot be shared as `devices` says, as far as the settings tell; how many devices there are is known
    when the training starts."""
    training = project.training
    if training.devices != "all" and training.devices < 2:
        return ()
    problems: list[Problem] = []
    if training.backend == "torch":
        text = Text("With PyTorch, Keras does not combine the gradients of several devices: each would train a network of its "
                    "own. Use JAX or TensorFlow, or one device.",
                    "Con PyTorch, Keras no combina los gradientes de varios dispositivos: cada uno entrenaría su propia red. "
                    "Use JAX o TensorFlow, o un solo dispositivo.")
        problems.append(error("devices_torch", text, "training", field="devices", fixes=(_JAX, ONE_DEVICE)))
    if training.device == "cpu":
        text = Text("The processor is one device: only GPUs can share a batch. Choose Automatic or GPU as the device, or one "
                    "device.",
                    "El procesador es un solo dispositivo: solo varias GPU pueden repartirse un lote. Elija Automático o GPU "
                    "como dispositivo, o un solo dispositivo.")
        automatic = Fix(action="set_field", label=Text("Device: Automatic", "Dispositivo: Automático"),
                        arguments={"spec": "training", "field": "device", "value": "auto"})
        problems.append(error("devices_processor", text, "training", field="devices", fixes=(ONE_DEVICE, automatic)))
    if training.devices != "all" and training.batch_size % training.devices:
        problems.append(uneven_problem(training, training.devices))
    if training.backend == "tensorflow":
        problems += _check_tensorflow(project)
    return tuple(problems)


def uneven_problem(training: TrainingSpec, devices: int) -> Problem:
    """The problem of batches that so many devices cannot share equally."""
    fitting = max(devices, round(training.batch_size / devices) * devices)
    text = Text("A batch of {batch} pictures cannot be shared equally among {n} devices. Choose a multiple of {n}, such as "
                "{fitting}.",
                "Un lote de {batch} imágenes no se puede repartir por igual entre {n} dispositivos. Elija un múltiplo de {n}, "
                "como {fitting}.")
    fix = Fix(action="set_field", label=Text("Use batches of {n}", "Usar lotes de {n}").fill(n=fitting),
              arguments={"spec": "training", "field": "batch_size", "value": fitting})
    return error("devices_uneven", text.fill(batch=training.batch_size, n=devices, fitting=fitting), "training",
                 field="devices", fixes=(fix, ONE_DEVICE))


def too_many_problem(wanted: Devices, there: tuple[str, ...]) -> Problem:
    """The problem of a training that wants more devices than there are; `there` are their names."""
    names = ", ".join(there)
    if len(there) == 1:
        text = Text("The training is to be shared by several devices, but this computer has one that the backend reaches: "
                    "{names}. Use one device. What keeps a graphics card from being used is said by cnnstudio doctor.",
                    "El entrenamiento debe repartirse entre varios dispositivos, pero este equipo tiene uno solo al que llega "
                    "el motor: {names}. Use un solo dispositivo. cnnstudio doctor dice qué impide usar una tarjeta gráfica.")
        return error("devices_too_many", text.fill(names=names), "training", field="devices", fixes=(ONE_DEVICE,))
    text = Text("The training is to be shared by {n} devices, but this computer has {m} that the backend reaches: {names}.",
                "El entrenamiento debe repartirse entre {n} dispositivos, pero este equipo tiene {m} a los que llega el motor: "
                "{names}.")
    use_all = Fix(action="set_field", label=Text("Use all that are there", "Usar todos los que hay"),
                  arguments={"spec": "training", "field": "devices", "value": "all"})
    return error("devices_too_many", text.fill(n=wanted, m=len(there), names=names), "training", field="devices",
                 fixes=(use_all, ONE_DEVICE))


def _check_tensorflow(project: Project) -> list[Problem]:
    training = project.training
    problems: list[Problem] = []
    if training.accumulation > 1:
        text = Text("With TensorFlow, several devices cannot accumulate gradients over batches. Use JAX, one device, or an "
                    "accumulation of 1: several devices have the memory for larger batches.",
                    "Con TensorFlow, varios dispositivos no pueden acumular gradientes de varios lotes. Use JAX, un solo "
                    "dispositivo o una acumulación de 1: varios dispositivos tienen memoria para lotes más grandes.")
        none = Fix(action="set_field", label=Text("Do not accumulate", "No acumular"),
                   arguments={"spec": "training", "field": "accumulation", "value": 1})
        problems.append(error("devices_accumulation", text, "training", field="accumulation", fixes=(none, _JAX, ONE_DEVICE)))
    if training.jit_compile == "on":
        text = Text("With TensorFlow, a training that several devices share cannot be compiled with XLA. Use JAX, which "
                    "compiles by itself, one device, or no XLA.",
                    "Con TensorFlow, un entrenamiento que se reparten varios dispositivos no se puede compilar con XLA. Use "
                    "JAX, que compila por sí mismo, un solo dispositivo o no use XLA.")
        off = Fix(action="set_field", label=Text("Do not use XLA", "No usar XLA"),
                  arguments={"spec": "training", "field": "jit_compile", "value": "auto"})
        problems.append(error("devices_xla", text, "training", field="jit_compile", fixes=(off, _JAX, ONE_DEVICE)))
    for stage in training.stages:
        name = next((name for name in _CLIPPING if stage.optimizer.params.get(name)), None)
        if name is not None:
            text = Text("With TensorFlow, each device would clip the gradients of its own part ({name}), not those of the "
                        "whole batch, and the result would be another one. Use JAX, one device, or no clipping.",
                        "Con TensorFlow, cada dispositivo recortaría los gradientes de su propia parte ({name}), no los del "
                        "lote completo, y el resultado sería otro. Use JAX, un solo dispositivo o no recorte.")
            plain = {key: value for key, value in stage.optimizer.params.items() if key not in _CLIPPING}
            off = Fix(action="set_stage_field", label=Text("Do not clip", "No recortar"), arguments={
                "stage": stage.id, "field": "optimizer", "value": {"type": stage.optimizer.type, "params": plain}})
            problems.append(error("devices_clipping", text.fill(name=name), "training",
                                  node=stage_location(project, stage, "optimizer"), field=name, fixes=(off, _JAX, ONE_DEVICE)))
    return problems
