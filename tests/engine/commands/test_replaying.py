"""`cnnstudio replay` and `cnnstudio map --split`, by the engine in a thread; wrong words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.core.files import read_project, write_project
from cnnstudio.imaging.film import count_frames
from cnnstudio.workers.runs.folder import find_run
from cnnstudio.workers.runs.kept_checkpoints import keep_every_epoch, kept_checkpoints
from tests.cli.printed import lines


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one run of two epochs, both kept, on light and dark pictures."""
    folder = tmp_path_factory.mktemp("ñ")
    random = np.random.default_rng(0)
    for label, lightness in (("dark", 0), ("light", 150)):
        (folder / "pictures" / label).mkdir(parents=True)
        for number in range(20):
            picture = random.integers(0, 100, (30, 40, 3), np.uint8) + lightness
            cv2.imwrite(str(folder / "pictures" / label / f"{number}.png"), picture.astype(np.uint8))
    project = folder / "project"
    assert cli.main(["new", str(project), "--data", str(folder / "pictures"), "--template", "lenet5"]) == 0
    write_project(project, keep_every_epoch(read_project(project)))
    assert cli.main(["train", str(project), "--set", "training.epochs=2"]) == 0
    return project


def test_a_line_for_each_epoch_and_a_film(project, tmp_path, capsys):
    capsys.readouterr()
    path = tmp_path / "film.mp4"
    assert cli.main(["replay", str(project), "--pictures", "4", "--to", str(path), "--size", "320x180", "--json"]) == 0
    first, second, film = lines(capsys)
    assert [first["epoch"], second["epoch"]] == [1, 2]
    assert 0 <= second["accuracy"] <= 1
    assert second["loss"] > 0
    assert (film["epochs"], film["size"]) == (2, [320, 180])
    assert count_frames(path) == 2 + 4
    path.write_bytes(b"something else")
    assert cli.main(["replay", str(project), "--to", str(path)]) == 2
    assert path.read_bytes() == b"something else"


def test_a_damaged_epoch_is_told_and_the_others_are_replayed(project, tmp_path, capsys):
    kept = kept_checkpoints(find_run(project))[0].path
    whole = kept.read_bytes()
    kept.write_bytes(whole[:300])
    try:
        capsys.readouterr()
        assert cli.main(["replay", str(project), "--split", "validation", "--to", str(tmp_path / "x.gif"), "--json"]) == 0
        first, second, film = lines(capsys)
        assert (first["problem"]["code"], second["epoch"], film["epochs"]) == ("damaged_model", 2, 1)
    finally:
        kept.write_bytes(whole)


@pytest.mark.parametrize("wrong", [["--to", "x.avi"], ["--size", "big"], ["--size", "10x10"], ["--speed", "0"],
                                   ["--pictures", "13"], ["--pictures", "/nowhere/x.png"], ["--run", "none"]])
def test_wrong_words_are_told(project, wrong, capsys):
    assert cli.main(["replay", str(project), *wrong]) == 2
    assert capsys.readouterr().err


def test_the_map_of_a_split_has_neighbours_and_verdicts(project, capsys):
    assert cli.main(["evaluate", str(project)]) == 0
    capsys.readouterr()
    assert cli.main(["map", str(project), "--split", "test", "--layout", "pca", "--json"]) == 0
    *pictures, summary = lines(capsys)
    assert summary["images"] == len(pictures)
    assert all(item["predicted"] in ("dark", "light") for item in pictures)
    assert all(len(item["neighbours"]) == 10 and sum(item["votes"].values()) == 10 for item in pictures)
    assert {item["verdict"] for item in pictures} <= {"unlike", "agrees", "label", "answer", "mixed"}
