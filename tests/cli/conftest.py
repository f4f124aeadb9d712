"""A project of forty small pictures in two classes, made by the command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    for label in ("cat", "dog"):
        (root / label).mkdir(parents=True)
        for number in range(20):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((50, 60, 3), number, np.uint8))
    return root


@pytest.fixture
def project(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["new", str(tmp_path / "project"), "--data", str(pictures), "--template", "lenet5"]) == 0
    capsys.readouterr()
    return str(tmp_path / "project")
