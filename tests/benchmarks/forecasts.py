"""Forecasts of five trainings against what they took: `python -m tests.benchmarks.forecasts [NAME ...]`.

The speed of a shared computer drifts: an epoch is forecast before and after the training, and the mean of both is compared.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from cnnstudio.datasets.sample import write_digits
from tests.benchmarks.commands import Commands
from tests.benchmarks.material import STEPS, pictures

_AUGMENTED: Final = 'augmentation.steps=[' + ",".join(
    f'{{"id":"{step["id"]}","type":"{step["type"]}"}}' for step in STEPS) + "]"
_PLAIN: Final = ("--set", "training.callbacks=[]")
CASES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "small CNN, digits": ("digits", ("--template", "small_cnn", "--set", "training.epochs=4", *_PLAIN)),
    "medium CNN, 32 x 32": ("cifar10_sample", ("--template", "medium_cnn", "--set", "training.epochs=3", *_PLAIN)),
    "frozen base, features kept": ("cats_dogs", ("--base", "efficientnet_lite0", "--set", "training.epochs=10", *_PLAIN)),
    "base that learns": ("cats_dogs", ("--base", "efficientnet_lite0", "--set", "training.epochs=2", "--set",
                                       "training.trainable_from=all", "--set", "training.batch_size=16", *_PLAIN)),
    "heavy augmentation": ("cats_dogs", ("--template", "small_cnn", "--set", "training.epochs=3", "--set",
                                         _AUGMENTED, *_PLAIN)),
}
"""The pictures and the arguments of `new`."""


def measure(run: Commands, place: Path, name: str) -> dict[str, Any]:
    """Forecast, then train: both sides of each figure."""
    source, arguments = CASES[name]
    data = place / source
    if not data.exists():
        if source == "digits":
            write_digits(data)
        else:
            pictures(data, source, 2000 if source == "cifar10_sample" else 400, 224)
    project = place / name.replace(" ", "_").replace(",", "")
    run("new", project, "--data", data, *arguments)
    (told,) = [line for line in run("forecast", project) if "seconds_per_epoch" in line]
    events = run("train", project)
    epochs = [event["seconds"] for event in events if event.get("event") == "epoch"]
    (again,) = [line for line in run("forecast", project) if "seconds_per_epoch" in line]
    (measured,) = [event for event in events if event.get("event") == "measured"]
    (folder,) = (project / "runs").iterdir()
    took = events[-1]["time"] - (folder / "spec.json").stat().st_mtime
    epoch = statistics.mean((told["seconds_per_epoch"], again["seconds_per_epoch"]))
    return {"epoch": (epoch, statistics.mean(epochs[1:])),
            "memory": (told["memory_mb"], measured["memory_mb"]), "total": (told["total_seconds"], took),
            "disk": (told["checkpoints_mb"] + told["model_mb"], measured["disk_mb"])}


def main() -> None:
    wanted = sys.argv[1:] or list(CASES)
    print("| training | s per epoch: forecast, truth | | total s | | memory MB | | disk MB | |\n" + "|---" * 9 + "|")
    with tempfile.TemporaryDirectory() as folder:
        run = Commands(Path(folder))
        for name in wanted:
            row = measure(run, Path(folder), name)
            cells = [f"{told:.2f}, {truth:.2f} | {told / truth - 1:+.0%}" for told, truth in (
                row["epoch"], row["total"], row["memory"], row["disk"])]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
