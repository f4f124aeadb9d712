"""About names everything that the program brings, with its licence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit

from cnnstudio.gui.window.about import AboutDialog

ROOT = Path(__file__).resolve().parents[3]


def test_every_library_that_is_installed_with_the_program_is_named(qtbot):
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    text = dialog.findChild(QPlainTextEdit).toPlainText()
    named = {line.split(" ")[0].split("-")[0].strip(",").lower() for line in text.splitlines() if "—" in line}
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.split(r"[<>=;\[ ]", dependency)[0].lower() for dependency in dependencies}
    other_names = {"ai-edge-litert": "litert", "opencv-python-headless": "opencv", "pyside6-essentials": "pyside6",
                   "tensorflow-cpu": "tensorflow", "jinja2": "jinja", "pi-heif": "pi", "scikit-learn": "scikit"}
    assert {other_names.get(name, name) for name in names} <= named
    assert all(re.search(r" — \S", line) for line in text.splitlines() if "—" in line)
