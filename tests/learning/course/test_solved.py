"""Every task can be solved: each is played through the command line, with recorded trainings where one is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.export_jobs import Exported
from cnnstudio.datasets.index import Filter, open_index
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.progress import read_progress, with_bench, write_progress
from cnnstudio.learning.course.reading import course, find_lesson
from cnnstudio.workers.runs.exports import add_export
from tests.learning.course.recorded import recorded_evaluation, recorded_run, settings, tell

ENDS = {"global": "layers.GlobalAveragePooling2D()", "flat": "layers.Flatten()"}


def write_network(folder: Path, *middle: str, first: str = "tanh") -> None:
    """Give the project a network by its Keras code, as one does in a terminal: LeNet-5 with these layers behind it."""
    source = "\n".join(["import keras", "from keras import layers", "", "model = keras.Sequential([",
                        "    keras.Input((28, 28, 1)),",
                        f'    layers.Conv2D(6, 5, padding="same", activation="{first}", name="conv"),',
                        "    layers.AveragePooling2D(),",
                        f'    layers.Conv2D(16, 5, activation="{first}", name="conv_2"),', "    layers.AveragePooling2D(),",
                        *(f"    {layer}," for layer in middle), '    layers.Dense(10, activation="softmax"),', "])", ""])
    path = folder.parent / "network.py"
    path.write_text(source, "utf-8")
    assert cli.main(["network", str(folder), "--from", str(path)]) == 0


def set_bench(lesson: str, place: int, bench: dict) -> None:
    """What the page keeps when a bench is set."""
    name = find_lesson(lesson).id
    write_progress(name, with_bench(read_progress(name), place, bench))


def solve_1(folder: Path) -> list[str]:
    recorded_run(folder, 0.87, 0.91, 25)
    write_network(folder, ENDS["global"])
    return ["dense-count=50240"]


def solve_2(folder: Path) -> list[str]:
    set_bench("2", 0, {"size": 5, "stride": 2, "padding": "same", "dilation": 1})
    write_network(folder, 'layers.Conv2D(16, 3, activation="tanh")', ENDS["flat"], 'layers.Dense(120, activation="tanh")',
                  'layers.Dense(84, activation="tanh")')
    return ["output-size=12"]


def solve_3(folder: Path) -> list[str]:
    write_network(folder, "layers.BatchNormalization()", ENDS["flat"], 'layers.Dense(100, activation="relu")',
                  "layers.Dropout(0.2)", first="relu")
    recorded_run(folder, 0.97, 0.977, 25)
    return ["count-conv=1168"]


def write_residual(folder: Path) -> None:
    """Give the project the residual network of the gallery, by its code."""
    path = folder.parent / "residual.py"
    context = Context(height=32, width=32, channels=3, class_count=4)
    path.write_text(keras_code(TEMPLATES["residual"].network(), context), "utf-8")
    assert cli.main(["network", str(folder), "--from", str(path)]) == 0


def solve_4(folder: Path) -> list[str]:
    write_residual(folder)
    recorded_run(folder, 0.98, 1.0, 12)
    return ["two-small=cheaper:field"]


def solve_5(folder: Path) -> list[str]:
    faults = DATA_SETS["shapes_faulty"].faults()
    index = open_index(folder)
    paths = {picture.name: picture.path for picture in index.pictures(list(index.ids(Filter())))}
    index.close()
    for name, true in faults.wrong_labels.items():
        assert cli.main(["decide", str(folder), paths[name], "--class", str(true)]) == 0
    out = [paths[group[1]] for group in (*faults.copies, *faults.leaks)]
    assert cli.main(["decide", str(folder), *out, "--exclude"]) == 0
    settings(folder, "recipe.color_mode=grayscale")
    return ["unreadable=1"]


def solve_6(folder: Path) -> list[str]:
    settings(folder, "network.conv_2.kernel_size=5,5", "dataset.label_mode=int", "training.optimizer=sgd",
             "training.optimizer.learning_rate=0.01", "training.optimizer.momentum=0.9")
    return ["loss=sparse:number"]


def solve_7(folder: Path) -> list[str]:
    run = recorded_run(folder, 0.94, 0.967, 12)
    recorded_evaluation(run, "validation", 0.967)
    evaluated = recorded_evaluation(run, "test", 0.96)
    wrong = sum(sum(row) - row[place] for place, row in enumerate(evaluated.confusion))
    assert cli.main(["calibrate", str(folder), "--no-temperature", "--reject", "confidence:0.8"]) == 0
    return ["validation-better=harder", f"mistakes={wrong}"]


def solve_8(folder: Path) -> list[str]:
    recorded_run(folder, 1.0, 0.798, 40)
    settings(folder, "training.epochs=100", *(f"augmentation.random_{name}.enabled=true" for name in (
        "rotation", "zoom", "translation")))
    recorded_run(folder, 0.96, 0.878, 100)
    return ["why-augment=knowledge:label"]


def solve_9(folder: Path) -> list[str]:
    settings(folder, "training.optimizer.learning_rate=0.5", "training.epochs=4")
    recorded_run(folder, 0.094, 0.1, 4, model=False)
    settings(folder, "training.optimizer.learning_rate=0.001", "training.epochs=150", "training.early_stopping.enabled=true")
    recorded_run(folder, 0.95, 0.93, 59)
    settings(folder, "training.epochs=20", "training.schedule=CosineDecay", "training.early_stopping.enabled=false",
             "training.optimizer.learning_rate=0.003")
    recorded_run(folder, 0.92, 0.91, 20)
    return []


def solve_10(folder: Path) -> list[str]:
    set_bench("10", 1, {"cards": [{"kind": "range", "values": {}}, {"kind": "shuffle"}, {"kind": "batch"}]})
    settings(folder, "recipe.color_mode=grayscale", "recipe.steps=gaussian_blur,canny")
    return ["count-numbers=393216", "count-batches=3"]


def solve_11(folder: Path) -> list[str]:
    recorded_evaluation(recorded_run(folder, 0.98, 0.925, 15), "test", 0.9)
    settings(folder, "training.trainable_from=all", "training.epochs=6")
    recorded_evaluation(recorded_run(folder, 0.64, 0.637, 6), "test", 0.708)
    return ["strategy=frozen:few"]


def solve_12(folder: Path) -> list[str]:
    write_network(folder, "layers.LeakyReLU()", ENDS["global"])
    run = recorded_run(folder, 0.87, 0.91, 15)
    target = folder.parent / "exported"
    target.mkdir()
    add_export(run, Exported(path=str(target), format="torch", check=None))
    return ["channels-first=first:transpose", "eval=modes"]


SOLUTIONS = (solve_1, solve_2, solve_3, solve_4, solve_5, solve_6, solve_7, solve_8, solve_9, solve_10, solve_11, solve_12)


@pytest.mark.parametrize("number", range(1, 13))
def test_every_task_can_be_solved(number, started, capsys):
    folder = started(str(number))
    before = tell(folder, str(number), capsys)
    answers = SOLUTIONS[number - 1](folder)
    after = tell(folder, str(number), capsys, answers)
    assert not any(line["done"] for line in before.values())
    assert {name: line for name, line in after.items() if not line["done"]} == {}
    assert set(read_progress(find_lesson(str(number)).id).done) == set(after)


def test_each_lesson_has_a_solution():
    assert len(SOLUTIONS) == len(course())


# What does not count ------------------------------------------------------------------------------


def test_accuracy_and_size_must_hold_for_one_training(started, capsys):
    folder = started("3")
    recorded_run(folder, 0.98, 0.98, 25)  # 61,706 parameters
    settings(folder, "network.dense.units=100")
    recorded_run(folder, 0.9, 0.93, 25)
    told = tell(folder, "3", capsys)["small-and-good"]
    assert not told["done"] and 0 < told["share"] < 1
    recorded_run(folder, 0.97, 0.975, 25)
    assert tell(folder, "3", capsys)["small-and-good"]["done"]


def test_relabelling_everything_does_not_find_the_wrong_labels(started, capsys):
    folder = started("5")
    index = open_index(folder)
    paths = [picture.path for picture in index.pictures(list(index.ids(Filter())))]
    index.close()
    assert cli.main(["decide", str(folder), *paths, "--class", "star"]) == 0
    assert "right labels were changed" in tell(folder, "5", capsys)["wrong-labels"]["missing"]


def test_excluding_everything_closes_no_leak(started, capsys):
    folder = started("5")
    index = open_index(folder)
    paths = [picture.path for picture in index.pictures(list(index.ids(Filter())))]
    index.close()
    assert cli.main(["decide", str(folder), *paths, "--exclude"]) == 0
    told = tell(folder, "5", capsys)
    assert not told["copies"]["done"] and not told["leaks"]["done"]


def test_a_leak_is_also_closed_by_moving_its_picture(started, capsys):
    folder = started("5")
    faults = DATA_SETS["shapes_faulty"].faults()
    index = open_index(folder)
    paths = {picture.name: picture.path for picture in index.pictures(list(index.ids(Filter())))}
    index.close()
    moved = [paths[name] for group in faults.leaks for name in group]
    assert cli.main(["decide", str(folder), *moved, "--split", "test"]) == 0
    assert tell(folder, "5", capsys)["leaks"]["done"]


def test_an_evaluation_of_an_earlier_model_does_not_count(started, capsys):
    folder = started("7")
    run = recorded_run(folder, 0.94, 0.967, 12)
    recorded_evaluation(run, "test", 0.96)
    assert tell(folder, "7", capsys)["test-once"]["done"]
    run.model_path.write_bytes(b"trained further")
    assert not tell(folder, "7", capsys)["test-once"]["done"]


def test_a_gap_that_closes_without_a_better_validation_is_no_remedy(started, capsys):
    folder = started("8")
    recorded_run(folder, 1.0, 0.8, 40)
    recorded_run(folder, 0.82, 0.8, 40)
    told = tell(folder, "8", capsys)["remedy"]
    assert not told["done"] and "3 points higher" in told["missing"]


def test_the_strategy_needs_both_trainings_and_not_only_the_answer(started, capsys):
    folder = started("11")
    assert not tell(folder, "11", capsys, ["strategy=frozen:few"])["strategy"]["done"]
    recorded_evaluation(recorded_run(folder, 0.98, 0.925, 15), "test", 0.9)
    assert "whole base learns" in tell(folder, "11", capsys)["strategy"]["missing"]
