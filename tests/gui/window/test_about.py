"""About names everything that the program brings, with its licence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from cnnstudio.gui.window import about
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
                   "tensorflow-cpu": "tensorflow", "jinja2": "jinja", "pi-heif": "pi", "nvidia-ml-py": "nvidia",
                   "scikit-learn": "scikit", "prometheus-client": "prometheus"}
    assert {other_names.get(name, name) for name in names} <= named
    assert all(re.search(r" — \S", line) for line in text.splitlines() if "—" in line)


def test_an_installed_program_shows_the_licences_of_all_that_came_along(qtbot, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(about.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    button = next(button for button in dialog.findChildren(QPushButton) if button.text() == "All licences")
    assert not button.isVisibleTo(dialog)
    file = tmp_path / "THIRD-PARTY.txt"
    file.write_text("licences")
    resource = about.resource
    monkeypatch.setattr(about, "resource", lambda *parts: file if parts == ("THIRD-PARTY.txt",) else resource(*parts))
    installed = AboutDialog()
    qtbot.addWidget(installed)
    button = next(button for button in installed.findChildren(QPushButton) if button.text() == "All licences")
    assert button.isVisibleTo(installed)
    button.click()
    assert opened == [str(file)]
