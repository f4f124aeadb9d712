"""The command that shows the presets of augmentations, or puts one into a project."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import msgspec

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.files import write_project
from cnnstudio.core.item import Step
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import open_project
from cnnstudio.network.augmentation_presets import present_preset, switched_off, with_preset


def augment(arguments: argparse.Namespace, output: Output) -> int:
    """Say which preset the project's steps are, or replace them by a preset; the command that brings them back is told."""
    folder: Path = arguments.project
    with locked_project(folder):
        project, index = open_project(folder)
        try:
            classes = index.class_names(project.dataset)
        finally:
            index.close()
        before = project.augmentation.steps
        if arguments.preset is not None:
            preset = AUGMENTATION_PRESETS[arguments.preset]
            project = with_preset(project, preset, classes)
            write_project(folder, project)
    present = present_preset(project, classes)
    off = () if present is None else switched_off(project, present, classes)
    name = tr("own steps", "pasos propios") if present is None else f"{present.label} ({present.id})"
    lines = [tr("preset: {name}", "ajuste preestablecido: {name}", name=name)]
    lines += [f"  {_described(step)}" for step in project.augmentation.steps if step.enabled]
    lines += [tr("  switched off: {name}: {reason}", "  desactivado: {name}: {reason}", name=label, reason=reason)
              for label, reason in off]
    output.line({"event": "augmentation", "preset": None if present is None else present.id,
                 "steps": project.augmentation.steps, "switched_off": [{"step": label, "reason": reason}
                                                                       for label, reason in off],
                 "before": before}, "\n".join(lines))
    if arguments.preset is not None and before and before != project.augmentation.steps:
        key = "augmentation.steps=" + msgspec.json.encode(before).decode()
        output.print_message(tr("To bring the steps of before back: cnnstudio set {folder} {key}",
                                "Para recuperar los pasos de antes: cnnstudio set {folder} {key}", folder=folder,
                                key=shlex.quote(key)))
    return 0


def _described(step: Step) -> str:
    entry = AUGMENTATIONS.find(step.type)
    values = ", ".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in step.params.items())
    return f"{step.type if entry is None else entry.label}: {values}" if values else str(
        step.type if entry is None else entry.label)
