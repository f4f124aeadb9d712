"""The main workflow on the bundled digits in the terminal: train, evaluate, classify a few pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.cli import evaluating, predicting, training
from cnnstudio.cli.arguments import parser
from cnnstudio.cli.output import Output
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import sample_project
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.workers.runs.folder import find_run


def sample(arguments: argparse.Namespace, output: Output) -> int:
    output.print_message(tr("LeNet-5 on 5,000 handwritten digits.", "LeNet-5 con 5000 dígitos manuscritos."))
    folder = sample_project(arguments.project)
    code = training.train(_parsed("train", folder), output)
    if code:
        return code
    run = find_run(folder)
    code = evaluating.evaluate(_parsed("evaluate", folder, "--run", run.id, "--split", "test"), output)
    if code:
        return code
    manifest = read_located(run.manifest_path, run.project_folder)
    tested = manifest.split("test")
    chosen = [manifest.path(entry) for entry in tested[:: max(1, len(tested) // 5)][:5]]
    code = predicting.predict(_parsed("predict", folder, *chosen, "--run", run.id, "--top", "3"), output)
    output.print_message(tr("The project is in {folder}, this training in {run}. Open it: cnnstudio \"{folder}\"",
                            "El proyecto está en {folder}, este entrenamiento en {run}. Ábralo: cnnstudio \"{folder}\"",
                            folder=folder, run=Path(run.folder)))
    return code


def _parsed(command: str, *arguments: Path | str) -> argparse.Namespace:
    """What the command line makes of them, so that a new option has its default here, too."""
    words = [command, *(str(argument) for argument in arguments)]
    return parser(words).parse_args(words)
