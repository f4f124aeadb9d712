"""The training plan that suits a network with a pretrained base: the rule, and its stages in a project."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.advice import FEW, late_block
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.plans import PLANS, TrainingPlan
from cnnstudio.core import stage_edits
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.network.freeze_line import freeze_line

PER_CLASS: Final = 50
"""Training pictures of a class, in the mean, below which the base does not learn."""
WEIGHTS_PER_PICTURE: Final = 5_000
"""Weights of the base, at most, that learn for each training picture."""
SOURCE: Final = "https://blog.keras.io/building-powerful-image-classification-models-using-very-little-data.html"

_FEW = Text("{n:,} training pictures are fewer than {least:,}: with so few, a base that learns tends to memorise them. Only "
            "the layers after the frozen base learn.",
            "{n:,} imágenes de entrenamiento son menos de {least:,}: con tan pocas, una base que aprende tiende a "
            "memorizarlas. Solo aprenden las capas posteriores a la base congelada.")
_FEW_PER_CLASS = Text("{n:,} training pictures per class are fewer than {least:,}: with so few, a base that learns tends to "
                      "memorise them. Only the layers after the frozen base learn.",
                      "{n:,} imágenes de entrenamiento por clase son menos de {least:,}: con tan pocas, una base que aprende "
                      "tiende a memorizarlas. Solo aprenden las capas posteriores a la base congelada.")
_LARGE = Text("Even the last block of {base} has {weights:,} weights, more than {most:,} for each of the {n:,} training "
              "pictures. Only the layers after the frozen base learn.",
              "Incluso el último bloque de {base} tiene {weights:,} pesos, más de {most:,} por cada una de las {n:,} imágenes "
              "de entrenamiento. Solo aprenden las capas posteriores a la base congelada.")
_ENOUGH = Text("{n:,} training pictures are enough to adapt the last part of {base} as well, {weights:,} weights from {block} "
               "on: first the layers after the frozen base learn, then this part with them at a hundredth of the rate.",
               "{n:,} imágenes de entrenamiento bastan para adaptar también la última parte de {base}, {weights:,} pesos desde "
               "{block}: primero aprenden las capas posteriores a la base congelada y después, con ellas, esta parte a una "
               "centésima de la tasa.")


class PlanAdvice(msgspec.Struct, frozen=True):
    """The plan for a project, from where the base learns in it (also where the other plan is chosen), and the reason."""

    plan: TrainingPlan
    line: str
    reason: Text


def plan_advice(project: Project, bases: BaseResolver, pictures: int, classes: int) -> PlanAdvice | None:
    """The plan for so many training pictures of so many classes; None without exactly one known base.

    The base's last part learns in a second stage where there are at least FEW (2,000) training pictures, at least PER_CLASS
    (50) of a class in the mean, and no more than WEIGHTS_PER_PICTURE (5,000) weights learn for each of them. The part
    begins behind three quarters of the layers, or later until it is small enough. The numbers are rules of thumb around a
    case that is well documented (SOURCE: with 2,000 pictures of two classes, letting the last block of VGG16, 7.1 million
    weights, learn at a low rate raised the accuracy from 0.90 to 0.94), with the reasons of `catalog.bases.advice`: with few
    pictures, similar to those of ImageNet, freezing is safer.
    """
    found = _only_base(project, bases)
    if found is None:
        return None
    node, base = found
    ends_at = str(values_of(node, LAYERS[BASE])["ends_at"])
    line = freeze_line(base, (project.recipe.height, project.recipe.width), ends_at)
    short = base.until(ends_at)
    blocks = line.blocks[line.blocks.index(late_block(short)):]
    weights = {block: line.learning[line.blocks.index(block)] for block in blocks}
    fitting = [block for block in blocks if 0 < weights[block] <= WEIGHTS_PER_PICTURE * pictures]
    block = fitting[0] if fitting else blocks[-1]
    head, numbers = PLANS["head"], {"n": pictures, "base": base.label}
    if pictures < FEW:
        return PlanAdvice(head, block, _FEW.fill(n=pictures, least=FEW))
    if pictures < PER_CLASS * classes:
        return PlanAdvice(head, block, _FEW_PER_CLASS.fill(n=pictures // classes, least=PER_CLASS))
    if not fitting:
        return PlanAdvice(head, block, _LARGE.fill(**numbers, weights=weights[block], most=WEIGHTS_PER_PICTURE))
    return PlanAdvice(PLANS["fine_tuning"], block,
                      _ENOUGH.fill(**numbers, weights=weights[block], block=block))


def with_plan(project: Project, plan: TrainingPlan, line: str) -> Project:
    """The stages of the plan instead of the present ones, with the settings of the first; `line`: from where the base
    learns."""
    stages = project.training.stages
    if not stages:
        return project
    return stage_edits.with_stages(project, plan.stages(stages[0], line, stage_edits.fresh_id(stages[:1])))


def with_advised_plan(project: Project, bases: BaseResolver, pictures: int, classes: int) -> Project:
    """A new project with the plan that its pictures allow; unchanged where that is the head alone."""
    advice = plan_advice(project, bases, pictures, classes)
    return with_plan(project, advice.plan, advice.line) if advice is not None and advice.plan.learns else project


def follows(project: Project, bases: BaseResolver, plan: TrainingPlan, line: str) -> bool:
    """Whether in the stages of the project just that of the base learns that does in those of the plan."""
    found = _only_base(project, bases)
    if found is None or not project.training.stages:
        return False
    own = str(values_of(found[0], LAYERS[BASE])["trainable_from"])
    wanted = [stage.trainable_from for stage in with_plan(project, plan, line).training.stages]
    return [stage.trainable_from or own for stage in project.training.stages] == wanted


def _only_base(project: Project, bases: BaseResolver) -> tuple[Node, Base] | None:
    found = [(node, base) for node in project.network.nodes if (base := base_of_node(node, bases)) is not None]
    return found[0] if len(found) == 1 else None
