"""Settings written as text, KEY=VALUE, put into a project; what a file may have but nobody may write is refused."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.params import params_of
from cnnstudio.catalog.training.losses import LOSSES, losses_for
from cnnstudio.core.keys import set_value
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.network.checks import check_training

_MISTAKES = frozenset({"unknown_optimizer", "unknown_schedule", "unknown_loss", "unknown_metric", "unknown_callback",
                       "no_stage", "stage_twice", "stage_id", "metric_twice", "metric_id", "callback_twice", "callback_id"})
"""Problems that a file may contain (from a newer version, for example), but a typed value must not."""
_STAGES_KEY = "training.stages"


def _new_mistakes(key: str, before: Project, after: Project) -> list[Problem]:
    """New problems of the training after a typed value. Stages typed as a whole must be valid in all their values."""
    if after.training == before.training:
        return []
    before_texts = {problem.text for problem in check_training(before, BUILT_IN)}
    codes = _MISTAKES | {"value", "unknown_setting"} if key == _STAGES_KEY else _MISTAKES
    return [_with_stage(problem, after) for problem in check_training(after, BUILT_IN)
            if problem.code in codes and problem.text not in before_texts]


def _with_stage(problem: Problem, project: Project) -> Problem:
    """The problem, its text beginning with its stage where there are several."""
    node = problem.where.node
    if len(project.training.stages) < 2 or not node or problem.code in ("stage_twice", "stage_id"):
        return problem
    text = Text("{stage}: {text}", "{stage}: {text}").fill(stage=node, text=problem.text)
    return msgspec.structs.replace(problem, text=text)


def _without_loss(problem: Problem, project: Project) -> Problem:
    """The problem; where a setting of a loss is missed because none is chosen, it says which can be."""
    if problem.code != "unknown_setting" or project.training.loss.type in LOSSES or not (
            problem.where.field or "").startswith("training.loss."):
        return problem
    text = Text("There is no setting called {key} as long as training.loss is {loss}: choose a loss first, such as {example}.",
                "No hay ningún ajuste llamado {key} mientras training.loss sea {loss}: elija antes una pérdida, por ejemplo "
                "{example}.")
    example = f"training.loss={losses_for(project.dataset.label_mode)[0].id}"
    return msgspec.structs.replace(problem, text=text.fill(key=problem.where.field, loss=project.training.loss.type,
                                                           example=example))


def with_value(project: Project, key: str, text: str) -> Project:
    """The project with a key set to the value of a text; raises ProblemError with all that is wrong with it."""
    try:
        changed = set_value(project, key, text, params_of)
    except ProblemError as err:
        raise ProblemError(*(_without_loss(problem, project) for problem in err.problems)) from err
    mistakes = _new_mistakes(key, project, changed)
    if mistakes:
        raise ProblemError(*mistakes)
    return changed


def with_values(project: Project, values: Sequence[str]) -> Project:
    """The project with every KEY=VALUE set; raises ProblemError with all invalid ones."""
    problems: list[Problem] = []
    for assignment in values:
        key, equals, value = assignment.partition("=")
        if not equals:
            text = Text("{word} does not have the form KEY=VALUE.", "{word} no tiene la forma CLAVE=VALOR.")
            problems.append(error("not_key_value", text.fill(word=assignment), "project", field=assignment))
            continue
        try:
            project = with_value(project, key.strip(), value.strip())
        except ProblemError as err:
            problems += err.problems
    if problems:
        raise ProblemError(*problems)
    return project
