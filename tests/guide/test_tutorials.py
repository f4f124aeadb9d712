"""Every command of the tutorials runs for real, trainings included, in the order of the page."""

from __future__ import annotations

import shutil

import pytest

from cnnstudio import cli
from tests.guide.blocks import blocks, write_files
from tests.guide.test_blocks import TUTORIALS, make_pictures, np

pytestmark = [pytest.mark.nightly, pytest.mark.keras, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_runs_from_its_first_line_to_its_last(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNSTUDIO_PROJECTS", str(tmp_path / "projects"))
    make_pictures(tmp_path / "photos", ("bolt", "nut"), count=40)
    make_pictures(tmp_path / "microscope", ("healthy", "infected"), np.uint16, count=200)
    shutil.copytree(tmp_path / "microscope" / "healthy", tmp_path / "new-slides")
    for block in blocks("en", name):
        write_files(block, tmp_path)
        if not block.runs:
            continue
        if block.language == "python" and not block.saved_as:
            exec(compile(block.text, block.where, "exec"), {"__name__": "guide"})  # our own text
        for words in block.commands():
            # Two epochs say as much of most commands as two hundred; only what is calibrated has to know something.
            short = ["--set", f"training.epochs={30 if name == 'biologist' else 2}"] if words[0] == "train" else []
            assert cli.main([*words, *short]) == 0, f"{block.where}: {' '.join(words)}\n{capsys.readouterr().err}"
