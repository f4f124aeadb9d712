"""What tests, benchmarks and scripts import from the package is there: what runs rarely must not rot unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, those behind conditions included."""
    for node in body:
        yield node
        for inner in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.ExceptHandler | ast.With):
                yield from top_level(getattr(node, inner, []))


@cache
def defined_names(module: str) -> frozenset[str] | None:
    """The names that a module binds, its submodules included; None where there is no such module."""
    place = ROOT / module.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not file.is_file():
        return None
    names = {path.stem for path in place.iterdir()} if place.is_dir() else set()
    for node in top_level(ast.parse(file.read_text("utf-8")).body):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign() | ast.AnnAssign() | ast.For():
                names |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return frozenset(names)


def missing_names(source: str) -> list[str]:
    """Every "module.name" of ours that `source` imports and that does not exist."""
    missing = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] in ("cnnstudio", "tests"):
            names = defined_names(node.module or "")
            missing += [f"{node.module}.{alias.name}" for alias in node.names if names is None or alias.name not in names]
    return missing


def test_every_imported_name_exists():
    files = [file for folder in ("tests", "packaging") for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 200
    wrong = {str(file.relative_to(ROOT)): missing for file in files if (missing := missing_names(file.read_text("utf-8")))}
    assert not wrong


def test_a_name_that_is_gone_is_noticed():
    assert missing_names("def later():\n    from cnnstudio.core.graph import no_such_name, depth_order\n") == [
        "cnnstudio.core.graph.no_such_name"]
    assert missing_names("from cnnstudio.no_such_module import anything") == ["cnnstudio.no_such_module.anything"]
