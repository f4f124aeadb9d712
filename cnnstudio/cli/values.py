"""KEY=VALUE words of the command line, put into a project."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.catalog.params import params_of
from cnnstudio.core.keys import set_value
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.network.checks import check_training


def _unknown_optimizer(before: Project, after: Project) -> list[Problem]:
    """A file may name an optimizer of a newer version, which is kept; a word that was typed is a mistake."""
    if after.training.optimizer.type == before.training.optimizer.type:
        return []
    return [problem for problem in check_training(after) if problem.code == "unknown_optimizer"]


def with_values(project: Project, values: Sequence[str]) -> Project:
    """The project with every KEY=VALUE set; raises ProblemError with all that are wrong."""
    problems: list[Problem] = []
    for each in values:
        key, equals, word = each.partition("=")
        if not equals:
            text = Text("{word} is not of the form KEY=VALUE.", "{word} no tiene la forma CLAVE=VALOR.")
            problems.append(error("not_key_value", text.fill(word=each), "project", field=each))
            continue
        try:
            changed = set_value(project, key.strip(), word.strip(), params_of)
            problems += (unknown := _unknown_optimizer(project, changed))
            project = project if unknown else changed
        except ProblemError as trouble:
            problems += trouble.problems
    if problems:
        raise ProblemError(*problems)
    return project
