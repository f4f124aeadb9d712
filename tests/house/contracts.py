"""Import contracts that import-linter does not bring: no circle of files, and parts of a page that do not name it.

Imports inside functions count like any others. `TYPE_CHECKING` alone is exempt from the first contract, and not even
that from the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grimp
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck


def circles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan, 1972), without recursion, sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    result: list[list[str]] = []
    for root in imports:
        if root in index:
            continue
        work = [(root, iter(imports[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            module, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    at = stack.index(module)
                    component, stack[at:] = stack[at:], []
                    on_stack.difference_update(component)
                    if len(component) > 1:
                        result.append(sorted(component))
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(imports.get(following, ()))))
            elif following in on_stack:
                low[module] = min(low[module], index[following])
    return sorted(result)


class NoCircles(Contract):
    """No modules of `package` import each other in a loop, not even when a function is called."""

    package = fields.StringField()

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        package = str(self.package)
        exempt = grimp.build_graph(package, cache_dir=None, exclude_type_checking_imports=True)
        imports = {module: sorted(exempt.find_modules_directly_imported_by(module)) for module in sorted(exempt.modules)}
        found = circles(imports)
        return ContractCheck(kept=not found, metadata={"circles": found, "imports": imports})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for circle in check.metadata["circles"]:
            output.print_error(f"{len(circle)} modules import each other:")
            for module in circle:
                inside = [name for name in check.metadata["imports"][module] if name in circle]
                output.print_error(f"    {module} -> {', '.join(inside)}")


class PartsDoNotNameTheirPage(Contract):
    """A package with a module called `page` below `pages`: no other module of it imports that module."""

    pages = fields.StringField()

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        broken = [(importer, page) for page in sorted(graph.modules)
                  if page.startswith(f"{self.pages}.") and page.endswith(".page")
                  for importer in sorted(graph.find_modules_that_directly_import(page))
                  if importer.startswith(page.removesuffix("page"))]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, page in check.metadata["broken"]:
            output.print_error(f"{importer} is a part of a page and imports {page}")
