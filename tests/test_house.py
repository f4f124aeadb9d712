"""The house: import contracts that can fail, the list of packages, texts in both languages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

VIOLATIONS = {
    "layers import downwards only": ("core/graph.py", "import cnnstudio.catalog.call\n"),
    "Keras and its backends are imported in the engine alone": ("gui/window/actions.py", "import keras\n"),
    "Qt is imported in gui and app alone": ("workers/runs.py", "import PySide6\n"),
    "core knows no pixels": ("core/graph.py", "import numpy\n"),
}


def contracts() -> list[str]:
    return [contract["name"] for contract in SETTINGS["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_violation_to_try():
    assert set(contracts()) == set(VIOLATIONS)


@pytest.mark.parametrize("name", sorted(VIOLATIONS))
def test_a_contract_notices_its_violation(name, tmp_path):
    file, line = VIOLATIONS[name]
    shutil.copytree(ROOT / "cnnstudio", tmp_path / "cnnstudio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    place = tmp_path / "cnnstudio" / file
    place.write_text(place.read_text("utf-8") + line, "utf-8")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False,
                           env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"})
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert re.search(re.escape(name) + r"\s+BROKEN", ended.stdout), ended.stdout


def test_all_packages_are_listed_for_the_wheel():
    found = {str(file.parent.relative_to(ROOT)).replace("/", ".").replace("\\", ".")
             for file in (ROOT / "cnnstudio").rglob("__init__.py")}
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == found | {"cnnstudio.resources"}


def test_what_is_bundled_carries_its_licence():
    for folder in ("sample", "weights", "fonts"):
        files = list((ROOT / "resources" / folder).iterdir())
        assert any("LICENSE" in file.name or "OFL" in file.name for file in files), folder


def test_the_window_and_the_command_line_import_no_keras():
    script = ("import sys, cnnstudio.app, cnnstudio.cli, cnnstudio.workers.supervisor, cnnstudio.gui.pages.network.page\n"
              "bad = {'keras', 'tensorflow', 'torch', 'jax', 'ai_edge_litert', 'onnx'} & set(sys.modules)\n"
              "sys.exit(str(bad) if bad else 0)")
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0


def test_no_path_of_a_machine_is_in_the_sources():
    home = str(ROOT.parent) + "/"
    for file in [*ROOT.glob("cnnstudio/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("packaging/*"), ROOT / "run.py"]:
        if file.is_file() and home.strip("/"):
            assert home not in file.read_text("utf-8", "replace"), file
