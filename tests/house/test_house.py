"""The house: import contracts that can fail, the list of packages, texts in both languages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house import drawing
from tests.house.contracts import circles

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))



class Violation(NamedTuple):
    """A line planted in a file of a copy of the package, and the import that the report must name."""

    contract: str
    file: str
    line: str
    imported: str


def _lazily(module: str) -> str:
    """Source of a function that imports only when it is called."""
    return f"\n\ndef _late():\n    import {module}\n"


_LAYERS = "layers import downwards only"
_PAGE = "if TYPE_CHECKING:\n    from cnnstudio.gui.pages.data.page import DataPage\n"
VIOLATIONS = (
    Violation(_LAYERS, "core/graph.py", "import cnnstudio.catalog.call\n", "cnnstudio.catalog.call"),
    Violation(_LAYERS, "catalog/call.py", _lazily("cnnstudio.network.naming"), "cnnstudio.network.naming"),
    Violation(_LAYERS, "network/naming.py", _lazily("cnnstudio.interchange.foreign"), "cnnstudio.interchange.foreign"),
    Violation("no circle of files", "core/graph.py", _lazily("cnnstudio.core.network_edits"),
              "cnnstudio.core.network_edits"),
    Violation("parts of a page do not name the page", "gui/pages/data/bars.py", _PAGE, "cnnstudio.gui.pages.data.page"),
    Violation("Keras and its backends are imported in the engine alone", "gui/window/actions.py", "import keras\n", "keras"),
    Violation("Qt is imported in gui and app alone", "workers/runs/folder.py", _lazily("PySide6"), "PySide6"),
    Violation("core knows no pixels", "core/text.py", _lazily("numpy"), "numpy"),
)


def contracts() -> list[str]:
    return [contract["name"] for contract in SETTINGS["tool"]["importlinter"]["contracts"]]


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    """What lint-imports says of each contract when all violations are planted: whether it is broken, and why.

    One run for all: building the graph of imports takes most of the time.
    """
    folder = tmp_path_factory.mktemp("violations")
    shutil.copytree(ROOT / "cnnstudio", folder / "cnnstudio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "house", folder / "tests" / "house", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", folder)
    for violation in VIOLATIONS:
        path = folder / "cnnstudio" / violation.file
        path.write_text(path.read_text("utf-8") + violation.line, "utf-8")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                           env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "200"})
    assert ended.returncode == 1, ended.stdout + ended.stderr
    verdicts, _, reasons = ended.stdout.partition("Broken contracts")
    return {name: (re.search(rf"^{re.escape(name)}\s+BROKEN", verdicts, re.MULTILINE) is not None,
                   re.split(r"\n-+\n", reasons.partition(f"\n{name}\n")[2].partition("\n")[2])[0])
            for name in contracts()}


def test_every_contract_has_a_violation_to_try():
    assert set(contracts()) == {violation.contract for violation in VIOLATIONS}


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: f"{violation.file} -> {violation.imported}")
def test_a_contract_notices_its_violation(violation, sections):
    broken, reason = sections[violation.contract]
    importer = "cnnstudio." + violation.file.removesuffix(".py").replace("/", ".")
    assert broken
    assert re.search(rf"{re.escape(importer)}\b.*{re.escape(violation.imported)}", reason.replace("\n", " ")), reason


@pytest.mark.parametrize(("imports", "expected"), [
    ({"a": ["b"], "b": ["c"], "c": []}, []),
    ({"a": ["b"], "b": ["a"], "c": ["a"]}, [["a", "b"]]),
    ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["e"], "e": ["d", "a"]}, [["a", "b", "c"], ["d", "e"]]),
])
def test_circles_are_the_strongly_connected_parts(imports, expected):
    assert circles(imports) == expected


def test_the_drawing_of_the_house_shows_its_packages_and_imports():
    """`python -m tests.house.drawing` draws it anew."""
    written = drawing.TARGET.read_text("utf-8")
    packages = [name for row in drawing.layers() for name in row]
    assert re.findall(r'data-package="(\w+)"', written) == packages
    assert sorted(tuple(pair.split()) for pair in re.findall(r'data-import="([\w ]+)"', written)) == drawing.reduced(
        drawing.imports(packages))


def test_all_packages_are_listed_for_the_wheel():
    found = {str(file.parent.relative_to(ROOT)).replace("/", ".").replace("\\", ".")
             for file in (ROOT / "cnnstudio").rglob("__init__.py")}
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == found | {"cnnstudio.docs", "cnnstudio.resources"}


def test_what_is_bundled_carries_its_licence():
    for folder in ("sample", "weights", "fonts"):
        files = list((ROOT / "resources" / folder).iterdir())
        assert any("LICENSE" in file.name or "OFL" in file.name for file in files), folder


def test_the_window_and_the_command_line_import_no_keras():
    script = ("import sys, cnnstudio.app, cnnstudio.cli, cnnstudio.workers.supervisor, cnnstudio.gui.pages.network.page\n"
              "import cnnstudio.evaluation.report, cnnstudio.gui.pages.evaluate.page\n"
              "bad = {'keras', 'tensorflow', 'torch', 'jax', 'ai_edge_litert', 'onnx', 'sklearn'} & set(sys.modules)\n"
              "sys.exit(str(bad) if bad else 0)")
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0


def test_no_path_of_a_machine_is_in_the_sources():
    home = str(ROOT.parent) + "/"
    for file in [*ROOT.glob("cnnstudio/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("packaging/*"), ROOT / "run.py"]:
        if file.is_file() and home.strip("/"):
            assert home not in file.read_text("utf-8", "replace"), file
