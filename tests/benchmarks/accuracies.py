"""The accuracy on pictures never seen of three usual cases, by the Train and Evaluate jobs: photos of cats and dogs with the
bundled base and the plan of a new project, and the bundled digits with LeNet-5 (as the sample project trains it) and with
the medium CNN of the gallery (its own settings: batches of 32, Adam at 0.001, light augmentation, at most 60 epochs with
early stopping)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.material import ROOT, SHARED, show

CASES = (("cats and dogs, EfficientNet-Lite0", ("--base", "efficientnet_lite0"), 0.98),
         ("digits, LeNet-5", ("--template", "lenet5"), 0.975),
         ("digits, medium CNN", ("--template", "medium_cnn"), 0.985))


def _told(*arguments: str) -> list[dict[str, Any]]:
    """What a command prints as JSON."""
    done = subprocess.run([sys.executable, "-m", "cnnstudio", *arguments, "--json"], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run() -> list[dict[str, Any]]:
    """Rows of the table; each case takes minutes."""
    from cnnstudio.datasets.sample import write_digits

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        digits = write_digits(Path(folder) / "digits")
        for number, (work, options, target) in enumerate(CASES):
            project = str(Path(folder) / f"project{number}")
            data = SHARED / "cats_dogs" if "--base" in options else digits
            if not data.is_dir():
                continue
            _told("new", project, "--data", str(data), *options)
            _told("train", project)
            (result,) = [line for line in _told("evaluate", project, "--split", "test") if "accuracy" in line]
            accuracy = float(result["accuracy"])
            rows.append({"work": f"{work}: accuracy on the test split", "ours": f"{accuracy:.4f}", "script": "-",
                         "ratio": accuracy / target, "target": f">= {target} (ratio >= 1)"})
    return rows


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
