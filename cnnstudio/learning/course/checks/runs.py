"""Checks of trainings: one run that keeps all conditions, or several that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.learning.course.checks.conditions import Bounds, Condition, Measured, measure
from cnnstudio.learning.course.checks.entry import NO_PROJECT, CheckKind, Outcome, joined
from cnnstudio.learning.course.checks.looks import LOOKS, format_value
from cnnstudio.learning.course.evidence import Evidence, RunSubject
from cnnstudio.workers.runs.data import data_facts

_NO_RUN: Final = Text("no training yet", "aún no hay ningún entrenamiento")
_TRAIN: Final = Text("train the network", "entrene la red")


class RunCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One run keeps all conditions. `needs_model`: it left a model; one that diverged has none."""

    conditions: tuple[Condition, ...]
    needs_model: bool = True


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is looked for, by its conditions."""

    name: Text
    conditions: tuple[Condition, ...]


class Relation(Bounds, frozen=True, kw_only=True):
    """The figure of one role minus that of another one keeps the bounds; roles are numbered from 0. `wanted` says it in
    words."""

    look: str
    of: str = ""
    role: int = 1
    than: int = 0
    wanted: Text


class RunsCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Each role has a run, with the relations between them; `same_pictures`: all were trained on the same ones."""

    roles: tuple[Role, ...]
    relations: tuple[Relation, ...] = ()
    same_pictures: bool = True


def _judge_run(evidence: Evidence, check: RunCheck) -> Outcome:
    if not evidence.has_project:
        return NO_PROJECT
    found = _best(check.conditions, _usable(evidence, check.needs_model))
    if found is None:
        return Outcome(done=False, measured=_NO_RUN, missing=joined([_TRAIN, *(item.wanted() for item in check.conditions)]))
    subject, measured = found
    missing = joined([condition.wanted() for condition in measured.open])
    return Outcome(done=not measured.open, measured=_told(subject, measured), missing=missing,
                   share=measured.held / max(1, len(check.conditions)))


def _usable(evidence: Evidence, needs_model: bool = True) -> list[RunSubject]:
    """The runs that count, newest first: those that are over, with a model where one is needed."""
    return [subject for subject in evidence.runs if subject.summary.state not in ("created", "running", "paused")
            and (subject.summary.has_model or not needs_model)]


def _best(conditions: Sequence[Condition], runs: Sequence[RunSubject]) -> tuple[RunSubject, Measured] | None:
    """The run that keeps most conditions, the newest of equal ones."""
    all_measured = [(subject, measure(conditions, subject)) for subject in runs]
    return max(all_measured, key=lambda pair: pair[1].held, default=None)


def _told(subject: RunSubject, measured: Measured) -> Text:
    return Text("{run}: {figures}", "{run}: {figures}").fill(run=subject.summary.title, figures=joined(measured.texts(), ", "))


def _judge_runs(evidence: Evidence, check: RunsCheck) -> Outcome:
    if not evidence.has_project:
        return NO_PROJECT
    runs = _usable(evidence)
    fitting = [[subject for subject in runs if not measure(role.conditions, subject).open] for role in check.roles]
    told, missing = [], []
    for role, candidates in zip(check.roles, fitting, strict=True):
        found = (candidates[0], measure(role.conditions, candidates[0])) if candidates else _best(role.conditions, runs)
        run = _NO_RUN if found is None else _told(*found)
        told.append(Text("{role}: {run}", "{role}: {run}").fill(role=role.name, run=run))
        if not candidates:
            wanted = joined([item.wanted() for item in role.conditions], ", ")
            missing.append(Text("{role} ({wanted})", "{role} ({wanted})").fill(role=role.name, wanted=wanted))
    if missing:
        return Outcome(done=False, measured=joined(told), missing=joined(missing),
                       share=sum(map(bool, fitting)) / (len(check.roles) + 1))
    problems = min((_open_relations(check, chosen) for chosen in product(*fitting)), key=len)
    told += [_difference(relation, [candidates[0] for candidates in fitting]) for relation in check.relations]
    return Outcome(done=not problems, measured=joined(told), missing=joined(problems),
                   share=1.0 if not problems else len(check.roles) / (len(check.roles) + 1))


def _open_relations(check: RunsCheck, chosen: tuple[RunSubject, ...]) -> list[Text]:
    """What is still missing with these runs in the roles."""
    missing = [relation.wanted for relation in check.relations if not relation.hold(_value(relation, chosen))]
    if len({subject.run.id for subject in chosen}) < len(chosen):
        missing.append(Text("two different trainings", "dos entrenamientos distintos"))
    if check.same_pictures and len({data_facts(subject.run.manifest_path).version for subject in chosen}) > 1:
        missing.append(Text("the same pictures in all of them", "las mismas imágenes en todos"))
    return missing


def _value(relation: Relation, chosen: Sequence[RunSubject]) -> float | None:
    first, second = (LOOKS[relation.look].measure(chosen[place], relation.of) for place in (relation.role, relation.than))
    return first - second if isinstance(first, float | int) and isinstance(second, float | int) else None


def _difference(relation: Relation, chosen: Sequence[RunSubject]) -> Text:
    look = LOOKS[relation.look]
    unit = "points" if look.unit == "percent" else look.unit
    return Text("{label}, difference: {value}", "{label}, diferencia: {value}").fill(
        label=look.label(relation.of), value=format_value(_value(relation, chosen), unit))


RUN: Final = CheckKind(id="run", looks_at="runs", spec=RunCheck, judge=_judge_run)
RUNS: Final = CheckKind(id="runs", looks_at="runs", spec=RunsCheck, judge=_judge_runs)
