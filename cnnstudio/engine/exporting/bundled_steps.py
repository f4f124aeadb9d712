"""The functions of the recipe's steps as a standalone module for the bundle, copied from the source of the registry."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.engine.sources import source_file

_IMAGING: Final = "cnnstudio.imaging."
_HEAD: Final = '''\
"""What the steps of a recipe do to a picture; copied from CNN Studio."""

from __future__ import annotations

'''


def steps_source() -> str:
    """The functions of all steps and the table STEPS; needs NumPy, OpenCV and the copied modules of imaging only.

    Raises ProblemError (source_missing) where the installation has no source.
    """
    imports: dict[str, None] = {}
    functions: list[str] = []
    for module in dict.fromkeys(step.pixels.__module__ for step in RECIPE_STEPS):
        names = [step.pixels.__name__ for step in RECIPE_STEPS if step.pixels.__module__ == module]
        sources, lines = _functions(source_file(module), names)
        functions += sources
        imports |= dict.fromkeys(lines)
    table = [f'    "{step.id}": {step.pixels.__name__},' for step in RECIPE_STEPS]
    return _HEAD + "\n\n\n".join(["\n".join(imports), *functions, "\n".join(["STEPS = {", *table, "}"])]) + "\n"


def imaging_modules() -> list[str]:
    """Names of the modules of imaging that the functions of steps use."""
    modules = set()
    for module in {step.pixels.__module__ for step in RECIPE_STEPS}:
        for node in ast.parse(source_file(module).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_IMAGING):
                modules.add(str(node.module).removeprefix(_IMAGING))
    return sorted(modules)


def _functions(path: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """(the source of these functions, the import lines that they need) of a file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    used = {node.id for function in wanted for node in ast.walk(function) if isinstance(node, ast.Name)}
    lines: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            aliases = [alias for alias in node.names if (alias.asname or alias.name) in used]
            if aliases:
                lines.append(_import_line(node, aliases))
    return [ast.get_source_segment(text, function) or "" for function in wanted], lines


def _import_line(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> str:
    written = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in names)
    if isinstance(node, ast.Import):
        return f"import {written}"
    module = str(node.module)
    return f"from {'.' + module.removeprefix(_IMAGING) if module.startswith(_IMAGING) else module} import {written}"
