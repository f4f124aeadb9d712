"""Runs that are wrong on purpose, and healthy ones: what the coach says of each.

`python -m tests.benchmarks.coach [NAME ...]`; COACH_PLACE keeps the projects in a folder.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from cnnstudio.datasets.sample import write_digits
from tests.benchmarks.commands import Commands
from tests.benchmarks.material import SHARED

_NO_CALLBACKS: Final = "training.callbacks=[]"
_NO_AUGMENTATION: Final = "augmentation.steps=[]"


class Case(NamedTuple):
    """A training: what the coach should say first ("" nothing), its pictures, and the arguments of `new`."""

    expected: str
    pictures: Callable[[Path], Path]
    arguments: tuple[str, ...]


def digits(per_digit: int) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        return write_digits(place / f"digits {per_digit}", per_digit)

    return make


def shared_pictures(name: str) -> Callable[[Path], Path]:
    """Both folders of a shared collection as one, so that the program draws the splits."""
    def make(place: Path) -> Path:
        target = place / name
        for file in (SHARED / name).rglob("*.*"):
            link = target / file.parent.name / f"{file.parent.parent.name}-{file.name}"
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.symlink(file, link)
        return target

    return make


def _unequal(place: Path) -> Path:
    """Cats and dogs alone as in life: 240 cats, few dogs... of digits, where there are more: 4 and 9, which are alike."""
    target, source = place / "unequal", write_digits(place / "digits 500", 500)
    for digit, count in (("4", 500), ("9", 40), ("7", 500)):
        for file in sorted((source / digit).iterdir())[:count]:
            link = target / digit / file.name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.symlink(file, link)
    return target


def _leaking(place: Path) -> Path:
    """Folders of splits in which a third of the validation pictures are copies of training pictures."""
    target, source = place / "leaking", write_digits(place / "digits 500", 500)
    if target.exists():
        return target
    for digit in map(str, range(10)):
        files = sorted((source / digit).iterdir())
        for split, own in (("train", files[:200]), ("validation", [*files[200:240], *files[:20]])):
            for file in own:
                path = target / split / digit / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read_bytes())
    return target


def set_values(*values: str) -> tuple[str, ...]:
    return tuple(item for value in values for item in ("--set", value))


def _network(*layers: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    """A chain of layers between Input and Output."""
    chain = [("Input", {}), *layers, ("Output", {})]
    nodes = [{"id": f"n{number}" if 0 < number < len(chain) - 1 else kind.lower(), "type": kind, "params": params}
             for number, (kind, params) in enumerate(chain)]
    edges = [{"source": one["id"], "target": other["id"]} for one, other in zip(nodes, nodes[1:], strict=False)]
    return set_values(f"network.nodes={json.dumps(nodes)}", f"network.edges={json.dumps(edges)}")


def _optimizer(kind: str, rate: float) -> tuple[str, ...]:
    return set_values(f"training.optimizer={kind}", f"training.optimizer.learning_rate={rate}")


_DENSE: Final = (("Flatten", {}), ("Dense", {"units": 64, "activation": "relu"}))
_SMALL: Final = ("--template", "small_cnn")
_LENET: Final = ("--template", "lenet5")
_DEAD: Final = {"units": 64, "activation": "relu", "bias_initializer": "constant", "bias_initializer_value": -20.0}
CASES: Final[dict[str, Case]] = {
    "photos by heart": Case("overfitting", shared_pictures("cifar10_sample"), (*_LENET, *set_values(
        _NO_CALLBACKS, _NO_AUGMENTATION, "training.epochs=25"))),
    "one filter": Case("underfitting", digits(300), (*_LENET, *_network(
        ("Conv2D", {"filters": 2, "kernel_size": [3, 3], "activation": "relu"}), ("GlobalAveragePooling2D", {})), *set_values(
            _NO_CALLBACKS, "training.epochs=30"), *_optimizer("adam", 0.01))),
    "rate of 0.3": Case("rate_too_high", digits(300), (*_LENET, *set_values(_NO_CALLBACKS, "training.epochs=8"),
                                                        *_optimizer("adam", 0.3))),
    "rate of 0.000001": Case("rate_too_low", digits(300), (*_LENET, *set_values(_NO_CALLBACKS, "training.epochs=8"),
                                                            *_optimizer("adam", 1e-6))),
    "no lower rate": Case("plateau", digits(300), (*_LENET, *set_values(_NO_CALLBACKS, "training.epochs=40"),
                                                    *_optimizer("adam", 0.012))),
    "few nines": Case("class_imbalance", _unequal, (*_LENET, *_network(
        ("Conv2D", {"filters": 4, "kernel_size": [5, 5], "strides": [2, 2], "activation": "relu"}),
        ("GlobalAveragePooling2D", {})), *set_values("training.epochs=15"), *_optimizer("adam", 0.01))),
    "twenty to validate": Case("small_validation", digits(300), (*_LENET, *set_values(
        "dataset.splits.train=0.983", "dataset.splits.validation=0.007", "dataset.splits.test=0.01", "training.epochs=8"))),
    "copies in validation": Case("leakage", _leaking, (*_LENET, *set_values("training.epochs=8"))),
    "a bias of -20": Case("dead_units", digits(300), (*_LENET, *_network(("Flatten", {}), ("Dense", _DEAD)), *set_values(
        _NO_CALLBACKS, "training.epochs=6"))),
    "pixels of 0 to 255": Case("saturated_output", digits(100), (*_LENET, *_network(("Flatten", {})), *set_values(
        _NO_CALLBACKS, "recipe.normalization=none", "training.epochs=6"))),
    "batches of two": Case("unstable_batch_norm", shared_pictures("cifar10_sample"), (*_SMALL, *set_values(
        _NO_CALLBACKS, _NO_AUGMENTATION, "training.batch_size=2", "training.epochs=4"))),
    "out of the picture": Case("harmful_augmentation", digits(300), (*_LENET, *set_values(
        'augmentation.steps=[{"id":"shift","type":"random_translation",'
        '"params":{"height_factor":0.6,"width_factor":0.6}}]', _NO_CALLBACKS,
        "training.epochs=15"))),
    "a base of photos for 32 pixels": Case("unfit_base", shared_pictures("cifar10_sample"), (
        "--base", "efficientnet_lite0", *set_values("recipe.height=32", "recipe.width=32", "training.epochs=15"))),
    "healthy: LeNet-5, digits": Case("", digits(500), (*_LENET,)),
    "healthy: small CNN, digits": Case("", digits(300), (*_SMALL, *set_values("training.epochs=10"))),
    "healthy: base, cats and dogs": Case("", shared_pictures("cats_dogs"), ("--base", "efficientnet_lite0")),
    "healthy: base that learns, cats and dogs": Case("", shared_pictures("cats_dogs"), (
        "--base", "efficientnet_lite0", *set_values(
            "training.trainable_from=block15", "training.optimizer.learning_rate=0.0003", "training.epochs=5"))),
    "healthy: dense, digits": Case("", digits(500), (*_LENET, *_network(*_DENSE), *set_values("training.epochs=12"))),
    "healthy: SGD, digits": Case("", digits(500), (*_LENET, *set_values("training.epochs=15"), *_optimizer("sgd", 0.05))),
}


def judge(run: Commands, place: Path, name: str) -> tuple[list[dict[str, Any]], Path]:
    """The advice about one case, after its training."""
    case = CASES[name]
    project = place / "projects" / "".join(letter if letter.isalnum() else "-" for letter in name)
    project.parent.mkdir(exist_ok=True)
    if not project.exists():
        run("new", project, "--data", case.pictures(place), *case.arguments)
        run("train", project, may_fail=True)
    return run("coach", project), project


def main() -> None:
    wanted = [name for name in CASES if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    print("| run | expected first | told | confidence | right |\n|---|---|---|---|---|")
    right = 0
    kept = os.environ.get("COACH_PLACE")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(kept or folder)
        run = Commands(place)
        for name in wanted:
            told, project = judge(run, place, name)
            names = [line["advice"] for line in told]
            good = names[:1] == ([CASES[name].expected] if CASES[name].expected else [])
            right += good
            sure = f"{told[0]['confidence']:.2f}" if told else ""
            print(f"| {name} | {CASES[name].expected or 'nothing'} | {', '.join(names) or 'nothing'} | {sure} | "
                  f"{'yes' if good else 'NO'} |", flush=True)
            if not good and kept:
                print(json.dumps([line["evidence"] for line in told]), (project / "runs"), file=sys.stderr)
    print(f"\n{right} of {len(wanted)}")


if __name__ == "__main__":
    main()
