"""`add`: pictures into the data of a project."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from cnnstudio import cli


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_pictures_are_added_told_and_relabelled(project, pictures, tmp_path, capsys):
    new = tmp_path / "new.png"
    cv2.imwrite(str(new), np.full((9, 9, 3), 99, np.uint8))
    own = pictures / "cat" / "3.png"
    command = ["add", project, str(new), str(own), "--class", "dog", "--split", "test", "--json"]
    assert cli.main(command) == 0
    added, relabelled = lines(capsys)
    assert added == {"path": str(new), "added": added["added"], "class": "dog", "split": "test"}
    assert relabelled == {"path": str(own), "relabelled": "cat/3.png", "class": "dog", "split": "test"}
    assert (Path(project) / "collected" / "dog" / "new.png").read_bytes() == new.read_bytes()
    assert cli.main(["add", project, str(new), "--class", "cat", "--json"]) == 0
    (again,) = lines(capsys)
    assert (again["present"], again["class"], again["wanted"]) == (added["added"], "dog", "cat")
    assert cli.main(["check", project, "--json"]) in (0, 2)
    assert "sources_overlap" not in capsys.readouterr().out


def test_what_cannot_be_added_is_named(project, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"nothing")
    assert cli.main(["add", project, str(tmp_path / "broken.png"), "--class", "dog"]) == 2
    assert "broken.png" in capsys.readouterr().err
    assert cli.main(["add", project, str(tmp_path / "gone.png"), "--class", " "]) == 2
    assert "must not be empty" in capsys.readouterr().err
