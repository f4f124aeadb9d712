"""KEY=VALUE arguments of the command line, put into a project."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.params import params_of
from cnnstudio.core.keys import set_value
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.network.checks import check_training


def _unknown_types(before: Project, after: Project) -> list[Problem]:
    """A file may name an optimizer or a schedule of a newer version, which is kept; a typed one is a mistake."""
    if after.training.stages == before.training.stages:
        return []
    known = {problem.text for problem in check_training(before, BUILT_IN)}
    return [problem for problem in check_training(after, BUILT_IN)
            if problem.code in ("unknown_optimizer", "unknown_schedule") and problem.text not in known]


def with_values(project: Project, values: Sequence[str]) -> Project:
    """The project with every KEY=VALUE set; raises ProblemError with all that are wrong."""
    problems: list[Problem] = []
    for assignment in values:
        key, equals, value = assignment.partition("=")
        if not equals:
            text = Text("{word} is not of the form KEY=VALUE.", "{word} no tiene la forma CLAVE=VALOR.")
            problems.append(error("not_key_value", text.fill(word=assignment), "project", field=assignment))
            continue
        try:
            changed = set_value(project, key.strip(), value.strip(), params_of)
            problems += (unknown := _unknown_types(project, changed))
            project = project if unknown else changed
        except ProblemError as err:
            problems += err.problems
    if problems:
        raise ProblemError(*problems)
    return project
