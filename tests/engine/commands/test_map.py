"""`cnnstudio map`: one JSON line a picture, by the engine in a thread; wrong words."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def one_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled base is converted once for all tests of this file."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(cache))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Red squares and green discs, one red square among the discs, one file that is no picture."""
    root = tmp_path / "formas ñ"
    rng = np.random.default_rng(0)
    for number in range(36):
        label = ("square", "disc")[number % 2]
        image = rng.integers(0, 60, (72, 80, 3), dtype=np.uint8)
        at = tuple(int(item) for item in rng.integers(26, 44, 2))
        if number % 2 == 0:
            cv2.rectangle(image, at, (at[0] + 24, at[1] + 22), (20, 20, 230), -1)
        else:
            cv2.circle(image, at, 14, (30, 220, 40), -1)
        (root / label).mkdir(parents=True, exist_ok=True)
        name = "swapped.png" if number == 34 else f"{number}.png"
        cv2.imwrite(str(root / ("disc" if number == 34 else label) / name), image)
    (root / "disc" / "broken.png").write_bytes(b"no picture")
    return root


def test_one_line_a_picture_and_a_summary(pictures, capsys):
    (pictures / "disc" / "1.png").rename(pictures / "disc" / "new\nline\t1.png")
    assert cli.main(["map", str(pictures), "--json"]) == 0
    *lines, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert summary["event"] == "summary"
    assert (summary["images"], summary["layout"], summary["model"]) == (36, "tsne", "efficientnet_lite0")
    assert len(lines) == 36
    result = {line["path"]: line for line in lines}
    assert "disc/broken.png" not in result
    for line in lines:
        assert -1 <= line["x"] <= 1
        assert -1 <= line["y"] <= 1
        assert 0 <= line["outlier"] <= 1
        assert line["path"] not in line["neighbours"]
        assert set(line["neighbours"]) <= set(result)
        assert line["class"] == line["path"].split("/")[0]
    swapped = result["disc/swapped.png"]
    assert swapped["mislabeled"]
    assert swapped["suggested"] == "square"
    assert swapped["label_quality"] == min(line["label_quality"] for line in lines)
    assert sum(line["mislabeled"] for line in lines) == summary["mislabeled"] <= 2
    assert sum(path.startswith("square/") for path in swapped["neighbours"]) >= 8
    # The features lie in the cache: another layout is quick, and words come without --json.
    assert cli.main(["map", str(pictures), "--layout", "pca"]) == 0
    text = capsys.readouterr().out.splitlines()
    assert len(text) == 37
    assert "disc/new\nline\t1.png" in result
    assert any(line.startswith("disc/new\\nline\\t1.png\t") for line in text)
    assert any(line.startswith("disc/swapped.png\t") and "square?" in line for line in text)


def test_a_folder_without_class_folders(pictures, tmp_path, capsys):
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in range(12):
        (flat / f"{number}.png").write_bytes((pictures / "disc" / f"{2 * number + 1}.png").read_bytes())
    assert cli.main(["map", str(flat), "--json"]) == 0
    *lines, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == summary["images"] == 12
    (tmp_path / "empty").mkdir()
    assert cli.main(["map", str(tmp_path / "empty"), "--json"]) == 2
    assert "no_pictures" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "nowhere"), ([".", "--model", "resnet"], "efficientnet_lite0")])
def test_wrong_words_are_told(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["map", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_is_not_there_is_told(pictures, tmp_path, capsys):
    project = tmp_path / "project"
    assert cli.main(["new", str(project), "--data", str(pictures), "--template", "lenet5"]) in (0, 2)
    assert cli.main(["map", str(project), "--model", "no-such-run"]) == 2
    assert "no-such-run" in capsys.readouterr().err
