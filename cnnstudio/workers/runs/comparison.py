"""Two runs beside each other: the settings that differ, and their answers for the pictures that both were evaluated on."""

from __future__ import annotations

from typing import Any

import msgspec

from cnnstudio.core.differences import setting_differences
from cnnstudio.core.jobs import PictureResult
from cnnstudio.core.keys import to_plain
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.datasets.paired import SIGNIFICANT, Answers, PairedComparison, compare_answers
from cnnstudio.workers.runs.answers import evaluation_rows, is_outdated
from cnnstudio.workers.runs.class_matching import class_translations
from cnnstudio.workers.runs.folder import RunFolder

SPLITS_TO_COMPARE = ("test", "validation")
"""In this order; what a run was trained on says nothing of new pictures."""


class SettingDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A key as `cnnstudio set` takes it, and its values in both runs as JSON types; None where there is none."""

    key: str
    first: Any
    second: Any


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A picture for which the runs name different classes, and the probabilities of those."""

    path: str
    label: str
    first: str
    second: str
    first_probability: float
    second_probability: float


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """`paired` is about the pictures of `split` that both runs were evaluated on.

    Left out of it are pictures that only one run was evaluated on, and pictures whose file or class has changed between the
    two runs. `disagreements`: those that just one run answers right come first, then the surest answers.
    """

    first: str
    second: str
    split: str
    class_names: tuple[str, ...]
    differences: tuple[SettingDifference, ...]
    paired: PairedComparison
    only_first: int
    only_second: int
    changed: int
    disagreements: tuple[Disagreement, ...]


def differing_settings(first: Project, second: Project) -> tuple[SettingDifference, ...]:
    """The settings that differ, without names, positions on the canvas and places of folders."""
    return tuple(SettingDifference(key=key, first=one, second=other)
                 for key, one, other in setting_differences(settings_of(first), settings_of(second)))


def settings_of(project: Project) -> dict[str, Any]:
    """The settings of a project in their plain form, without names, positions on the canvas and places of folders."""
    plain = to_plain(project)
    for node in plain["network"]["nodes"]:
        node.pop("position", None)
    settings = {name: plain[name] for name in ("recipe", "augmentation", "training", "dataset")}
    for name in ("source", "joined", "class_keys"):
        settings["dataset"].pop(name)
    # The last stage stands there under its own name.
    settings["training"] = msgspec.to_builtins(project.training)
    return settings | {"network": {name: plain["network"][name] for name in ("nodes", "edges")}}


def split_to_compare(first: RunFolder, second: RunFolder) -> str:
    """The split that both runs have pictures of; raises ProblemError (nothing_in_common)."""
    manifests = [read_manifest(run.manifest_path) for run in (first, second)]
    for split in SPLITS_TO_COMPARE:
        if all(manifest.split(split) for manifest in manifests):
            return split
    raise ProblemError(error("nothing_in_common", Text(
        "The two runs have no split in common on which they could be compared: each needs test or validation pictures.",
        "Los dos entrenamientos no comparten ningún conjunto en el que compararlos: cada uno necesita imágenes de prueba o de "
        "validación."), "run"))


def compare_runs(first: RunFolder, second: RunFolder, split: str = "") -> RunComparison:
    """Compare two evaluated runs on a split, by default the first of `SPLITS_TO_COMPARE` that both have.

    Raises ProblemError (not_evaluated, other_classes, nothing_in_common).
    """
    split = split or split_to_compare(first, second)
    manifests = [read_manifest(run.manifest_path) for run in (first, second)]
    names, others = (manifest.header.class_names for manifest in manifests)
    translations = list(class_translations(first, second))
    if not translations:
        text = Text("The two runs have different classes ({first}; {second}), so their answers cannot be compared.",
                    "Los dos entrenamientos tienen clases distintas ({first}; {second}), así que sus respuestas no se pueden "
                    "comparar.")
        raise ProblemError(error("other_classes", text.fill(first=", ".join(names), second=", ".join(others)), "run"))
    tables = [{row.path: row for row in _rows(run, split, len(names))} for run in (first, second)]
    common = [path for path in tables[0] if path in tables[1]]
    same = _same_content(*manifests)
    pairs = []
    for numbers in translations:
        translated = {path: msgspec.structs.replace(row, label=numbers[row.label], predicted=numbers[row.predicted])
                      for path, row in tables[1].items()}
        pairs = [(tables[0][path], translated[path]) for path in common
                 if tables[0][path].label == translated[path].label and same(path)]
        if pairs:
            break
    if not pairs:
        raise ProblemError(error("nothing_in_common", Text(
            "The two runs were not evaluated on any common picture of this split.",
            "Los dos entrenamientos no se evaluaron con ninguna imagen común de este conjunto."), "run"))
    paired = compare_answers([one.label for one, _other in pairs], _answers([one for one, _other in pairs]),
                             _answers([other for _one, other in pairs]), len(names))
    return RunComparison(
        first=first.id, second=second.id, split=split, class_names=names,
        differences=differing_settings(first.spec(), second.spec()), paired=paired,
        only_first=len(tables[0]) - len(common), only_second=len(tables[1]) - len(common), changed=len(common) - len(pairs),
        disagreements=_disagreements(pairs, names))


def is_evaluated(run: RunFolder, split: str) -> bool:
    """Whether the present model of the run has answers for that split; a damaged table is none."""
    return bool(_known_rows(run, split, len(read_manifest(run.manifest_path).header.class_names)))


def _rows(run: RunFolder, split: str, classes: int) -> list[PictureResult]:
    rows = _known_rows(run, split, classes)
    if not rows:
        text = Text("The run {run} has no answers for its {split} pictures that can be compared: it was not evaluated on them "
                    "since its last training, or the file is damaged. Evaluate it.",
                    "El entrenamiento {run} no tiene respuestas comparables para sus imágenes de {split}: no se ha evaluado "
                    "con ellas desde que se entrenó por última vez, o el archivo está dañado. Evalúelo.")
        name = {"test": Text("test", "prueba"), "validation": Text("validation", "validación"),
                "train": Text("training", "entrenamiento")}.get(split, split)
        raise ProblemError(error("not_evaluated", text.fill(run=run.summary().title, split=name), "run"))
    return rows


def _known_rows(run: RunFolder, split: str, classes: int) -> list[PictureResult]:
    """No rows where one names a class that the run does not have (such a table is damaged), and none of a model that was
    trained further since."""
    rows = () if is_outdated(run, split) else evaluation_rows(run, split)
    numbers = range(classes)
    return list(rows) if all(row.label in numbers and row.predicted in numbers for row in rows) else []


def _same_content(first: Manifest, second: Manifest) -> Any:
    hashes = [{entry.path: entry.hash for entry in manifest.entries} for manifest in (first, second)]

    def same(path: str) -> bool:
        one, other = hashes[0].get(path), hashes[1].get(path)
        return one is None or other is None or one == other

    return same


def _answers(rows: list[PictureResult]) -> Answers:
    return Answers(tuple(row.predicted for row in rows), tuple(row.loss for row in rows))


def _disagreements(pairs: list[tuple[PictureResult, PictureResult]], names: tuple[str, ...]) -> tuple[Disagreement, ...]:
    apart = [(one, other) for one, other in pairs if one.predicted != other.predicted]
    apart.sort(key=lambda pair: (pair[0].label not in (pair[0].predicted, pair[1].predicted),
                                 -min(pair[0].probability, pair[1].probability)))
    return tuple(Disagreement(path=one.path, label=names[one.label], first=names[one.predicted],
                              second=names[other.predicted], first_probability=one.probability,
                              second_probability=other.probability) for one, other in apart)


def verdict(result: RunComparison, first: str = "", second: str = "", corrected: float | None = None) -> Text:
    """What the test says, in a sentence; `first` and `second` name the runs otherwise than by their ids. `corrected` is the
    p-value among several comparisons, by which it is judged then."""
    test = result.paired.mcnemar
    judged = test.p_value if corrected is None else corrected
    p_value = f"= {judged:.3f}" if judged >= 0.001 else "< 0.001"
    facts: dict[str, Any] = {
        "first": first or result.first, "second": second or result.second, "one": _pictures(test.only_first),
        "other": _pictures(test.only_second),
        "p": Text(p_value, p_value.replace(".", ",")) if corrected is None else Text(
            "{p} corrected for several comparisons", "{p} corregido por comparaciones múltiples").fill(
                p=Text(p_value, p_value.replace(".", ",")))}
    if not test.only_first and not test.only_second:
        text = Text("Equally accurate: both are right on the same pictures.",
                    "Igual de exactos: ambos aciertan en las mismas imágenes.")
    elif judged >= SIGNIFICANT:
        text = Text("Not significantly different: only {first} is right on {one}, only {second} on {other}; between equally "
                    "good models such a division is no surprise (McNemar's exact test, p {p}).",
                    "Sin diferencia significativa: solo {first} acierta en {one} y solo {second} en {other}; entre modelos "
                    "igual de buenos, un reparto así no sorprende (prueba exacta de McNemar, p {p}).")
    else:
        text = Text("{better} is significantly better: only {first} is right on {one}, only {second} on {other} (McNemar's "
                    "exact test, p {p}).",
                    "{better} es significativamente mejor: solo {first} acierta en {one} y solo {second} en {other} (prueba "
                    "exacta de McNemar, p {p}).")
        facts["better"] = facts["first" if test.only_first > test.only_second else "second"]
    return text.fill(**facts)


def _pictures(count: int) -> Text:
    return Text("1 picture", "1 imagen") if count == 1 else Text("{n:,} pictures", "{n:,} imágenes").fill(n=count)
