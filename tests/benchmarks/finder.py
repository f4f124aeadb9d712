"""The rates that the finder suggests, on five networks: the accuracy after a short training at the suggestion, and at rates
30 times lower and higher.

`python -m tests.benchmarks.finder [NAME ...]`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.benchmarks.coach import digits, set_values, shared_pictures
from tests.benchmarks.commands import Commands

_FACTOR: Final = 30.0
_RULE: Final = "valley"
_SGD: Final = ("training.optimizer=sgd", "training.optimizer.momentum=0.9")


class Case(NamedTuple):
    """A network: its pictures, the arguments of `new`, and its epochs."""

    pictures: Callable[[Path], Path]
    arguments: tuple[str, ...]
    epochs: int


CASES: Final[dict[str, Case]] = {
    "LeNet-5, digits": Case(digits(100), ("--template", "lenet5"), 4),
    "small CNN, digits": Case(digits(100), ("--template", "small_cnn"), 4),
    "medium CNN, CIFAR-10": Case(shared_pictures("cifar10_sample"), ("--template", "medium_cnn"), 15),
    "ResNet-18 with SGD, CIFAR-10 at 32 x 32": Case(shared_pictures("cifar10_sample"), (
        "--template", "resnet18", *set_values("recipe.height=32", "recipe.width=32", *_SGD)), 15),
    "frozen EfficientNet-Lite0, cats and dogs": Case(shared_pictures("cats_dogs"), ("--base", "efficientnet_lite0"), 3),
}


class Result(NamedTuple):
    """The suggested rate, the share of the pictures that guessing gets right, and the validation accuracy of the last epoch
    by the factor of the rate; None where the training diverged."""

    rate: float
    chance: float
    accuracies: dict[float, float | None]


def try_network(run: Commands, place: Path, name: str) -> Result:
    """Find the rate and train at it, and at rates `_FACTOR` times lower and higher, with nothing that changes the rate."""
    case = CASES[name]
    project = place / "projects" / "".join(letter if letter.isalnum() else "-" for letter in name)
    project.parent.mkdir(exist_ok=True)
    (made,) = run("new", project, "--data", case.pictures(place), *case.arguments, *set_values(
        "training.callbacks=[]", f"training.epochs={case.epochs}"))
    (found,) = (line for line in run("find-rate", project) if "suggestions" in line)
    rate = float(found["suggestions"][_RULE])
    accuracies: dict[float, float | None] = {}
    for factor in (1 / _FACTOR, 1.0, _FACTOR):
        lines = run("train", project, *set_values(f"training.optimizer.learning_rate={rate * factor}"), may_fail=True)
        epochs = [line["metrics"] for line in lines if line.get("event") == "epoch"]
        whole = len(epochs) == case.epochs
        accuracies[factor] = next((float(value) for key, value in epochs[-1].items()
                                   if key.startswith("val_") and key.endswith("accuracy")), None) if whole else None
    return Result(rate, 1 / len(made["classes"]), accuracies)


def main() -> None:
    wanted = [name for name in CASES if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    print(f"| network | epochs | {_RULE} | chance | a {_FACTOR:.0f}th of it | accuracy at it | {_FACTOR:.0f} times it |\n"
          "|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run = Commands(place)
        for name in wanted:
            result = try_network(run, place, name)
            shares = " | ".join("diverged" if share is None else f"{share:.1%}" for share in result.accuracies.values())
            print(f"| {name} | {CASES[name].epochs} | {result.rate:.1e} | {result.chance:.0%} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
