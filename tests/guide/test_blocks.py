"""The blocks of code in the guide: every command line is one of the program's, and those that take no training run here.

The commands that start Keras are parsed alone; `test_tutorials.py` runs them, too.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.cli.arguments import parser
from cnnstudio.core.guide import contents
from tests.guide.blocks import all_blocks, blocks, write_files

LIGHT = {"new", "set", "show", "check", "code", "augment", "audit", "measure", "runs"}
"""Commands that need no training and start no child process."""
TUTORIALS = [place.name for place in contents() if place.group == "tutorials"]
RUNS = [pytest.param(name, code, marks=pytest.mark.nightly if (name, code) == ("biologist", "es") else ())
        for name in TUTORIALS for code in ("en", "es")]
"""The one for biologists starts a child with Keras. Its commands are the same in both languages (`test_sources.py`)."""


def make_pictures(folder: Path, classes: tuple[str, str], depth: type = np.uint8, count: int = 12) -> None:
    """Pictures of two classes that a small network can tell apart."""
    rng = np.random.default_rng(3)
    limit = np.iinfo(depth).max // (16 if depth is np.uint16 else 1)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            picture = rng.integers(limit // 8, limit // 2, (64, 64, 3))
            picture[:, :, number] += limit // 3
            kind = "tif" if depth is np.uint16 else "png"
            values = picture.astype(depth) if depth is np.uint8 else picture[:, :, number].astype(depth)
            assert cv2.imwrite(str(folder / name / f"{index}.{kind}"), values)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with what the tutorials speak of."""
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "photos", ("bolt", "nut"))
    make_pictures(tmp_path / "microscope", ("healthy", "infected"), np.uint16)
    return tmp_path


@pytest.mark.parametrize("block", all_blocks(), ids=lambda block: block.where)
def test_every_command_line_is_understood(block):
    assert block.language in {"sh", "python"}, f"{block.where}: a block names its language"
    if block.language == "python":
        compile(block.text, block.where, "exec")
        return
    assert all(line.startswith(("cnnstudio ", "curl ", "#", "  ")) or not line for line in block.text.splitlines())
    errors = io.StringIO()
    for words in block.commands():
        with contextlib.redirect_stderr(errors):
            try:
                parser(words).parse_args(words)
            except SystemExit:
                pytest.fail(f"{block.where}: cnnstudio {' '.join(words)}\n{errors.getvalue()}")


@pytest.mark.parametrize(("name", "code"), RUNS)
def test_a_tutorial_runs_as_it_stands_as_far_as_it_needs_no_training(name, code, place, capsys):
    ran = 0
    for block in blocks(code, name):
        write_files(block, place)
        if block.language == "python" and block.runs and not block.saved_as:
            exec(compile(block.text, block.where, "exec"), {"__name__": "guide"})  # our own text
            ran += 1
        for words in block.commands() if block.runs else []:
            if words[0] in LIGHT:
                assert cli.main(words) == 0, f"{block.where}: {' '.join(words)}\n{capsys.readouterr().err}"
                ran += 1
    assert ran or name == "coming-from"
