"""The site of the guide: what Sphinx reads is complete, and what it writes has no warning and no dead link."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import cv2
import pytest

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.cli.reference_pages import entry_label, sections
from cnnstudio.core.guide import contents
from cnnstudio.core.text import set_language

BUILDER = Path(__file__).resolve().parents[2] / "packaging" / "guide.py"
_REFERENCE = re.compile(r"(?:href|src)=\"([^\"]+)\"")


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """What Sphinx reads, in both languages."""
    out = tmp_path_factory.mktemp("guide")
    subprocess.run([sys.executable, str(BUILDER), str(out), "--sources-only"], check=True)
    return out / "sources"


@pytest.mark.parametrize("code", ["en", "es"])
def test_every_entry_has_its_place_in_the_reference(sources, code):
    set_language(code)
    for section in sections():
        page = (sources / code / "reference" / f"{section.registry.kind.replace(' ', '_')}.md").read_text("utf-8")
        titles = re.findall(r"^## (.+)$", page, re.M)
        assert titles == [entry_label(entry) for entry in section.registry]
    commands = (sources / code / "reference" / "commands.md").read_text("utf-8")
    assert "## predict" in commands and "--min-probability" in commands


def test_the_printed_code_of_every_entry_is_python(sources):
    seen = 0
    for file in (sources / "en" / "reference").glob("*.md"):
        for code in re.findall(r"^```\{code-block\} python\n:caption: .*?\n\n(.*?)^```", file.read_text("utf-8"), re.M | re.S):
            ast.parse(code)
            seen += 1
    assert seen > len(LAYERS) + len(RECIPE_STEPS) + len(AUGMENTATIONS)
    layers = (sources / "en" / "reference" / "layer.md").read_text("utf-8")
    assert layers.count(":caption: PyTorch") > 0.8 * len(LAYERS)


def test_every_step_and_augmentation_has_a_picture_of_what_it_changes(sources):
    for entry in (*RECIPE_STEPS, *AUGMENTATIONS):
        board = cv2.imread(str(sources / "en" / "reference" / "pictures" / f"{entry.id}.png"))
        side = board.shape[0]
        panels = [board[:, left:left + side].astype(int) for left in range(0, board.shape[1], side + 8)]
        assert any((panel != panels[0]).any() for panel in panels[1:]), f"{entry.id} changes nothing in its picture"


@pytest.mark.nightly
@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None or importlib.util.find_spec("myst_parser") is None,
                    reason="needs the extra guide")
def test_the_site_builds_without_a_warning_and_has_no_dead_link(tmp_path):
    subprocess.run([sys.executable, str(BUILDER), str(tmp_path)], check=True)
    pages = list(tmp_path.glob("e[ns]/**/*.html"))
    assert {f"{place.name}.html" for place in contents()} <= {page.name for page in pages}
    targets: dict[Path, str] = {page.resolve(): page.read_text("utf-8") for page in pages}
    dead = []
    for page, text in targets.items():
        for link in _REFERENCE.findall(text):
            path, anchor = urldefrag(unquote(link))
            path = path.partition("?")[0]
            if "://" in link or link.startswith(("data:", "mailto:")):
                continue
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and target.suffix == ".html" and f'id="{anchor}"' not in targets[target]):
                dead.append(f"{page.relative_to(tmp_path.resolve())}: {link}")
    assert not dead
