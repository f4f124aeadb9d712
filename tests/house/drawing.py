"""Draws the house from the real import graph: `python -m tests.house.drawing` writes docs/house.svg.

One row a layer, top to bottom; a box is a package, its width and the number below its name are its lines of code; the
cells inside are its parts. A line runs from a package down to one that it imports; those that follow from other lines
are left out. A test compares packages and lines of the file with the code.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

import grimp

ROOT: Final = Path(__file__).resolve().parents[2]
TARGET: Final = ROOT / "docs" / "house.svg"
PACKAGE: Final = "cnnstudio"
WIDTH, MARGIN, ROW, BOX, GAP = 1120, 24, 112, 76, 16
_STYLE: Final = """
    text { font-family: Inter, 'Segoe UI', sans-serif; fill: #1B1D20; }
    .name { font-size: 15px; font-weight: 600; }
    .small { font-size: 11px; fill: #5F646B; }
    .box { fill: #FFFFFF; stroke: #B9B9B3; }
    .cell { fill: #E8EDFB; stroke: #FFFFFF; }
    .line { fill: none; stroke: #3A64D8; stroke-opacity: 0.45; stroke-width: 1.5; }
"""
_SAYS: Final = {
    "app": "the program with a window", "cli": "the command line", "gui": "Qt: pages, widgets, window",
    "engine": "Keras, in child processes alone", "workers": "processes, transports, runs",
    "evaluation": "figures, curves, calibration of answers",
    "datasets": "scan, index, splits, audit, sources", "interchange": "networks of others, read and printed",
    "network": "shapes, checks, advice, fixes", "catalog": "registries: everything a user can choose",
    "imaging": "files to pixels, augmentation", "core": "specs, edits, history, problems, events, files",
}


def layers() -> list[list[str]]:
    """The layers of the contract, top to bottom, each with its packages."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = next(each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return [[name.strip().removeprefix(f"{PACKAGE}.") for name in row.split("|")] for row in contract["layers"]]


def lines_of(name: str) -> dict[str, int]:
    """Lines of code of a package's parts (sub-packages, and "" for its own files), the largest first."""
    place = ROOT / PACKAGE / name
    files = [place.with_suffix(".py")] if not place.is_dir() else sorted(place.rglob("*.py"))
    found: dict[str, int] = {}
    for file in files:
        inside = file.relative_to(place).parts if place.is_dir() else ()
        part = inside[0] if len(inside) > 1 else ""
        found[part] = found.get(part, 0) + len(file.read_text("utf-8").splitlines())
    return dict(sorted(found.items(), key=lambda item: (item[0] == "", -item[1])))


def imports(names: list[str]) -> dict[str, set[str]]:
    """Which of these packages import which, at call time, too."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)

    def package(module: str) -> str:
        return module.split(".")[1] if "." in module else ""

    found: dict[str, set[str]] = {name: set() for name in names}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            source, target = package(module), package(imported)
            if source != target and source in found and target in found:
                found[source].add(target)
    return found


def reduced(graph: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that do not follow from others (the transitive reduction of a graph without circles)."""
    def reach(name: str) -> set[str]:
        return set().union(*({target} | reach(target) for target in graph[name])) if graph[name] else set()

    return sorted((name, target) for name in graph for target in graph[name]
                  if not any(target in reach(other) for other in graph[name] if other != target))


def drawing() -> str:
    """The SVG."""
    rows = layers()
    names = [name for row in rows for name in row]
    sizes = {name: lines_of(name) for name in names}
    most = max(sum(sum(sizes[name].values()) for name in row) for row in rows)
    places: dict[str, tuple[float, float, float]] = {}
    body: list[str] = []
    for number, row in enumerate(rows):
        top = MARGIN + number * ROW
        room = WIDTH - 2 * MARGIN - GAP * (len(row) - 1)
        widths = [max(230.0, room * (sum(sizes[name].values()) / most) ** 0.5) for name in row]
        widths = [width * min(1.0, room / sum(widths)) for width in widths]
        left = (WIDTH - sum(widths) - GAP * (len(row) - 1)) / 2
        for name, width in zip(row, widths, strict=True):
            places[name] = (left, top, width)
            body += _box(name, sizes[name], left, top, width)
            left += width + GAP
    lines = [_line(source, target, places) for source, target in reduced(imports(names))]
    height = MARGIN + len(rows) * ROW
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "  <title>The layers of CNN Studio and what imports what</title>", f"  <style>{_STYLE}  </style>",
        f'  <rect width="{WIDTH}" height="{height}" fill="#F6F6F4"/>', *body, *lines, "</svg>", ""])


def _box(name: str, parts: dict[str, int], left: float, top: float, width: float) -> list[str]:
    total = sum(parts.values())
    found = [f'  <rect class="box" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BOX}" rx="8"/>',
             f'  <text class="name" data-package="{name}" x="{left + 12:.1f}" y="{top + 22}">{escape(name)}</text>',
             f'  <text class="small" x="{left + width - 12:.1f}" y="{top + 22}" text-anchor="end">'
             f"{round(total, -2) / 1000:.1f} k lines</text>",
             f'  <text class="small" x="{left + 12:.1f}" y="{top + 39}">{escape(_SAYS.get(name, ""))}</text>']
    named = {part: lines for part, lines in parts.items() if part}
    at, room = left + 12, width - 24
    for part, lines in named.items():
        share = room * lines / total
        if share >= 6.2 * len(part) + 8:
            found += [f'  <rect class="cell" x="{at:.1f}" y="{top + 48}" width="{share:.1f}" height="18" rx="3"/>',
                      f'  <text class="small" x="{at + 5:.1f}" y="{top + 61}">{escape(part)}</text>']
            at += share
    return found


def _line(importer: str, imported: str, places: Mapping[str, tuple[float, float, float]]) -> str:
    source, target = places[importer], places[imported]
    start, end = source[0] + source[2] / 2, target[0] + target[2] / 2
    top, bottom = source[1] + BOX, target[1]
    bend = (bottom - top) / 2
    # One that passes another layer must not look as if it ended there.
    dashes = ' stroke-dasharray="2 5"' if bottom - top > ROW else ""
    curve = f"M {start:.1f} {top} C {start:.1f} {top + bend:.1f}, {end:.1f} {bottom - bend:.1f}, {end:.1f} {bottom}"
    return f'  <path class="line" data-import="{importer} {imported}"{dashes} d="{curve}"/>'


if __name__ == "__main__":
    TARGET.write_text(drawing(), "utf-8")
    print(TARGET.relative_to(ROOT), file=sys.stderr)
