"""What counts against the limits of an assignment: of a run here, or of one that was handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.bases.resolver import identifier_of
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Epoch
from cnnstudio.core.network import BASE
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, same
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.learning.assignments.model import Assignment, Limits
from cnnstudio.learning.assignments.weights import count_parameters
from cnnstudio.network.shapes import report
from cnnstudio.workers.runs.folder import RunFolder


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the network, epochs that were trained, pictures they were trained on, and pretrained bases."""

    parameters: int
    epochs: int
    training_pictures: int
    bases: tuple[str, ...] = ()


class LimitOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A limit, what was measured, and whether it is kept."""

    id: str
    label: Text
    measured: Text
    limit: Text
    kept: bool


def run_facts(run: RunFolder, manifest: Manifest | None = None) -> RunFacts:
    """The facts of a run by its frozen specs, its events and its manifest. Raises ProblemError."""
    project, manifest = run.spec(), manifest or read_manifest(run.manifest_path, as_trained=True)
    bases = ProjectBases(run.project_folder)
    analysed = report(project.network, context_of(project, max(2, len(manifest.header.class_names)), bases))
    try:
        epochs = [event.epoch for event in run.events() if isinstance(event, Epoch)]
    except OSError:
        epochs = []
    used = tuple(sorted({identifier_of(node.params) for node in project.network.nodes if node.type == BASE}))
    return RunFacts(parameters=analysed.parameters, epochs=max(epochs, default=0),
                    training_pictures=len(manifest.split("train")), bases=used)


def model_parameters(model: Path, facts: RunFacts) -> int:
    """The parameters of the network in the model's file itself; those of the specs where it cannot be read. A number of the
    specs could have been written by anybody."""
    counted = count_parameters(model)
    return facts.parameters if counted is None else counted


_COUNTED: Final = (
    ("parameters", Text("Parameters", "Parámetros")), ("epochs", Text("Epochs", "Épocas")),
    ("training_pictures", Text("Training pictures", "Imágenes de entrenamiento")))


def judge_limits(limits: Limits, facts: RunFacts) -> list[LimitOutcome]:
    """One outcome for every limit that there is."""
    outcomes = []
    for name, label in _COUNTED:
        most, measured = getattr(limits, name), getattr(facts, name)
        if most is not None:
            outcomes.append(LimitOutcome(id=name, label=label, measured=Text("{n:,}", "{n:,}").fill(n=measured),
                                         limit=Text("at most {n:,}", "como máximo {n:,}").fill(n=most), kept=measured <= most))
    if limits.bases is not None:
        allowed = same(", ".join(limits.bases)) if limits.bases else Text("none", "ninguna")
        used = same(", ".join(facts.bases)) if facts.bases else Text("none", "ninguna")
        outcomes.append(LimitOutcome(id="bases", label=Text("Pretrained bases", "Bases preentrenadas"), measured=used,
                                     limit=allowed, kept=set(facts.bases) <= set(limits.bases)))
    return outcomes


def limit_texts(assignment: Assignment) -> list[tuple[Text, Text]]:
    """The limits as pairs of name and value, for whoever reads the assignment."""
    nothing = RunFacts(parameters=0, epochs=0, training_pictures=0)
    return [(outcome.label, outcome.limit) for outcome in judge_limits(assignment.limits, nothing)]


def try_facts(run: RunFolder) -> RunFacts | None:
    """As `run_facts`, or None for a run that cannot be read."""
    try:
        return run_facts(run)
    except ProblemError:
        return None
