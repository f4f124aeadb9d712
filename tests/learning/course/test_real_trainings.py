"""The tasks with a training, solved by real trainings: what `recorded` stands in for in the other tests.

Several minutes on a processor: `python -m pytest -m nightly tests/learning/course`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio import cli
from tests.learning.course.recorded import settings, tell
from tests.learning.course.test_solved import ENDS, write_network, write_residual

pytestmark = [pytest.mark.nightly, pytest.mark.keras, pytest.mark.timeout(900)]


def train(folder: Path, *values: str) -> None:
    assert cli.main(["train", str(folder), *(word for value in values for word in ("--set", value))]) == 0


def evaluate(folder: Path, split: str = "test") -> None:
    assert cli.main(["evaluate", str(folder), "--split", split]) == 0


def done(told: dict[str, dict], *tasks: str) -> None:
    assert {name: told[name] for name in tasks if not told[name]["done"]} == {}


def test_lesson_1(started, capsys):
    folder = started("1")
    train(folder)
    done(tell(folder, "1", capsys), "first-training")


def test_lesson_3(started, capsys):
    folder = started("3")
    train(folder, "network.dense.units=100")
    done(tell(folder, "3", capsys), "small-and-good")


def test_lesson_4(started, capsys):
    folder = started("4")
    write_residual(folder)
    train(folder, "training.epochs=12")
    done(tell(folder, "4", capsys), "skip", "learn-shapes")


def test_lesson_7(started, capsys):
    folder = started("7")
    train(folder)
    evaluate(folder)
    assert cli.main(["calibrate", str(folder), "--reject", "confidence:0.8"]) == 0
    done(tell(folder, "7", capsys), "curves", "test-once", "not-sure")


def test_lesson_8(started, capsys):
    folder = started("8")
    train(folder)
    settings(folder, "training.epochs=100", *(f"augmentation.random_{name}.enabled=true" for name in (
        "rotation", "zoom", "translation")))
    train(folder)
    done(tell(folder, "8", capsys), "overfit", "remedy")


def test_lesson_9(started, capsys):
    folder = started("9")
    train(folder, "training.optimizer.learning_rate=0.5", "training.epochs=4")
    train(folder, "training.epochs=150", "training.early_stopping.enabled=true")
    train(folder, "training.epochs=30", "training.schedule=CosineDecay", "training.optimizer.learning_rate=0.003")
    done(tell(folder, "9", capsys), "too-large", "early", "schedule")


def test_lesson_11(started, capsys):
    folder = started("11")
    train(folder)
    evaluate(folder)
    train(folder, "training.trainable_from=all", "training.epochs=6")
    evaluate(folder)
    told = tell(folder, "11", capsys, ["strategy=frozen:few"])
    done(told, "frozen", "whole-base", "strategy")


def test_lesson_12(started, capsys):
    folder = started("12")
    write_network(folder, "layers.LeakyReLU()", ENDS["global"])
    train(folder, "training.epochs=2")
    assert cli.main(["export", str(folder), "--format", "torch", "--to", str(folder.parent / "exported")]) == 0
    done(tell(folder, "12", capsys), "from-code", "take-along")
