"""Networks of files, models and source are taken over; a damaged index is set aside."""

from __future__ import annotations

import json

from cnnstudio import cli
from tests.cli.printed import lines


def test_a_network_of_a_file_is_taken_over(project, tmp_path, capsys):
    layers = [{"class_name": "InputLayer", "config": {"name": "start", "batch_shape": [None, 40, 48, 3]}},
              {"class_name": "Flatten", "config": {"name": "flat"}},
              {"class_name": "Dense", "config": {"name": "last", "units": 1, "activation": "sigmoid"}}]
    path = tmp_path / "red señal.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    assert cli.main(["network", project, "--from", str(path), "--json"]) == 0
    (reported,) = lines(capsys)
    assert reported == {"event": "network", "layers": 3, "parameters": 40 * 48 * 3 + 1, "unknown": [], "problems": 0}
    assert cli.main(["show", project, "recipe.height", "--json"]) == 0
    assert lines(capsys)[-1]["value"] == 40
    path.write_text("no network")
    assert cli.main(["network", project, "--from", str(path), "--json"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_onnx_model_takes_the_place_of_the_network(project, tmp_path, capsys):
    from tests.interchange.onnx_builder import Build

    graph = Build((1, 1, 30, 20))
    graph.add("Sigmoid", graph.add("Gemm", graph.add("Flatten", "x"), graph.weight(600, 1), graph.weight(1)))
    path = graph.save(tmp_path)
    assert cli.main(["network", project, "--from", str(path), "--json"]) == 0
    reported = capsys.readouterr()
    assert json.loads(reported.out)["parameters"] == 601
    assert "weights" in reported.err
    path.write_bytes(b"no model")
    assert cli.main(["network", project, "--from", str(path), "--json"]) == 2
    assert "network_damaged" in capsys.readouterr().out


def test_a_network_is_taken_from_source_and_from_a_notebook(project, tmp_path, capsys):
    code = ("from keras import Input, Sequential, layers\nmodel = Sequential([Input((40, 48, 3)), layers.Rescaling(1 / 255),\n"
            "    layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(number)])\nmodel.compile('sgd')\nmodel.fit(x, epochs=7)\n")
    (tmp_path / "net.py").write_text(code, encoding="utf-8")
    cells = [{"cell_type": "code", "source": code.splitlines(keepends=True)}]
    (tmp_path / "net.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    for name in ("net.py", "net.ipynb"):
        assert cli.main(["network", project, "--from", str(tmp_path / name), "--json"]) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out)["layers"] == 5 - 1
        assert "compile" in printed.err
        assert cli.main(["show", project, "--json"]) == 0
        assert "\"epochs\":7" in capsys.readouterr().out.replace(" ", "")
    (tmp_path / "net.py").write_text("import torch\n", encoding="utf-8")
    assert cli.main(["network", project, "--from", str(tmp_path / "net.py"), "--json"]) == 2
    assert "no_network" in capsys.readouterr().out
