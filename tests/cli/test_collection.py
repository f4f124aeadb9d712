"""new --data with several sources, import, collect and datasets on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.datasets.sources.kinds import _unknown
from tests.datasets.test_archives import zipped
from tests.datasets.test_arrays import GREY, LABELS
from tests.datasets.test_datasets import draw


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    draw(tmp_path / "folder", "cat/1.png", "cat/2.png", "dog/1.png")
    draw(tmp_path / "listed", "x.png")
    (tmp_path / "listed" / "list.csv").write_text("file,class\nx.png,bird\n")
    zipped(tmp_path / "more.zip", ["more/cat/7.png", "more/fox/8.png"])
    np.savez(tmp_path / "arrays.npz", x=GREY, y=LABELS)
    return [str(tmp_path / name) for name in ("folder", "listed/list.csv", "more.zip", "arrays.npz")]


def test_sources_of_every_kind_are_joined_and_collected(tmp_path, sources, capsys):
    project = tmp_path / "project"
    cli.main(["new", str(project), "--data", *sources, "--template", "lenet5", "--json"])
    (result,) = lines(capsys)
    assert result["images"] == 3 + 1 + 2 + 6
    assert result["classes"] == ["0", "1", "2", "bird", "cat", "dog", "fox"]
    assert (project / "pictures" / "more" / "fox" / "8.png").is_file()
    assert cli.main(["check", str(project), "--json"]) in (0, 2)
    capsys.readouterr()
    for form, name in (("folders", "out"), ("csv", "out.csv"), ("zip", "out.zip")):
        assert cli.main(["collect", str(project), "--to", str(tmp_path / name), "--format", form, "--json"]) == 0
        (done,) = lines(capsys)
        assert done["images"] == 12
        assert sum(done["splits"].values()) == 12
        assert done["path"] == str(tmp_path / name)
        assert cli.main(["collect", str(project), "--to", str(tmp_path / name), "--format", form, "--json"]) == 2
        assert lines(capsys)[0]["problem"]["code"] == "target_exists"


def test_import(tmp_path, sources, capsys):
    assert cli.main(["import", sources[2], str(tmp_path / "in"), "--json"]) == 0
    (result,) = lines(capsys)
    assert (result["images"], result["classes"]) == (2, ["cat", "fox"])
    assert cli.main(["import", sources[3], str(tmp_path / "in2"), "--language", "es"]) == 0
    said = capsys.readouterr()
    assert "imágenes 6, clases 3" in said.out
    assert said.err.endswith("%\n")
    for wrong in (sources[0], sources[2] + "x"):
        assert cli.main(["import", wrong, str(tmp_path / "in3"), "--json"]) == 2
        assert lines(capsys)[0]["problem"]["code"] == "not_a_source"
    assert "does not need to be unpacked" in str(_unknown(Path(sources[0]), "folder").text)
    zipped(tmp_path / "flat.zip", ["1.png", "2.png"])
    assert cli.main(["import", str(tmp_path / "flat.zip"), str(tmp_path / "in3")]) == 2
    assert not (tmp_path / "in3").exists()


def test_wrong_sources_are_all_told_and_nothing_is_made(tmp_path, sources, capsys):
    arguments = ["new", str(tmp_path / "p"), "--data", sources[2], str(tmp_path / "no"), str(tmp_path / "no.zip"), "--json"]
    assert cli.main(arguments) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == ["not_a_source", "not_a_source"]
    assert not (tmp_path / "p").exists()


def test_datasets(tmp_path, capsys):
    assert cli.main(["datasets", "--json"]) == 0
    result = lines(capsys)
    assert {"mnist", "fashion_mnist", "cifar10", "cifar100"} <= {line["name"] for line in result}
    assert all(line["licence"] and line["bytes"] for line in result)
    assert cli.main(["datasets", "--language", "es"]) == 0
    assert "70\u202f000" in capsys.readouterr().out
    for arguments, code in ((["nonsense", "--to", str(tmp_path / "x")], "unknown_dataset"), (["mnist"], "no_target")):
        assert cli.main(["datasets", *arguments, "--json"]) == 2
        assert lines(capsys)[0]["problem"]["code"] == code
