"""How the window's files hang together: no circles at call time, parts that do not know their page, short files."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

PACKAGE = Path(__file__).parents[2] / "cnnstudio"
MOST_LINES = 400


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other, or nothing."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as err:
        return list(err.args[1])
    return []


def test_no_file_of_the_window_imports_itself_in_a_circle():
    # Imports inside functions count; those for type checking alone do not.
    graph = grimp.build_graph("cnnstudio", cache_dir=None, exclude_type_checking_imports=True)
    modules = {module for module in graph.modules if module.startswith("cnnstudio.gui")}
    assert len(modules) > 100
    assert circle({module: graph.find_modules_directly_imported_by(module) & modules for module in modules}) == []


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})


@pytest.mark.parametrize("folder", sorted((PACKAGE / "gui" / "pages").glob("*/page.py")), ids=lambda path: path.parent.name)
def test_parts_do_not_name_their_page(folder):
    page = re.search(r"^class (\w+Page)\(Page\)", folder.read_text("utf-8"), re.M)[1]
    for path in folder.parent.rglob("*.py"):
        if path != folder:
            text = path.read_text("utf-8")
            assert page not in text, path
            assert f"pages.{folder.parent.name}.page" not in text, path


def test_no_file_of_the_window_is_longer_than_it_may_be():
    long = {path.name: lines for path in (PACKAGE / "gui").rglob("*.py")
            if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES}
    assert long == {}
