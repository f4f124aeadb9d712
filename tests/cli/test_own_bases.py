"""A model of one's own as a base from the command line: a new project, an existing one, another project's run."""

from __future__ import annotations

import json

import pytest

from cnnstudio.cli import main
from cnnstudio.core.files import read_project
from tests.interchange.keras_files import PLAIN, chain, write_model


@pytest.fixture
def pictures(tmp_path):
    from tests.engine.collections_of_pictures import draw

    draw(tmp_path / "pictures")
    return tmp_path / "pictures"


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_new_project_starts_from_a_file(tmp_path, pictures, capsys):
    model = write_model(tmp_path / "Leaf net.keras")
    assert main(["new", str(tmp_path / "p"), "--data", str(pictures), "--base", str(model), "--json",
                 "--set", "network.base.ends_at=five"]) == 0
    project = read_project(tmp_path / "p")
    base = project.network.node("base")
    assert base.params["base"] == "own" and base.params["file"].startswith("bases/leaf-net-")
    assert (base.params["scaling"], base.params["ends_at"]) == ("zero_one", "five")
    assert (tmp_path / "p" / base.params["file"]).read_bytes() == model.read_bytes()
    capsys.readouterr()
    assert main(["check", str(tmp_path / "p")]) == 0
    assert main(["code", str(tmp_path / "p")]) == 0
    assert f'keras.saving.load_model("{base.params["file"]}"' in capsys.readouterr().out
    (tmp_path / "p" / base.params["file"]).unlink()
    assert main(["check", str(tmp_path / "p"), "--json"]) == 2
    (line,) = [item for item in lines(capsys) if item.get("code") == "own_base_missing"
               or item.get("problem", {}).get("code") == "own_base_missing"]
    assert "own_base_missing" in json.dumps(line)


def test_an_existing_project_takes_a_run_of_another(tmp_path, pictures, capsys):
    assert main(["new", str(tmp_path / "p"), "--data", str(pictures), "--template", "lenet5"]) == 0
    run = tmp_path / "leaves" / "runs" / "2026-01-02-030405-lenet5"
    run.mkdir(parents=True)
    write_model(run / "model.keras", chain(*PLAIN, shape=(16, 16, 1)))
    capsys.readouterr()
    assert main(["network", str(tmp_path / "p"), "--base", str(run), "--json"]) == 0
    result = lines(capsys)[-1]
    assert (result["event"], result["channels"]) == ("base", 1)
    assert (result["ends_at"][-1], result["trainable_from"][0]) == ("five", "one")
    assert read_project(tmp_path / "p").recipe.color_mode == "grayscale"
    assert main(["network", str(tmp_path / "p"), "--base", "vgg16"]) == 0
    assert read_project(tmp_path / "p").network.node("base").params == {"base": "vgg16"}


def test_what_is_no_model_is_told_and_changes_nothing(tmp_path, pictures, capsys):
    assert main(["new", str(tmp_path / "p"), "--data", str(pictures), "--template", "lenet5"]) == 0
    before = (tmp_path / "p" / "project.cnnstudio").read_bytes()
    (tmp_path / "bad.keras").write_bytes(b"hello")
    assert main(["network", str(tmp_path / "p"), "--base", str(tmp_path / "bad.keras")]) == 2
    assert main(["network", str(tmp_path / "p"), "--base", str(tmp_path / "nowhere.keras")]) == 2
    assert main(["new", str(tmp_path / "q"), "--data", str(pictures), "--base", str(tmp_path / "bad.keras")]) == 2
    assert (tmp_path / "p" / "project.cnnstudio").read_bytes() == before
    assert not (tmp_path / "q" / "project.cnnstudio").exists()
    with pytest.raises(SystemExit):
        main(["new", str(tmp_path / "q"), "--data", str(pictures), "--base", "nonsense"])
    assert "nonsense" in capsys.readouterr().err


def test_a_misspelled_base_is_refused_with_similar_ones(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["new", str(tmp_path / "p"), "--base", "efficientnet_b0"])
    told = capsys.readouterr().err
    assert "there is no base efficientnet_b0" in told and "efficientnetb0" in told.split("similar bases:")[1]
    assert not (tmp_path / "p").exists()
