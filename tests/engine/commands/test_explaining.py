"""`cnnstudio explain` and `cnnstudio features`, by the engine in a thread; wrong words."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli
from tests.cli.printed import lines


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one short run on light and dark pictures."""
    folder = tmp_path_factory.mktemp("ñ")
    random = np.random.default_rng(0)
    for label, lightness in (("dark", 0), ("light", 150)):
        (folder / "pictures" / label).mkdir(parents=True)
        for number in range(20):
            picture = random.integers(0, 100, (30, 40, 3), np.uint8) + lightness
            cv2.imwrite(str(folder / "pictures" / label / f"{number}.png"), picture.astype(np.uint8))
    project = str(folder / "project")
    assert cli.main(["new", project, "--data", str(folder / "pictures"), "--template", "lenet5"]) == 0
    assert cli.main(["train", project, "--set", "training.epochs=1"]) == 0
    return folder


def test_one_line_a_picture_with_its_checks(trained, tmp_path, capsys):
    capsys.readouterr()
    out = tmp_path / "out"
    (tmp_path / "bad.png").write_text("none")
    paths = [str(trained / "pictures" / "light" / f"{number}.png") for number in range(2)]
    assert cli.main(["explain", str(trained / "project"), *paths, str(tmp_path / "bad.png"), "--to", str(out), "--class",
                     "light", "--check", "--mean", "--method", "hirescam", "--json"]) == 0
    one, other, bad, sheet, mean = lines(capsys)
    assert [one["path"], other["path"]] == paths
    for line in (one, other):
        assert (line["method"], line["class"], line["layer"]) == ("hirescam", "light", one["layer"])
        assert 0 <= line["probability"] <= 1
        assert Path(line["file"]).is_file()
        assert isinstance(line["checks"]["passed"], bool)
        assert 0 <= line["checks"]["similarity"] <= 1
    assert bad["problem"]["code"]
    assert (sheet["event"], mean["event"]) == ("sheet", "mean")
    written = [json.loads(line) for line in (out / "explanations.jsonl").read_text("utf-8").splitlines()]
    assert written == [one, other, sheet, mean]


@pytest.mark.nightly
def test_a_known_folder_and_a_class_of_the_run(trained, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "explanations.jsonl").write_text("")
    # The folder is known again, and a class of the run needs no paths.
    assert cli.main(["explain", str(trained / "project"), "--of", "dark", "--split", "validation", "--to", str(out),
                     "--method", "occlusion", "--set", "stride=0.3"]) == 0
    assert "→" in capsys.readouterr().out


@pytest.mark.nightly
def test_features_by_the_command_line(trained, tmp_path, capsys):
    capsys.readouterr()
    project, out = str(trained / "project"), str(tmp_path / "out")
    assert cli.main(["features", project, "--list", "--json"]) == 0
    layers = lines(capsys)
    first = next(line for line in layers if line["type"] == "Conv2D")
    assert cli.main(["features", project, "--exciting", "--layer", first["layer"], "--unit", "1", "--top", "3", "--to", out,
                     "--json"]) == 0
    (line,) = lines(capsys)
    assert line["unit"] == 1
    assert len(line["pictures"]) == 3
    # Pictures may stand behind the options, too.
    assert cli.main(["features", project, "--at", "1,2", "--to", out, str(trained / "pictures" / "dark" / "1.png"),
                     "--json"]) == 0
    (line,) = lines(capsys)
    assert line["position"] == [1, 2]
    assert line["box"][2] <= 30
    assert Path(line["file"]).is_file()


@pytest.mark.parametrize(("arguments", "said"), [
    (["--method", "lime"], "gradcam"), (["--set", "steps=4"], "steps"),
    pytest.param(["--class", "zebra"], "dark, light", marks=pytest.mark.nightly), (["--layer", "lost"], "lost"),
    (["--strength", "3"], "strength"), (["--run", "never"], "never")])
def test_wrong_words_are_told(arguments, said, trained, tmp_path, capsys):
    picture = str(trained / "pictures" / "dark" / "1.png")
    try:
        code = cli.main(["explain", str(trained / "project"), picture, "--to", str(tmp_path / "out"), *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code in (1, 2)
    assert said in capsys.readouterr().err


def test_other_peoples_files_stay(trained, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine")
    picture = str(trained / "pictures" / "dark" / "1.png")
    assert cli.main(["explain", str(trained / "project"), picture, "--to", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert cli.main(["features", str(trained / "project"), picture]) == 2
    assert "--to" in capsys.readouterr().err
    assert cli.main(["features", str(trained / "project"), picture, "--at", "x", "--to", str(tmp_path / "new")]) == 2
    assert cli.main(["explain", str(trained / "project"), "--of", "zebra", "--to", str(tmp_path / "new")]) == 2
    assert "dark, light" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "options", "code"), [
    ("explain", ["--of", "dark", "PICTURE"], "options"), ("explain", ["--split", "train", "PICTURE"], "options"),
    ("features", ["--filters", "--unit", "-1"], "options"), ("features", ["--unit", "2", "PICTURE"], "options"),
    ("features", ["--at", "1"], "bad_position"), ("features", ["--maximize", "--unit", "999"], "unknown_unit"),
    ("features", ["--filters", "--layer", "lost"], "unknown_layer"),
    ("features", ["--at", "99,99", "PICTURE"], "unknown_position")])
def test_options_that_cannot_be_are_wrong_input_and_never_passed_over(command, options, code, trained, tmp_path, capsys):
    picture = str(trained / "pictures" / "dark" / "1.png")
    words = [picture if option == "PICTURE" else option for option in options]
    capsys.readouterr()
    assert cli.main([command, str(trained / "project"), *words, "--to", str(tmp_path / "out"), "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == [code]


def test_a_folder_is_left_only_where_something_was_written(tmp_path):
    from cnnstudio.workers.explain_setup import append_line, explanation_folder

    with pytest.raises(ZeroDivisionError), explanation_folder(tmp_path / "new" / "deep"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with explanation_folder(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir(), "a folder of the user stays"
    assert list((tmp_path / "mine").iterdir()) == []
    with explanation_folder(tmp_path / "kept") as target:
        append_line(target, {"file": "a"})
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["explanations.jsonl"]
