"""The main workflow on the bundled digits in the terminal: train, evaluate, classify a few pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.cli import evaluating, jobs, training
from cnnstudio.cli.output import Output
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import sample_project
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.workers.runs.folder import find_run


def sample(arguments: argparse.Namespace, output: Output) -> int:
    output.print_message(tr("LeNet-5 on 5,000 handwritten digits.", "LeNet-5 con 5000 dígitos manuscritos."))
    folder = sample_project(arguments.project)
    code = training.train(_with(arguments, project=folder, values=[], resume=None, more=None, run=None, begin=None,
                               seeds=None, folds=None), output)
    if code:
        return code
    run = find_run(folder)
    code = evaluating.evaluate(_with(arguments, project=folder, run=[run.id], split="test", data=None, label_column=[],
                               path_column=[]), output)
    if code:
        return code
    manifest = read_located(run.manifest_path, run.project_folder)
    tested = manifest.split("test")
    chosen = [manifest.path(entry) for entry in tested[:: max(1, len(tested) // 5)][:5]]
    code = jobs.predict(_with(arguments, model=folder, run=run.id, paths=chosen, top=3, csv=None, follow_links=False,
                              ignore=[]), output)
    output.print_message(tr("The project is in {folder}, this training in {run}. Open it: cnnstudio \"{folder}\"",
                            "El proyecto está en {folder}, este entrenamiento en {run}. Ábralo: cnnstudio \"{folder}\"",
                            folder=folder, run=Path(run.folder)))
    return code


def _with(arguments: argparse.Namespace, **values: object) -> argparse.Namespace:
    return argparse.Namespace(**(vars(arguments) | values))
