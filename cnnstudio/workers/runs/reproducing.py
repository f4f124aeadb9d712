"""A run is trained again from its own specs and pictures, and what came out is compared with what came out before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.core.events import Hello, Notice
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Manifest, read_manifest, write_manifest
from cnnstudio.datasets.run_pictures import locate, pictures_gone_problem
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash_of_file
from cnnstudio.interchange.keras_file.equality import equal_weights
from cnnstudio.workers.job_setup import training_job
from cnnstudio.workers.runs.comparison import compare_runs, verdict
from cnnstudio.workers.runs.folder import RunFolder, State, create_run
from cnnstudio.workers.runs.origin import RunOrigin, read_origin
from cnnstudio.workers.runs.weights import copy_start

replace = msgspec.structs.replace
_MOST_NAMED: Final = 10
Outcome = Literal["identical", "within_noise", "different", "unjudged"]
OUTCOME_TEXTS: Final[Mapping[Outcome, Text]] = {
    "identical": Text("Reproduced bit for bit: every epoch has the same figures, and the models the same weights.",
                      "Reproducido bit a bit: todas las épocas tienen las mismas cifras, y los modelos, los mismos pesos."),
    "within_noise": Text("Reproduced within noise: the numbers differ, but not more than chance explains.",
                         "Reproducido salvo ruido: los números difieren, pero no más de lo que explica el azar."),
    "different": Text("Not reproduced: the difference is larger than chance explains.",
                      "No reproducido: la diferencia es mayor de lo que explica el azar."),
    "unjudged": Text("Not identical, and there are no common test or validation pictures to judge the difference by.",
                     "No es idéntico, y no hay imágenes de prueba ni de validación comunes con las que juzgar la diferencia."),
}


class PictureChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures of a manifest, by path: with another content than then; no longer there; without a hash to compare."""

    changed: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    unknown: int = 0


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """`epochs_equal` of `epochs` have the same figures to the last digit; `differences` are those of what was used;
    `judged` says how the difference was judged, if it was."""

    original: str
    again: str
    outcome: Outcome
    epochs: int
    epochs_equal: int
    weights_equal: bool
    differences: tuple[Text, ...] = ()
    judged: Text | None = None


def never(_done: int, _total: int) -> None:
    """No progress wanted."""


def changed_pictures(manifest: Manifest, on_progress: Callable[[int, int], object] = never) -> tuple[Manifest, PictureChanges]:
    """The manifest without the pictures that are gone, with the present hashes, and what has changed since."""
    entries, changed, vanished, unknown = [], [], [], 0
    for number, entry in enumerate(manifest.entries):
        on_progress(number, len(manifest.entries))
        try:
            digest = content_hash_of_file(manifest.path(entry))
        except (OSError, PictureError):
            vanished.append(entry.path)
            continue
        if not entry.hash:
            unknown += 1
        elif digest != entry.hash:
            changed.append(entry.path)
        entries.append(replace(entry, hash=digest))
    return (replace(manifest, entries=tuple(entries)),
            PictureChanges(changed=tuple(changed), vanished=tuple(vanished), unknown=unknown))


def prepare_again(run: RunFolder, on_progress: Callable[[int, int], object] = never
                  ) -> tuple[RunFolder, Train, PictureChanges]:
    """A new run with the specs, the seed and the pictures of `run`, the job that trains it, and what has changed of the
    pictures. Raises ProblemError."""
    project = run.spec()
    recorded = read_manifest(run.manifest_path, as_trained=True)
    manifest, changes = changed_pictures(locate(recorded, run.project_folder), on_progress)
    if not manifest.entries:
        raise ProblemError(pictures_gone_problem(recorded))

    def write(path: Path) -> None:
        write_manifest(path, manifest.header, manifest.entries)
        copy_start(run.folder, path.parent)

    before = read_origin(run.folder)
    # The weights that it began with are a part of what is repeated.
    origin = RunOrigin(kind=before.kind, parent=before.parent, epoch=before.epoch, added=before.added,
                       repeats=run.id)
    again = create_run(run.project_folder, project, write, origin)
    return again, training_job(again, project), changes


def picture_problems(changes: PictureChanges) -> tuple[Problem, ...]:
    """Warnings about the pictures that are not what they were."""
    problems = []
    for paths, text in ((changes.vanished, Text("Pictures of the run that are no longer there: {n:,} ({names}). It is trained "
                                                "without them.",
                                                "Imágenes del entrenamiento que ya no están: {n:,} ({names}). Se entrena sin "
                                                "ellas.")),
                        (changes.changed, Text("Pictures of the run whose files have changed since: {n:,} ({names}).",
                                               "Imágenes del entrenamiento cuyos archivos han cambiado desde entonces: {n:,} "
                                               "({names})."))):
        if paths:
            problems.append(warning("pictures_changed", text.fill(n=len(paths), names=_named(paths)), "dataset"))
    if changes.unknown:
        text = Text("Pictures whose content was not recorded then: {n:,}. Whether they changed is unknown.",
                    "Imágenes cuyo contenido no se registró entonces: {n:,}. No se sabe si han cambiado.")
        problems.append(warning("pictures_unknown", text.fill(n=changes.unknown), "dataset"))
    return tuple(problems)


def _named(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:_MOST_NAMED]) + (", …" if len(paths) > _MOST_NAMED else "")


_RESUME: Final = Text("Resume it and let it finish first.", "Continúelo antes hasta el final.")
_WAIT: Final = Text("Wait until it ends.", "Espere a que termine.")
_CHOOSE: Final = Text("Choose another run.", "Elija otro entrenamiento.")
_UNFINISHED: Final[dict[State, tuple[Text, Text]]] = {
    "created": (Text("has not started", "no ha empezado"), _RESUME),
    "running": (Text("is still being trained", "sigue en marcha"), _WAIT),
    "paused": (Text("is paused", "está en pausa"), _RESUME),
    "stopped": (Text("was stopped", "se detuvo"), _RESUME),
    "failed": (Text("failed", "falló"), _RESUME),
    "interrupted": (Text("was interrupted", "se interrumpió"), _RESUME),
    "damaged": (Text("is damaged", "está dañado"), _CHOOSE),
}
_WITHOUT_MODEL: Final = (Text("has no model any more", "ya no tiene modelo"), _CHOOSE)
"""Why a run cannot be reproduced and what to do, by its state."""


def check_reproducible(run: RunFolder) -> None:
    """Raise ProblemError for a run whose result depends on when it was stopped, or that has none (not_finished), or whose
    model cannot be read."""
    state = run.summary().state
    if state != "finished" or not run.has_model_file:
        reason, advice = _UNFINISHED.get(state, _WITHOUT_MODEL)
        text = Text("Only a finished run can be reproduced: {run} {reason}. {advice}",
                    "Solo se puede reproducir un entrenamiento terminado: {run} {reason}. {advice}")
        raise ProblemError(error("not_finished", text.fill(run=run.id, reason=reason, advice=advice), "run"))
    equal_weights(run.model_path, run.model_path)  # before the training, not after it


def reproduction(original: RunFolder, again: RunFolder, changes: PictureChanges | None = None, split: str = "") -> Reproduction:
    """What training again gave. Where it is not identical and both were evaluated on `split`, McNemar's test and the paired
    interval of the accuracies judge the difference; without `split` it stays unjudged. Raises ProblemError."""
    before, after = original.epochs(), again.epochs()
    equal = sum(one.metrics == other.metrics and one.epoch == other.epoch
                for one, other in zip(before, after, strict=False))
    weights = original.has_model_file and again.has_model_file and equal_weights(original.model_path, again.model_path)
    result = Reproduction(
        original=original.id, again=again.id, outcome="unjudged", epochs=max(len(before), len(after)), epochs_equal=equal,
        weights_equal=weights, differences=_differences(original, again, changes))
    if weights and equal == len(before) == len(after):
        return replace(result, outcome="identical")
    if not split:
        return result
    comparison = compare_runs(original, again, split)
    accuracy = next(figure for figure in comparison.paired.figures if figure.name == "accuracy")
    low, high = accuracy.difference_interval
    alike = not comparison.paired.mcnemar.significant and low <= 0 <= high
    return replace(result, outcome="within_noise" if alike else "different", judged=verdict(comparison))


def _differences(original: RunFolder, again: RunFolder, changes: PictureChanges | None) -> tuple[Text, ...]:
    """What was not the same in the two trainings: libraries, device, determinism, pictures, and interruptions."""
    one, other = _facts(original), _facts(again)
    lines = [Text("{name}: {old} → {new}", "{name}: {old} → {new}").fill(name=name, old=old or "–", new=new or "–")
             for name in dict.fromkeys((*one.versions, *other.versions))
             if (old := one.versions.get(name, "")) != (new := other.versions.get(name, ""))]
    if one.device != other.device:
        lines.append(Text("device: {old} → {new}", "dispositivo: {old} → {new}").fill(old=one.device, new=other.device))
    if one.undetermined or other.undetermined:
        lines.append(Text("operations were not deterministic, so the same seed can give other numbers (determinism=on makes "
                          "them equal)",
                          "las operaciones no eran deterministas, así que la misma semilla puede dar otros números "
                          "(determinism=on los iguala)"))
    if one.settings_changed:
        lines.append(Text("the first run went on with other settings along the way; only the last ones are known",
                          "el primer entrenamiento siguió con otros ajustes a mitad de camino; solo se conocen los últimos"))
    for paths, text in ((changes.changed if changes else (), Text("pictures with another content: {n:,}",
                                                                  "imágenes con otro contenido: {n:,}")),
                        (changes.vanished if changes else (), Text("pictures that are gone: {n:,}",
                                                                   "imágenes que ya no están: {n:,}"))):
        if paths:
            lines.append(text.fill(n=len(paths)))
    return tuple(lines)


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """With what a run was trained, the last time a process worked on it."""

    versions: dict[str, str] = {}
    device: str = ""
    undetermined: bool = False
    settings_changed: bool = False


def _facts(run: RunFolder) -> _Facts:
    facts = _Facts()
    for event in run.events():
        if isinstance(event, Hello):
            facts = replace(facts, versions=event.versions, device=event.device)
        elif isinstance(event, Notice):
            with contextlib.suppress(KeyError):
                facts = replace(facts, **{_TOLD[event.problem.code]: True})
    return facts


_TOLD: Final = {"not_deterministic": "undetermined", "settings_changed": "settings_changed"}
